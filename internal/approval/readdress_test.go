package approval_test

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

// moves asks for another address for the key of id, and approves it.
func (w *world) moves(id policy.ID, origin, to string) policy.ID {
	w.t.Helper()
	r, err := w.ReplaceAccessList(w.t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: origin, Networks: to, Reason: "moved"})
	require.NoError(w.t, err)
	_, err = w.Approve(w.t.Context(), as(bob), r.ID)
	require.NoError(w.t, err)
	return r.ID
}

// onKey is the access list of the only key in Atlas.
func (w *world) onKey() []netip.Prefix {
	w.t.Helper()
	alive := w.keys.Alive()
	require.Len(w.t, alive, 1)
	return alive[0].Access.Networks
}

// The key starts with 203.0.113.7 and is to have 198.51.100.9 instead.
func TestAnAccessListEndsAsItWasOrAsApproved(t *testing.T) {
	t.Parallel()
	refused := approvaltest.Refused(approval.CauseRefused)
	for name, tt := range map[string]struct {
		add, keep []approvaltest.Mishap
		state     approval.State
		cause     approval.Cause
	}{
		"adding refused":                      {add: []approvaltest.Mishap{approvaltest.Lost(refused)}, state: approval.StateFailed, cause: approval.CauseRefused},
		"adding refused half-way":             {add: []approvaltest.Mishap{approvaltest.Unheard(refused)}, state: approval.StateFailed, cause: approval.CauseRefused},
		"adding done, its answer lost":        {add: []approvaltest.Mishap{approvaltest.Unheard(approvaltest.Unknown())}, state: approval.StateApplied},
		"deleting refused":                    {keep: []approvaltest.Mishap{approvaltest.Lost(refused)}, state: approval.StateFailed, cause: approval.CauseRefused},
		"deleting refused, and going back":    {keep: []approvaltest.Mishap{approvaltest.Lost(refused), approvaltest.Lost(refused), approvaltest.Lost(refused)}, state: approval.StateFailed, cause: approval.CauseRefused},
		"deleting without an answer":          {keep: []approvaltest.Mishap{approvaltest.Lost(approvaltest.Unknown()), approvaltest.Unheard(approvaltest.Unknown())}, state: approval.StateApplied},
		"deleting refused, adding back fails": {add: []approvaltest.Mishap{approvaltest.Fine(), approvaltest.Lost(refused)}, keep: []approvaltest.Mishap{approvaltest.Unheard(refused)}, state: approval.StateFailed, cause: approval.CauseRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := w.active()
				w.keys.Fail(approvaltest.CallReaddress, tt.add...)
				w.keys.Fail(approvaltest.CallKeep, tt.keep...)
				change := w.moves(id, "A1", "198.51.100.9")
				w.pass(10 * time.Minute)
				assert.Equal(t, tt.cause, w.is(change, tt.state).Outcome.Cause)
				want := networks("203.0.113.7/32")
				if tt.state == approval.StateApplied {
					want = networks("198.51.100.9/32")
				}
				assert.Equal(t, want, w.onKey())
				assert.Equal(t, want, w.get(id).Access.Networks)
				w.pass(time.Hour)
				assert.True(t, w.get(id).Drift.IsZero(), "nobody changed it by hand")
			})
		})
	}
}

// Atlas adds, never says so, and refuses everything that follows, for hours.
func TestAnAccessListThatAtlasNeverAnswersForGoesBack(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		for range 100 {
			w.keys.Fail(approvaltest.CallReaddress, approvaltest.Unheard(approvaltest.Unknown()))
		}
		change := w.moves(id, "A1", "198.51.100.9")
		w.pass(2 * time.Hour)
		assert.Equal(t, approval.CauseUnknown, w.is(change, approval.StateFailed).Outcome.Cause)
		assert.Equal(t, networks("203.0.113.7/32"), w.onKey())
	})
}

