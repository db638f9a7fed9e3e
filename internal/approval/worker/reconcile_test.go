package worker_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

const someTime = 25 * time.Minute // more than two comparisons with Atlas

func orderOf(id policy.ID, attempt int) approval.KeySpec {
	return approval.KeySpec{Request: id, Attempt: attempt}
}

// unanswered is a request that was given back because Atlas made a key and its
// answer was lost.
func (w *env) unanswered() policy.ID {
	w.T.Helper()
	w.Keys.Fail(approvaltest.CallCreate, approvaltest.AnswerLost(approvaltest.Indeterminate()))
	id := w.Approved()
	_, err := w.Issue(w.T.Context(), as(alice), id)
	require.NoError(w.T, err)
	w.WaitIdle()
	w.RequireState(id, approval.StateApproved)
	return id
}

func TestLeftoverKeysAreDeleted(t *testing.T) {
	t.Parallel()
	again := func(w *env, id policy.ID) {
		_, err := w.Issue(w.T.Context(), as(alice), id)
		require.NoError(w.T, err)
		w.WaitIdle()
		_, err = w.Confirm(w.T.Context(), as(alice), id)
		require.NoError(w.T, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateActive)
	}
	for name, then := range map[string]func(w *env, id policy.ID){
		"of an approved request": func(*env, policy.ID) {},
		"beside the right one":   again,
		"of a withdrawn one": func(w *env, id policy.ID) {
			_, err := w.Withdraw(w.T.Context(), as(alice), id)
			require.NoError(w.T, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				w.Keys.Lag = 2 * time.Hour // longer than it is looked for
				then(w, w.unanswered())
				right := len(w.Keys.Alive()) - 1
				w.Advance(90 * time.Minute)
				require.Len(t, w.Keys.Alive(), right+1)
				w.Advance(time.Hour)
				assert.Len(t, w.Keys.Alive(), right)
				assert.Zero(t, w.CountEvents(approval.EventAdopt))
			})
		})
	}
}

// Everyone who may rename a key can give it the tag of a known request.
func TestForeignKeyWithTheTagOfAKnownRequestIsAdoptedAndNotDeleted(t *testing.T) {
	t.Parallel()
	ended := func(w *env) policy.ID {
		id := w.Active()
		_, err := w.Revoke(w.T.Context(), as(alice), id, "")
		require.NoError(w.T, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateEnded)
		return id
	}
	lost := func(w *env) policy.ID {
		id := w.unanswered()
		w.Advance(10 * time.Minute)
		require.Len(w.T, w.Keys.Alive(), 1, "what the lost answer left is gone")
		_, err := w.Withdraw(w.T.Context(), as(alice), id)
		require.NoError(w.T, err)
		return id
	}
	for name, tt := range map[string]struct {
		before  time.Duration // how long the key was there when the request was made
		given   func(w *env) policy.ID
		attempt int
	}{
		"of a pending request":                         {0, (*env).Submitted, 1},
		"of a live one, beside its key":                {0, (*env).Active, 1},
		"of one that is over":                          {0, ended, 1},
		"of an attempt that was not made":              {0, ended, 2},
		"older than the attempt whose answer was lost": {48 * time.Hour, lost, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				var foreign approval.Credential
				create := func() {
					var err error
					foreign, err = w.Keys.Of("org").Create(t.Context(), orderOf("", 1), func(approval.Key) error { return nil })
					require.NoError(t, err)
				}
				if tt.before > 0 {
					create()
					w.Keys.Change(foreign.ID, approval.Drift{Renamed: true}) // no mark
					w.Advance(tt.before)
				}
				id := tt.given(w)
				w.Advance(someTime)
				if tt.before == 0 {
					create()
				}
				before := w.Stored(id)
				w.Keys.Rename(foreign.ID, id, tt.attempt)
				w.Keys.Change(foreign.ID, approval.Drift{})
				w.Advance(2 * time.Hour)
				alive := w.Keys.Alive()
				require.True(t, slices.ContainsFunc(alive, func(k approvaltest.LiveKey) bool { return k.ID == foreign.ID }))
				require.Equal(t, 1, w.CountEvents(approval.EventAdopt), "told once")
				assert.Equal(t, before.State, w.Stored(id).State)

				live, err := w.Store.ListActive(t.Context())
				require.NoError(t, err)
				found := live[len(live)-1]
				assert.Equal(t, foreign.ID, found.Key.ID)
				assert.Equal(t, id, found.ParentID)
				assert.Equal(t, []approval.MessageName{approval.UnknownKeyNotice}, found.Messages)
				w.Keys.Undying(foreign.ID)
				_, err = w.Revoke(t.Context(), as(bob), found.ID, "")
				require.NoError(t, err)
				w.WaitIdle()
				w.RequireState(found.ID, approval.StateEnded)
				w.Advance(2 * time.Hour)
				assert.True(t, w.HasMessage(found.ID, approval.LeftoverNotice), "it was listed again after its deletion")
				w.Keys.Undying("")
				w.Advance(time.Hour)
				assert.Len(t, w.Keys.Alive(), len(alive)-1)
				assert.Equal(t, 1, w.CountEvents(approval.EventAdopt))
			})
		})
	}
}

