package approval_test

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
func afterRemoval(t *testing.T, given func(w *world) policy.ID, f func(w *world, id policy.ID)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, testPolicy())
		var id policy.ID
		w.run(func() { id = given(w) })
		w.restart(policy.Orgs{{ID: "another", Name: "Another", Policy: testPolicy()}})
		w.run(func() { f(w, id) })
	})
}

// restart makes another worker and service, as a process that is started again.
func (w *world) restart(orgs policy.Orgs) {
	w.worker = worker.NewWorker(orgs, w.store, approval.KeysByOrg{}.Of, w.screens, w.directory, time.Now, w.worker.Log)
	w.Service = &service.Service{Store: w.store, Directory: w.directory, Orgs: orgs, Now: time.Now, NewID: approval.NewID, Wake: w.worker.Wake}
}

// interrupted is a request whose making stopped for good at the given event.
func interrupted(at approval.Event) func(w *world) policy.ID {
	return func(w *world) policy.ID {
		id := w.approved()
		dead := false
		w.store.SetOnMove(func(e approval.AuditEntry) (bool, error) {
			if e.Event == at {
				dead = true
			}
			if dead {
				return e.Event == at, assert.AnError // this one was written, and nothing after it
			}
			return true, nil
		})
		_, err := w.Issue(w.t.Context(), as(alice), id)
		require.NoError(w.t, err)
		w.settle()
		return id
	}
}

// Whatever a request was about when its organization was removed from the
// configuration: within an hour owner and approvers are told of a key that may
// be alive.
func TestKeyOfARemovedOrganizationIsReported(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		given func(w *world) policy.ID
		told  []approval.MessageName
	}{
		"killed with a key, before it was shown": {interrupted(approval.EventKeyCreated), []approval.MessageName{approval.DeletionOverdueMessage, approval.DeletionOverdueNotice}},
		"killed before Atlas answered":           {interrupted(approval.EventCreateStarted), []approval.MessageName{approval.UnresolvedMessage, approval.UnresolvedNotice}},
		"approved, and a create without an answer": {func(w *world) policy.ID {
			id := w.approved()
			w.keys.Lag = time.Hour
			w.keys.Fail(approvaltest.CallCreate, approvaltest.Unheard(approvaltest.Unknown()))
			_, err := w.Issue(w.t.Context(), as(alice), id)
			require.NoError(w.t, err)
			w.settle()
			w.is(id, approval.StateApproved)
			return id
		}, []approval.MessageName{approval.UnresolvedMessage, approval.UnresolvedNotice}},
		"being replaced": {func(w *world) policy.ID {
			id := w.delivered()
			w.keys.Fail(approvaltest.CallRemove, repeated(3, approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable)))...)
			_, err := w.Replace(w.t.Context(), as(alice), id)
			require.NoError(w.t, err)
			return id
		}, []approval.MessageName{approval.DeletionOverdueMessage, approval.DeletionOverdueNotice}},
		"revoking": {func(w *world) policy.ID {
			id := w.active()
			w.keys.Fail(approvaltest.CallRemove, repeated(3, approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable)))...)
			_, err := w.Revoke(w.t.Context(), as(alice), id, "")
			require.NoError(w.t, err)
			return id
		}, []approval.MessageName{approval.DeletionOverdueMessage, approval.DeletionOverdueNotice}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			afterRemoval(t, func(w *world) policy.ID {
				id := tt.given(w)
				return id
			}, func(w *world, id policy.ID) {
				w.store.SetOnMove(nil)
				w.pass(time.Hour)
				for _, m := range tt.told {
					assert.True(t, w.shows(id, m), "%s", m)
				}
			})
		})
	}
}

func TestUnconfirmedKeyOfARemovedOrganizationIsReported(t *testing.T) {
	t.Parallel()
	afterRemoval(t, (*world).delivered, func(w *world, id policy.ID) {
		w.pass(40 * time.Minute)
		assert.True(t, w.shows(id, approval.ReminderMessage))
		w.pass(time.Hour)
		r := w.is(id, approval.StateRevoking)
		assert.Equal(t, approval.CauseUnconfirmed, r.Outcome.Cause)
		assert.Equal(t, approval.CauseNoOrg, r.Deletion.Cause)
		assert.True(t, w.shows(id, approval.DeletionOverdueMessage))
	})
}

func TestChangeInARemovedOrganizationIsReported(t *testing.T) {
	t.Parallel()
	afterRemoval(t, func(w *world) policy.ID {
		id := w.activeFor(7 * 24 * time.Hour)
		w.keys.Fail(approvaltest.CallReaddress, repeated(3, approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable)))...)
		change, err := w.ReplaceAccessList(w.t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "change", Reason: "moved", Networks: "203.0.113.9"})
		require.NoError(w.t, err)
		_, err = w.Approve(w.t.Context(), as(bob), change.ID)
		require.NoError(w.t, err)
		return change.ID
	}, func(w *world, id policy.ID) {
		w.pass(time.Hour)
		assert.Equal(t, approval.CauseNoOrg, w.is(id, approval.StateApplying).Issuance.Cause)
		assert.True(t, w.shows(id, approval.DeletionOverdueMessage))
	})
}

// What needs no Atlas ends as it would: nobody decided, or nobody collected.
func TestWaitsInARemovedOrganizationLapse(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(w *world) policy.ID{"pending": (*world).ask, "approved": (*world).approved} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			afterRemoval(t, given, func(w *world, id policy.ID) {
				w.pass(25 * time.Hour)
				w.is(id, approval.StateExpired)
			})
		})
	}
}

// Whoever pressed as the organization was removed is told, and has a button.
func TestPressInARemovedOrganizationIsPutBack(t *testing.T) {
	t.Parallel()
	afterRemoval(t, func(w *world) policy.ID {
		id := w.approved()
		w.store.SetOnMove(func(e approval.AuditEntry) (bool, error) { return e.Event == approval.EventIssue, nil })
		_, err := w.Issue(w.t.Context(), as(alice), id)
		require.NoError(w.t, err)
		return id
	}, func(w *world, id policy.ID) {
		w.store.SetOnMove(nil)
		w.pass(time.Minute)
		assert.Equal(t, approval.CauseNoOrg, w.is(id, approval.StateApproved).Issuance.Cause)
	})
}
