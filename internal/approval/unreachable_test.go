package approval_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
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
func (w *world) refuseMessagesTo(user policy.UserID, why approval.Cause) (refused func() int) {
	var mu sync.Mutex
	n := 0
	w.screens.Refuse(func(r approval.Request, name approval.MessageName) error {
		if name.ToApprovers() || r.Requester != user {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		n++
		return approvaltest.Refused(why)
	})
	return func() int { mu.Lock(); defer mu.Unlock(); return n }
}

func (w *world) logTo() *bytes.Buffer {
	var b bytes.Buffer
	w.worker.Log = slog.New(slog.NewTextHandler(&b, nil))
	return &b
}

func TestMessageToDeactivatedRequesterIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(*world) policy.ID{
		"a request that waits":    (*world).ask,
		"a request to be created": (*world).approved,
		"a key to be confirmed":   (*world).delivered,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				log := w.logTo()
				id := given(w)
				w.directory.Set(policy.Deactivated, alice)
				refused := w.refuseMessagesTo(alice, approval.CauseUnknown)
				switch w.get(id).State {
				case approval.StatePending:
					_, err := w.Deny(t.Context(), as(bob), id, "")
					require.NoError(t, err)
				case approval.StateApproved:
					w.pass(time.Until(w.get(id).ExpiresAt))
				default:
					_, err := w.Revoke(t.Context(), as(bob), id, "")
					require.NoError(t, err)
				}
				w.pass(time.Minute)
				before := refused()
				require.Positive(t, before)
				w.pass(6 * time.Hour)
				assert.Equal(t, before, refused(), "none is tried again")
				assert.True(t, w.get(id).State.Final())
				assert.True(t, w.shows(id, approval.ClosedNotice) || w.shows(id, approval.DecidedNotice), "the approvers read how it ended")
				assert.Positive(t, strings.Count(log.String(), "a message is dropped"))
				assert.Equal(t, before, strings.Count(log.String(), "a message is dropped"), "each is said once")
			})
		})
	}
}

func TestMessageToRequesterWhoIsThereIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]approval.Cause{"refused": approval.CauseUnknown, "forbidden": approval.CauseNotPermitted} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				refused := w.refuseMessagesTo(alice, why)
				id := w.approved()
				w.pass(2 * time.Hour)
				require.Greater(t, refused(), 12)
				w.screens.Refuse(nil)
				w.pass(11 * time.Minute)
				assert.True(t, w.shows(id, approval.ReadyMessage))
			})
		})
	}
}

// TestMessageToDeactivatedRequesterWaitsForTheDirectory: only it can tell, and
// meanwhile messages to others are not blocked.
func TestMessageToDeactivatedRequesterWaitsForTheDirectory(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		log := w.logTo()
		hers, others := w.ask(), w.askAs(carol, 1)
		w.settle()
		w.directory.Set(policy.Deactivated, alice)
		w.directory.Fail(approvaltest.CallAccount, approvaltest.Lost(approvaltest.Unknown()), approvaltest.Lost(approvaltest.NotNow(approval.CauseUnknown)))
		refused := w.refuseMessagesTo(alice, approval.CauseUnknown)
		_, err := w.Deny(t.Context(), as(bob), hers, "")
		require.NoError(t, err)
		_, err = w.Approve(t.Context(), as(bob), others)
		require.NoError(t, err)
		w.pass(30 * time.Minute)
		assert.True(t, w.shows(others, approval.ReadyMessage))
		assert.Contains(t, log.String(), "a message is dropped")
		before := refused()
		require.GreaterOrEqual(t, before, 3)
		w.pass(time.Hour)
		assert.Equal(t, before, refused())
	})
}

// TestOwnerWhoCannotBeWrittenToIsFlaggedAtOnce: the round of the hour is late for
// a key whose messages are refused already.
func TestOwnerWhoCannotBeWrittenToIsFlaggedAtOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		w.directory.Set(policy.Deactivated, alice)
		w.refuseMessagesTo(alice, approval.CauseUnknown)
		w.keys.Change(w.get(id).Key.ID, approval.Drift{RolesChanged: true})
		w.pass(20 * time.Minute)
		assert.True(t, w.shows(id, approval.DriftNotice))
		assert.True(t, w.shows(id, approval.OwnerDeactivatedNotice(1)))
	})
}
