package approvaltest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var paging = map[string]contract{
	"a page of active keys has no others, and all are counted":          activePages,
	"only the active keys that are searched for are found":              activeFound,
	"a search follows a key to its new owner and expiry":                activeMoved,
	"an active key that cannot be read is counted, and hides no other":  activeDamaged,
	"the pages of pending requests have each once, oldest first":        pendingPages,
	"a pending request that cannot be read ends no page before its end": pendingDamaged,
}

func idsOf(all []approval.Request) []policy.ID {
	var ids []policy.ID
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return ids
}

// anyKey is a search that every request of asked fits.
func anyKey() approval.KeySearch { return approval.KeySearch{Orgs: []policy.OrgID{asked().Org}} }

// inState puts a request into a state, at a time of its own.
func inState(state approval.State, after time.Duration) func(*approval.Request) {
	return func(r *approval.Request) { r.State, r.RequestedAt = state, Epoch.Add(after) }
}

func activePages(t *testing.T, s approval.Store) {
	create(t, s, named("AKR-00003"), inState(approval.StateActive, 2*time.Second))
	create(t, s, named("AKR-00002"), inState(approval.StateDelivered, time.Second))
	create(t, s, named("AKR-00001"), inState(approval.StateActive, time.Second))
	create(t, s, named("AKR-OVER1"), inState(approval.StateEnded, 0))
	create(t, s, named("AKR-WAITS"), inState(approval.StatePending, 0))
	for skip, want := range [][]policy.ID{{"AKR-00001", "AKR-00002"}, {"AKR-00002", "AKR-00003"}, {"AKR-00003"}, nil, nil} {
		found, total, err := s.PageActive(t.Context(), anyKey(), skip, 2)
		require.NoError(t, err)
		require.Equal(t, want, idsOf(found), skip)
		require.Equal(t, 3, total)
	}
}

func activeFound(t *testing.T, s approval.Store) {
	create(t, s, named("AKR-PLAIN"), inState(approval.StateActive, time.Second), func(r *approval.Request) {
		r.Requester, r.KeyExpiresAt, r.Access.Roles = "U_ana", inAnHour, []policy.Role{"ORG_READ_ONLY", "ORG_MEMBER"}
	})
	create(t, s, named("AKR-OTHER"), inState(approval.StateActive, 2*time.Second), func(r *approval.Request) {
		r.Org, r.Requester, r.Access.Roles = "other", "U_bo", []policy.Role{"ORG_MEMBER"}
		r.Access.Projects = []policy.ProjectAccess{{Roles: []policy.Role{"GROUP_OWNER"}}}
	})
	for name, search := range map[string]struct {
		edit func(*approval.KeySearch)
		want []policy.ID
	}{
		"all":                  {func(*approval.KeySearch) {}, []policy.ID{"AKR-PLAIN", "AKR-OTHER"}},
		"no organization":      {func(k *approval.KeySearch) { k.Orgs = nil }, nil},
		"another organization": {func(k *approval.KeySearch) { k.Orgs = []policy.OrgID{"other"} }, []policy.ID{"AKR-OTHER"}},
		"an owner":             {func(k *approval.KeySearch) { k.Owner = "U_ana" }, []policy.ID{"AKR-PLAIN"}},
		"a role":               {func(k *approval.KeySearch) { k.Role = "ORG_READ_ONLY" }, []policy.ID{"AKR-PLAIN"}},
		"a role of both":       {func(k *approval.KeySearch) { k.Role = "ORG_MEMBER" }, []policy.ID{"AKR-PLAIN", "AKR-OTHER"}},
		"a role in a project":  {func(k *approval.KeySearch) { k.Role = "GROUP_OWNER" }, []policy.ID{"AKR-OTHER"}},
		"a part of a role":     {func(k *approval.KeySearch) { k.Role = "ORG_READ" }, nil},
		"by its expiry":        {func(k *approval.KeySearch) { k.ExpiresBy = inAnHour }, []policy.ID{"AKR-PLAIN"}},
		"before its expiry":    {func(k *approval.KeySearch) { k.ExpiresBy = inAnHour.Add(-time.Millisecond) }, nil},
		"an owner and a role":  {func(k *approval.KeySearch) { k.Owner, k.Role = "U_ana", "GROUP_OWNER" }, nil},
	} {
		which := anyKey()
		which.Orgs = append(which.Orgs, "other")
		search.edit(&which)
		found, total, err := s.PageActive(t.Context(), which, 0, 10)
		require.NoError(t, err, name)
		require.Equal(t, search.want, idsOf(found), name)
		require.Equal(t, len(search.want), total, name)
	}
}

