package atlas_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
)

// feed are the types of the events that a query answers, newest first.
func (r *rig) feed(query string) []string { return r.feedOf(org, query) }

// feedOf is that of an organization or a project, by its path.
func (r *rig) feedOf(path, query string) []string {
	r.t.Helper()
	var page struct {
		Results []struct{ EventTypeName, TargetPublicKey, PublicKey, WhitelistEntry string }
	}
	s := r.do("GET", path+"/events"+query, "")
	require.Equal(r.t, 200, s.Status, s.Body)
	s.into(r.t, &page)
	types := []string{}
	for _, e := range page.Results {
		require.Equal(r.t, r.public, e.PublicKey, "the actor is the caller, not the subject")
		require.NotEqual(r.t, r.public, e.TargetPublicKey)
		types = append(types, e.EventTypeName)
	}
	return types
}

func TestEvents(t *testing.T) {
	t.Parallel()
	r := start(t)
	path := keys + "/" + r.create("mine").ID
	r.clock.advance(time.Hour)
	r.do("POST", path+"/accessList", `[{"ipAddress":"203.0.113.7"}]`)
	r.do("DELETE", path+"/accessList/203.0.113.7", "")
	r.clock.advance(time.Hour)
	r.do("PATCH", path, `{"desc":"yours","roles":["ORG_OWNER"]}`)
	r.do("DELETE", path, "")

	const created, added, dropped = "API_KEY_CREATED", "API_KEY_ACCESS_LIST_ENTRY_ADDED", "API_KEY_ACCESS_LIST_ENTRY_DELETED"
	const described, changed, deleted = "API_KEY_DESCRIPTION_CHANGED", "API_KEY_ROLES_CHANGED", "API_KEY_DELETED"
	require.Equal(t, []string{deleted, changed, described, dropped, added, created}, r.feed(""))
	require.Equal(t, []string{deleted, created}, r.feed("?eventType=API_KEY_CREATED&eventType=API_KEY_DELETED"))
	require.Equal(t, []string{deleted, changed, described}, r.feed("?minDate=2026-08-10T05:00:00Z"))
	require.Equal(t, []string{created}, r.feed("?maxDate=2026-08-10T03:30:00Z"))
	require.Equal(t, []string{dropped, added}, r.feed("?minDate=2026-08-10T04:00:00Z&maxDate=2026-08-10T04:00:00Z"))
	require.Equal(t, []string{changed}, r.feed("?itemsPerPage=1&pageNum=2"))
}

func TestProjectKeys(t *testing.T) {
	t.Parallel()
	r := start(t)
	inProject := "/api/atlas/v2/groups/" + r.project() + "/apiKeys"
	id := r.create("mine").ID
	rolesOf := func() map[string]bool {
		t.Helper()
		held := map[string]bool{}
		for _, k := range r.Snapshot().Keys {
			if k.ID == id {
				for _, role := range k.Roles {
					held[role.Name] = true
				}
			}
		}
		return held
	}

	require.Equal(t, 204, r.do("POST", inProject+"/"+id, `[{"roles":["GROUP_READ_ONLY"]},{"roles":["GROUP_BACKUP_MANAGER"]}]`).Status)
	require.Equal(t, map[string]bool{"ORG_READ_ONLY": true, "ORG_MEMBER": true, "GROUP_READ_ONLY": true, "GROUP_BACKUP_MANAGER": true}, rolesOf())
	require.Equal(t, 200, r.do("PATCH", inProject+"/"+id, `{"roles":["GROUP_OWNER"]}`).Status)
	require.Equal(t, map[string]bool{"ORG_READ_ONLY": true, "ORG_MEMBER": true, "GROUP_OWNER": true}, rolesOf(), "those not named go")
	require.Contains(t, r.do("GET", inProject, "").Body, id)
	require.Equal(t, 204, r.do("DELETE", inProject+"/"+id, "").Status)
	require.Equal(t, map[string]bool{"ORG_READ_ONLY": true, "ORG_MEMBER": true}, rolesOf(), "the key stays in the organization")
	require.NotContains(t, r.do("GET", inProject, "").Body, id)
	require.Equal(t, []string{"API_KEY_CREATED"}, r.feed(""))
	require.Equal(t, []string{"API_KEY_REMOVED_FROM_GROUP", "API_KEY_ROLES_CHANGED", "API_KEY_ADDED_TO_GROUP"}, r.feedOf("/api/atlas/v2/groups/"+r.project(), ""), "as recorded")
}

