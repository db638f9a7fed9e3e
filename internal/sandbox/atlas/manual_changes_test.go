package atlas_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
)

func TestManualChanges(t *testing.T) {
	t.Parallel()
	r := start(t)
	var changes atomic.Int32
	r.Subscribe(func() { changes.Add(1) })

	k := r.stranger(atlas.KeyInput{Desc: "terraform", Roles: []string{"ORG_OWNER"}, AccessList: []string{"203.0.113.0/24", "192.0.2.1"}})
	r.Use(k.PublicKey, k.PrivateKey, "192.0.2.1")
	desc := "terraform, prod"
	require.NoError(t, r.EditKey(k.ID, atlas.KeyEdit{Desc: &desc, Roles: []string{"ORG_MEMBER"}, AccessList: []string{"192.0.2.1", "192.0.2.2"}}))

	got := r.Snapshot().Keys[1]
	require.Equal(t, desc, got.Desc)
	require.Equal(t, []atlas.Role{{OrgID: atlas.DefaultID, Name: "ORG_MEMBER"}}, got.Roles)
	require.Len(t, got.AccessList, 2)
	require.Equal(t, "192.0.2.1", got.AccessList[0].Network)
	require.Equal(t, 1, got.AccessList[0].Count, "an entry that stays keeps its usage")
	require.Equal(t, "192.0.2.2", got.AccessList[1].Network)

	require.NoError(t, r.DeleteKey(k.ID))
	require.ErrorIs(t, r.DeleteKey(k.ID), atlas.ErrNoKey)
	require.ErrorIs(t, r.EditKey(k.ID, atlas.KeyEdit{}), atlas.ErrNoKey)
	require.Positive(t, changes.Load())
	require.Equal(t, []string{k.PrivateKey}, r.Secrets())

	var types []string
	for _, e := range r.Events() {
		types = append(types, e.Type+" "+e.Entry)
		require.Equal(t, "ui-user@example.com", e.By)
		require.Equal(t, k.PublicKey, e.Target)
	}
	require.Equal(t, []string{
		"API_KEY_CREATED ", "API_KEY_ACCESS_LIST_ENTRY_ADDED 203.0.113.0/24", "API_KEY_ACCESS_LIST_ENTRY_ADDED 192.0.2.1",
		"API_KEY_ROLES_CHANGED ", "API_KEY_DESCRIPTION_CHANGED ", "API_KEY_ACCESS_LIST_ENTRY_DELETED 203.0.113.0/24",
		"API_KEY_ACCESS_LIST_ENTRY_ADDED 192.0.2.2", "API_KEY_DELETED ",
	}, types)
}

func TestManualChangesRefuseInvalidInput(t *testing.T) {
	t.Parallel()
	r := start(t)
	for name, d := range map[string]atlas.KeyInput{
		"no description":        {Roles: []string{"ORG_MEMBER"}},
		"no role":               {Desc: "d"},
		"a role that is none":   {Desc: "d", Roles: []string{"ORG_EMPEROR"}},
		"a network that is one": {Desc: "d", Roles: []string{"ORG_MEMBER"}, AccessList: []string{"home"}},
	} {
		_, err := r.AddKey(d)
		require.Error(t, err, name)
	}
	require.Zero(t, r.Count())
}

func TestSeedDeterminesKeys(t *testing.T) {
	t.Parallel()
	one, other := start(t), start(t)
	require.Equal(t, one.public, other.public)
	require.Equal(t, one.create("a").PrivateKey, other.create("a").PrivateKey)
}

func TestOperation(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		"POST /api/atlas/v2/orgs/x/apiKeys":                                 "POST /orgs/{orgId}/apiKeys",
		"DELETE /api/atlas/v2/orgs/x/apiKeys/y":                             "DELETE /orgs/{orgId}/apiKeys/{id}",
		"POST /api/atlas/v2/orgs/x/apiKeys/y/accessList":                    "POST /orgs/{orgId}/apiKeys/{id}/accessList",
		"DELETE /api/atlas/v2/orgs/x/apiKeys/y/accessList/203.0.113.0%2F24": "DELETE /orgs/{orgId}/apiKeys/{id}/accessList/{entry}",
		"GET /api/atlas/v2/orgs/x/apiKeys?pageNum=2":                        "GET /orgs/{orgId}/apiKeys",
		"GET /api/atlas/v2":                                                 "GET /",
		"GET /api/private/ipinfo":                                           "GET /api/private/ipinfo",
		"PUT /api/atlas/v2/orgs/x/apiKeys":                                  "PUT /api/atlas/v2/orgs/x/apiKeys",
		"DELETE /api/atlas/v2/groups/x/apiKeys/y":                           "DELETE /groups/{groupId}/apiKeys/{id}",
	} {
		method, path, _ := strings.Cut(call, " ")
		u, err := url.Parse("http://sandbox" + path)
		require.NoError(t, err)
		require.Equal(t, want, atlas.Operation(&http.Request{Method: method, URL: u}))
	}
}
