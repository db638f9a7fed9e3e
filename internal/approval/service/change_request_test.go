package service_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

func TestExpiryReminders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lifetime time.Duration
		told     []time.Duration // after the key was made
	}{
		"a week":      {7 * 24 * time.Hour, []time.Duration{6 * 24 * time.Hour, 7*24*time.Hour - time.Hour}},
		"a day":       {24 * time.Hour, []time.Duration{18 * time.Hour, 23 * time.Hour}},
		"eight hours": {8 * time.Hour, []time.Duration{6 * time.Hour}},
		"an hour":     {time.Hour, []time.Duration{45 * time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.ActiveFor(tt.lifetime)
				made := w.Stored(id).Key.MadeAt
				for i, at := range tt.told {
					w.Advance(time.Until(made.Add(at - time.Minute)))
					assert.Equal(t, i, w.Stored(id).ExpiryReminders, "not before %s", at)
					w.Advance(2 * time.Minute)
					assert.Equal(t, i+1, w.Stored(id).ExpiryReminders)
					assert.True(t, w.HasMessage(id, approval.ExpiryReminderMessage(i+1)))
				}
				w.Advance(time.Until(made.Add(tt.lifetime + time.Minute)))
				assert.Equal(t, len(tt.told), w.RequireState(id, approval.StateEnded).ExpiryReminders)
			}, func(p *policy.Policy) { p.ConfirmWithin = 30 * time.Minute })
		})
	}
}

func (w *env) extended(id policy.ID) policy.ID {
	w.T.Helper()
	r, err := w.Extend(w.T.Context(), as(alice), id, service.ExtensionForm{IdempotencyKey: "X" + string(id), ExtendBy: 24 * time.Hour, Reason: "not done yet"})
	require.NoError(w.T, err)
	w.WaitIdle()
	return r.ID
}

func TestExtend(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		ends := w.Stored(id).KeyExpiresAt
		more := w.extended(id)
		assert.Equal(t, approval.ChangeDetails{OldEnd: ends, NewEnd: ends.Add(24 * time.Hour)}, w.RequireState(more, approval.StatePending).Change)
		assert.Equal(t, ends, w.Stored(id).KeyExpiresAt, "asking changes nothing")
		_, err := w.Approve(t.Context(), as(alice), more)
		require.ErrorIs(t, err, policy.ErrOwnRequest)
		_, err = w.Approve(t.Context(), as(bob), more)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(more, approval.StateApplied)
		assert.Equal(t, ends.Add(24*time.Hour), w.RequireState(id, approval.StateActive).KeyExpiresAt)
		assert.Len(t, w.Messenger.Revealed(), 1, "no new secret")
		w.Advance(9 * time.Hour)
		w.RequireState(id, approval.StateActive)
		w.Advance(24 * time.Hour)
		w.RequireState(id, approval.StateEnded)
		w.RequireNoKeys()
	})
}

func TestRejectedChangeLeavesKeyUnchanged(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		ends := w.Stored(id).KeyExpiresAt
		more := w.extended(id)
		_, err := w.Deny(t.Context(), as(bob), more, "use it less")
		require.NoError(t, err)
		w.WaitIdle()
		assert.Equal(t, ends, w.Stored(id).KeyExpiresAt)

		late, err := w.Extend(t.Context(), as(alice), id, service.ExtensionForm{IdempotencyKey: "X2", ExtendBy: 24 * time.Hour, Reason: "please"})
		require.NoError(t, err)
		_, err = w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.Approve(t.Context(), as(bob), late.ID)
		require.NoError(t, err)
		w.WaitIdle()
		assert.Equal(t, approval.CauseKeyNotActive, w.RequireState(late.ID, approval.StateFailed).Outcome.Cause)
		w.RequireState(id, approval.StateEnded)
	})
}

func TestReplaceAccessList(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typed    string
		needsYes bool
	}{
		"another address":       {"203.0.113.7 198.51.100.9", true},
		"a wider network":       {"203.0.113.0/24", true},
		"something else":        {"198.51.100.9", true},
		"a part of what it had": {"203.0.113.7", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.Active()
				if !tt.needsYes { // begin with more
					r, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "A0", Networks: "203.0.113.7 198.51.100.1", Reason: "two"})
					require.NoError(t, err)
					_, err = w.Approve(t.Context(), as(bob), r.ID)
					require.NoError(t, err)
					w.WaitIdle()
				}
				r, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "A1", Networks: tt.typed, Reason: "moved"})
				require.NoError(t, err)
				w.WaitIdle()
				if tt.needsYes {
					w.RequireState(r.ID, approval.StatePending)
					_, err = w.Approve(t.Context(), as(bob), r.ID)
					require.NoError(t, err)
					w.WaitIdle()
				}
				w.RequireState(r.ID, approval.StateApplied)
				want, _ := testPolicy().Networks(tt.typed)
				assert.Equal(t, want, w.RequireState(id, approval.StateActive).Access.Networks)
				assert.Equal(t, want, w.Keys.Alive()[0].Access.Networks, "and so says Atlas")
			})
		})
	}
}

