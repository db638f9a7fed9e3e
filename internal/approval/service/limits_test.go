package service_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

func origin(n int) func(*policy.Form) {
	return func(f *policy.Form) { f.IdempotencyKey = fmt.Sprintf("L%d", n) }
}

func requireLimit(t *testing.T, err error, code policy.ProblemCode, limit int) {
	t.Helper()
	mistakes, ok := errors.AsType[*policy.FormError](err)
	require.True(t, ok, err)
	require.Equal(t, []policy.Problem{{Field: policy.FieldReason, Code: code, Limit: limit}}, mistakes.Problems)
}

func TestOpenRequestLimit(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		first, err := w.Submit(t.Context(), as(alice), form(origin(1)))
		require.NoError(t, err)
		_, err = w.Submit(t.Context(), as(alice), form(origin(2)))
		require.NoError(t, err)
		_, err = w.Submit(t.Context(), as(alice), form(origin(3)))
		requireLimit(t, err, policy.TooManyOpen, 2)
		again, err := w.Submit(t.Context(), as(alice), form(origin(1)))
		require.NoError(t, err, "a form sent twice is no other request")
		assert.Equal(t, first.ID, again.ID)
		_, err = w.Submit(t.Context(), as(carol), form(origin(4)))
		require.NoError(t, err, "another person")
		_, err = w.Withdraw(t.Context(), as(alice), first.ID)
		require.NoError(t, err)
		_, err = w.Submit(t.Context(), as(alice), form(origin(5)))
		require.NoError(t, err)
	}, limited(policy.Limits{OpenRequests: 2}))
}

func TestActiveKeyLimit(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		_, err := w.Submit(t.Context(), as(alice), form(origin(2)))
		require.NoError(t, err)
		_, err = w.Submit(t.Context(), as(alice), form(origin(3)))
		requireLimit(t, err, policy.TooManyKeys, 2)
		_, err = w.Rotate(t.Context(), as(alice), id)
		require.NoError(t, err, "a rotation takes the place of a key")
	}, limited(policy.Limits{ActiveKeys: 2}))
}

func TestRequestsPerHourLimit(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		_, err := w.BreakGlass(t.Context(), as(carol), breakGlassForm(origin(1)))
		require.NoError(t, err)
		_, err = w.Submit(t.Context(), as(carol), form(origin(2), func(f *policy.Form) {
			f.Roles, f.NetworkPresets, f.Networks = []policy.Role{"ORG_READ_ONLY"}, []string{"ci"}, ""
		}))
		require.NoError(t, err)
		_, err = w.BreakGlass(t.Context(), as(carol), breakGlassForm(origin(3)))
		requireLimit(t, err, policy.TooManyPerHour, 2)
		w.Advance(time.Hour)
		_, err = w.BreakGlass(t.Context(), as(carol), breakGlassForm(origin(4)))
		require.NoError(t, err)
	}, strictPolicy, allowBreakGlass, limited(policy.Limits{RequestsPerHour: 2}))
}

func TestConcurrentSubmitsRespectLimit(t *testing.T) {
	t.Parallel()
	w := newEnv(t, testPolicy(limited(policy.Limits{OpenRequests: 3})))
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() { _, _ = w.Submit(t.Context(), as(alice), form(origin(n))) })
	}
	all.Wait()
	open, err := w.MineOpen(t.Context(), as(alice))
	require.NoError(t, err)
	assert.Len(t, open, 3)
}

func TestPreviewReportsLimits(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		got, err := w.Preview(t.Context(), as(alice), form())
		require.NoError(t, err)
		assert.Empty(t, got.Problems)
		w.Active()
		_, err = w.Submit(t.Context(), as(alice), form(origin(2)))
		require.NoError(t, err)
		got, err = w.Preview(t.Context(), as(alice), form())
		require.NoError(t, err)
		assert.Equal(t, []policy.Problem{
			{Field: policy.FieldReason, Code: policy.TooManyOpen, Limit: 1},
			{Field: policy.FieldReason, Code: policy.TooManyKeys, Limit: 2},
			{Field: policy.FieldReason, Code: policy.TooManyPerHour, Limit: 2},
		}, got.Problems)
		got, err = w.Preview(t.Context(), as(carol), form())
		require.NoError(t, err)
		assert.Empty(t, got.Problems, "another person has limits of their own")
	}, limited(policy.Limits{OpenRequests: 1, ActiveKeys: 2, RequestsPerHour: 2}))
}

func TestTransferRespectsActiveKeyLimit(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.activeWithoutOwner()
		r, err := w.Submit(t.Context(), as(carol), form(origin(2)))
		require.NoError(t, err)
		before := w.Stored(id)
		_, err = w.Transfer(t.Context(), as(bob), id, carol)
		requireLimit(t, err, policy.TooManyKeys, 1)
		assert.Equal(t, before.Version, w.Stored(id).Version, "nothing was changed")
		_, err = w.Withdraw(t.Context(), as(carol), r.ID)
		require.NoError(t, err)
		_, err = w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
	}, limited(policy.Limits{ActiveKeys: 1}))
}

func TestManyTransfersAtOnceDoNotPassALimitTogether(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		var ids []policy.ID
		for n := range 10 {
			ids = append(ids, w.ActiveFor(7*24*time.Hour, origin(n)))
		}
		w.Directory.Set(policy.Deactivated, alice)
		w.Advance(90 * time.Minute)
		w.Orgs[0].Policy.Limits.ActiveKeys = 3
		w.Service.Store = leisurelyStore{w.Store}
		errs := make([]error, len(ids))
		var all sync.WaitGroup
		for i, id := range ids {
			all.Go(func() { _, errs[i] = w.Transfer(t.Context(), as([]policy.UserID{bob, dana}[i%2]), id, carol) })
		}
		all.Wait()
		refused := slices.DeleteFunc(errs, func(err error) bool { return err == nil })
		require.Len(t, refused, 7)
		for _, err := range refused {
			requireLimit(t, err, policy.TooManyKeys, 3)
		}
		theirs, err := w.MineOpen(t.Context(), as(carol))
		require.NoError(t, err)
		assert.Len(t, theirs, 3)
	})
}

// A leisurelyStore lets everyone else go on once it has counted.
type leisurelyStore struct{ approval.Store }

func (s leisurelyStore) Usage(ctx context.Context, user policy.UserID, org policy.OrgID, since time.Time) (policy.Usage, error) {
	defer func() {
		for range 100 {
			runtime.Gosched()
		}
	}()
	return s.Store.Usage(ctx, user, org, since)
}