func TestExternallyDeletedKeyEndsItsRequest(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		require.NoError(t, w.Keys.Of("org").Delete(t.Context(), w.Keys.Alive()[0].ID))
		w.Advance(9 * time.Minute)
		w.RequireState(id, approval.StateActive)
		w.Advance(someTime)
		r := w.RequireState(id, approval.StateEnded)
		assert.Equal(t, approval.CauseDeletedExternally, r.Outcome.Cause)
		assert.True(t, w.HasMessage(id, approval.OutcomeMessage))
	})
}

func TestDriftIsReportedNotRepaired(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		key := w.Keys.Alive()[0].ID
		drift := approval.Drift{RolesChanged: true, Roles: []policy.Role{"ORG_OWNER"}, NetworksChanged: true, Networks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}
		w.Keys.Change(key, drift)
		w.Advance(someTime)
		assert.Equal(t, drift, w.RequireState(id, approval.StateActive).Drift)
		assert.True(t, w.HasMessage(id, approval.DriftNotice(1)))
		w.Advance(time.Hour)
		assert.Equal(t, 1, w.CountEvents(approval.EventDriftDetected), "told once")

		w.Keys.Change(key, approval.Drift{})
		w.Advance(someTime)
		assert.True(t, w.RequireState(id, approval.StateActive).Drift.IsZero(), "and that it is as approved again")
	})
}

func TestUnknownKeyIsReportedNotDeleted(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		made, err := w.Keys.Of("org").Create(t.Context(), orderOf("AKR-LOST0", 2), func(approval.Key) error { return nil })
		require.NoError(t, err)
		w.Advance(5 * 24 * time.Hour)
		require.Len(t, w.Keys.Alive(), 1)
		r := w.Stored("AKR-LOST0")
		assert.Equal(t, made.ID, r.Key.ID)
		assert.Equal(t, []approval.MessageName{approval.UnknownKeyNotice}, r.Messages)
		assert.Equal(t, 1, w.CountEvents(approval.EventAdopt))

		_, err = w.Revoke(t.Context(), as(carol), r.ID, "")
		require.ErrorIs(t, err, approval.ErrNotOwner)
		_, err = w.Revoke(t.Context(), as(bob), r.ID, "")
		require.NoError(t, err)
		w.WaitIdle()
		assert.Equal(t, approval.StateEnded, w.Stored(r.ID).State)
		w.RequireNoKeys()
	})
}

// createTaggedKeys makes n keys in Atlas that carry this bot's mark, of requests that no row
// knows.
func (w *env) createTaggedKeys(n int) (ids []policy.ID) {
	w.T.Helper()
	for range n {
		id := approval.NewID()
		_, err := w.Keys.Of("org").Create(w.T.Context(), orderOf(id, 1), func(approval.Key) error { return nil })
		require.NoError(w.T, err)
		ids = append(ids, id)
	}
	return ids
}

// countMessages counts the messages of that name that people see.
func (w *env) countMessages(name approval.MessageName) int {
	n := 0
	seen := map[policy.ID]bool{}
	for _, e := range w.Store.Entries() {
		if !seen[e.Request] && w.HasMessage(e.Request, name) {
			n++
		}
		seen[e.Request] = true
	}
	return n
}

func TestReconcileStopsOnTooManyUnknownKeys(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.createTaggedKeys(21)
		w.Advance(23 * time.Hour)
		assert.Len(t, w.Keys.Alive(), 21)
		assert.Equal(t, 1, w.CountEvents(approval.EventAdopt))
		assert.Equal(t, 1, w.countMessages(approval.UnknownKeysNotice))
		w.Advance(24 * time.Hour)
		assert.Equal(t, 2, w.countMessages(approval.UnknownKeysNotice))
		assert.Zero(t, w.countMessages(approval.UnknownKeyNotice))
	})
}

