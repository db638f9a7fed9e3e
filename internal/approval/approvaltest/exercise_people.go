package approvaltest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// counting is what is counted and listed of one person.
var counting = map[string]clause{
	"a person's requests are counted":     tallied,
	"a form's request is found":           foundByOrigin,
	"lists of one person are bounded":     bounded,
	"successors are found by their own":   succeeded,
	"nobody has nothing, and never asked": talliedOfNobody,
}

func tallied(t *testing.T, s approval.Store) {
	add := func(n int, state approval.State, edit ...func(*approval.Request)) {
		r := asked(append([]func(*approval.Request){named(approval.ID(fmt.Sprintf("AKR-%05d", n))), func(r *approval.Request) { r.State = state }}, edit...)...)
		stored(t, s, r)
	}
	later := func(r *approval.Request) { r.AskedAt = Epoch.Add(time.Minute) }
	elsewhere := func(r *approval.Request) { r.Org = "5f1f2a3b4c5d6e7f8a9b0c1e" }
	add(1, approval.Pending)
	add(2, approval.Approved, later)
	add(3, approval.Minting, func(r *approval.Request) { r.Purpose, r.Of = approval.Rotation, "AKR-00004" })
	add(4, approval.Active)
	add(5, approval.Delivered, elsewhere)
	add(6, approval.Ended, later)
	add(7, approval.Pending, func(r *approval.Request) { r.Requester = "U_cy" })
	got, err := s.Tally(t.Context(), "U_bo", "5f1f2a3b4c5d6e7f8a9b0c1d", Epoch)
	require.NoError(t, err)
	require.Equal(t, approval.Tally{Any: true, Held: 2, Open: 3, Coming: 2, Live: 1, Recent: 2}, got)
}

func talliedOfNobody(t *testing.T, s approval.Store) {
	create(t, s)
	got, err := s.Tally(t.Context(), "U_nobody", "5f1f2a3b4c5d6e7f8a9b0c1d", Epoch)
	require.NoError(t, err)
	require.Zero(t, got)
}

func foundByOrigin(t *testing.T, s approval.Store) {
	r := create(t, s)
	got, err := s.ByOrigin(t.Context(), r.Origin)
	require.NoError(t, err)
	require.Equal(t, r.ID, got.ID)
	_, err = s.ByOrigin(t.Context(), "no such form")
	require.ErrorIs(t, err, approval.ErrNotFound)
}

func bounded(t *testing.T, s approval.Store) {
	for n := range approval.MaxListed + 5 {
		stored(t, s, asked(named(approval.ID(fmt.Sprintf("AKR-%05d", n))), func(r *approval.Request) {
			r.AskedAt = Epoch.Add(time.Duration(n) * time.Second)
			if n%2 == 1 {
				r.State = approval.Denied
			}
		}))
	}
	all, err := s.ByRequester(t.Context(), "U_bo")
	require.NoError(t, err)
	require.Len(t, all, approval.MaxListed)
	require.Equal(t, approval.ID(fmt.Sprintf("AKR-%05d", approval.MaxListed+4)), all[0].ID, "the newest first")
	open, err := s.OpenByRequester(t.Context(), "U_bo")
	require.NoError(t, err)
	require.Len(t, open, (approval.MaxListed+6)/2)
	for _, r := range open {
		require.False(t, r.State.Final())
	}
}

func succeeded(t *testing.T, s approval.Store) {
	stored(t, s, asked(named("AKR-00001")))
	stored(t, s, asked(named("AKR-00002"), func(r *approval.Request) { r.Purpose, r.Of = approval.Rotation, "AKR-00001" }))
	stored(t, s, asked(named("AKR-00003"), func(r *approval.Request) { r.Purpose, r.Of = approval.Extension, "AKR-00001" }))
	all, err := s.Successors(t.Context(), "AKR-00001")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, approval.ID("AKR-00002"), all[0].ID)
	none, err := s.Successors(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, none)
}
