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

// A telling is something that happens to a request, and how people learn of it:
// by one new message under the card and at most one in the asker's conversation.
type telling struct {
	given  func(*town) policy.ID
	does   func(*town, policy.ID)
	state  approval.State
	thread []string // what it says under the card, beside which request it is about
	dm     []string // what the asker's new message says; none: there is none
}

func byWaiting(d time.Duration) func(*town, policy.ID) {
	return func(w *town, _ policy.ID) { w.passes(d) }
}

func byPressing(who, action string) func(*town, policy.ID) {
	return func(w *town, id policy.ID) { w.pressesOn(who, action, string(id)) }
}

func byWriting(who, action, block, text string) func(*town, policy.ID) {
	return func(w *town, id policy.ID) {
		w.opens(who, action, string(id))
		w.submits(who, block, text)
	}
}

// nearItsEnd is a key whose owner knows that it ends within the hour.
func (w *town) nearItsEnd() policy.ID {
	w.t.Helper()
	id := w.active()
	for _, d := range []time.Duration{6*time.Hour + time.Minute, time.Hour} {
		w.rests(id)
		w.passes(d)
		w.until("it is told", func() bool { return !w.request(id).RemindAt.Before(w.Clock.Now()) || w.request(id).RemindAt.IsZero() })
	}
	return id
}

func waits(w *town) policy.ID { return w.asks() }

var tellings = map[string]telling{
	"approved": {waits, byPressing(bob, "card/approve"), approval.StateApproved,
		[]string{"@" + bob, "approved"}, []string{"@" + bob, "ready/issue"}},
	"denied": {waits, byWriting(bob, "card/deny", "reason", "use the dashboard"), approval.StateDenied,
		[]string{"@" + bob, "denied", "use the dashboard"}, []string{"@" + bob, "use the dashboard"}},
	"withdrawn": {waits, byPressing(alice, "requested/withdraw"), approval.StateWithdrawn,
		[]string{"@" + alice, "back"}, nil},
	"not decided": {waits, byWaiting(24*time.Hour + time.Minute), approval.StateExpired,
		[]string{"nobody decided in time"}, []string{"nobody decided in time"}},
	"not collected": {(*town).approved, byWaiting(24*time.Hour + time.Minute), approval.StateExpired,
		[]string{"not created in time"}, []string{"not created in time"}},
	"made": {(*town).approved, byPressing(alice, "ready/issue"), approval.StateDelivered,
		[]string{"@" + alice, "was made"}, []string{"MONGODB_ATLAS_PUBLIC_API_KEY"}},
	"revoked by its owner": {(*town).active, byPressing(alice, "ready/revoke"), approval.StateEnded,
		[]string{"@" + alice, "revoked"}, []string{"revoked", "outcome/request_again"}},
	"revoked by an approver": {(*town).active, byWriting(bob, "card/revoke_with_reason", "reason", "seen in a log"), approval.StateEnded,
		[]string{"@" + bob, "seen in a log"}, []string{"@" + bob, "seen in a log", "outcome/request_again"}},
	"at its end": {(*town).nearItsEnd, byWaiting(time.Hour), approval.StateEnded,
		[]string{"its lifetime was over"}, []string{"its lifetime was over", "outcome/request_again"}},
}

func TestRulesBeingTold(t *testing.T) {
	for name, tt := range tellings {
		t.Run(name, func(t *testing.T) {
			bothDoors(t, func(t *testing.T, w *town) {
				id := tt.given(w)
				w.rests(id)
				under, aside := len(w.thread(id)), len(w.messages(alice, w.appDM(alice)))
				tt.does(w, id)
				w.becomes(id, tt.state)
				w.rests(id)

				thread := w.thread(id)
				require.Len(t, thread, under+1, "one message under the card")
				notice := thread[under]
				assert.True(t, holds(notice, append(tt.thread, string(id))...), "%s", notice.Text)
				callsNobody(t, notice)

				w.until("the asker's messages are there", func() bool { return len(w.messages(alice, w.appDM(alice))) >= aside+min(len(tt.dm), 1) })
				dm := w.messages(alice, w.appDM(alice))
				require.Len(t, dm, aside+min(len(tt.dm), 1), "%s", told(w.Slack.Screen(alice)))
				if len(tt.dm) > 0 {
					assert.True(t, holds(dm[len(dm)-1], tt.dm...), "%s", dm[len(dm)-1].Text)
				}
				w.canBeReadOut(id)
			})
		})
	}
}

// canBeReadOut asserts that what is posted about a request says in its text,
// which is all that a screen reader and a notification have, which one it is.
func (w *town) canBeReadOut(id policy.ID) {
	w.t.Helper()
	for _, m := range append(w.messages(bob, slack.Approvals), w.messages(alice, w.appDM(alice))...) {
		assert.NotEmpty(w.t, m.Text)
		if !m.Ephemeral {
			assert.Contains(w.t, m.Text, string(id))
		}
	}
}

// Who did it, and when: also for whoever reads it long afterwards.
func TestRulesBeingToldWhen(t *testing.T) {
	for _, name := range []string{"approved", "denied", "withdrawn", "not decided", "not collected", "revoked by its owner", "revoked by an approver"} {
		tt := tellings[name]
		t.Run(name, func(t *testing.T) {
			bothDoors(t, func(t *testing.T, w *town) { w.isDated(t, tt) })
		})
	}
}

func (w *town) isDated(t *testing.T, tt telling) {
	id := tt.given(w)
	w.rests(id)
	tt.does(w, id)
	w.becomes(id, tt.state)
	w.rests(id)
	under := w.thread(id)
	assert.Contains(t, under[len(under)-1].Text, "<!date^")
}

// Everything that happened to one key is under its card, each thing once.
func TestRulesAThreadTellsTheWholeStory(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.asks()
		w.approves(bob, id)
		w.endorsed(id, 1)
		w.approves(carol, id)
		w.becomes(id, approval.StateApproved)
		w.presses(alice, "ready/issue")
		w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
		w.becomes(id, approval.StateDelivered)
		w.presses(alice, "key/confirm")
		w.becomes(id, approval.StateActive)
		w.pressesOn(alice, "ready/revoke", string(id))
		w.becomes(id, approval.StateEnded)
		w.rests(id)
		thread := w.thread(id)
		require.Len(t, thread, 4)
		public := w.request(id).Key.PublicKey
		for n, words := range [][]string{{"@" + bob, "1 of 2"}, {"@" + carol, "the last of 2"}, {public, "was made"}, {public, "was deleted", "@" + alice}} {
			assert.True(t, holds(thread[n], append(words, string(id))...), "%s", thread[n].Text)
		}
		w.canBeReadOut(id)
	})
}
