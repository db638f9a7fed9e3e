package worker_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

func networks(list ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

// accessListChanged asks for another address for the key of id, and approves it.
func (w *env) accessListChanged(id policy.ID, origin, to string) policy.ID {
	w.T.Helper()
	r, err := w.ReplaceAccessList(w.T.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: origin, Networks: to, Reason: "moved"})
	require.NoError(w.T, err)
	_, err = w.Approve(w.T.Context(), as(bob), r.ID)
	require.NoError(w.T, err)
	return r.ID
}

// networksOnKey is the access list of the only key in Atlas.
func (w *env) networksOnKey() []netip.Prefix {
	w.T.Helper()
	alive := w.Keys.Alive()
	require.Len(w.T, alive, 1)
	return alive[0].Access.Networks
}

// The key starts with 203.0.113.7 and is to have 198.51.100.9 instead.
func TestAccessListIsReplacedOrRestored(t *testing.T) {
	t.Parallel()
	refused := approvaltest.Permanent(approval.CauseRefused)
	for name, tt := range map[string]struct {
		add, keep []approvaltest.Failure
		state     approval.State
		cause     approval.Cause
	}{
		"adding refused":                      {add: []approvaltest.Failure{approvaltest.Lost(refused)}, state: approval.StateFailed, cause: approval.CauseRefused},
		"adding refused half-way":             {add: []approvaltest.Failure{approvaltest.AnswerLost(refused)}, state: approval.StateFailed, cause: approval.CauseRefused},
		"adding done, its answer lost":        {add: []approvaltest.Failure{approvaltest.AnswerLost(approvaltest.Indeterminate())}, state: approval.StateApplied},
		"deleting refused":                    {keep: []approvaltest.Failure{approvaltest.Lost(refused)}, state: approval.StateFailed, cause: approval.CauseRefused},
		"deleting refused, and going back":    {keep: []approvaltest.Failure{approvaltest.Lost(refused), approvaltest.Lost(refused), approvaltest.Lost(refused)}, state: approval.StateFailed, cause: approval.CauseRefused},
		"deleting without an answer":          {keep: []approvaltest.Failure{approvaltest.Lost(approvaltest.Indeterminate()), approvaltest.AnswerLost(approvaltest.Indeterminate())}, state: approval.StateApplied},
		"deleting refused, adding back fails": {add: []approvaltest.Failure{approvaltest.Fine(), approvaltest.Lost(refused)}, keep: []approvaltest.Failure{approvaltest.AnswerLost(refused)}, state: approval.StateFailed, cause: approval.CauseRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.Active()
				w.Keys.Fail(approvaltest.CallAddAccess, tt.add...)
				w.Keys.Fail(approvaltest.CallKeepAccess, tt.keep...)
				change := w.accessListChanged(id, "A1", "198.51.100.9")
				w.Advance(10 * time.Minute)
				assert.Equal(t, tt.cause, w.RequireState(change, tt.state).Outcome.Cause)
				want := networks("203.0.113.7/32")
				if tt.state == approval.StateApplied {
					want = networks("198.51.100.9/32")
				}
				assert.Equal(t, want, w.networksOnKey())
				assert.Equal(t, want, w.Stored(id).Access.Networks)
				w.Advance(time.Hour)
				assert.True(t, w.Stored(id).Drift.IsZero(), "it was not changed manually")
			})
		})
	}
}

// Atlas adds, never says so, and refuses everything that follows, for hours.
func TestAccessListIsRestoredAfterAnHour(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		for range 100 {
			w.Keys.Fail(approvaltest.CallAddAccess, approvaltest.AnswerLost(approvaltest.Indeterminate()))
		}
		change := w.accessListChanged(id, "A1", "198.51.100.9")
		w.Advance(2 * time.Hour)
		assert.Equal(t, approval.CauseUnknown, w.RequireState(change, approval.StateFailed).Outcome.Cause)
		assert.Equal(t, networks("203.0.113.7/32"), w.networksOnKey())
	})
}

