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

// Faults that the bot by itself, or one press, gets over: one key lives, and it
// is the last one shown.
func TestBreakingTheGlassInBadWeather(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"create: 429":                      {Side: wire.Atlas, Operation: createKey, Mode: wire.RateLimited},
		"create: a stray 401":              goesWrong(wire.Atlas, createKey, wire.Empty401),
		"create: 500":                      goesWrong(wire.Atlas, createKey, wire.Error500Before),
		"create: 500, and yet it happened": goesWrong(wire.Atlas, createKey, wire.Error500After),
		"create: 503":                      goesWrong(wire.Atlas, createKey, wire.HTML503),
		"create: the answer is lost":       goesWrong(wire.Atlas, createKey, wire.LostAfter),
		"list: 503":                        goesWrong(wire.Atlas, addAccess, wire.HTML503),
		"list: the answer is lost":         goesWrong(wire.Atlas, addAccess, wire.LostAfter),
		"note: refused":                    {Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.SlackError, Error: "user_not_in_channel"},
		"note: the answer is lost":         goesWrong(wire.Slack, "chat.postEphemeral", wire.LostAfter),
		"card: 429":                        {Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.RateLimited, RetryAfter: 1},
		"card: 503":                        goesWrong(wire.Slack, "chat.postMessage", wire.HTML503),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newRuledTown(t, false, glass, nil)
			w.reachesForGlass(alice)
			w.spoils(fault)
			id := w.sendsOutage()
			w.pressesUntilShown(id)
			w.until("every look for a key that nobody was shown is done", func() bool {
				w.passes(10 * time.Second)
				return len(w.request(id).UnresolvedCreates) == 0
			})
			w.holdsTheLastShown()
			w.readsIn(bob, slack.Approvals, "review/review", string(id))
			assert.True(t, w.suffered(fault), "the fault befell no call")
		})
	}
}

func TestAtlasRefusesInAnEmergency(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		w.reachesForGlass(alice)
		w.spoils(atlasSays(createKey, 400, "MAX_API_KEYS_PER_ORG_EXCEEDED", -1))
		id := w.sendsOutage()
		assert.Equal(t, approval.CauseKeyLimit, w.becomes(id, approval.StateFailed).Outcome.Cause)
		w.reads(alice, "outcome/request_again", string(id))
		w.readsIn(bob, slack.Approvals, string(id), "no key")
		assert.Empty(t, w.botKeys())
		w.pressesOn(bob, "review/review", string(id)) // that it was tried is looked at, too
		w.signed(id, bob)
	})
}

// There is no key before there is a conversation in which it can be shown.
func TestSlackIsDownInAnEmergency(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		w.reachesForGlass(alice)
		w.spoils(wire.Fault{Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.HTML503, Count: -1})
		id := w.sendsOutage()
		w.until("the bot tried to say so", func() bool { return w.called("chat.postMessage") })
		w.passes(30 * time.Second)
		assert.Equal(t, approval.StateIssuing, w.request(id).State)
		assert.False(t, w.called(createKey))
		w.Wire.Clear()
		w.until("the conversation is there", func() bool {
			w.passes(time.Second)
			_, _, there := find(w.Slack.Screen(alice), "Your Atlas API key "+string(id))
			return there
		})
		w.pressesUntilShown(id)
		w.holdsTheLastShown()
		posted, redrawn := w.alarms()
		assert.GreaterOrEqual(t, posted, 1, "it is tried until Slack takes it")
		assert.Zero(t, redrawn)
		_, _, there := find(w.Slack.Screen(bob), "review/review", string(id))
		assert.True(t, there)
	})
}

// Slack is down for so long that nobody is waiting for the key any more: none is
// made until somebody presses.
func TestSlackIsDownTooLongInAnEmergency(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		w.reachesForGlass(alice)
		w.spoils(wire.Fault{Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.HTML503, Count: -1})
		id := w.sendsOutage()
		w.until("the bot tried to say so", func() bool { return w.called("chat.postMessage") })
		w.until("it is put back", func() bool {
			w.passes(5 * time.Second)
			return w.request(id).State == approval.StateApproved
		})
		assert.False(t, w.called(createKey))
		w.Wire.Clear()
		w.until("there is a button", func() bool {
			w.passes(5 * time.Second)
			_, _, there := find(w.Slack.Screen(alice), "ready/issue")
			return there
		})
		w.presses(alice, "ready/issue")
		w.pressesUntilShown(id)
		w.holdsTheLastShown()
		assert.Empty(t, w.request(id).Approvals, "and nobody had to approve it now")
		w.readsIn(bob, slack.Approvals, "review/review", string(id))
	})
}

// The bot is stopped while it waits for a conversation, and started again.
func TestARestartInAnEmergency(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		w.reachesForGlass(alice)
		w.spoils(wire.Fault{Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.HTML503, Count: -1})
		id := w.sendsOutage()
		w.until("the bot tried to say so", func() bool { return w.called("chat.postMessage") })
		w.restartBot()
		w.Wire.Clear()
		w.until("the conversation is there", func() bool {
			w.passes(time.Second)
			return w.request(id).MessageRefs[approval.ReadyMessage].TS != ""
		})
		w.pressesUntilShown(id)
		w.holdsTheLastShown()
		assert.Len(t, w.issued(), 1)
	})
}

// The bot dies while it makes the key, with every trace of it in memory.
func TestACrashInAnEmergency(t *testing.T) {
	for name, at := range map[string]approval.Event{"the key is made": approval.EventKeyCreated, "the key is shown": approval.EventDeliver} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newRuledTown(t, false, glass, nil)
			w.stopBot()
			said := w.crashesAfter(at, func() {
				w.reachesForGlass(alice)
				result, err := w.Slack.Submit(w.ctx(), alice, outage())
				require.NoError(t, err)
				require.Equal(t, slack.Closed, result.Outcome)
			}, nil)
			assert.Contains(t, said, "worker.(*Worker).attempt")
			searchFor(w.secrets()).nowhere(t, map[string]string{"the crash": said})
			w.startBot()
			id := w.newest()
			w.pressesUntilShown(id)
			w.holdsTheLastShown()
			w.until("every look for a key that nobody was shown is done", func() bool {
				w.passes(10 * time.Second)
				return len(w.request(id).UnresolvedCreates) == 0
			})
			w.holdsTheLastShown()
			assert.True(t, w.request(id).BreakGlass)
			w.pressesOn(bob, "review/review", string(id))
			w.signed(id, bob)
		})
	}
}
