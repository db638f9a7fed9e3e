package worker_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/worker"
)

// postedMessage is the message of that name as it stands; there is one.
func (w *env) postedMessage(id policy.ID, name approval.MessageName) approvaltest.Message {
	w.T.Helper()
	all := w.Messenger.Messages(id)
	all = slices.DeleteFunc(all, func(m approvaltest.Message) bool { return m.Name != name })
	require.Len(w.T, all, 1, "%s", name)
	return all[0]
}

func TestEachShownKeyHasItsOwnPost(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Delivered()
		first := w.Stored(id).Key
		w.Advance(20 * time.Minute)
		w.Keys.Fail(approvaltest.CallRestrict, approvaltest.Lost(approvaltest.Permanent(approval.CauseAccessMismatch)))
		_, err := w.Replace(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		assert.Empty(t, w.Keys.Alive())
		made := w.postedMessage(id, approval.KeyCreatedNotice)
		assert.Equal(t, 1, made.Synced)
		assert.Equal(t, first.ID, made.Request.Key.ID)
		assert.False(t, made.Request.Confirmation.ShownAt.IsZero())
	})
	inEnv(t, func(w *env) {
		id := w.Delivered()
		first := w.Stored(id).Key
		_, err := w.Replace(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		r := w.RequireState(id, approval.StateDelivered)
		assert.Equal(t, []approval.MessageName{"card", "requested", "ready", "key_created.channel", "key_created.2.channel"}, r.Messages)
		assert.Equal(t, first.ID, w.postedMessage(id, "key_created.channel").Request.Key.ID)
		assert.Equal(t, r.Key.ID, w.postedMessage(id, "key_created.2.channel").Request.Key.ID)
		assert.NotContains(t, r.Events, approval.KeyCreatedNotice, "what was posted is kept no longer than the next change")
	})
}

func TestLateEventPostShowsItsMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy())
		r, err := w.Submit(t.Context(), as(alice), form())
		require.NoError(t, err)
		_, err = w.Nudge(t.Context(), as(alice), r.ID)
		require.NoError(t, err)
		lapsesUndecided := w.Stored(r.ID).ExpiresAt
		<-time.After(time.Hour)
		_, err = w.Approve(t.Context(), as(bob), r.ID)
		require.NoError(t, err)
		<-time.After(time.Hour)
		_, err = w.Withdraw(t.Context(), as(alice), r.ID)
		require.NoError(t, err)
		w.Run(func() { // it was down all the while
			w.WaitIdle()
			nudged, over := w.postedMessage(r.ID, approval.NudgedNotice).Request, w.postedMessage(r.ID, approval.ClosedNotice).Request
			assert.Equal(t, approval.StatePending, nudged.State)
			assert.Equal(t, lapsesUndecided, nudged.ExpiresAt)
			assert.Equal(t, approval.StateWithdrawn, over.State)
			assert.NotEqual(t, lapsesUndecided, over.ExpiresAt)
		})
	})
}

func TestEventPosts(t *testing.T) {
	t.Parallel()
	for name, want := range map[approval.MessageName]bool{
		"denied.channel": true, "approval_added.1.channel": true, "approval_added.12.channel": true, "key_created.channel": true, "key_created.2.channel": true,
		"failed.channel": true, "closed.channel": true, "nudged.channel": true, "escalated.channel": true,
		"card": false, "requested": false, "ready": false, "reminder": false, "outcome": false, "deletion_overdue": false, "deletion_overdue.channel": false,
		"drift.1.channel": false, "unknown_key.channel": false, "review.channel": false, "expiry_reminder.1": false, "transfer.1": false,
		"owner_deactivated.1.channel": false, "approver_reminder.1.channel": false,
	} {
		assert.Equal(t, want, name.IsEvent(), name)
	}
}

// A lostRef stores where an event was posted, and says once that it did not.
type lostRef struct {
	worker.Store
	lost atomic.Bool
}

func (s *lostRef) SaveMessageRef(ctx context.Context, id policy.ID, name approval.MessageName, at approval.MessageRef) error {
	err := s.Store.SaveMessageRef(ctx, id, name, at)
	if name.IsEvent() && !s.lost.Swap(true) {
		return errors.New("the answer of the store is lost")
	}
	return err
}

// An event post is never updated, so it must not count as out of date for ever.
func TestEventPostWhoseRecordWasLostIsInSync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy())
		store := &lostRef{Store: w.Store}
		w.Worker.Store = store
		w.Run(func() {
			id := w.Active()
			w.Advance(time.Minute)
			require.True(t, store.lost.Load())
			for name, at := range w.Stored(id).MessageRefs {
				require.NotEmpty(t, at.Digest, name)
			}
		})
	})
}
