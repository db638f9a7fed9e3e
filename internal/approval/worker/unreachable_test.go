package worker_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// refuseMessagesTo has every message to the person refused from now on, and
// counts the refusals.
func (w *env) refuseMessagesTo(user policy.UserID, why approval.Cause) (refused func() int) {
	var mu sync.Mutex
	n := 0
	w.Messenger.Refuse(func(r approval.Request, name approval.MessageName) error {
		if name.ToApprovers() || r.Requester != user {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		n++
		return approvaltest.Permanent(why)
	})
	return func() int { mu.Lock(); defer mu.Unlock(); return n }
}

func (w *env) logTo() *bytes.Buffer {
	var b bytes.Buffer
	w.Worker.Log = slog.New(slog.NewTextHandler(&b, nil))
	return &b
}

func TestMessageToDeactivatedRequesterIsDropped(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(*env) policy.ID{
		"a request that waits":    (*env).Submitted,
		"a request to be created": (*env).Approved,
		"a key to be confirmed":   (*env).Delivered,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				log := w.logTo()
				id := given(w)
				w.Directory.Set(policy.Deactivated, alice)
				refused := w.refuseMessagesTo(alice, approval.CauseUnknown)
				switch w.Stored(id).State {
				case approval.StatePending:
					_, err := w.Deny(t.Context(), as(bob), id, "")
					require.NoError(t, err)
				case approval.StateApproved:
					w.Advance(time.Until(w.Stored(id).ExpiresAt))
				default:
					_, err := w.Revoke(t.Context(), as(bob), id, "")
					require.NoError(t, err)
				}
				w.Advance(time.Minute)
				before := refused()
				require.Positive(t, before)
				w.Advance(6 * time.Hour)
				assert.Equal(t, before, refused(), "none is tried again")
				assert.True(t, w.Stored(id).State.Final())
				assert.True(t, w.HasMessage(id, approval.ClosedNotice) || w.HasMessage(id, approval.DeniedNotice), "the approvers read how it ended")
				assert.Positive(t, strings.Count(log.String(), "a message is dropped"))
				assert.Equal(t, before, strings.Count(log.String(), "a message is dropped"), "each is said once")
			})
		})
	}
}

func TestMessageToActiveRequesterIsRetried(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]approval.Cause{"refused": approval.CauseUnknown, "forbidden": approval.CauseNotPermitted} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				refused := w.refuseMessagesTo(alice, why)
				id := w.Approved()
				w.Advance(2 * time.Hour)
				require.Greater(t, refused(), 12)
				w.Messenger.Refuse(nil)
				w.Advance(11 * time.Minute)
				assert.True(t, w.HasMessage(id, approval.ReadyMessage))
			})
		})
	}
}

// TestMessageToDeactivatedRequesterWaitsForTheDirectory: only it can tell, and
// meanwhile messages to others are not blocked.
func TestMessageToDeactivatedRequesterWaitsForTheDirectory(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		log := w.logTo()
		hers, others := w.Submitted(), w.SubmittedBy(carol, 1)
		w.WaitIdle()
		w.Directory.Set(policy.Deactivated, alice)
		w.Directory.Fail(approvaltest.CallDeactivated, approvaltest.Lost(approvaltest.Indeterminate()), approvaltest.Lost(approvaltest.Transient(approval.CauseUnknown)))
		refused := w.refuseMessagesTo(alice, approval.CauseUnknown)
		_, err := w.Deny(t.Context(), as(bob), hers, "")
		require.NoError(t, err)
		_, err = w.Approve(t.Context(), as(bob), others)
		require.NoError(t, err)
		w.Advance(30 * time.Minute)
		assert.True(t, w.HasMessage(others, approval.ReadyMessage))
		assert.Contains(t, log.String(), "a message is dropped")
		before := refused()
		require.GreaterOrEqual(t, before, 3)
		w.Advance(time.Hour)
		assert.Equal(t, before, refused())
	})
}

// TestDroppedMessagesArePostedOnceTheUserIsBack, whether or not another message to
// them waited meanwhile.
func TestDroppedMessagesArePostedOnceTheUserIsBack(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		hers, denied := w.Submitted(), w.SubmittedBy(alice, 1)
		w.WaitIdle()
		w.Directory.Set(policy.Deactivated, alice)
		w.refuseMessagesTo(alice, approval.CauseUnknown)
		_, err := w.Approve(t.Context(), as(bob), hers)
		require.NoError(t, err)
		_, err = w.Deny(t.Context(), as(bob), denied, "")
		require.NoError(t, err)
		w.Advance(time.Hour)
		w.Worker.UserActive(t.Context(), alice)
		w.Advance(time.Hour)
		require.False(t, w.HasMessage(hers, approval.ReadyMessage), "she is not back yet")

		w.Directory.Set(policy.Member, alice)
		w.Messenger.Refuse(nil)
		w.Worker.UserActive(t.Context(), carol)
		w.WaitIdle()
		require.False(t, w.HasMessage(hers, approval.ReadyMessage), "carol is another user")
		w.Worker.UserActive(t.Context(), alice)
		w.WaitIdle()
		w.RequireState(hers, approval.StateApproved)
		w.RequireState(denied, approval.StateDenied)
		assert.True(t, w.HasMessage(hers, approval.ReadyMessage))
		assert.True(t, w.HasMessage(denied, approval.OutcomeMessage))
	})
}

// TestUnreachableOwnerIsFlaggedAtOnce: the round of the hour is late for
// a key whose messages are refused already.
func TestUnreachableOwnerIsFlaggedAtOnce(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		w.Directory.Set(policy.Deactivated, alice)
		w.refuseMessagesTo(alice, approval.CauseUnknown)
		w.Keys.Change(w.Stored(id).Key.ID, approval.Drift{RolesChanged: true})
		w.Advance(20 * time.Minute)
		assert.True(t, w.HasMessage(id, approval.DriftNotice(1)))
		assert.True(t, w.HasMessage(id, approval.OwnerDeactivatedNotice(1)))
	})
}

// Otherwise the approvers would learn of it an hour later, from the check of the owners.
func TestDeactivationThatCouldNotBeRecordedIsTriedAgainSoon(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ActiveFor(7 * 24 * time.Hour)
		w.Advance(time.Until(w.Stored(id).RemindAt) - time.Second)
		w.Directory.Set(policy.Deactivated, alice)
		w.refuseMessagesTo(alice, approval.CauseUnknown)
		full := time.Now().Add(5 * time.Second)
		var failed atomic.Int64
		w.Store.SetOnMove(func(e approval.AuditEntry) (bool, error) {
			if e.Event == approval.EventOwnerDeactivated && time.Now().Before(full) {
				failed.Add(1)
				return false, errors.New("the disk is full")
			}
			return true, nil
		})
		w.Advance(30 * time.Second)
		require.Positive(t, failed.Load())
		assert.False(t, w.Stored(id).OwnerDeactivatedAt.IsZero())
	})
}
