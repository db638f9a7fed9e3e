package slackui_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// TestWhatSlackForbidsIsAnErrorOnce, and /readyz says it until it is over.
func TestWhatSlackForbidsIsAnErrorOnce(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"app_access_restricted", "ekm_access_denied", "channel_is_limited_access", "restricted_action", "message_limit_exceeded"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			refusal := fault{method: "chat.postMessage", about: "channel=" + sandbox.Approvals, answer: status(200, `{"ok":false,"error":"`+code+`"}`)}
			d.weather.add(refusal)
			r := d.asks(alice)
			require.Eventually(t, func() bool { return strings.Contains(d.slack.Trouble(), "channel "+sandbox.Approvals) }, patience, time.Millisecond)
			require.Equal(t, 1, strings.Count(d.log.String(), "level=ERROR"))
			require.Contains(t, d.log.String(), "code="+code)
			d.presses(bob, "card.approve")
			d.is(r.ID, approval.Approved)
			require.Empty(t, d.slack.Trouble())
		})
	}
}

func TestWhoCannotBeWrittenToReadsWhy(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.MessagesTab(false)
	r := d.asks(alice)
	require.Eventually(t, func() bool {
		return strings.Contains(d.slack.Trouble(), "direct messages: the app's Messages tab is off")
	}, patience, time.Millisecond)
	d.types(alice, "list")
	d.seesText(alice, "I can't write to you: the *Messages* tab of this app is off.")
	require.NoError(t, d.OpenHome(t.Context(), alice))
	d.sees(alice, "why in Home", func(s sandbox.Screen) bool { return strings.Contains(string(s.Home), "tab of this app is off") })
	d.MessagesTab(true)
	d.presses(bob, "card.approve")
	d.presses(alice, "ready.create")
	d.is(r.ID, approval.Delivered)
	require.Empty(t, d.slack.Trouble())
}

// TestNobodyOfAnotherCompanyReadsWhoDecided in a channel that was shared since.
func TestNobodyOfAnotherCompanyReadsWhoDecided(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	d.seesButton(bob, "card.approve")
	d.ShareChannel(sandbox.Approvals, true)
	<-time.After(5 * time.Second) // a channel in order is not looked at again for so long
	d.presses(bob, "card.approve")
	d.is(r.ID, approval.Approved)
	d.seesButton(alice, "ready.create")
	require.Contains(t, d.slack.Trouble(), "shared with another company")
	_, card := d.seesButton(bob, "card.approve")
	require.NotContains(t, card.Text, "Approved")
}

func TestACardThatCannotChangeItsBlocksStaysAsItIs(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	d.seesButton(bob, "card.approve")
	d.seesButton(alice, "asked.withdraw")
	d.weather.add(fault{method: "chat.update", about: "channel=" + sandbox.Approvals, answer: status(200, `{"ok":false,"error":"block_mismatch"}`)})
	d.presses(alice, "asked.withdraw")
	d.is(r.ID, approval.Withdrawn)
	require.Eventually(t, func() bool {
		got, err := d.store.Get(t.Context(), r.ID)
		return err == nil && got.Places[approval.CardMessage].Shown == got.Version
	}, patience, time.Millisecond, "it is not tried for ever")
}

// TestNothingStandsOutsideOfItsThread when the card has to wait.
func TestNothingStandsOutsideOfItsThread(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		s.policy.Auto = []approval.AutoRule{{Name: "all", For: approval.Who{Everyone: true}, Roles: []approval.Role{"ORG_READ_ONLY"}, Longest: 8 * time.Hour}}
	})
	d.weather.add(fault{method: "chat.postMessage", about: "channel=" + sandbox.Approvals, answer: limited("1")})
	r := d.asks(alice)
	require.Eventually(t, func() bool {
		got, err := d.store.Get(t.Context(), r.ID)
		return err == nil && got.Places[approval.DecidedNotice].TS != ""
	}, patience, time.Millisecond)
	for _, c := range d.Screen(bob).Conversations {
		if c.ID == sandbox.Approvals {
			require.Len(t, c.Messages, 2)
			require.Empty(t, c.Messages[0].ThreadTS)
			require.Equal(t, c.Messages[0].TS, c.Messages[1].ThreadTS)
		}
	}
}

func TestAnEchoOfTheKeyIsNotKept(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]string{
		"in capitals, and long": "11111111-2222-4333-8444-PRIVATEHALF " + strings.Repeat("A", 6000),
		"as Slack's words are":  "11111111-2222-4333-8444-555555555555",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			r := d.asks(alice)
			d.presses(bob, "card.approve")
			d.weather.add(fault{method: "chat.postEphemeral", answer: status(200, `{"ok":false,"error":"`+said+`","response_metadata":{"messages":["`+said+`"]}}`)})
			d.presses(alice, "ready.create")
			require.Eventually(t, func() bool { return d.weather.count("chat.postEphemeral") > 0 && len(d.keys.Alive()) == 0 }, patience, time.Millisecond)
			d.is(r.ID, approval.Approved)
			require.NotContains(t, d.log.String(), said[:30])
			require.NoError(t, d.store.Audit(t.Context(), func(e approval.Entry) error {
				require.NotContains(t, e.Note, said[:30])
				return nil
			}))
		})
	}
}
