package slackui_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// Slack does not let the message be edited that says "stay here": the button that
// it has answers what is so, and with what can be done.
func TestCheckAgainAnswersCurrentState(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	d.click(bob, "card/approve")
	d.waitForButton(alice, "ready/issue")
	making, released := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	t.Cleanup(release) // also if the test fails: the worker waits for it
	d.keys.SetOnCall(func(c approvaltest.Call) {
		if c == approvaltest.CallCreate {
			close(making)
			<-released
		}
	})
	d.click(alice, "ready/issue")
	<-making
	d.waitForMessage(alice, "Your key is being created")
	d.click(alice, "ready/retry")
	d.waitForMessage(alice, "Your key is still being created.")

	for range 60 {
		d.faults.add(fault{method: "chat.update", answer: status(429, `{"ok":false,"error":"ratelimited"}`)})
	}
	release()
	d.waitForState(r.ID, approval.StateDelivered)
	d.click(alice, "ready/retry")
	d.waitForMessage(alice, "was shown here")
	d.click(alice, "key/confirm")
	d.waitForState(r.ID, approval.StateActive)
	require.Len(t, d.keys.Alive(), 1)
}

func TestCheckAgainIsRefusedToOthers(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	_, err := d.service.TryAgain(t.Context(), policy.Actor{User: bob, Team: d.slack.Team}, r.ID)
	require.ErrorIs(t, err, approval.ErrNotOwner)
}
