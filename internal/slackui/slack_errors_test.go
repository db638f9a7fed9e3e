package slackui_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// TestForbiddenPostIsLoggedOnce, and /readyz says it until it is over.
func TestForbiddenPostIsLoggedOnce(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"app_access_restricted", "ekm_access_denied", "channel_is_limited_access", "restricted_action", "message_limit_exceeded"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t)
			refusal := fault{method: "chat.postMessage", about: "channel=" + sandbox.Approvals, answer: status(200, `{"ok":false,"error":"`+code+`"}`)}
			d.faults.add(refusal)
			r := d.request(alice)
			require.Eventually(t, func() bool { return strings.Contains(d.slack.Trouble(), "channel "+sandbox.Approvals) }, maxWait, time.Millisecond)
			require.Equal(t, 1, strings.Count(d.log.String(), "level=ERROR"))
			require.Contains(t, d.log.String(), "code="+code)
			d.click(bob, "card/approve")
			d.waitForState(r.ID, approval.StateApproved)
			d.waitForNoTrouble()
		})
	}
}

// waitForNoTrouble waits until no message is forbidden: that is noted after the
// message can be seen.
func (d *env) waitForNoTrouble() {
	d.t.Helper()
	require.Eventually(d.t, func() bool { return d.slack.Trouble() == "" }, maxWait, time.Millisecond)
}

func TestUnreachableUserReadsWhy(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	d.MessagesTab(false)
	r := d.request(alice)
	require.Eventually(t, func() bool {
		return strings.Contains(d.slack.Trouble(), "direct messages: the app's Messages tab is off")
	}, maxWait, time.Millisecond)
	d.command(alice, "list")
	d.waitForMessage(alice, "I can't write to you: the *Messages* tab of this app is off.")
	require.NoError(t, d.OpenHome(t.Context(), alice))
	d.waitForScreen(alice, "why in Home", func(s sandbox.Screen) bool { return strings.Contains(string(s.Home), "tab of this app is off") })
	d.MessagesTab(true)
	d.click(bob, "card/approve")
	d.click(alice, "ready/issue")
	d.waitForState(r.ID, approval.StateDelivered)
	d.waitForNoTrouble()
}

// TestSharedChannelShowsNoDecision in a channel that was shared since.
func TestSharedChannelShowsNoDecision(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	d.waitForButton(bob, "card/approve")
	d.ShareChannel(sandbox.Approvals, true)
	d.ahead.Add(int64(5 * time.Second)) // a channel in order is not looked at again for so long
	d.click(bob, "card/approve")
	d.waitForState(r.ID, approval.StateApproved)
	d.waitForButton(alice, "ready/issue")
	require.Contains(t, d.slack.Trouble(), "shared with another company")
	_, card := d.waitForButton(bob, "card/approve")
	require.NotContains(t, card.Text, "Approved")
}

func TestBlockMismatchIsNotRetried(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	d.waitForButton(bob, "card/approve")
	d.waitForButton(alice, "requested/withdraw")
	before, err := d.store.Get(t.Context(), r.ID)
	require.NoError(t, err)
	d.faults.add(fault{method: "chat.update", about: "channel=" + sandbox.Approvals, answer: status(200, `{"ok":false,"error":"block_mismatch"}`)})
	d.click(alice, "requested/withdraw")
	d.waitForState(r.ID, approval.StateWithdrawn)
	require.Eventually(t, func() bool {
		got, err := d.store.Get(t.Context(), r.ID)
		isNew := got.MessageRefs[approval.CardMessage].Digest != before.MessageRefs[approval.CardMessage].Digest
		return err == nil && isNew && !got.IsOutOfDate(approval.CardMessage)
	}, maxWait, time.Millisecond, "it is not tried for ever")
}

// TestNoticesWaitForTheirCard when the card has to wait.
func TestNoticesWaitForTheirCard(t *testing.T) {
	t.Parallel()
	d := newEnv(t, func(s *envOptions) {
		s.policy.AutoApprovals = []policy.AutoRule{{Name: "all", AllowedRequesters: policy.Principals{Everyone: true}, Roles: []policy.Role{"ORG_READ_ONLY"}, MaxLifetime: 8 * time.Hour}}
	})
	d.faults.add(fault{method: "chat.postMessage", about: "channel=" + sandbox.Approvals, answer: limited("1")})
	r := d.request(alice)
	_, err := d.service.Withdraw(t.Context(), actor(alice), r.ID)
	require.NoError(t, err)
	d.advanceUntil(func() bool {
		got, err := d.store.Get(t.Context(), r.ID)
		return err == nil && got.MessageRefs[approval.ClosedNotice].TS != ""
	}, "the notice in the thread")
	for _, c := range d.Screen(bob).Conversations {
		if c.ID == sandbox.Approvals {
			require.Len(t, c.Messages, 2)
			require.Empty(t, c.Messages[0].ThreadTS)
			require.Equal(t, c.Messages[0].TS, c.Messages[1].ThreadTS)
		}
	}
}

