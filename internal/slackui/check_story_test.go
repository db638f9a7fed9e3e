package slackui_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// Slack does not let the message be edited that says "stay here": the button that
// it has answers what is so, and with what can be done.
func TestCheckAgainAnswersWhatIsSo(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	d.presses(bob, "card/approve")
	d.seesButton(alice, "ready/issue")
	making, release := make(chan struct{}), make(chan struct{})
	d.keys.SetOnCall(func(c approvaltest.Call) {
		if c == approvaltest.CallCreate {
			close(making)
			<-release
		}
	})
	d.presses(alice, "ready/issue")
	<-making
	d.seesText(alice, "Your key is being created")
	d.presses(alice, "ready/retry")
	d.seesText(alice, "Your key is still being created.")

	for range 60 {
		d.weather.add(callError{method: "chat.update", answer: status(429, `{"ok":false,"error":"ratelimited"}`)})
	}
	close(release)
	d.is(r.ID, approval.StateDelivered)
	d.presses(alice, "ready/retry")
	d.seesText(alice, "was shown here")
	d.presses(alice, "key/confirm")
	d.is(r.ID, approval.StateActive)
	require.Len(t, d.keys.Alive(), 1)
}

func TestCheckAgainIsForTheOwnerAlone(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	_, err := d.service.TryAgain(t.Context(), policy.Actor{User: bob, Team: d.slack.Team}, r.ID)
	require.ErrorIs(t, err, approval.ErrNotOwner)
}