func TestAccessListChangeIsRetried(t *testing.T) {
	t.Parallel()
	for name, mishap := range map[string]approvaltest.Failure{
		"lost":                      approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)),
		"done, its answer lost":     approvaltest.AnswerLost(approvaltest.Indeterminate()),
		"refused, and then the key": approvaltest.Lost(approvaltest.Permanent(approval.CauseBadAddress)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.Active()
				before := w.Stored(id).Access.Networks
				w.Keys.Fail(approvaltest.CallAddAccess, mishap)
				r, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "A1", Networks: "198.51.100.9", Reason: "moved"})
				require.NoError(t, err)
				_, err = w.Approve(t.Context(), as(bob), r.ID)
				require.NoError(t, err)
				w.Advance(time.Minute)
				if name == "refused, and then the key" {
					assert.Equal(t, approval.CauseBadAddress, w.RequireState(r.ID, approval.StateFailed).Outcome.Cause)
					assert.Equal(t, before, w.Stored(id).Access.Networks)
					return
				}
				w.RequireState(r.ID, approval.StateApplied)
				assert.Equal(t, w.Stored(id).Access.Networks, w.Keys.Alive()[0].Access.Networks)
			})
		})
	}
}

func TestChangeFormMistakes(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		codes := func(err error) []policy.ProblemCode {
			wrong, ok := errors.AsType[*policy.FormError](err)
			require.True(t, ok, err)
			var all []policy.ProblemCode
			for _, p := range wrong.Problems {
				all = append(all, p.Code)
			}
			return all
		}
		_, err := w.Extend(t.Context(), as(alice), id, service.ExtensionForm{IdempotencyKey: "1", ExtendBy: time.Minute})
		assert.Equal(t, []policy.ProblemCode{policy.Missing, policy.LifetimeNotAllowed}, codes(err))
		_, err = w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "2", Networks: "203.0.113.7", Reason: "x"})
		assert.Equal(t, []policy.ProblemCode{policy.Unchanged}, codes(err))
		_, err = w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "3", Networks: "10.0.0.1", Reason: "x"})
		assert.Equal(t, []policy.ProblemCode{policy.NotPublic}, codes(err))
		for _, who := range []policy.UserID{bob, carol, eve} {
			_, err = w.Extend(t.Context(), as(who), id, service.ExtensionForm{IdempotencyKey: "4", ExtendBy: 8 * time.Hour, Reason: "x"})
			require.ErrorIs(t, err, approval.ErrNotOwner)
			_, err = w.Rotate(t.Context(), as(who), id)
			require.ErrorIs(t, err, approval.ErrNotOwner)
		}
	})
}

func TestRotate(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ActiveFor(7 * 24 * time.Hour)
		ends := w.Stored(id).KeyExpiresAt
		w.Advance(24 * time.Hour)
		next, err := w.Rotate(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		assert.Equal(t, ends, w.RequireState(next.ID, approval.StateApproved).KeyExpiresAt, "no new approval, and no more time")
		_, err = w.Rotate(t.Context(), as(alice), id)
		require.ErrorIs(t, err, approval.ErrRotationUnderway)
		_, err = w.Issue(t.Context(), as(alice), next.ID)
		require.NoError(t, err)
		w.WaitIdle()
		assert.Len(t, w.Keys.Alive(), 2, "both live")
		assert.Equal(t, ends, w.Stored(id).KeyExpiresAt)
		_, err = w.Confirm(t.Context(), as(alice), next.ID)
		require.NoError(t, err)
		w.WaitIdle()
		assert.WithinDuration(t, time.Now().Add(24*time.Hour), w.Stored(id).KeyExpiresAt, 5*time.Second)
		w.Advance(25 * time.Hour)
		w.RequireState(id, approval.StateEnded)
		w.RequireLastShownKeyOnly()
		assert.Equal(t, ends, w.RequireState(next.ID, approval.StateActive).KeyExpiresAt)
	})
}

func TestRetirePredecessorNow(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ActiveFor(7 * 24 * time.Hour)
		next, err := w.Rotate(t.Context(), as(alice), id)
		require.NoError(t, err)
		_, err = w.RetirePredecessorNow(t.Context(), as(alice), next.ID)
		require.ErrorIs(t, err, approval.ErrNotAllowed, "not before the successor is in hand")
		_, err = w.Issue(t.Context(), as(alice), next.ID)
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.Confirm(t.Context(), as(alice), next.ID)
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.RetirePredecessorNow(t.Context(), as(bob), next.ID)
		require.ErrorIs(t, err, approval.ErrNotOwner)
		_, err = w.RetirePredecessorNow(t.Context(), as(alice), next.ID)
		require.NoError(t, err)
		w.WaitIdle()
		assert.Equal(t, approval.CauseReplaced, w.RequireState(id, approval.StateEnded).Outcome.Cause)
		w.RequireLastShownKeyOnly()
	})
}

func TestUnissuedSuccessorLeavesPredecessorActive(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ActiveFor(7 * 24 * time.Hour)
		ends := w.Stored(id).KeyExpiresAt
		next, err := w.Rotate(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.Advance(25 * time.Hour)
		w.RequireState(next.ID, approval.StateExpired)
		assert.Equal(t, ends, w.RequireState(id, approval.StateActive).KeyExpiresAt)
		_, err = w.Rotate(t.Context(), as(alice), id)
		require.NoError(t, err, "another try")
	})
}