func activeMoved(t *testing.T, s approval.Store) {
	r := create(t, s, inState(approval.StateActive, 0), func(r *approval.Request) { r.KeyExpiresAt = inAnHour })
	which := anyKey()
	which.Owner, which.ExpiresBy = r.Requester, inAnHour
	count := func() int {
		_, total, err := s.PageActive(t.Context(), which, 0, 10)
		require.NoError(t, err)
		return total
	}
	require.Equal(t, 1, count())
	r.Requester, r.KeyExpiresAt = "U_heir", inAnHour.Add(time.Hour)
	_, err := s.Move(t.Context(), r, approval.AuditEntry{At: Epoch, Org: r.Org, Request: r.ID, Event: approval.EventTransfer, From: r.State, To: r.State})
	require.NoError(t, err)
	require.Equal(t, 0, count())
	which.Owner = "U_heir"
	require.Equal(t, 0, count(), "it expires later now")
	which.ExpiresBy = inAnHour.Add(time.Hour)
	require.Equal(t, 1, count())
}

func activeDamaged(t *testing.T, s approval.Store) {
	for i, id := range []policy.ID{"AKR-FIRST", "AKR-BROKE", "AKR-THIRD"} {
		create(t, s, named(id), inState(approval.StateActive, time.Duration(i)*time.Second))
	}
	damage(t, s, "AKR-BROKE")
	found, total, err := s.PageActive(t.Context(), anyKey(), 0, 10)
	require.NoError(t, err)
	require.Equal(t, []policy.ID{"AKR-FIRST", "AKR-THIRD"}, idsOf(found))
	require.Equal(t, 3, total)
}

func pendingPages(t *testing.T, s approval.Store) {
	var want []policy.ID
	for i := range 7 { // three of one moment
		id := policy.ID(fmt.Sprintf("AKR-0000%d", i))
		want = append(want, id)
		create(t, s, named(id), inState(approval.StatePending, time.Duration(i/3)*time.Second))
	}
	create(t, s, named("AKR-OVER1"), inState(approval.StateDenied, 0))
	var found []policy.ID
	var after approval.Cursor
	for more := true; more; {
		var page []approval.Request
		var err error
		page, more, err = s.PagePending(t.Context(), after, 2)
		require.NoError(t, err)
		require.Equal(t, len(found)+len(page) < 7, more)
		found = append(found, idsOf(page)...)
		last := page[len(page)-1]
		after = approval.Cursor{RequestedAt: last.RequestedAt, ID: last.ID}
	}
	require.Equal(t, want, found)
}

func pendingDamaged(t *testing.T, s approval.Store) {
	for i, id := range []policy.ID{"AKR-FIRST", "AKR-BROKE", "AKR-THIRD"} {
		create(t, s, named(id), inState(approval.StatePending, time.Duration(i)*time.Second))
	}
	damage(t, s, "AKR-BROKE")
	found, more, err := s.PagePending(t.Context(), approval.Cursor{}, 3)
	require.NoError(t, err)
	require.Equal(t, []policy.ID{"AKR-FIRST", "AKR-THIRD"}, idsOf(found))
	require.False(t, more)
}
