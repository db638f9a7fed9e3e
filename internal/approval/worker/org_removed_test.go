package worker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/approval/worker"
)

// afterRemoval runs given in a world, starts the bot again without the
// organization, and runs f: every call about the organization fails then.
func afterRemoval(t *testing.T, given func(w *env) policy.ID, f func(w *env, id policy.ID)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy())
		var id policy.ID
		w.Run(func() { id = given(w) })
		w.restart(policy.Orgs{{ID: "another", Name: "Another", Policy: testPolicy()}})
		w.Run(func() { f(w, id) })
	})
}

// restart makes another worker and service, as a process that is started again.
func (w *env) restart(orgs policy.Orgs) {
	w.Worker = worker.NewWorker(orgs, w.Store, approval.KeysByOrg{}.Of, w.Messenger, w.Directory, time.Now, w.Worker.Log)
	w.Service = &service.Service{Store: w.Store, Directory: w.Directory, Orgs: orgs, Now: time.Now, NewID: approval.NewID, Wake: w.Worker.Wake}
}

// interrupted is a request whose making stopped for good at the given event.
func interrupted(at approval.Event) func(w *env) policy.ID {
	return func(w *env) policy.ID {
		id := w.Approved()
		dead := false
		w.Store.SetOnMove(func(e approval.AuditEntry) (bool, error) {
			if e.Event == at {
				dead = true
			}
			if dead {
				return e.Event == at, assert.AnError // this one was written, and nothing after it
			}
			return true, nil
		})
		_, err := w.Issue(w.T.Context(), as(alice), id)
		require.NoError(w.T, err)
		w.WaitIdle()
		return id
	}
}

// Whatever a request was about when its organization was removed from the
// configuration: within an hour owner and approvers are told of a key that may
// be alive.
func TestKeyOfUnconfiguredOrganizationIsReported(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		given func(w *env) policy.ID
		told  []approval.MessageName
	}{
		"killed with a key, before it was shown": {interrupted(approval.EventKeyCreated), []approval.MessageName{approval.DeletionOverdueMessage, approval.DeletionOverdueNotice}},
		"killed before Atlas answered":           {interrupted(approval.EventCreateStarted), []approval.MessageName{approval.UnresolvedMessage, approval.UnresolvedNotice}},
		"approved, and a create without an answer": {func(w *env) policy.ID {
			id := w.Approved()
			w.Keys.Lag = time.Hour
			w.Keys.Fail(approvaltest.CallCreate, approvaltest.AnswerLost(approvaltest.Indeterminate()))
			_, err := w.Issue(w.T.Context(), as(alice), id)
			require.NoError(w.T, err)
			w.WaitIdle()
			w.RequireState(id, approval.StateApproved)
			return id
		}, []approval.MessageName{approval.UnresolvedMessage, approval.UnresolvedNotice}},
		"being replaced": {func(w *env) policy.ID {
			id := w.Delivered()
			w.Keys.Fail(approvaltest.CallDelete, repeat(3, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))...)
			_, err := w.Replace(w.T.Context(), as(alice), id)
			require.NoError(w.T, err)
			return id
		}, []approval.MessageName{approval.DeletionOverdueMessage, approval.DeletionOverdueNotice}},
		"revoking": {func(w *env) policy.ID {
			id := w.Active()
			w.Keys.Fail(approvaltest.CallDelete, repeat(3, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))...)
			_, err := w.Revoke(w.T.Context(), as(alice), id, "")
			require.NoError(w.T, err)
			return id
		}, []approval.MessageName{approval.DeletionOverdueMessage, approval.DeletionOverdueNotice}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			afterRemoval(t, func(w *env) policy.ID {
				id := tt.given(w)
				return id
			}, func(w *env, id policy.ID) {
				w.Store.SetOnMove(nil)
				w.Advance(time.Hour)
				for _, m := range tt.told {
					assert.True(t, w.HasMessage(id, m), "%s", m)
				}
			})
		})
	}
}

func TestUnconfirmedKeyOfUnconfiguredOrganizationIsReported(t *testing.T) {
	t.Parallel()
	afterRemoval(t, (*env).Delivered, func(w *env, id policy.ID) {
		w.Advance(40 * time.Minute)
		assert.True(t, w.HasMessage(id, approval.ReminderMessage))
		w.Advance(time.Hour)
		r := w.RequireState(id, approval.StateRevoking)
		assert.Equal(t, approval.CauseUnconfirmed, r.Outcome.Cause)
		assert.Equal(t, approval.CauseNoOrg, r.Deletion.Cause)
		assert.True(t, w.HasMessage(id, approval.DeletionOverdueMessage))
	})
}

func TestChangeInUnconfiguredOrganizationIsReported(t *testing.T) {
	t.Parallel()
	afterRemoval(t, func(w *env) policy.ID {
		id := w.ActiveFor(7 * 24 * time.Hour)
		w.Keys.Fail(approvaltest.CallAddAccess, repeat(3, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))...)
		change, err := w.ReplaceAccessList(w.T.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "change", Reason: "moved", Networks: "203.0.113.9"})
		require.NoError(w.T, err)
		_, err = w.Approve(w.T.Context(), as(bob), change.ID)
		require.NoError(w.T, err)
		return change.ID
	}, func(w *env, id policy.ID) {
		w.Advance(time.Hour)
		assert.Equal(t, approval.CauseNoOrg, w.RequireState(id, approval.StateApplying).Issuance.Cause)
		assert.True(t, w.HasMessage(id, approval.DeletionOverdueMessage))
	})
}

// Waits that need no Atlas expire as always.
func TestWaitsInUnconfiguredOrganizationExpire(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(w *env) policy.ID{"pending": (*env).Submitted, "approved": (*env).Approved} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			afterRemoval(t, given, func(w *env, id policy.ID) {
				w.Advance(25 * time.Hour)
				w.RequireState(id, approval.StateExpired)
			})
		})
	}
}

// A requester who clicked as the organization was removed is told, and gets a button.
func TestIssueInUnconfiguredOrganizationReturnsToApproved(t *testing.T) {
	t.Parallel()
	afterRemoval(t, func(w *env) policy.ID {
		id := w.Approved()
		w.Store.SetOnMove(func(e approval.AuditEntry) (bool, error) { return e.Event == approval.EventIssue, nil })
		_, err := w.Issue(w.T.Context(), as(alice), id)
		require.NoError(w.T, err)
		return id
	}, func(w *env, id policy.ID) {
		w.Store.SetOnMove(nil)
		w.Advance(time.Minute)
		assert.Equal(t, approval.CauseNoOrg, w.RequireState(id, approval.StateApproved).Issuance.Cause)
	})
}