func TestRevocationReasonIsKept(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		_, err := w.Revoke(t.Context(), as(bob), id, " it leaked ")
		require.NoError(t, err)
		w.WaitIdle()
		r := w.RequireState(id, approval.StateEnded)
		assert.Equal(t, "it leaked", r.Outcome.Note)
		assert.Equal(t, bob, r.Outcome.By)
	})
}

// The store fails once at each note of a change. Whatever happens, the change
// is made in the end, once.
func TestChangeSurvivesStoreFailures(t *testing.T) {
	t.Parallel()
	for _, event := range []approval.Event{approval.EventExtend, approval.EventApply, approval.EventReplaceAccessList, approval.EventScheduleRetirement, approval.EventPredecessorScheduled, approval.EventRemind} {
		for _, applied := range []bool{false, true} {
			t.Run(string(event)+map[bool]string{false: " lost", true: " done, its answer lost"}[applied], func(t *testing.T) {
				t.Parallel()
				inEnv(t, func(w *env) {
					id := w.ActiveFor(7 * 24 * time.Hour)
					ends := w.Stored(id).KeyExpiresAt
					failed := false
					w.Store.SetOnMove(func(e approval.AuditEntry) (bool, error) {
						if e.Event != event || failed {
							return true, nil
						}
						failed = true
						return applied, errors.New("the disk is full")
					})
					more := w.extended(id)
					_, err := w.Approve(t.Context(), as(bob), more)
					require.NoError(t, err)
					w.Advance(time.Minute)
					assert.Equal(t, ends.Add(24*time.Hour), w.Stored(id).KeyExpiresAt)
					other, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "A", Networks: "198.51.100.9", Reason: "moved"})
					require.NoError(t, err)
					_, err = w.Approve(t.Context(), as(bob), other.ID)
					require.NoError(t, err)
					w.Advance(time.Minute)
					next, err := w.Rotate(t.Context(), as(alice), id)
					require.NoError(t, err)
					_, err = w.Issue(t.Context(), as(alice), next.ID)
					require.NoError(t, err)
					w.WaitIdle()
					_, err = w.Confirm(t.Context(), as(alice), next.ID)
					require.NoError(t, err)
					w.Advance(30 * time.Hour)
					require.True(t, failed)
					w.RequireState(more, approval.StateApplied)
					w.RequireState(other.ID, approval.StateApplied)
					w.RequireState(id, approval.StateEnded)
					w.RequireLastShownKeyOnly()
				})
			})
		}
	}
}

func TestApproverLists(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		active := w.Active()
		r, err := w.Submit(t.Context(), as(bob), form(func(f *policy.Form) { f.IdempotencyKey = "V2" }))
		require.NoError(t, err)
		for who, want := range map[policy.UserID]int{dana: 1, bob: 0} {
			waiting, err := w.ListPending(t.Context(), as(who))
			require.NoError(t, err)
			assert.Len(t, waiting, want, who)
		}
		live, err := w.ActiveKeys(t.Context(), as(dana), approval.KeySearch{}, 7, 10)
		require.NoError(t, err)
		require.Len(t, live.Keys, 1, "of the last page, as there is no eighth")
		assert.Equal(t, active, live.Keys[0].ID)
		assert.Equal(t, 0, live.Page)
		assert.Equal(t, 1, live.Total)
		for _, who := range []policy.UserID{alice, carol} {
			_, err = w.ListPending(t.Context(), as(who))
			require.ErrorIs(t, err, policy.ErrNotApprover)
			_, err = w.ActiveKeys(t.Context(), as(who), approval.KeySearch{}, 0, 10)
			require.ErrorIs(t, err, policy.ErrNotApprover)
		}
		_ = r
	})
}

// Of 120 pending requests, every other one is for the approver to decide.
func TestFirstPendingReadsPages(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		for i := range 120 {
			r := approval.Request{
				ID: policy.ID(fmt.Sprintf("AKR-%05d", i)), Org: "org", State: approval.StatePending, Requester: alice,
				IdempotencyKey: fmt.Sprint(i), RequestedAt: w.Now(), Access: policy.Access{Roles: []policy.Role{"ORG_READ_ONLY"}},
			}
			if i%2 == 0 {
				r.Approvals = []approval.Approval{{By: dana, At: w.Now()}}
			}
			_, err := w.Store.Create(t.Context(), r, approval.AuditEntry{At: w.Now(), Request: r.ID, Event: approval.EventSubmit, To: r.State})
			require.NoError(t, err)
		}
		for limit, more := range map[int]bool{5: true, 59: true, 60: false, 100: false} {
			found, hasMore, err := w.FirstPending(t.Context(), as(dana), limit)
			require.NoError(t, err)
			require.Len(t, found, min(limit, 60))
			require.Equal(t, more, hasMore, limit)
			require.EqualValues(t, "AKR-00001", found[0].ID)
		}
	})
}
