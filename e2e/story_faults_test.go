package e2e

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

const (
	createKey = "POST /orgs/{orgId}/apiKeys"
	addAccess = "POST /orgs/{orgId}/apiKeys/{id}/accessList"
	deleteKey = "DELETE /orgs/{orgId}/apiKeys/{id}"
)

// atlasSays is an answer of Atlas's own.
func atlasSays(operation string, status int, code string, count int) wire.Fault {
	return wire.Fault{Side: wire.Atlas, Operation: operation, Mode: wire.AtlasError, Status: status, Code: code, Detail: "of the test", Count: count}
}

func goesWrong(side, operation string, mode wire.Mode) wire.Fault {
	return wire.Fault{Side: side, Operation: operation, Mode: mode}
}

// pressesUntilShown is a patient person: while there is a button to press,
// press it.
func (w *town) pressesUntilShown(id policy.ID) {
	w.t.Helper()
	w.until("the key was handed over", func() bool {
		switch r := w.request(id); r.State {
		case approval.StateApproved:
			c, m, ok := find(w.Slack.Screen(alice), "ready/issue")
			if ok {
				err := w.Slack.Click(w.ctx(), alice, c.ID, m.TS, "issue")
				if !errors.Is(err, slack.ErrCannot) { // it was redrawn in this moment
					require.NoError(w.t, err)
				}
			}
		case approval.StateIssuing:
			if r.Issuance.RetryAt.After(w.Clock.Now()) {
				w.passes(r.Issuance.RetryAt.Sub(w.Clock.Now()))
			}
		case approval.StateDelivered:
			return true
		}
		return false
	})
}

// holdsTheLastShown asserts that one key lives, whole, and that the newest note
// on Alice's screen is about it.
func (w *town) holdsTheLastShown() {
	w.t.Helper()
	keys := w.botKeys()
	require.Len(w.t, keys, 1)
	assert.ElementsMatch(w.t, []string{"203.0.113.7", "198.51.100.0/24"}, networksOf(keys[0]))
	note := w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	assert.True(w.t, holds(note, keys[0].PublicKey), "the newest note is about another key")
}

// Faults that a second press, or the bot by itself, gets over.
func TestMakingAKeyInBadWeather(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"create: 429 with nothing to wait":    {Side: wire.Atlas, Operation: createKey, Mode: wire.RateLimited},
		"create: a stray 401":                 goesWrong(wire.Atlas, createKey, wire.Empty401),
		"create: 500":                         goesWrong(wire.Atlas, createKey, wire.Error500Before),
		"create: 500, and yet it happened":    goesWrong(wire.Atlas, createKey, wire.Error500After),
		"create: 503 with a page":             goesWrong(wire.Atlas, createKey, wire.HTML503),
		"create: 503, and yet it happened":    goesWrong(wire.Atlas, createKey, wire.HTML503After),
		"create: reset":                       goesWrong(wire.Atlas, createKey, wire.ResetBefore),
		"create: reset after it happened":     goesWrong(wire.Atlas, createKey, wire.ResetAfter),
		"create: the answer is lost":          goesWrong(wire.Atlas, createKey, wire.LostAfter),
		"create: half an answer":              goesWrong(wire.Atlas, createKey, wire.TruncatedAfter),
		"create: no challenge":                {Side: wire.Atlas, Operation: createKey, Mode: wire.ResetBefore, FirstLeg: true},
		"list: 429":                           {Side: wire.Atlas, Operation: addAccess, Mode: wire.RateLimited},
		"list: a stray 401":                   goesWrong(wire.Atlas, addAccess, wire.Empty401),
		"list: 500, and yet it happened":      goesWrong(wire.Atlas, addAccess, wire.Error500After),
		"list: 503":                           goesWrong(wire.Atlas, addAccess, wire.HTML503),
		"list: the answer is lost":            goesWrong(wire.Atlas, addAccess, wire.LostAfter),
		"list: half an answer":                goesWrong(wire.Atlas, addAccess, wire.TruncatedAfter),
		"note: 429":                           {Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.RateLimited, RetryAfter: 1},
		"note: refused":                       {Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.SlackError, Error: "user_not_in_channel"},
		"note: ok false without an error":     goesWrong(wire.Slack, "chat.postEphemeral", wire.OKFalse),
		"note: shown, and the answer lost":    goesWrong(wire.Slack, "chat.postEphemeral", wire.LostAfter),
		"note: shown, and 500":                goesWrong(wire.Slack, "chat.postEphemeral", wire.Error500After),
		"note: reset":                         goesWrong(wire.Slack, "chat.postEphemeral", wire.ResetBefore),
		"message: 429":                        {Side: wire.Slack, Operation: "chat.update", Mode: wire.RateLimited, RetryAfter: 1},
		"message: refused":                    {Side: wire.Slack, Operation: "chat.update", Mode: wire.SlackError, Error: "fatal_error"},
		"message: gone":                       {Side: wire.Slack, Operation: "chat.update", Mode: wire.SlackError, Error: "message_not_found"},
		"message: drawn, and the answer lost": goesWrong(wire.Slack, "chat.update", wire.LostAfter),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, false, nil)
			id := w.approved()
			w.spoils(fault)
			w.presses(alice, "ready/issue")
			w.pressesUntilShown(id)
			w.until("every look for a key that nobody was shown is done", func() bool {
				w.passes(10 * time.Second)
				return len(w.request(id).UnresolvedCreates) == 0
			})
			w.holdsTheLastShown()
			w.presses(alice, "key/confirm")
			w.becomes(id, approval.StateActive)
			w.holdsTheKeyOnly()
		})
	}
}

