package approvaltest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var damaging = map[string]contract{
	"a request that cannot be read is left out of every list and hides no other": damagedIsLeftOut,
	"a request that cannot be read is told of wherever it is needed":             damagedIsTold,
	"a request that cannot be read keeps no other waiting":                       damagedIsSetAside,
}

// damage makes a request of s unreadable.
func damage(t *testing.T, s approval.Store, id policy.ID) {
	t.Helper()
	d, ok := s.(Damager)
	require.True(t, ok, "%T", s)
	require.NoError(t, d.Damage(t.Context(), id))
}

// threeOf creates three requests and damages the second.
func threeOf(t *testing.T, s approval.Store, edit func(*approval.Request)) {
	t.Helper()
	for i, id := range []policy.ID{"AKR-FIRST", "AKR-BROKE", "AKR-THIRD"} {
		create(t, s, named(id), edit, func(r *approval.Request) { r.RequestedAt = Epoch.Add(time.Duration(i) * time.Second) })
	}
	damage(t, s, "AKR-BROKE")
}

func damagedIsLeftOut(t *testing.T, s approval.Store) {
	threeOf(t, s, func(r *approval.Request) { r.State, r.BreakGlass, r.Requester = approval.StateActive, true, "U_holder" })
	for i, id := range []policy.ID{"AKR-WAIT1", "AKR-WAITB", "AKR-WAIT3"} {
		create(t, s, named(id), func(r *approval.Request) { r.RequestedAt = Epoch.Add(time.Duration(i) * time.Second) })
	}
	damage(t, s, "AKR-WAITB")
	for name, list := range map[string]struct {
		read func() ([]approval.Request, error)
		want []policy.ID
	}{
		"Live":            {func() ([]approval.Request, error) { return s.ListActive(t.Context()) }, []policy.ID{"AKR-FIRST", "AKR-THIRD"}},
		"Waiting":         {func() ([]approval.Request, error) { return s.ListPending(t.Context()) }, []policy.ID{"AKR-WAIT1", "AKR-WAIT3"}},
		"Unsigned":        {func() ([]approval.Request, error) { return s.AwaitingReview(t.Context()) }, []policy.ID{"AKR-FIRST", "AKR-THIRD"}},
		"ByRequester":     {func() ([]approval.Request, error) { return s.ListByRequester(t.Context(), "U_holder") }, []policy.ID{"AKR-THIRD", "AKR-FIRST"}},
		"OpenByRequester": {func() ([]approval.Request, error) { return s.OpenByRequester(t.Context(), "U_holder") }, []policy.ID{"AKR-THIRD", "AKR-FIRST"}},
	} {
		found, err := list.read()
		require.NoError(t, err, name)
		var ids []policy.ID
		for _, r := range found {
			ids = append(ids, r.ID)
		}
		require.Equal(t, list.want, ids, name)
	}
}

func damagedIsTold(t *testing.T, s approval.Store) {
	create(t, s, named("AKR-OLDER"))
	threeOf(t, s, func(r *approval.Request) { r.Type, r.ParentID = approval.Rotation, "AKR-OLDER" })
	_, err := s.Get(t.Context(), "AKR-BROKE")
	require.ErrorIs(t, err, approval.ErrUnreadable)
	_, err = s.Successors(t.Context(), "AKR-OLDER")
	require.ErrorIs(t, err, approval.ErrUnreadable, "a key that is left out would outlive its revocation")
}

func damagedIsSetAside(t *testing.T, s approval.Store) {
	threeOf(t, s, func(r *approval.Request) { r.ExpiresAt = Epoch.Add(time.Minute) })
	now := Epoch.Add(time.Hour)
	var ids []policy.ID
	unreadable := 0
	for range 3 {
		r, err := s.ClaimWork(t.Context(), now, now.Add(lease))
		if err == nil {
			ids = append(ids, r.ID)
			continue
		}
		require.ErrorIs(t, err, approval.ErrUnreadable)
		unreadable++
	}
	require.ElementsMatch(t, []policy.ID{"AKR-FIRST", "AKR-THIRD"}, ids)
	require.Equal(t, 1, unreadable)
	_, err := s.ClaimWork(t.Context(), now, now.Add(lease))
	require.ErrorIs(t, err, approval.ErrNothingDue)
}
