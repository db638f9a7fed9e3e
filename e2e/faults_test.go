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

// atlasError is an answer of Atlas's own.
func atlasError(operation string, status int, code string, count int) wire.Fault {
	return wire.Fault{Side: wire.Atlas, Operation: operation, Mode: wire.AtlasError, Status: status, Code: code, Detail: "of the test", Count: count}
}

func faultOn(side, operation string, mode wire.Mode) wire.Fault {
	return wire.Fault{Side: side, Operation: operation, Mode: mode}
}

// ClickUntilKeyShown is a patient person: while there is a button to click,
// click it.
func (w *Env) ClickUntilKeyShown(id policy.ID) {
	w.t.Helper()
	w.WaitUntil("the key was handed over", func() bool {
		switch r := w.stored(id); r.State {
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
				w.Advance(r.Issuance.RetryAt.Sub(w.Clock.Now()))
			}
		case approval.StateDelivered:
			return true
		}
		return false
	})
}

// requireLastShownKey asserts that one key lives, whole, and that the newest note
// on Alice's screen is about it.
func (w *Env) requireLastShownKey() {
	w.t.Helper()
	keys := w.botKeys()
	require.Len(w.t, keys, 1)
	assert.ElementsMatch(w.t, []string{"203.0.113.7", "198.51.100.0/24"}, networksOf(keys[0]))
	note := w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	assert.True(w.t, contains(note, keys[0].PublicKey), "the newest note is about another key")
}

// Faults that a second click, or the bot by itself, gets over.
func TestIssueUnderFaults(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"create: 429 with nothing to wait":    {Side: wire.Atlas, Operation: createKey, Mode: wire.RateLimited},
		"create: a stray 401":                 faultOn(wire.Atlas, createKey, wire.Empty401),
		"create: 500":                         faultOn(wire.Atlas, createKey, wire.Error500Before),
		"create: 500, and yet it happened":    faultOn(wire.Atlas, createKey, wire.Error500After),
		"create: 503 with a page":             faultOn(wire.Atlas, createKey, wire.HTML503),
		"create: 503, and yet it happened":    faultOn(wire.Atlas, createKey, wire.HTML503After),
		"create: reset":                       faultOn(wire.Atlas, createKey, wire.ResetBefore),
		"create: reset after it happened":     faultOn(wire.Atlas, createKey, wire.ResetAfter),
		"create: the answer is lost":          faultOn(wire.Atlas, createKey, wire.LostAfter),
		"create: half an answer":              faultOn(wire.Atlas, createKey, wire.TruncatedAfter),
		"create: no challenge":                {Side: wire.Atlas, Operation: createKey, Mode: wire.ResetBefore, FirstLeg: true},
		"list: 429":                           {Side: wire.Atlas, Operation: addAccess, Mode: wire.RateLimited},
		"list: a stray 401":                   faultOn(wire.Atlas, addAccess, wire.Empty401),
		"list: 500, and yet it happened":      faultOn(wire.Atlas, addAccess, wire.Error500After),
		"list: 503":                           faultOn(wire.Atlas, addAccess, wire.HTML503),
		"list: the answer is lost":            faultOn(wire.Atlas, addAccess, wire.LostAfter),
		"list: half an answer":                faultOn(wire.Atlas, addAccess, wire.TruncatedAfter),
		"note: 429":                           {Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.RateLimited, RetryAfter: 1},
		"note: refused":                       {Side: wire.Slack, Operation: "chat.postEphemeral", Mode: wire.SlackError, Error: "user_not_in_channel"},
		"note: ok false without an error":     faultOn(wire.Slack, "chat.postEphemeral", wire.OKFalse),
		"note: shown, and the answer lost":    faultOn(wire.Slack, "chat.postEphemeral", wire.LostAfter),
		"note: shown, and 500":                faultOn(wire.Slack, "chat.postEphemeral", wire.Error500After),
		"note: reset":                         faultOn(wire.Slack, "chat.postEphemeral", wire.ResetBefore),
		"message: 429":                        {Side: wire.Slack, Operation: "chat.update", Mode: wire.RateLimited, RetryAfter: 1},
		"message: refused":                    {Side: wire.Slack, Operation: "chat.update", Mode: wire.SlackError, Error: "fatal_error"},
		"message: gone":                       {Side: wire.Slack, Operation: "chat.update", Mode: wire.SlackError, Error: "message_not_found"},
		"message: drawn, and the answer lost": faultOn(wire.Slack, "chat.update", wire.LostAfter),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, false, nil)
			id := w.approved()
			w.inject(fault)
			w.Click(alice, "ready/issue")
			w.ClickUntilKeyShown(id)
			w.WaitUntil("every search for an orphaned key is done", func() bool {
				w.Advance(10 * time.Second)
				return len(w.stored(id).UnresolvedCreates) == 0
			})
			w.requireLastShownKey()
			w.Click(alice, "key/confirm")
			w.WaitForState(id, approval.StateActive)
			w.requireOneKey()
		})
	}
}