func (w *town) holdsTheKeyOnly() {
	w.t.Helper()
	require.Len(w.t, w.botKeys(), 1)
}

// Refusals that no second press gets over: no key stays, and both sides read
// why.
func TestAtlasRefusesForGood(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"create: too many keys": atlasSays(createKey, 400, "MAX_API_KEYS_PER_ORG_EXCEEDED", -1),
		"create: suspended":     atlasSays(createKey, 402, "ACCOUNT_SUSPENDED", -1),
		"create: a role":        atlasSays(createKey, 400, "INVALID_ENUM_VALUE", -1),
		"create: not found":     atlasSays(createKey, 404, "ORG_NOT_FOUND", -1),
		"list: an address":      atlasSays(addAccess, 400, "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_ACCESS_LIST", -1),
		"list: 409":             atlasSays(addAccess, 409, "ADDRESS_ALREADY_IN_ACCESS_LIST", -1),
		"list: IPv6":            atlasSays(addAccess, 400, "IPV6_UNSUPPORTED", -1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, false, nil)
			id := w.approved()
			w.spoils(fault)
			w.presses(alice, "ready/issue")
			r := w.becomes(id, approval.StateFailed)
			assert.NotEmpty(t, r.Outcome.Cause)
			assert.Equal(t, fault.Code, r.Outcome.Code)
			w.reads(alice, "outcome/request_again")
			w.readsIn(bob, slack.Approvals, string(id), "no key")
			assert.Empty(t, w.botKeys())
			_, _, shown := find(w.Slack.Screen(alice), "PRIVATE_API_KEY")
			assert.False(t, shown)
		})
	}
}

// The bot's own login is refused: the request waits for the operator.
func TestAtlasRefusesTheBot(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"the role is too low":       atlasSays(createKey, 401, "USER_UNAUTHORIZED", -1),
		"the address is not listed": atlasSays(createKey, 403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", -1),
		"no list at all":            atlasSays(createKey, 403, "ORG_REQUIRES_ACCESS_LIST", -1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, false, nil)
			id := w.approved()
			w.spoils(fault)
			w.presses(alice, "ready/issue")
			w.until("it is put back", func() bool {
				if r := w.request(id); r.State == approval.StateIssuing && r.Issuance.RetryAt.After(w.Clock.Now()) {
					w.passes(r.Issuance.RetryAt.Sub(w.Clock.Now()))
				}
				return w.request(id).State == approval.StateApproved
			})
			assert.Empty(t, w.botKeys())
			w.Wire.Clear()
			w.reads(alice, "ready/issue")
			w.pressesUntilShown(id)
			w.holdsTheLastShown()
		})
	}
}

func TestAKeyThatCannotBeDeletedIsSaidToBeAlive(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		w.spoils(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.HTML503, Count: -1})
		w.presses(alice, "ready/revoke")
		w.becomes(id, approval.StateRevoking)
		w.until("it takes long", func() bool {
			w.passes(time.Minute)
			return w.request(id).Deletion.Notified
		})
		w.reads(alice, "alive")
		w.readsIn(bob, slack.Approvals, "alive")
		require.Len(t, w.botKeys(), 1)
		w.Wire.Clear()
		w.until("it is gone", func() bool {
			w.passes(time.Minute)
			return w.request(id).State == approval.StateEnded
		})
		assert.Empty(t, w.botKeys())
	})
}

