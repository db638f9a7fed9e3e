package atlas_test

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
)

const otherOrg = "65a1b2c3d4e5f60718293a4c"

// startTwo are two organizations behind one address, each called with its own
// credential.
func startTwo(t *testing.T) (one, other *rig) {
	t.Helper()
	c := newClock()
	cloud := atlas.NewCloud(2, atlas.Options{Now: c.now, Seed: 7})
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	var both []*rig
	for _, o := range cloud.Organizations() {
		public, private := o.Credential()
		both = append(both, &rig{Organization: o, t: t, clock: c, url: server.URL, public: public, private: private})
	}
	return both[0], both[1]
}

func TestCloudOrganizations(t *testing.T) {
	t.Parallel()
	all := atlas.NewCloud(3, atlas.Options{ID: "65a1b2c3d4e5f60718293aff", Name: "Acme", Seed: 7}).Organizations()
	seen := map[string]bool{}
	for i, want := range []struct{ id, name string }{
		{"65a1b2c3d4e5f60718293aff", "Acme"}, {"65a1b2c3d4e5f60718293a00", "Acme 2"}, {"65a1b2c3d4e5f60718293a01", "Acme 3"},
	} {
		s := all[i].Snapshot()
		require.Equal(t, want.id, s.ID)
		require.Equal(t, want.name, s.Name)
		public, private := all[i].Credential()
		for _, unique := range []string{public, private, s.Keys[0].ID, s.Projects[0].ID} {
			require.False(t, seen[unique], unique)
			seen[unique] = true
		}
	}
	require.Len(t, atlas.NewCloud(0, atlas.Options{}).Organizations(), 1)
	require.Equal(t, atlas.DefaultID, atlas.New(atlas.Options{}).Snapshot().ID)
}

func TestOrganizationsAreIsolated(t *testing.T) {
	t.Parallel()
	one, other := startTwo(t)
	key := one.create("mine")
	inProject := "/api/atlas/v2/groups/" + one.project() + "/apiKeys"
	const theirs = "/api/atlas/v2/orgs/" + otherOrg
	for call, want := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"GET " + org:                              {"", 401, "USER_CANNOT_ACCESS_ORG"},
		"GET " + org + "/settings":                {"", 401, "USER_CANNOT_ACCESS_ORG"},
		"GET " + org + "/groups":                  {"", 401, "USER_CANNOT_ACCESS_ORG"},
		"GET " + org + "/events":                  {"", 401, "USER_CANNOT_ACCESS_ORG"},
		"GET " + keys:                             {"", 401, "USER_CANNOT_ACCESS_ORG"},
		"POST " + keys:                            {`{"desc":"d","roles":["ORG_MEMBER"]}`, 401, "USER_CANNOT_ACCESS_ORG"},
		"DELETE " + keys + "/" + key.ID:           {"", 401, "USER_CANNOT_ACCESS_ORG"},
		"GET " + theirs + "/apiKeys/" + key.ID:    {"", 400, "API_KEY_NOT_FOUND"},
		"DELETE " + theirs + "/apiKeys/" + key.ID: {"", 400, "API_KEY_NOT_FOUND"},
		"GET " + inProject:                        {"", 401, "USER_CANNOT_ACCESS_GROUP"},
		"PATCH " + inProject + "/" + key.ID:       {`{"roles":["GROUP_OWNER"]}`, 401, "USER_CANNOT_ACCESS_GROUP"},
	} {
		method, path, _ := strings.Cut(call, " ")
		s := other.do(method, path, want.body)
		require.Equal(t, want.status, s.Status, call)
		require.Equal(t, want.code, s.code(t), call)
		require.Empty(t, s.Header.Get("WWW-Authenticate"), call)
	}
	require.True(t, one.Alive(key.ID))

	own := "/api/atlas/v2/groups/" + other.Snapshot().Projects[0].ID + "/apiKeys/" + key.ID
	require.Equal(t, "API_KEY_NOT_FOUND", other.do("PATCH", own, `{"roles":["GROUP_OWNER"]}`).code(t), "a key stays in its organization")
}

func TestOrganizationsHaveOwnState(t *testing.T) {
	t.Parallel()
	one, other := startTwo(t)
	one.create("mine")
	require.Equal(t, 1, one.Count())
	require.Zero(t, other.Count())
	require.Len(t, one.Events(), 1)
	require.Empty(t, other.Events())
	require.Empty(t, other.Secrets())

	var orgs struct{ Results []struct{ ID, Name string } }
	other.do("GET", "/api/atlas/v2/orgs", "").into(t, &orgs)
	require.Len(t, orgs.Results, 1)
	require.Equal(t, otherOrg, orgs.Results[0].ID)
	require.Equal(t, "Sandbox Org 2", orgs.Results[0].Name)

	for range 10 {
		require.Equal(t, 200, one.do("GET", org+"/settings", "").Status)
	}
	require.Equal(t, 429, one.do("GET", org+"/settings", "").Status)
	require.Equal(t, 200, other.do("GET", "/api/atlas/v2/orgs/"+otherOrg+"/settings", "").Status, "and its own buckets")
}

// The list of each credential's key decides over calls to its organization.
func TestCallerAccessListPerOrganization(t *testing.T) {
	t.Parallel()
	one, other := startTwo(t)
	other.SetRequireAccessList(true)
	open := other.stranger(atlas.KeyInput{Desc: "open", Roles: []string{"ORG_OWNER"}})
	require.Equal(t, "ORG_REQUIRES_ACCESS_LIST", other.as(open).do("GET", "/api/atlas/v2/orgs", "").code(t))
	status, code := one.Use(open.PublicKey, open.PrivateKey, "192.0.2.1")
	require.Equal(t, 403, status, "all organizations are one Atlas")
	require.Equal(t, "ORG_REQUIRES_ACCESS_LIST", code)
	also := one.stranger(atlas.KeyInput{Desc: "open", Roles: []string{"ORG_OWNER"}})
	require.Equal(t, 200, one.as(also).do("GET", "/api/atlas/v2/orgs", "").Status)
	require.Equal(t, 200, other.do("GET", "/api/atlas/v2/orgs", "").Status, "the credential's list has its address")
}

func TestConcurrentOrganizations(t *testing.T) {
	t.Parallel()
	one, other := startTwo(t)
	var all sync.WaitGroup
	for _, r := range []*rig{one, other} {
		all.Go(func() {
			for range 20 {
				_, err := r.AddKey(atlas.KeyInput{Desc: "d", Roles: []string{"ORG_MEMBER"}})
				if err != nil {
					t.Error(err)
				}
				r.Snapshot()
			}
		})
	}
	all.Wait()
	require.Equal(t, 20, one.Count())
	require.Equal(t, 20, other.Count())
}
