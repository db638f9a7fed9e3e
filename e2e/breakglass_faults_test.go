package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// Faults that the bot by itself, or one click, gets over: one key lives, and it
// is the last one shown.
func TestBreakGlassUnderFaults(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"create: 429":                      {Side: wire.Atlas, Operation: createKey, Mode: wire.RateLimited},
		"create: a stray 401":              faultOn(wire.Atlas, createKey, wire.Empty401),
		"create: 500":                      faultOn(wire.Atlas, createKey, wire.Error500Before),
		"create: 500, and yet it happened": faultOn(wire.Atlas, createKey, wire.Error500After),
		"create: 503":                      faultOn(wire.Atlas, createKey, wire.HTML503),
		"create: the answer is lost":       faultOn(wire.Atlas, createKey, wire.LostAfter),
		"list: 503":                        faultOn(wire.Atlas, addAccess, wire.HTML503),
		"list: the answer is lost":         faultOn(wire.Atlas, addAccess, wire.LostAfter),
		"note: refused":                    {Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.SlackError, Error: "user_not_in_channel"},
		"note: the answer is lost":         faultOn(wire.Slack, "chat.postEphemeral", wire.LostAfter),
		"card: 429":                        {Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.RateLimited, RetryAfter: 1},
		"card: 503":                        faultOn(wire.Slack, "chat.postMessage", wire.HTML503),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPolicyEnv(t, false, glass, nil)
			w.openBreakGlassForm(alice)
			w.inject(fault)
			id := w.submitBreakGlass()
			w.ClickUntilKeyShown(id)
			w.WaitUntil("every search for an orphaned key is done", func() bool {
				w.Advance(10 * time.Second)
				return len(w.stored(id).UnresolvedCreates) == 0
			})
			w.requireLastShownKey()
			w.WaitForMessageIn(bob, slack.Approvals, "review/review", string(id))
			assert.True(t, w.wasInjected(fault), "the fault befell no call")
		})
	}
}

func TestBreakGlassFailsWhenAtlasRefuses(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		w.openBreakGlassForm(alice)
		w.inject(atlasError(createKey, 400, "MAX_API_KEYS_PER_ORG_EXCEEDED", -1))
		id := w.submitBreakGlass()
		w.ClickIn(alice, "ready/issue", string(id))
		assert.Equal(t, approval.CauseKeyLimit, w.WaitForState(id, approval.StateFailed).Outcome.Cause)
		w.WaitForMessage(alice, "outcome/request_again", string(id))
		w.WaitForMessageIn(bob, slack.Approvals, string(id), "No key was created")
		assert.Empty(t, w.botKeys())
		w.ClickIn(bob, "review/review", string(id)) // that it was tried is looked at, too
		w.waitForReview(id, bob)
	})
}

// There is no key before there is a conversation in which it can be shown.
func TestBreakGlassWhileSlackIsDown(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		w.openBreakGlassForm(alice)
		w.inject(wire.Fault{Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.HTML503, Count: -1})
		id := w.submitBreakGlass()
		w.WaitUntil("the bot tried to say so", func() bool { return w.called("chat.postMessage") })
		w.Advance(30 * time.Second)
		assert.Equal(t, approval.StateApproved, w.stored(id).State)
		assert.False(t, w.called(createKey))
		w.Wire.Clear()
		w.WaitUntil("the conversation is there", func() bool {
			w.Advance(time.Second)
			_, _, there := find(w.Slack.Screen(alice), "ready/issue", string(id))
			return there
		})
		w.Click(alice, "ready/issue")
		w.ClickUntilKeyShown(id)
		w.requireLastShownKey()
		posted, redrawn := w.channelMentions()
		assert.GreaterOrEqual(t, posted, 1, "it is tried until Slack takes it")
		assert.Zero(t, redrawn)
		_, _, there := find(w.Slack.Screen(bob), "review/review", string(id))
		assert.True(t, there)
	})
}

// Slack is down for long: no key is made until the user clicks.
func TestBreakGlassIssuesNoKeyAfterLongOutage(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		w.openBreakGlassForm(alice)
		w.inject(wire.Fault{Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.HTML503, Count: -1})
		id := w.submitBreakGlass()
		w.WaitUntil("the bot tried to say so", func() bool { return w.called("chat.postMessage") })
		w.Advance(3 * time.Minute)
		assert.False(t, w.called(createKey))
		w.Wire.Clear()
		w.WaitUntil("there is a button", func() bool {
			w.Advance(5 * time.Second)
			_, _, there := find(w.Slack.Screen(alice), "ready/issue")
			return there
		})
		w.Click(alice, "ready/issue")
		w.ClickUntilKeyShown(id)
		w.requireLastShownKey()
		assert.Empty(t, w.stored(id).Approvals, "and it needed no approval")
		w.WaitForMessageIn(bob, slack.Approvals, "review/review", string(id))
	})
}

// The bot is stopped while it waits for a conversation, and started again.
func TestBreakGlassSurvivesRestart(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		w.openBreakGlassForm(alice)
		w.inject(wire.Fault{Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.HTML503, Count: -1})
		id := w.submitBreakGlass()
		w.WaitUntil("the bot tried to say so", func() bool { return w.called("chat.postMessage") })
		w.RestartBot()
		w.Wire.Clear()
		w.WaitUntil("the conversation is there", func() bool {
			w.Advance(time.Second)
			return w.stored(id).MessageRefs[approval.ReadyMessage].TS != ""
		})
		w.ClickUntilKeyShown(id)
		w.requireLastShownKey()
		assert.Len(t, w.issued(), 1)
	})
}

// The bot dies while it makes the key, with every trace of it in memory.
func TestBreakGlassSurvivesCrash(t *testing.T) {
	for name, at := range map[string]approval.Event{"the key is made": approval.EventKeyCreated, "the key is shown": approval.EventDeliver} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPolicyEnv(t, false, glass, nil)
			w.StopBot()
			said := w.crashAfter(at, func() {
				w.openBreakGlassForm(alice)
				result, err := w.Slack.Submit(w.ctx(), alice, breakGlassInput())
				require.NoError(t, err)
				require.Equal(t, slack.Closed, result.Outcome)
				w.Click(alice, "ready/issue")
			}, nil)
			assert.Contains(t, said, "worker.(*Worker).attempt")
			searchFor(w.secrets()).nowhere(t, map[string]string{"the crash": said})
			w.StartBot()
			id := w.newestRequest()
			w.ClickUntilKeyShown(id)
			w.requireLastShownKey()
			w.WaitUntil("every search for an orphaned key is done", func() bool {
				w.Advance(10 * time.Second)
				return len(w.stored(id).UnresolvedCreates) == 0
			})
			w.requireLastShownKey()
			assert.True(t, w.stored(id).BreakGlass)
			w.ClickIn(bob, "review/review", string(id))
			w.waitForReview(id, bob)
		})
	}
}