func TestUnknownKeysAreReportedTogetherAndRevocable(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		ids := w.createTaggedKeys(12)
		w.Advance(someTime)
		assert.Equal(t, 1, w.countMessages(approval.UnknownKeysNotice))
		assert.Zero(t, w.countMessages(approval.UnknownKeyNotice))
		for _, id := range ids {
			_, err := w.Revoke(t.Context(), as(bob), id, "")
			require.NoError(t, err)
		}
		w.WaitIdle()
		w.RequireNoKeys()
	})
}

// A user creates tagged keys and deletes them again, for three days.
func TestUnknownKeyReportsAreLimited(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		for range 3 * 24 * 2 {
			w.createTaggedKeys(4)
			w.Advance(30 * time.Minute)
			for _, k := range w.Keys.Alive()[2:] {
				require.NoError(t, w.Keys.Of("org").Delete(t.Context(), k.ID))
			}
		}
		assert.LessOrEqual(t, w.countMessages(approval.UnknownKeyNotice), 3*5)
		assert.LessOrEqual(t, w.countMessages(approval.UnknownKeysNotice), 4)
		assert.Positive(t, w.countMessages(approval.UnknownKeysNotice))
		assert.Zero(t, w.countMessages(approval.ClosedNotice))
		assert.LessOrEqual(t, w.CountEvents(approval.EventAdopt), 4*(5+20))
	})
}

// Unknown keys do not hide the drift of an active one.
func TestUnknownKeysDoNotHideDrift(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ActiveFor(7 * 24 * time.Hour)
		key := w.Keys.Alive()[0].ID
		days := 4
		if testing.Short() {
			days = 2
		}
		for range days {
			w.createTaggedKeys(20)
			w.Advance(25 * time.Hour)
		}
		require.Greater(t, w.CountEvents(approval.EventAdopt), 20*(days-1))
		w.Keys.Change(key, approval.Drift{NetworksChanged: true})
		w.Advance(someTime)
		assert.True(t, w.Stored(id).Drift.NetworksChanged)

		w.Keys.Fail(approvaltest.CallListTagged, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)), approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))
		w.Keys.Change(key, approval.Drift{})
		w.Advance(15 * time.Minute)
		assert.True(t, w.Stored(id).Drift.IsZero(), "nor does a list that cannot be read")
	})
}

func TestUndeletableKeyDoesNotHideDrift(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		key := w.Keys.Alive()[0].ID
		_, err := w.Keys.Of("org").Create(t.Context(), orderOf(id, 7), func(approval.Key) error { return nil })
		require.NoError(t, err)
		for range 3 {
			w.Keys.Fail(approvaltest.CallDelete, approvaltest.Lost(approvaltest.Permanent(approval.CauseRefused)))
		}
		w.Keys.Change(key, approval.Drift{RolesChanged: true})
		w.Advance(15 * time.Minute)
		assert.True(t, w.Stored(id).Drift.RolesChanged)
	})
}

// A user gives an active key the tag of a request that is over.
func TestActiveKeyWithForeignTagIsKept(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		over := w.Submitted()
		_, err := w.Withdraw(t.Context(), as(alice), over)
		require.NoError(t, err)
		w.Advance(time.Hour)
		r, err := w.Submit(t.Context(), as(alice), form(func(f *policy.Form) { f.IdempotencyKey = "V2" }))
		require.NoError(t, err)
		_, err = w.Approve(t.Context(), as(bob), r.ID)
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.Issue(t.Context(), as(alice), r.ID)
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.Confirm(t.Context(), as(alice), r.ID)
		require.NoError(t, err)
		w.Keys.Rename(w.Keys.Alive()[0].ID, over, 1)
		w.Advance(someTime)
		assert.Equal(t, approval.StateActive, w.Stored(r.ID).State)
		assert.Len(t, w.Keys.Alive(), 1)
	})
}

func TestAdoptedRequestEndsWithItsKey(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.createTaggedKeys(1)[0]
		w.Advance(someTime)
		w.RequireState(id, approval.StateActive)
		require.NoError(t, w.Keys.Of("org").Delete(t.Context(), w.Keys.Alive()[0].ID))
		w.Advance(someTime)
		assert.Equal(t, approval.CauseDeletedExternally, w.RequireState(id, approval.StateEnded).Outcome.Cause)
	})
}
