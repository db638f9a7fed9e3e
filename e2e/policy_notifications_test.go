package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// A scenario is something that happens to a request, and how people learn of it:
// by one new message under the card and at most one in the asker's conversation.
type scenario struct {
	given  func(*Env) policy.ID
	does   func(*Env, policy.ID)
	state  approval.State
	thread []string // what it says under the card, beside which request it is about; none: the card says it
	dm     []string // what the asker's new message says; none: there is none
}

func byWaiting(d time.Duration) func(*Env, policy.ID) {
	return func(w *Env, _ policy.ID) { w.Advance(d) }
}

func byPressing(who, action string) func(*Env, policy.ID) {
	return func(w *Env, id policy.ID) { w.ClickIn(who, action, string(id)) }
}

func byWriting(who, action, block, text string) func(*Env, policy.ID) {
	return func(w *Env, id policy.ID) {
		w.ClickOpensModal(who, action, string(id))
		w.SubmitText(who, block, text)
	}
}

// nearExpiry is a key whose owner knows that it ends within the hour.
func (w *Env) nearExpiry() policy.ID {
	w.t.Helper()
	id := w.active()
	w.WaitIdle(id)
	w.Advance(7*time.Hour + time.Minute)
	w.WaitUntil("it is told", func() bool { return w.stored(id).ExpiryReminders == 1 })
	return id
}

func waits(w *Env) policy.ID { return w.Request() }

var tellings = map[string]scenario{
	"approved": {waits, byPressing(bob, "card/approve"), approval.StateApproved,
		nil, []string{"@" + bob, "ready/issue"}},
	"denied": {waits, byWriting(bob, "card/deny", "reason", "use the dashboard"), approval.StateDenied,
		[]string{"@" + bob, "enied", "use the dashboard"}, []string{"@" + bob, "use the dashboard"}},
	"withdrawn": {waits, byPressing(alice, "requested/withdraw"), approval.StateWithdrawn,
		[]string{"@" + alice, "withdrew"}, nil},
	"not decided": {waits, byWaiting(24*time.Hour + time.Minute), approval.StateExpired,
		[]string{"no approver decided in time"}, []string{"no approver decided in time"}},
	"not collected": {(*Env).approved, byWaiting(24*time.Hour + time.Minute), approval.StateExpired,
		[]string{"created in time"}, []string{"created in time"}},
	"made": {(*Env).approved, byPressing(alice, "ready/issue"), approval.StateDelivered,
		[]string{"@" + alice, "was shown"}, []string{"MONGODB_ATLAS_PUBLIC_API_KEY"}},
	"revoked by its owner": {(*Env).active, byPressing(alice, "ready/revoke"), approval.StateEnded,
		[]string{"@" + alice, "revoked"}, []string{"revoked", "outcome/request_again"}},
	"revoked by an approver": {(*Env).active, byWriting(bob, "card/revoke_with_reason", "reason", "seen in a log"), approval.StateEnded,
		[]string{"@" + bob, "seen in a log"}, []string{"@" + bob, "seen in a log", "outcome/request_again"}},
	"at its end": {(*Env).nearExpiry, byWaiting(time.Hour), approval.StateEnded,
		[]string{"it expired"}, nil}, // it was foretold
}

func TestPolicyNotifications(t *testing.T) {
	for name, tt := range tellings {
		t.Run(name, func(t *testing.T) {
			onTransport(t, func(t *testing.T, w *Env) {
				id := tt.given(w)
				w.WaitIdle(id)
				under, aside := len(w.thread(id)), len(w.messages(alice, w.appDM(alice)))
				tt.does(w, id)
				w.WaitForState(id, tt.state)
				w.WaitIdle(id)

				thread := w.thread(id)
				require.Len(t, thread, under+min(len(tt.thread), 1), "one message under the card")
				if len(tt.thread) > 0 {
					notice := thread[under]
					assert.True(t, contains(notice, append(tt.thread, string(id))...), "%s", notice.Text)
					requireNoMention(t, notice)
				}

				w.WaitUntil("the asker's messages are there", func() bool { return len(w.messages(alice, w.appDM(alice))) >= aside+min(len(tt.dm), 1) })
				dm := w.messages(alice, w.appDM(alice))
				require.Len(t, dm, aside+min(len(tt.dm), 1), "%s", describe(w.Slack.Screen(alice)))
				if len(tt.dm) > 0 {
					assert.True(t, contains(dm[len(dm)-1], tt.dm...), "%s", dm[len(dm)-1].Text)
				}
				w.canBeReadOut(id)
			})
		})
	}
}

// canBeReadOut asserts that what is posted about a request says in its text,
// which is all that a screen reader and a notification have, which one it is.
func (w *Env) canBeReadOut(id policy.ID) {
	w.t.Helper()
	for _, m := range append(w.messages(bob, slack.Approvals), w.messages(alice, w.appDM(alice))...) {
		assert.NotEmpty(w.t, m.Text)
		if !m.Ephemeral {
			assert.Contains(w.t, m.Text, string(id))
		}
	}
}

// Who did it, and when: also for a reader long afterwards.
func TestPolicyNotificationTimes(t *testing.T) {
	for _, name := range []string{"made", "denied", "withdrawn", "not decided", "not collected", "revoked by its owner", "revoked by an approver"} {
		tt := tellings[name]
		t.Run(name, func(t *testing.T) {
			onTransport(t, func(t *testing.T, w *Env) { w.isDated(t, tt) })
		})
	}
}

func (w *Env) isDated(t *testing.T, tt scenario) {
	id := tt.given(w)
	w.WaitIdle(id)
	tt.does(w, id)
	w.WaitForState(id, tt.state)
	w.WaitIdle(id)
	under := w.thread(id)
	assert.Contains(t, under[len(under)-1].Text, "<!date^")
}

// Everything that happened to one key is under its card, each thing once.
func TestPolicyThreadRecordsEveryStep(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.Request()
		w.approve(bob, id)
		w.waitForApprovals(id, 1)
		w.approve(carol, id)
		w.WaitForState(id, approval.StateApproved)
		w.Click(alice, "ready/issue")
		w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
		w.WaitForState(id, approval.StateDelivered)
		w.Click(alice, "key/confirm")
		w.WaitForState(id, approval.StateActive)
		w.ClickIn(alice, "ready/revoke", string(id))
		w.WaitForState(id, approval.StateEnded)
		w.WaitIdle(id)
		thread := w.thread(id)
		require.Len(t, thread, 3)
		public := w.stored(id).Key.PublicKey
		for n, words := range [][]string{{"@" + bob, "1 of 2"}, {public, "was shown", "@" + bob, "@" + carol}, {public, "was deleted", "@" + alice}} {
			assert.True(t, contains(thread[n], append(words, string(id))...), "%s", thread[n].Text)
		}
		w.canBeReadOut(id)
	})
}