func (w *Env) requireOneKey() {
	w.t.Helper()
	require.Len(w.t, w.botKeys(), 1)
}

// Refusals that no second click gets over: no key stays, and both sides read
// why.
func TestPermanentAtlasErrorsFailRequest(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"create: too many keys": atlasError(createKey, 400, "MAX_API_KEYS_PER_ORG_EXCEEDED", -1),
		"create: suspended":     atlasError(createKey, 402, "ACCOUNT_SUSPENDED", -1),
		"create: a role":        atlasError(createKey, 400, "INVALID_ENUM_VALUE", -1),
		"create: not found":     atlasError(createKey, 404, "ORG_NOT_FOUND", -1),
		"list: an address":      atlasError(addAccess, 400, "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_ACCESS_LIST", -1),
		"list: 409":             atlasError(addAccess, 409, "ADDRESS_ALREADY_IN_ACCESS_LIST", -1),
		"list: IPv6":            atlasError(addAccess, 400, "IPV6_UNSUPPORTED", -1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, false, nil)
			id := w.approved()
			w.inject(fault)
			w.Click(alice, "ready/issue")
			r := w.WaitForState(id, approval.StateFailed)
			assert.NotEmpty(t, r.Outcome.Cause)
			assert.Equal(t, fault.Code, r.Outcome.Code)
			w.WaitForMessage(alice, "outcome/request_again")
			w.WaitForMessageIn(bob, slack.Approvals, string(id), "No key was created")
			assert.Empty(t, w.botKeys())
			_, _, shown := find(w.Slack.Screen(alice), "PRIVATE_API_KEY")
			assert.False(t, shown)
		})
	}
}

// The bot's own login is refused: the request waits for the operator.
func TestRejectedCredentialKeepsRequestWaiting(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"the role is too low":       atlasError(createKey, 401, "USER_UNAUTHORIZED", -1),
		"the address is not listed": atlasError(createKey, 403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", -1),
		"no list at all":            atlasError(createKey, 403, "ORG_REQUIRES_ACCESS_LIST", -1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, false, nil)
			id := w.approved()
			w.inject(fault)
			w.Click(alice, "ready/issue")
			w.WaitUntil("it is put back", func() bool {
				if r := w.stored(id); r.State == approval.StateIssuing && r.Issuance.RetryAt.After(w.Clock.Now()) {
					w.Advance(r.Issuance.RetryAt.Sub(w.Clock.Now()))
				}
				return w.stored(id).State == approval.StateApproved
			})
			assert.Empty(t, w.botKeys())
			w.Wire.Clear()
			w.WaitForMessage(alice, "ready/issue")
			w.ClickUntilKeyShown(id)
			w.requireLastShownKey()
		})
	}
}

func TestUndeletableKeyIsReportedActive(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		w.inject(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: wire.HTML503, Count: -1})
		w.Click(alice, "ready/revoke")
		w.WaitForState(id, approval.StateRevoking)
		w.WaitUntil("it takes long", func() bool {
			w.Advance(time.Minute)
			return w.stored(id).Deletion.Notified
		})
		w.WaitForMessage(alice, "still active")
		w.WaitForMessageIn(bob, slack.Approvals, "still active")
		require.Len(t, w.botKeys(), 1)
		w.Wire.Clear()
		w.WaitUntil("it is gone", func() bool {
			w.Advance(time.Minute)
			return w.stored(id).State == approval.StateEnded
		})
		assert.Empty(t, w.botKeys())
	})
}

// The note with the key is lost: Alice closed Slack before it came.
func TestLostKeyMessageIsReplacedByOneClick(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.approved()
		c, m, _ := find(w.Slack.Screen(alice), "ready/issue")
		w.Slack.Away(alice)
		require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: alice, Conversation: c.ID, TS: m.TS, ActionID: "issue", BlockID: blockOf("ready/issue", id), Value: string(id)}))
		w.WaitForState(id, approval.StateDelivered)
		w.Slack.Active(alice)
		first := w.botKeys()
		require.Len(t, first, 1)
		w.Click(alice, "ready/replace")
		w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
		w.WaitForState(id, approval.StateDelivered)
		w.requireLastShownKey()
		assert.NotEqual(t, first[0].ID, w.botKeys()[0].ID)
	})
}

