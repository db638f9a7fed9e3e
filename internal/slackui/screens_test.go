package slackui_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	sandbox "atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/slackui"
)

// drawn opens a desk over HTTP, asks for a key and returns its request with
// everything about it drawn.
func drawn(t *testing.T) (*desk, *slackui.Screens, approval.Request) {
	t.Helper()
	d := open(t, overHTTP)
	r := d.asks(alice)
	d.seesButton(bob, "card.approve")
	require.Eventually(t, func() bool {
		r, _ = d.store.Get(t.Context(), r.ID)
		return r.Places[approval.CardMessage].TS != "" && r.Places[approval.AskedMessage].TS != ""
	}, patience, 1e6)
	return d, d.slack.Screens(approval.Orgs{{ID: org, Policy: policy()}}), r
}

func TestWhatLooksAsItShouldIsNotSentAgain(t *testing.T) {
	t.Parallel()
	d, screens, r := drawn(t)
	before := r.Places[approval.CardMessage]
	calls := d.weather.count("chat.update")
	r.Version += 3
	at, err := screens.Draw(t.Context(), r, approval.CardMessage)
	require.NoError(t, err)
	require.Equal(t, approval.Place{Channel: before.Channel, TS: before.TS, Shown: r.Version, Digest: before.Digest}, at)
	require.Equal(t, calls, d.weather.count("chat.update"))

	r.State = approval.Withdrawn
	at, err = screens.Draw(t.Context(), r, approval.CardMessage)
	require.NoError(t, err)
	require.Equal(t, before.TS, at.TS)
	require.NotEqual(t, before.Digest, at.Digest)
	require.Equal(t, calls+1, d.weather.count("chat.update"))
}

func TestAMessageThatIsLostIsPostedAnewWhileItMatters(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"message_not_found", "cant_update_message", "edit_window_closed"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			d, screens, r := drawn(t)
			before := r.Places[approval.CardMessage]
			gone := func() {
				d.weather.add(fault{method: "chat.update", answer: status(200, `{"ok":false,"error":"`+code+`"}`)})
			}

			r.Access.Description = "changed"
			gone()
			at, err := screens.Draw(t.Context(), r, approval.CardMessage)
			require.NoError(t, err)
			require.NotEqual(t, before.TS, at.TS)
			require.Equal(t, sandbox.Approvals, at.Channel)

			r.State = approval.Withdrawn
			gone()
			at, err = screens.Draw(t.Context(), r, approval.CardMessage)
			require.NoError(t, err)
			require.Equal(t, before.TS, at.TS, "what is over needs no new message")
		})
	}
}

func TestWhatADrawingThatFailedSays(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string
		code   int
		want   approval.Verdict
	}{
		"limited":       {`{"ok":false,"error":"ratelimited"}`, 429, approval.NotNow},
		"refused":       {`{"ok":false,"error":"not_in_channel"}`, 200, approval.Refused},
		"muddled":       {`{"ok":false}`, 200, approval.Unknown},
		"broken":        {`<html>`, 502, approval.Unknown},
		"half":          {`{"ok":tr`, 200, approval.Unknown},
		"ok, but where": {`{"ok":true}`, 200, approval.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, screens, r := drawn(t)
			r.Places = nil
			d.weather.add(fault{method: "chat.postMessage", answer: status(tt.code, tt.answer)})
			_, err := screens.Draw(t.Context(), r, approval.CardMessage)
			f, ok := errors.AsType[*approval.Fault](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, tt.want, f.Verdict)
		})
	}
}

func TestNoticesStandUnderTheCard(t *testing.T) {
	t.Parallel()
	d, screens, r := drawn(t)
	r.State, r.Decision.By, r.End.Cause = approval.Failed, bob, approval.CauseKeyLimit
	at, err := screens.Draw(t.Context(), r, approval.FailedNotice)
	require.NoError(t, err)
	_, notice, ok := find(d.Screen(bob), func(m sandbox.Message) bool { return m.TS == at.TS })
	require.True(t, ok)
	require.Equal(t, r.Places[approval.CardMessage].TS, notice.ThreadTS)
	require.Contains(t, notice.Text, "as many API keys as it may have")

	r.Places = nil
	at, err = screens.Draw(t.Context(), r, approval.StuckNotice)
	require.NoError(t, err)
	require.Equal(t, sandbox.Approvals, at.Channel, "without a card it stands by itself")
}
