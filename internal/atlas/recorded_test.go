package atlas_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
)

func TestRecordedResponses(t *testing.T) {
	t.Parallel()
	t.Run("the keys, in either order of their roles", func(t *testing.T) {
		t.Parallel()
		s := newScript(t, recorded(t, "03"), recorded(t, "04"))
		c := s.client()
		first, err := c.ListKeys(t.Context())
		require.NoError(t, err)
		require.Len(t, first, 14)
		assert.Equal(t, atlas.Key{ID: madeID, PublicKey: "gswvkocq", Description: "e2e-test-atlas-org", Roles: []string{"ORG_READ_ONLY"}}, first[0])
		assert.Equal(t, []string{"ORG_MEMBER", "ORG_OWNER"}, first[1].Roles)
		again, err := c.ListKeys(t.Context())
		require.NoError(t, err)
		assert.Equal(t, first, again)
		assert.Equal(t, "GET "+keysURL+"?itemsPerPage=500&pageNum=1", s.lines()[1])
	})
	t.Run("one key", func(t *testing.T) {
		t.Parallel()
		k, err := newScript(t, recorded(t, "05")).client().GetKey(t.Context(), madeID)
		require.NoError(t, err)
		assert.Equal(t, "e2e-test-atlas-org-updated", k.Description)
	})
	t.Run("a deleted key", func(t *testing.T) {
		t.Parallel()
		s := newScript(t, recorded(t, "07"))
		require.NoError(t, s.client().DeleteKey(t.Context(), madeID))
		assert.Equal(t, []string{"(DELETE " + keysURL + "/" + madeID + ")", "DELETE " + keysURL + "/" + madeID}, s.lines())
	})
	t.Run("an access list", func(t *testing.T) {
		t.Parallel()
		entries, err := newScript(t, recorded(t, "10")).client().ListAccess(t.Context(), madeID)
		require.NoError(t, err)
		assert.Equal(t, []atlas.Entry{{From: netip.MustParsePrefix("192.168.0.229/32")}}, entries)
		assert.False(t, entries[0].WasUsed())
	})
	t.Run("the organization", func(t *testing.T) {
		t.Parallel()
		o, err := newScript(t, recorded(t, "18")).client().Organization(t.Context())
		require.NoError(t, err)
		assert.Equal(t, atlas.Organization{ID: org, Name: "Atlas CLI E2E"}, o)
	})
	t.Run("the address of the bot", func(t *testing.T) {
		t.Parallel()
		a, err := newScript(t, recorded(t, "12")).client().CallerAddress(t.Context())
		require.NoError(t, err)
		assert.Equal(t, netip.MustParseAddr("52.190.182.226"), a)
	})
	t.Run("the events", func(t *testing.T) {
		t.Parallel()
		s := newScript(t, recorded(t, "20"))
		since := time.Date(2026, 8, 9, 5, 6, 48, 999, time.FixedZone("", 2*3600))
		events, err := s.client().Events(t.Context(), since, atlas.EventKeyCreated, atlas.EventKeyDeleted)
		require.NoError(t, err)
		require.NotEmpty(t, events)
		assert.Equal(t, atlas.Event{
			ID: "6a793fcdc0eb9e7a17718187", At: time.Date(2026, 8, 10, 3, 4, 45, 0, time.UTC), Type: "API_KEY_DELETED",
			Actor: "nmtxqlkl", Target: "flezioeg", From: "52.190.182.226",
		}, events[0])
		assert.Equal(t, "GET /api/atlas/v2/orgs/"+org+"/events?eventType=API_KEY_CREATED&eventType=API_KEY_DELETED&itemsPerPage=500&minDate=2026-08-09T03%3A06%3A48Z&pageNum=1", s.lines()[1])
	})
	for name, want := range map[string]atlas.Error{
		"23": {Kind: atlas.Permanent, Status: 404, Code: "GROUP_NOT_FOUND"},
		"24": {Kind: atlas.Permanent, Status: 409, Code: "ONLINE_ARCHIVE_MUST_BE_ACTIVE_TO_PAUSE"},
		"25": {Kind: atlas.Permanent, Status: 400, Code: "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED"},
		"26": {Kind: atlas.Permanent, Status: 404, Code: "UNEXPECTED_ERROR"},
	} {
		t.Run("refusal "+name, func(t *testing.T) {
			t.Parallel()
			_, err := newScript(t, recorded(t, name)).client().Organization(t.Context())
			want.Op = "reading the organization"
			assert.Equal(t, &want, err)
		})
	}
}

func TestSettingsAndStatus(t *testing.T) {
	t.Parallel()
	const ownKey = "65a1b2c3d4e5f60718293a4c"
	s := newScript(t, say(200, `{"apiAccessListRequired":true,"multiFactorAuthRequired":false}`),
		say(200, `{"apiKey":{"accessList":[],"id":"`+ownKey+`","publicKey":"abcdefgh","roles":[{"orgId":"`+org+`","roleName":"ORG_OWNER"}]},"appName":"MongoDB Atlas","build":"83be","throttling":false}`))
	c := s.client()
	settings, err := c.Settings(t.Context())
	require.NoError(t, err)
	assert.True(t, settings.AccessListRequired)
	status, err := c.Status(t.Context())
	require.NoError(t, err)
	assert.Equal(t, atlas.Status{App: "MongoDB Atlas", Build: "83be", KeyID: ownKey, PublicKey: "abcdefgh", Roles: []string{"ORG_OWNER"}}, status)

	require.ErrorContains(t, c.DeleteKey(t.Context(), ownKey), "the bot's own key")
	assert.Zero(t, s.count("DELETE"))
}