func TestEchoedKeyIsNotLogged(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]string{
		"in capitals, and long": "11111111-2222-4333-8444-PRIVATEHALF " + strings.Repeat("A", 6000),
		"as Slack's words are":  "11111111-2222-4333-8444-555555555555",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t)
			r := d.request(alice)
			d.click(bob, "card/approve")
			d.faults.add(fault{method: "chat.postEphemeral", answer: status(200, `{"ok":false,"error":"`+said+`","response_metadata":{"messages":["`+said+`"]}}`)})
			d.click(alice, "ready/issue")
			require.Eventually(t, func() bool { return d.faults.count("chat.postEphemeral") > 0 && len(d.keys.Alive()) == 0 }, maxWait, time.Millisecond)
			d.waitForState(r.ID, approval.StateApproved)
			require.NotContains(t, d.log.String(), said[:30])
			require.NoError(t, d.store.Audit(t.Context(), func(e approval.AuditEntry) error {
				require.NotContains(t, e.Note, said[:30])
				return nil
			}))
		})
	}
}

// TestIssueFromListAndHomeWithoutMessage: in Home and in the list, while the
// Messages tab is off and once it is on again.
func TestIssueFromListAndHomeWithoutMessage(t *testing.T) {
	t.Parallel()
	for name, offFrom := range map[string]string{"off before anything was posted": "the start", "off since the request": "the approval"} {
		for where, press := range map[string]func(d *env){
			"in the list": func(d *env) { d.command(alice, "list"); d.click(alice, "list/issue") },
			"in Home": func(d *env) {
				d.openHome(alice, `"action_id":"issue"`)
				require.NoError(d.t, d.ClickInHome(d.t.Context(), alice, "issue"))
			},
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				t.Parallel()
				d := newEnv(t)
				d.MessagesTab(offFrom != "the start")
				r := d.request(alice)
				if offFrom != "the start" {
					d.waitForButton(alice, "requested/withdraw")
					d.MessagesTab(false)
				}
				d.click(bob, "card/approve")
				d.waitForState(r.ID, approval.StateApproved)

				press(d)
				d.waitForScreen(alice, "that no key stayed", func(s sandbox.Screen) bool {
					_, _, told := find(s, func(m sandbox.Message) bool {
						return strings.Contains(m.Text, "No key stayed of request "+string(r.ID))
					})
					return told || strings.Contains(string(s.Home), "No key stayed of request "+string(r.ID))
				})
				d.waitForState(r.ID, approval.StateApproved)
				require.Empty(t, d.keys.Alive())

				d.MessagesTab(true)
				require.NoError(t, d.View(alice, aliceDM))
				press(d)
				d.waitForState(r.ID, approval.StateDelivered)
				_, note := d.waitForButton(alice, "key/confirm")
				require.True(t, note.Ephemeral)
				d.waitForButton(alice, "ready/confirm")
				said := "is in our conversation, in the *Messages* tab of this app"
				d.waitForScreen(alice, said, func(s sandbox.Screen) bool {
					_, _, told := find(s, func(m sandbox.Message) bool { return strings.Contains(m.Text, said) })
					return told || strings.Contains(string(s.Home), said)
				})
				require.Len(t, d.keys.Alive(), 1)
				d.waitForNoTrouble()
			})
		}
	}
}

// TestPostsToDeactivatedUserStop, in whatever words Slack refuses.
func TestPostsToDeactivatedUserStop(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"channel_not_found", "user_disabled", "cannot_dm_bot", "account_inactive", "user_not_found", "is_inactive"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t)
			r := d.request(alice)
			d.waitForButton(bob, "card/approve")
			d.waitForButton(alice, "requested/withdraw")
			d.Deactivate(alice)
			d.faults.add(fault{method: "chat.postMessage", about: "channel=" + alice, answer: status(200, `{"ok":false,"error":"`+code+`"}`)})
			d.click(bob, "card/approve")
			d.waitForState(r.ID, approval.StateApproved)
			require.Eventually(t, func() bool { return strings.Contains(d.log.String(), "a message is dropped") }, maxWait, time.Millisecond)
			next, err := d.store.NextDue(t.Context())
			require.NoError(t, err)
			require.True(t, next.IsZero() || time.Until(next) > time.Hour, "nothing is tried again: %s", next)
		})
	}
}

// TestArchivedChannelIsReportedUntilRestored: the post is refused while the bot runs,
// the operator reads why, and the card goes out once the channel is back.
func TestArchivedChannelIsReportedUntilRestored(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	d.request(alice)
	d.waitForButton(bob, "card/approve")
	d.Archive(sandbox.Approvals, true)
	d.request(carol) // at once: the channel was found in order a moment ago
	d.waitForMessage(carol, "can't reach the approvers")
	d.advanceUntil(func() bool {
		return strings.Contains(d.slack.Trouble(), "channel "+sandbox.Approvals+": it is archived")
	}, "a channel that is archived")
	require.Equal(t, 1, strings.Count(d.log.String(), "level=ERROR"))
	require.Contains(t, d.log.String(), "approvers cannot be asked in their channel")
	d.Archive(sandbox.Approvals, false)
	d.advanceUntil(func() bool { return d.slack.Trouble() == "" }, "no trouble")
	d.waitForScreen(bob, "both cards", func(s sandbox.Screen) bool {
		n := 0
		for _, c := range s.Conversations {
			for _, m := range c.Messages {
				if hasButton("card/approve")(m) {
					n++
				}
			}
		}
		return n == 2
	})
}
