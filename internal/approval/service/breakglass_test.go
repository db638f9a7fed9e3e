package service_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

func TestBreakGlassIssuesKeyOnPress(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		r, err := w.BreakGlass(t.Context(), as(carol), breakGlassForm())
		require.NoError(t, err)
		again, err := w.BreakGlass(t.Context(), as(carol), breakGlassForm())
		require.NoError(t, err)
		assert.Equal(t, r.ID, again.ID, "sent twice")
		w.Advance(5 * time.Second)
		assert.Equal(t, r.RequestedAt.Add(2*time.Hour), w.RequireState(r.ID, approval.StateApproved).ExpiresAt, "no longer than the key would last")
		w.RequireNoKeys()
		_, err = w.Issue(t.Context(), as(bob), r.ID)
		require.ErrorIs(t, err, approval.ErrNotOwner)
		_, err = w.Issue(t.Context(), as(carol), r.ID)
		require.NoError(t, err)
		w.Advance(5 * time.Second)
		r = w.RequireState(r.ID, approval.StateDelivered)
		w.RequireLastShownKeyOnly()
		assert.Equal(t, carol, w.Messenger.Revealed()[0].To)
		assert.Equal(t, []policy.Role{"ORG_OWNER"}, w.Keys.Alive()[0].Access.Roles)
		assert.WithinDuration(t, time.Now().Add(2*time.Hour), r.KeyExpiresAt, 10*time.Second)
		assert.True(t, w.HasMessage(r.ID, approval.CardMessage))
		assert.True(t, w.HasMessage(r.ID, approval.ReviewNotice))
		assert.Equal(t, "break-glass", w.Store.Entries()[0].Note)

		w.Advance(3 * time.Hour)
		w.RequireState(r.ID, approval.StateEnded)
		w.RequireNoKeys()
		open, err := w.AwaitingReview(t.Context(), as(bob))
		require.NoError(t, err)
		require.Len(t, open, 1, "it stays open when the key is gone")
		_, err = w.Review(t.Context(), as(bob), r.ID)
		require.NoError(t, err)
		open, err = w.AwaitingReview(t.Context(), as(bob))
		require.NoError(t, err)
		assert.Empty(t, open)
	}, allowBreakGlass)
}

func TestBreakGlassIsOffByDefault(t *testing.T) {
	t.Parallel()
	w := newEnv(t, testPolicy())
	for _, who := range []policy.UserID{alice, bob} {
		_, err := w.BreakGlass(t.Context(), as(who), breakGlassForm())
		require.ErrorIs(t, err, service.ErrBreakGlassNotAllowed)
		_, err = w.MayBreakGlass(t.Context(), as(who))
		require.ErrorIs(t, err, service.ErrBreakGlassNotAllowed)
	}
}

func TestBreakGlassAuthorization(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		by   policy.UserID
		edit func(*policy.Form)
		want error // nil: a FormError with problem
		code policy.ProblemCode
	}{
		"another user":            {alice, func(*policy.Form) {}, service.ErrBreakGlassNotAllowed, ""},
		"a guest":                 {gil, func(*policy.Form) {}, approval.ErrGuest, ""},
		"a stranger":              {eve, func(*policy.Form) {}, approval.ErrExternal, ""},
		"a role that is not one":  {carol, withRoles("ORG_READ_ONLY"), nil, policy.RoleNotAllowed},
		"without a reason":        {carol, func(f *policy.Form) { f.Reason = "  " }, nil, policy.Missing},
		"from too wide a network": {carol, func(f *policy.Form) { f.Networks = "203.0.112.0/22" }, nil, policy.TooWide},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, testPolicy(allowBreakGlass))
			w.SetGroups()
			_, err := w.BreakGlass(t.Context(), as(tt.by), breakGlassForm(tt.edit))
			if tt.want != nil {
				require.ErrorIs(t, err, tt.want)
				return
			}
			var mistakes *policy.FormError
			require.ErrorAs(t, err, &mistakes)
			assert.Equal(t, tt.code, mistakes.Problems[0].Code)
		})
	}
}

func TestBreakGlassReview(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		r, err := w.BreakGlass(t.Context(), as(carol), breakGlassForm())
		require.NoError(t, err)
		w.Advance(5 * time.Second)
		_, err = w.Review(t.Context(), as(carol), r.ID)
		require.ErrorIs(t, err, policy.ErrOwnRequest, "carol approves, too, but it is her key")
		_, err = w.Review(t.Context(), as(alice), r.ID)
		require.ErrorIs(t, err, policy.ErrNotApprover)
		_, err = w.Review(t.Context(), as(bob), r.ID)
		require.NoError(t, err)
		_, err = w.Review(t.Context(), as(dana), r.ID)
		require.ErrorIs(t, err, approval.ErrAlreadyReviewed)
		assert.Equal(t, bob, w.Stored(r.ID).Review.By)
	}, allowBreakGlass, func(p *policy.Policy) { p.Requirements = anyOf(bob, dana, carol) })
}

func TestReviewIsForBreakGlassKeysOnly(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		_, err := w.Review(t.Context(), as(bob), w.Active())
		require.ErrorIs(t, err, approval.ErrNotAllowed)
	})
}

// Without a conversation there is nowhere to show the key: none is made.
func TestBreakGlassWhileSlackIsDown(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		for range 40 {
			w.Messenger.Fail(approvaltest.CallSyncMessage, approvaltest.Lost(errors.New("slack is down")))
		}
		r, err := w.BreakGlass(t.Context(), as(carol), breakGlassForm())
		require.NoError(t, err)
		w.Advance(20 * time.Second)
		w.RequireNoKeys()
		w.Advance(time.Hour)
		w.RequireState(r.ID, approval.StateApproved)
		_, err = w.Issue(t.Context(), as(carol), r.ID)
		require.NoError(t, err)
		w.Advance(30 * time.Second)
		w.RequireState(r.ID, approval.StateDelivered)
	}, allowBreakGlass)
}

// TestBreakGlassKeyIsShownOnceSlackIsBack while the press is fresh, however long Slack was
// down before it.
func TestBreakGlassKeyIsShownOnceSlackIsBack(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]time.Duration{"down since the request": 0, "down for an hour": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				w.SetGroups()
				w.Messenger.Refuse(func(approval.Request, approval.MessageName) error {
					return errors.New("slack is down")
				})
				r, err := w.BreakGlass(t.Context(), as(carol), breakGlassForm())
				require.NoError(t, err)
				w.Advance(before)
				_, err = w.Issue(t.Context(), as(carol), r.ID)
				require.NoError(t, err)
				w.Advance(40 * time.Second)
				w.RequireNoKeys()
				w.Messenger.Refuse(nil)
				w.Advance(40 * time.Second)
				w.RequireState(r.ID, approval.StateDelivered)
				w.RequireLastShownKeyOnly()
			}, allowBreakGlass)
		})
	}
}