func TestPeopleAreToldThatAnAccessListCannotGoBackYet(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		for range 11 {
			w.keys.Fail(approvaltest.CallKeep, approvaltest.Lost(approvaltest.Refused(approval.CauseRefused)))
		}
		change := w.moves(id, "A1", "198.51.100.9")
		w.pass(5 * time.Minute)
		assert.False(t, w.shows(change, approval.DeletionOverdueMessage))
		w.pass(20 * time.Minute)
		assert.True(t, w.shows(change, approval.DeletionOverdueMessage))
		assert.True(t, w.shows(change, approval.DeletionOverdueNotice))
		assert.ElementsMatch(t, networks("203.0.113.7/32", "198.51.100.9/32"), w.onKey())
		assert.True(t, w.get(id).Drift.IsZero(), "that is not somebody's doing by hand")
		w.pass(time.Hour)
		w.is(change, approval.StateFailed)
		assert.Equal(t, networks("203.0.113.7/32"), w.onKey())
	})
}

// The bot is stopped at each note of a change, before or after it is on disk,
// and goes on from there.
func TestAChangeOfAnAccessListSurvivesACrashAtEachStep(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]bool{"made": false, "refused": true} {
		for step := 1; step <= 5; step++ {
			for _, isStored := range []bool{false, true} {
				t.Run(name+map[bool]string{false: " before", true: " after"}[isStored], func(t *testing.T) {
					t.Parallel()
					inWorld(t, func(w *world) {
						id := w.active()
						if refuse {
							w.keys.Fail(approvaltest.CallKeep, approvaltest.Unheard(approvaltest.Refused(approval.CauseRefused)))
						}
						moves := 0
						w.store.SetOnMove(func(e approval.AuditEntry) (bool, error) {
							if e.By != "" {
								return true, nil
							}
							if moves++; moves != step {
								return true, nil
							}
							return isStored, errors.New("stopped")
						})
						change := w.moves(id, "A1", "198.51.100.9")
						w.pass(time.Hour)
						state := w.get(change).State
						require.True(t, state == approval.StateApplied || refuse && state == approval.StateFailed, state)
						want := networks("198.51.100.9/32")
						if state == approval.StateFailed {
							want = networks("203.0.113.7/32")
						}
						assert.Equal(t, want, w.onKey())
						assert.Equal(t, want, w.get(id).Access.Networks)
						assert.True(t, w.get(id).Drift.IsZero())
					})
				})
			}
		}
	}
}

func TestAnAccessListInMotionGoesBackIfTheKeyGetsAnotherOwner(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		w.pass(50 * time.Minute) // owners are looked at by the hour
		for range 12 {
			w.keys.Fail(approvaltest.CallKeep, approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable)))
		}
		change := w.moves(id, "A1", "198.51.100.9")
		w.pass(time.Minute)
		w.directory.Set(policy.Deactivated, alice)
		w.pass(20 * time.Minute)
		w.is(change, approval.StateApplying)
		require.False(t, w.get(id).OwnerDeactivatedAt.IsZero())
		_, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		w.pass(3 * time.Hour)
		assert.Equal(t, approval.StateFailed, w.get(change).State)
		assert.Equal(t, networks("203.0.113.7/32"), w.onKey())
		assert.Equal(t, carol, w.get(id).Requester)
	})
}

func TestTwoChangesOfAnAccessListComeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		for range 3 {
			w.keys.Fail(approvaltest.CallKeep, approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable)))
		}
		first := w.moves(id, "A1", "198.51.100.9")
		w.settle()
		second := w.moves(id, "A2", "192.0.2.1")
		w.pass(time.Second)
		w.is(second, approval.StateApplying)
		assert.NotContains(t, w.onKey(), netip.MustParsePrefix("192.0.2.1/32"), "the first is not over")
		w.pass(10 * time.Minute)
		w.is(first, approval.StateApplied)
		w.is(second, approval.StateApplied)
		assert.Equal(t, networks("192.0.2.1/32"), w.onKey())
		assert.Equal(t, networks("192.0.2.1/32"), w.get(id).Access.Networks)
	})
}

func TestAKeyRevokedWhileItsAccessListChanges(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		for range 3 {
			w.keys.Fail(approvaltest.CallKeep, approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable)))
		}
		change := w.moves(id, "A1", "198.51.100.9")
		w.settle()
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.pass(5 * time.Minute)
		w.is(id, approval.StateEnded)
		assert.Equal(t, approval.CauseKeyNotActive, w.is(change, approval.StateFailed).Outcome.Cause)
		w.noKey()
	})
}
