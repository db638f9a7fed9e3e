package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/wire"
)

// The access list of a new key fails and its deletion is put off for an hour: the
// requester reads what is so, and the button under it has it deleted.
func TestUnshownKeyIsDeletedByClick(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.ready()
	w.inject(wire.Fault{Side: wire.Atlas, Operation: addAccess, Mode: wire.Error500Before})
	w.inject(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.RateLimited, RetryAfter: 3600, Count: 1})
	w.Click(alice, "ready/issue")
	w.WaitForMessage(alice, "wasn't shown and is being deleted", "Deleting it hasn't worked yet", "Try again now")
	require.Len(t, w.botKeys(), 1)
	assert.LessOrEqual(t, w.stored(id).Deletion.RetryAt.Sub(w.Clock.Now()), 10*time.Minute)

	w.Click(alice, "ready/retry")
	w.WaitForState(id, approval.StateApproved)
	assert.Empty(t, w.botKeys())
	w.WaitForMessage(alice, "Create my key")
	w.ClickUntilKeyShown(id)
	w.requireLastShownKey()
}

// Slack took the message with the key and its answer was lost, and the deletion
// is put off: the key works, and the user who says that they saved it is told not to
// use it.
func TestUnseenKeyIsNotConfirmed(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.ready()
	w.inject(wire.Fault{Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.Error500After})
	w.inject(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.RateLimited, RetryAfter: 3600, Count: 1})
	w.Click(alice, "ready/issue")
	w.WaitForMessage(alice, "If it was shown, don't use it.", "Try again now")
	require.Len(t, w.botKeys(), 1)

	w.Click(alice, "key/confirm")
	w.WaitForMessage(alice, "The message about the key will say when you can create another.")
	require.Equal(t, approval.StateIssuing, w.stored(id).State)

	w.Advance(10 * time.Minute)
	w.WaitForState(id, approval.StateApproved)
	assert.Empty(t, w.botKeys())
}