// The second key could not get its access list: what was said of the first
// stays, and nothing is said of one that was never shown.
func TestKeyMessagesRemainTrue(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.delivered()
		first := w.botKeys()[0].PublicKey
		said := w.WaitForMessageIn(bob, slack.Approvals, ":key: The key", first).Text
		assert.NotContains(t, said, "0001")

		w.inject(wire.Fault{Side: wire.Atlas, Operation: addAccess, Mode: wire.Error500Before, Count: -1})
		w.Click(alice, "ready/replace")
		w.WaitUntil("no key lives", func() bool { w.Advance(10 * time.Second); return w.stored(id).State == approval.StateApproved })
		assert.Empty(t, w.botKeys())
		assert.Equal(t, said, w.WaitForMessageIn(bob, slack.Approvals, ":key:").Text)

		w.Wire.Clear()
		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateDelivered)
		second := w.botKeys()[0].PublicKey
		assert.Contains(t, w.WaitForMessageIn(bob, slack.Approvals, ":key: Another key").Text, second)
		assert.Equal(t, said, w.WaitForMessageIn(bob, slack.Approvals, ":key: The key").Text)
	})
}

func TestUnconfirmedKeyIsDeleted(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.delivered()
		w.Advance(31 * time.Minute)
		w.WaitForMessage(alice, "reminder/confirm")
		w.Advance(30 * time.Minute)
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.Click(alice, "outcome/request_again")
		screen := w.WaitForScreen(alice, "the form again", func(s slack.Screen) bool { return s.Modal != nil })
		assert.Contains(t, string(screen.Modal.View), "invoices of October, TICKET-12")
		result, err := w.Slack.Submit(w.ctx(), alice, nil)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, result.Outcome, "filled in as before: %+v", result)
		w.WaitForMessage(bob, "card/approve")
	})
}

func TestUsedKeyNeedsNoConfirmation(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.delivered()
		all := w.Atlas.Secrets()
		status, code := w.Atlas.Use(w.botKeys()[0].PublicKey, all[len(all)-1], "198.51.100.9")
		require.Equal(t, 200, status, code)
		w.Advance(31 * time.Minute)
		r := w.WaitForState(id, approval.StateActive)
		assert.True(t, r.Confirmation.ByUse)
		require.Len(t, w.botKeys(), 1)
	})
}

func TestRevokeByTheOwner(t *testing.T) {
	onBothTransports(t, func(t *testing.T, w *Env) {
		id := w.active()
		old := w.WaitForMessage(alice, "ready/revoke")
		w.Click(alice, "ready/revoke")
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.clickStaleInDM(alice, old, "ready/revoke")
		w.WaitForEphemeral(alice)
	})
}

func TestRestartKeepsRequests(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.Request()
	w.RestartBot()
	w.Click(bob, "card/approve")
	w.WaitForState(id, approval.StateApproved)
	w.RestartBot()
	w.Click(alice, "ready/issue")
	w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	w.WaitForState(id, approval.StateDelivered)
	w.RestartBot()
	w.Click(alice, "key/confirm")
	w.WaitForState(id, approval.StateActive)
	w.RestartBot()
	w.Advance(9 * time.Hour)
	w.WaitForState(id, approval.StateEnded)
	assert.Empty(t, w.botKeys())
}

func TestCreateTakesThreeAtlasCalls(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.approved()
	before := len(w.Wire.Calls())
	w.Click(alice, "ready/issue")
	w.WaitForState(id, approval.StateDelivered)
	var operations []string
	for _, c := range w.Wire.Calls()[before:] {
		if c.Side == wire.Atlas {
			operations = append(operations, c.Operation)
		}
	}
	assert.Equal(t, []string{createKey, createKey, addAccess}, operations)
}

func TestUnreachableChannelIsReported(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	w.Slack.RemoveBotFromChannel(slack.Approvals)
	w.OpenForm(alice)
	_, err := w.Slack.Submit(w.ctx(), alice, requestInput())
	require.NoError(t, err)
	w.WaitForMessage(alice, "requested/withdraw", "can't reach")
	w.Slack.AddBotToChannel(slack.Approvals)
	w.WaitUntil("the card is posted", func() bool {
		w.Advance(10 * time.Second)
		_, _, ok := find(w.Slack.Screen(bob), "card/approve")
		return ok
	})
	w.WaitForScreen(alice, "that the approvers were reached", func(s slack.Screen) bool { _, _, still := find(s, "can't reach"); return !still })
}
