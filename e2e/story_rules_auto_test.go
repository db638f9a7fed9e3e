package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// readingFromCI takes nobody's approval of those on call, of whom Alice is one.
const readingFromCI = `
roles:
  ORG_READ_ONLY: {}
  ORG_BILLING_READ_ONLY: {}
network_presets:
  ci: [198.51.100.0/28]
  office: [203.0.113.0/24]
auto_approvals:
  - name: reading from CI
    allowed_requesters: [S0ONCALL]
    roles: [ORG_READ_ONLY]
    network_presets: [ci]
    max_lifetime: 8h
`

// reading is a wish within that case.
func reading(edit ...func(map[string]map[string]slack.Value)) []func(map[string]map[string]slack.Value) {
	return append([]func(map[string]map[string]slack.Value){withRoles("ORG_READ_ONLY"), fromNetworks("ci"), withAddresses("")}, edit...)
}

func TestRulesNobodyHasToApprove(t *testing.T) {
	underRules(t, readingFromCI, func(t *testing.T, w *town) {
		w.opensForm(alice)
		w.chooses(alice, map[string]slack.Value{
			"roles": slack.Pick("ORG_READ_ONLY"), "network_presets": slack.Pick("ci"), "lifetime": slack.Pick("8h0m0s"),
		})
		w.modalShows(alice, "No approval is needed", "reading from CI")
		result, err := w.Slack.Submit(w.ctx(), alice, wish(reading()...))
		require.NoError(t, err)
		require.Equal(t, slack.Closed, result.Outcome)
		again, err := w.Slack.SubmitAgain(w.ctx(), alice)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome)
		require.Len(t, w.ledger(), 1)
		id := w.newest()
		w.rests(id)

		r := w.request(id)
		require.Equal(t, approval.StateApproved, r.State)
		assert.Equal(t, "reading from CI", r.Decision.Rule)
		assert.Empty(t, r.Decision.By)
		assert.Equal(t, 1, w.count(func(e approval.AuditEntry) bool {
			return e.Request == id && e.Event == approval.EventSubmit && e.To == approval.StateApproved && e.By == alice && strings.Contains(e.Note, `the rule "reading from CI"`)
		}), "it is on the record")
		card := w.card(id)
		assert.True(t, holds(card, "reading from CI", "nobody had to", "@"+alice, "ci (198.51.100.0/28)"))
		assert.False(t, holds(card, "card/approve"))
		assert.Empty(t, card.Mentions.Groups, "nobody has to come")
		w.under(id, "reading from CI", "@"+alice, string(id))
		assert.Len(t, w.thread(id), 1)
		assert.Zero(t, w.entries(id, approval.EventApprove))

		w.presses(alice, "ready/issue")
		w.becomes(id, approval.StateDelivered)
		w.hasKey([]string{"ORG_READ_ONLY"}, "198.51.100.0/28")
		w.under(id, w.botKeys()[0].PublicKey)
	})
}

func TestRulesJustOutsideOfTheCase(t *testing.T) {
	for name, outside := range map[string]func(map[string]map[string]slack.Value){
		"another role":             withRoles("ORG_BILLING_READ_ONLY"),
		"one role more":            withRoles("ORG_READ_ONLY", "ORG_BILLING_READ_ONLY"),
		"another network":          fromNetworks("office"),
		"one network more":         fromNetworks("ci", "office"),
		"one address more":         withAddresses("192.0.2.1"),
		"a wider network than its": withAddresses("198.51.100.0/27"),
		"longer":                   withLifetime("24h0m0s"),
	} {
		t.Run(name, func(t *testing.T) {
			underRules(t, readingFromCI, func(t *testing.T, w *town) {
				id := w.asks(reading(outside)...)
				r := w.request(id)
				assert.Equal(t, approval.StatePending, r.State)
				assert.Empty(t, r.Decision.Rule)
				w.approves(bob, id)
				assert.Equal(t, policy.UserID(bob), w.becomes(id, approval.StateApproved).Decision.By)
			})
		})
	}
}

func TestRulesTheCaseIsNotForEverybody(t *testing.T) {
	underRules(t, readingFromCI, func(t *testing.T, w *town) {
		id := w.asksAs(carol, reading()...)
		assert.Equal(t, approval.StatePending, w.request(id).State)
		assert.True(t, holds(w.card(id), "card/approve"))
	})
}

// An address inside of the named network is within the case, however it is
// written down.
func TestRulesInsideOfTheNetwork(t *testing.T) {
	underRules(t, readingFromCI, func(t *testing.T, w *town) {
		require.Equal(t, slack.Closed, w.sendsForm(alice, reading(fromNetworks(), withAddresses("198.51.100.3, 198.51.100.8/29"))...).Outcome)
		assert.Equal(t, "reading from CI", w.request(w.newest()).Decision.Rule)
	})
}

// What no person approved can be taken back, and lapses, like anything else.
func TestRulesNobodyCollectsWhatNobodyApproved(t *testing.T) {
	underRules(t, readingFromCI, func(t *testing.T, w *town) {
		require.Equal(t, slack.Closed, w.sendsForm(alice, reading()...).Outcome)
		first := w.newest()
		w.rests(first)
		w.pressesOn(alice, "ready/withdraw", string(first))
		assert.Equal(t, approval.CauseNone, w.becomes(first, approval.StateWithdrawn).Outcome.Cause)
		require.Equal(t, slack.Closed, w.sendsForm(alice, reading()...).Outcome)
		second := w.newest()
		w.rests(first, second)
		w.passes(24*time.Hour + time.Minute)
		assert.Equal(t, approval.CauseNotIssuedInTime, w.becomes(second, approval.StateExpired).Outcome.Cause)
		w.rests(second)
		assert.Len(t, w.thread(second), 2)
		assert.Empty(t, w.botKeys())
	})
}

func TestRulesARestartRepeatsNoAnnouncement(t *testing.T) {
	t.Parallel()
	w := newRuledTown(t, false, readingFromCI, nil)
	require.Equal(t, slack.Closed, w.sendsForm(alice, reading()...).Outcome)
	id := w.newest()
	w.rests(id)
	w.restartBot()
	w.presses(alice, "ready/issue")
	w.becomes(id, approval.StateDelivered)
	w.rests(id)
	assert.Len(t, w.thread(id), 2, "that a rule approved it, and that it was made")
	assert.Equal(t, 1, w.notices("API key request "+string(id)))
}
