package slackui_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// behindProxy is Slack's requests by way of a proxy that sends each of them
// twice, and hands the second answer back.
func behindProxy(s *envOptions) { s.Deliver, s.ProxyRepeats = sandbox.HTTPMode, 1 }

// submitForm fills in the form, edited, and returns what Slack made of the
// second answer.
func (d *env) sendForm(user string, edits ...func(values)) sandbox.Result {
	d.t.Helper()
	d.command(user, "")
	d.waitForModal(user)
	result, err := d.Submit(d.t.Context(), user, filled(edits...))
	require.NoError(d.t, err)
	return result
}

func TestRepeatedFormThatCouldNotBeRecordedStaysOpen(t *testing.T) {
	t.Parallel()
	d := newEnv(t, behindProxy)
	d.command(alice, "")
	d.waitForModal(alice)
	d.faults.add(fault{method: "users.info", answer: status(500, "")})
	result, err := d.Submit(t.Context(), alice, filled())
	require.NoError(t, err)
	require.Equal(t, sandbox.Refused, result.Outcome, "%+v", result)
	mine, err := d.store.ListByRequester(t.Context(), policy.UserID(alice))
	require.NoError(t, err)
	require.Empty(t, mine)

	result, err = d.Submit(t.Context(), alice, filled())
	require.NoError(t, err)
	require.Equal(t, sandbox.Closed, result.Outcome, "%+v", result)
	d.waitForButton(bob, "card/approve")
	d.requireClean()
}

func TestRepeatedFormWithMistakesStaysOpen(t *testing.T) {
	t.Parallel()
	d := newEnv(t, behindProxy)
	result := d.sendForm(alice, func(v values) {
		v["networks"] = map[string]sandbox.Value{"networks": sandbox.Text("10.0.0.1")}
	})
	require.Equal(t, sandbox.Refused, result.Outcome, "%+v", result)
}

func TestRepeatedRequestsDoEverythingOnce(t *testing.T) {
	t.Parallel()
	d := newEnv(t, behindProxy)
	r := d.request(alice)
	d.click(bob, "card/approve")
	d.click(alice, "ready/issue")
	d.waitForState(r.ID, approval.StateDelivered) // the note can be read before the showing is recorded
	d.click(alice, "key/confirm")
	d.waitForState(r.ID, approval.StateActive)
	require.Len(t, d.keys.Alive(), 1)
	mine, err := d.store.ListByRequester(t.Context(), policy.UserID(alice))
	require.NoError(t, err)
	require.Len(t, mine, 1)
	d.command(alice, "help")
	d.waitForMessage(alice, "MongoDB Atlas API keys, with")
	approvals := 0
	for _, e := range d.store.Entries() {
		if e.Event == approval.EventApprove {
			approvals++
		}
	}
	require.Equal(t, 1, approvals)
	d.requireClean()
}