// PATCH assigns too, as often as one likes, and answers with the whole key.
func TestPatchAssignsKey(t *testing.T) {
	t.Parallel()
	r := start(t)
	first, second := r.Snapshot().Projects[0].ID, r.Snapshot().Projects[1].ID
	id := r.create("mine").ID
	var k key
	for range 2 {
		for _, project := range []string{first, second} {
			s := r.do("PATCH", "/api/atlas/v2/groups/"+project+"/apiKeys/"+id, `{"roles":["GROUP_READ_ONLY"]}`)
			require.Equal(t, 200, s.Status, s.Body)
			require.Empty(t, violations(t, "ApiKeyUserDetails", s.Body))
			k = key{} // what was decoded before does not show through
			s.into(t, &k)
		}
	}
	require.ElementsMatch(t, []struct{ OrgID, GroupID, RoleName string }{
		{atlas.DefaultID, "", "ORG_READ_ONLY"}, {atlas.DefaultID, "", "ORG_MEMBER"}, {"", first, "GROUP_READ_ONLY"}, {"", second, "GROUP_READ_ONLY"},
	}, k.Roles)
	require.Equal(t, []string{"API_KEY_CREATED"}, r.feed(""))
	for _, project := range []string{first, second} {
		require.Equal(t, []string{"API_KEY_ROLES_CHANGED", "API_KEY_ADDED_TO_GROUP"}, r.feedOf("/api/atlas/v2/groups/"+project, ""))
	}

	require.Equal(t, 204, r.do("DELETE", keys+"/"+id, "").Status)
	for _, project := range []string{first, second} {
		require.NotContains(t, r.do("GET", "/api/atlas/v2/groups/"+project+"/apiKeys", "").Body, id, "it is gone everywhere")
	}
}

// As recorded of a key that made twenty-five projects.
func TestCreatorOwnsProject(t *testing.T) {
	t.Parallel()
	r := start(t)
	made, err := r.AddKey(atlas.KeyInput{Desc: "ci", Roles: []string{"ORG_GROUP_CREATOR"}, AccessList: []string{atlas.DefaultSeenFrom}})
	require.NoError(t, err)
	id, status, code := r.CreateProject(made.PublicKey, made.PrivateKey, atlas.DefaultSeenFrom, "New")
	require.Equal(t, 201, status, code)

	keys := r.Snapshot().Keys
	require.Contains(t, keys[len(keys)-1].Roles, atlas.Role{GroupID: id, Name: "GROUP_OWNER"})
	feed := r.do("GET", org+"/events?eventType=GROUP_CREATED", "").Body
	require.Contains(t, feed, `"groupId":"`+id+`"`)
	require.Contains(t, feed, `"publicKey":"`+made.PublicKey+`"`)
	require.NotContains(t, feed, "targetPublicKey")
	require.NotContains(t, r.do("GET", org+"/events", "").Body, "API_KEY_ADDED_TO_GROUP", "that is in the project's feed alone")
	require.Contains(t, r.do("GET", "/api/atlas/v2/groups/"+id+"/events", "").Body, "API_KEY_ADDED_TO_GROUP")

	status, code = r.Use(made.PublicKey, made.PrivateKey, "192.0.2.1")
	require.Equal(t, 403, status, code)
	_, status, _ = r.CreateProject(made.PublicKey, made.PrivateKey, "192.0.2.1", "Newer")
	require.Equal(t, 403, status, "its access list counts")
	weak, err := r.AddKey(atlas.KeyInput{Desc: "weak", Roles: []string{"ORG_MEMBER"}, AccessList: []string{atlas.DefaultSeenFrom}})
	require.NoError(t, err)
	_, status, code = r.CreateProject(weak.PublicKey, weak.PrivateKey, atlas.DefaultSeenFrom, "Newer")
	require.Equal(t, 401, status)
	require.Equal(t, "USER_UNAUTHORIZED", code)

	s := r.do("POST", "/api/atlas/v2/groups", `{"name":"By the bot","orgId":"`+atlas.DefaultID+`"}`)
	require.Equal(t, 201, s.Status, s.Body)
}
