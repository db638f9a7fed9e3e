package approvaltest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// counting is what is counted and listed of one person.
var counting = map[string]contract{
	"a person's requests are counted":   usage,
	"a form's request is found":         foundByIdempotencyKey,
	"lists of one person are bounded":   bounded,
	"a person's requests have pages":    paged,
	"successors are found by their own": succeeded,
	"an unknown user has nothing":       usageOfUnknownUser,
}

func usage(t *testing.T, s approval.Store) {
	add := func(n int, state approval.State, edit ...func(*approval.Request)) {
		r := asked(append([]func(*approval.Request){named(policy.ID(fmt.Sprintf("AKR-%05d", n))), func(r *approval.Request) { r.State = state }}, edit...)...)
		stored(t, s, r)
	}
	later := func(r *approval.Request) { r.RequestedAt = Epoch.Add(time.Minute) }
	elsewhere := func(r *approval.Request) { r.Org = "5f1f2a3b4c5d6e7f8a9b0c1e" }
	add(1, approval.StatePending)
	add(2, approval.StateApproved, later)
	add(3, approval.StateIssuing, func(r *approval.Request) { r.Type, r.ParentID = approval.Rotation, "AKR-00004" })
	add(4, approval.StateActive)
	add(5, approval.StateDelivered, elsewhere)
	add(6, approval.StateEnded, later)
	add(7, approval.StatePending, func(r *approval.Request) { r.Requester = "U_cy" })
	got, err := s.Usage(t.Context(), "U_bo", "5f1f2a3b4c5d6e7f8a9b0c1d", Epoch)
	require.NoError(t, err)
	require.Equal(t, policy.Usage{Any: true, Held: 2, Open: 3, Coming: 2, ActiveKeys: 1, Recent: 2}, got)
}

func usageOfUnknownUser(t *testing.T, s approval.Store) {
	create(t, s)
	got, err := s.Usage(t.Context(), "U_unknown", "5f1f2a3b4c5d6e7f8a9b0c1d", Epoch)
	require.NoError(t, err)
	require.Zero(t, got)
}

func foundByIdempotencyKey(t *testing.T, s approval.Store) {
	r := create(t, s)
	got, err := s.ByIdempotencyKey(t.Context(), r.IdempotencyKey)
	require.NoError(t, err)
	require.Equal(t, r.ID, got.ID)
	_, err = s.ByIdempotencyKey(t.Context(), "no such form")
	require.ErrorIs(t, err, approval.ErrNotFound)
}

func bounded(t *testing.T, s approval.Store) {
	for n := range policy.MaxListed + 5 {
		stored(t, s, asked(named(policy.ID(fmt.Sprintf("AKR-%05d", n))), func(r *approval.Request) {
			r.RequestedAt = Epoch.Add(time.Duration(n) * time.Second)
			if n%2 == 1 {
				r.State = approval.StateDenied
			}
		}))
	}
	all, err := s.ListByRequester(t.Context(), "U_bo")
	require.NoError(t, err)
	require.Len(t, all, policy.MaxListed)
	require.Equal(t, policy.ID(fmt.Sprintf("AKR-%05d", policy.MaxListed+4)), all[0].ID, "the newest first")
	open, err := s.OpenByRequester(t.Context(), "U_bo")
	require.NoError(t, err)
	require.Len(t, open, (policy.MaxListed+6)/2)
	for _, r := range open {
		require.False(t, r.State.Final())
	}
}

// paged has two requests of the same millisecond at the edges of its pages.
func paged(t *testing.T, s approval.Store) {
	for n, second := range []int{0, 1, 2, 2, 2, 3, 4} {
		stored(t, s, asked(named(policy.ID(fmt.Sprintf("AKR-%05d", n))), func(r *approval.Request) {
			r.RequestedAt = Epoch.Add(time.Duration(second) * time.Second)
		}))
	}
	stored(t, s, asked(named("AKR-00009"), func(r *approval.Request) { r.Requester, r.RequestedAt = "U_cy", Epoch.Add(2*time.Second) }))
	at := func(second int, id policy.ID, newer bool) approval.Cursor {
		return approval.Cursor{RequestedAt: Epoch.Add(time.Duration(second) * time.Second), ID: id, Newer: newer}
	}
	for name, tt := range map[string]struct {
		at    approval.Cursor
		limit int
		want  []policy.ID
		more  bool
	}{
		"the newest":                  {approval.Cursor{}, 3, []policy.ID{"AKR-00006", "AKR-00005", "AKR-00002"}, true},
		"older":                       {at(2, "AKR-00002", false), 3, []policy.ID{"AKR-00003", "AKR-00004", "AKR-00001"}, true},
		"the oldest":                  {at(1, "AKR-00001", false), 3, []policy.ID{"AKR-00000"}, false},
		"after the oldest":            {at(0, "AKR-00000", false), 3, nil, false},
		"newer":                       {at(2, "AKR-00004", true), 3, []policy.ID{"AKR-00005", "AKR-00002", "AKR-00003"}, true},
		"newer, nearly the newest":    {at(3, "AKR-00005", true), 3, []policy.ID{"AKR-00006"}, false},
		"before the newest":           {at(4, "AKR-00006", true), 3, nil, false},
		"at no request":               {at(2, "", false), 2, []policy.ID{"AKR-00002", "AKR-00003"}, true},
		"at another person's request": {at(2, "AKR-00009", false), 2, []policy.ID{"AKR-00001", "AKR-00000"}, false},
	} {
		page, more, err := s.PageByRequester(t.Context(), "U_bo", tt.at, tt.limit)
		require.NoError(t, err)
		var got []policy.ID
		for _, r := range page {
			got = append(got, r.ID)
		}
		require.Equal(t, tt.want, got, name)
		require.Equal(t, tt.more, more, name)
	}
}

func succeeded(t *testing.T, s approval.Store) {
	stored(t, s, asked(named("AKR-00001")))
	stored(t, s, asked(named("AKR-00002"), func(r *approval.Request) { r.Type, r.ParentID = approval.Rotation, "AKR-00001" }))
	stored(t, s, asked(named("AKR-00003"), func(r *approval.Request) { r.Type, r.ParentID = approval.Extension, "AKR-00001" }))
	all, err := s.Successors(t.Context(), "AKR-00001")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, policy.ID("AKR-00002"), all[0].ID)
	none, err := s.Successors(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, none)
}