func TestFailedRestoreIsReported(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		for range 11 {
			w.Keys.Fail(approvaltest.CallKeepAccess, approvaltest.Lost(approvaltest.Permanent(approval.CauseRefused)))
		}
		change := w.accessListChanged(id, "A1", "198.51.100.9")
		w.Advance(5 * time.Minute)
		assert.False(t, w.HasMessage(change, approval.DeletionOverdueMessage))
		w.Advance(20 * time.Minute)
		assert.True(t, w.HasMessage(change, approval.DeletionOverdueMessage))
		assert.True(t, w.HasMessage(change, approval.DeletionOverdueNotice))
		assert.ElementsMatch(t, networks("203.0.113.7/32", "198.51.100.9/32"), w.networksOnKey())
		assert.True(t, w.Stored(id).Drift.IsZero(), "the bot's own change is not drift")
		w.Advance(time.Hour)
		w.RequireState(change, approval.StateFailed)
		assert.Equal(t, networks("203.0.113.7/32"), w.networksOnKey())
	})
}

// The bot is stopped at each note of a change, before or after it is on disk,
// and goes on from there.
func TestAccessListChangeSurvivesCrashes(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]bool{"made": false, "refused": true} {
		for step := 1; step <= 5; step++ {
			for _, isStored := range []bool{false, true} {
				t.Run(name+map[bool]string{false: " before", true: " after"}[isStored], func(t *testing.T) {
					t.Parallel()
					inEnv(t, func(w *env) {
						id := w.Active()
						if refuse {
							w.Keys.Fail(approvaltest.CallKeepAccess, approvaltest.AnswerLost(approvaltest.Permanent(approval.CauseRefused)))
						}
						moves := 0
						w.Store.SetOnMove(func(e approval.AuditEntry) (bool, error) {
							if e.By != "" {
								return true, nil
							}
							if moves++; moves != step {
								return true, nil
							}
							return isStored, errors.New("stopped")
						})
						change := w.accessListChanged(id, "A1", "198.51.100.9")
						w.Advance(time.Hour)
						state := w.Stored(change).State
						require.True(t, state == approval.StateApplied || refuse && state == approval.StateFailed, state)
						want := networks("198.51.100.9/32")
						if state == approval.StateFailed {
							want = networks("203.0.113.7/32")
						}
						assert.Equal(t, want, w.networksOnKey())
						assert.Equal(t, want, w.Stored(id).Access.Networks)
						assert.True(t, w.Stored(id).Drift.IsZero())
					})
				})
			}
		}
	}
}

func TestAccessListIsRestoredAfterTransfer(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		w.Advance(50 * time.Minute) // owners are looked at by the hour
		for range 12 {
			w.Keys.Fail(approvaltest.CallKeepAccess, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))
		}
		change := w.accessListChanged(id, "A1", "198.51.100.9")
		w.Advance(time.Minute)
		w.Directory.Set(policy.Deactivated, alice)
		w.Advance(20 * time.Minute)
		w.RequireState(change, approval.StateApplying)
		require.False(t, w.Stored(id).OwnerDeactivatedAt.IsZero())
		_, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		w.Advance(3 * time.Hour)
		assert.Equal(t, approval.StateFailed, w.Stored(change).State)
		assert.Equal(t, networks("203.0.113.7/32"), w.networksOnKey())
		assert.Equal(t, carol, w.Stored(id).Requester)
	})
}

func TestAccessListChangesAreSerialized(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		for range 3 {
			w.Keys.Fail(approvaltest.CallKeepAccess, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))
		}
		first := w.accessListChanged(id, "A1", "198.51.100.9")
		w.WaitIdle()
		second := w.accessListChanged(id, "A2", "192.0.2.1")
		w.Advance(time.Second)
		w.RequireState(second, approval.StateApplying)
		assert.NotContains(t, w.networksOnKey(), netip.MustParsePrefix("192.0.2.1/32"), "the first is not over")
		w.Advance(10 * time.Minute)
		w.RequireState(first, approval.StateApplied)
		w.RequireState(second, approval.StateApplied)
		assert.Equal(t, networks("192.0.2.1/32"), w.networksOnKey())
		assert.Equal(t, networks("192.0.2.1/32"), w.Stored(id).Access.Networks)
	})
}

func TestRevocationDuringAccessListChange(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		for range 3 {
			w.Keys.Fail(approvaltest.CallKeepAccess, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))
		}
		change := w.accessListChanged(id, "A1", "198.51.100.9")
		w.WaitIdle()
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.Advance(5 * time.Minute)
		w.RequireState(id, approval.StateEnded)
		assert.Equal(t, approval.CauseKeyNotActive, w.RequireState(change, approval.StateFailed).Outcome.Cause)
		w.RequireNoKeys()
	})
}