// The note with the key is lost: Alice closed Slack before it came.
func TestALostNoteCostsOnePress(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.approved()
		c, m, _ := find(w.Slack.Screen(alice), "ready/issue")
		w.Slack.Away(alice)
		require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: alice, Conversation: c.ID, TS: m.TS, ActionID: "issue", BlockID: blockOf("ready/issue", id), Value: string(id)}))
		w.becomes(id, approval.StateDelivered)
		w.Slack.Active(alice)
		first := w.botKeys()
		require.Len(t, first, 1)
		w.presses(alice, "ready/replace")
		w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
		w.becomes(id, approval.StateDelivered)
		w.holdsTheLastShown()
		assert.NotEqual(t, first[0].ID, w.botKeys()[0].ID)
	})
}

// The second key could not get its access list: what was said of the first
// stays, and nothing is said of one that was never shown.
func TestWhatWasSaidOfAKeyStaysTrue(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.delivered()
		first := w.botKeys()[0].PublicKey
		said := w.readsIn(bob, slack.Approvals, ":key: The key", first).Text
		assert.NotContains(t, said, "0001")

		w.spoils(wire.Fault{Side: wire.Atlas, Operation: addAccess, Mode: wire.Error500Before, Count: -1})
		w.presses(alice, "ready/replace")
		w.until("no key lives", func() bool { w.passes(10 * time.Second); return w.request(id).State == approval.StateApproved })
		assert.Empty(t, w.botKeys())
		assert.Equal(t, said, w.readsIn(bob, slack.Approvals, ":key:").Text)

		w.Wire.Clear()
		w.presses(alice, "ready/issue")
		w.becomes(id, approval.StateDelivered)
		second := w.botKeys()[0].PublicKey
		assert.Contains(t, w.readsIn(bob, slack.Approvals, ":key: Another key").Text, second)
		assert.Equal(t, said, w.readsIn(bob, slack.Approvals, ":key: The key").Text)
	})
}

func TestNobodyConfirms(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.delivered()
		w.passes(31 * time.Minute)
		w.reads(alice, "reminder/confirm")
		w.passes(30 * time.Minute)
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.presses(alice, "outcome/request_again")
		screen := w.sees(alice, "the form again", func(s slack.Screen) bool { return s.Modal != nil })
		assert.Contains(t, string(screen.Modal.View), "invoices of October, TICKET-12")
		result, err := w.Slack.Submit(w.ctx(), alice, nil)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, result.Outcome, "filled in as before: %+v", result)
		w.reads(bob, "card/approve")
	})
}

func TestAKeyInUseNeedsNoConfirmation(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.delivered()
		all := w.Atlas.Secrets()
		status, code := w.Atlas.Use(w.botKeys()[0].PublicKey, all[len(all)-1], "198.51.100.9")
		require.Equal(t, 200, status, code)
		w.passes(31 * time.Minute)
		r := w.becomes(id, approval.StateActive)
		assert.True(t, r.Confirmation.ByUse)
		require.Len(t, w.botKeys(), 1)
	})
}

func TestRevokeByTheOwner(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		old := w.reads(alice, "ready/revoke")
		w.presses(alice, "ready/revoke")
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.staleInDM(alice, old, "ready/revoke")
		w.whispered(alice)
	})
}

func TestARestartForgetsNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.asks()
	w.restartBot()
	w.presses(bob, "card/approve")
	w.becomes(id, approval.StateApproved)
	w.restartBot()
	w.presses(alice, "ready/issue")
	w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	w.becomes(id, approval.StateDelivered)
	w.restartBot()
	w.presses(alice, "key/confirm")
	w.becomes(id, approval.StateActive)
	w.restartBot()
	w.passes(9 * time.Hour)
	w.becomes(id, approval.StateEnded)
	assert.Empty(t, w.botKeys())
}

func TestOneCreateCostsThreeRequests(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.approved()
	before := len(w.Wire.Calls())
	w.presses(alice, "ready/issue")
	w.becomes(id, approval.StateDelivered)
	var operations []string
	for _, c := range w.Wire.Calls()[before:] {
		if c.Side == wire.Atlas {
			operations = append(operations, c.Operation)
		}
	}
	assert.Equal(t, []string{createKey, createKey, addAccess}, operations)
}

func TestTheChannelCannotBeReached(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	w.Slack.RemoveBotFromChannel(slack.Approvals)
	w.opensForm(alice)
	_, err := w.Slack.Submit(w.ctx(), alice, wish())
	require.NoError(t, err)
	w.reads(alice, "requested/withdraw", "could not")
	w.Slack.AddBotToChannel(slack.Approvals)
	w.until("the card is posted", func() bool {
		w.passes(10 * time.Second)
		_, _, ok := find(w.Slack.Screen(bob), "card/approve")
		return ok
	})
	w.sees(alice, "that the approvers were reached", func(s slack.Screen) bool { _, _, still := find(s, "could not"); return !still })
}
