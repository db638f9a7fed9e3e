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

// readingFromCI takes no one's approval of those on call, of whom Alice is one.
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

func TestPolicyAutoApproval(t *testing.T) {
	withPolicy(t, readingFromCI, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		w.choose(alice, map[string]slack.Value{
			"roles": slack.Pick("ORG_READ_ONLY"), "network_presets": slack.Pick("ci"), "lifetime": slack.Pick("8h0m0s"),
		})
		w.modalShows(alice, "Auto-approved", "reading from CI")
		result, err := w.Slack.Submit(w.ctx(), alice, requestInput(reading()...))
		require.NoError(t, err)
		require.Equal(t, slack.Closed, result.Outcome)
		again, err := w.Slack.SubmitAgain(w.ctx(), alice)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome)
		require.Len(t, w.requestVersions(), 1)
		id := w.newestRequest()
		w.WaitIdle(id)

		r := w.stored(id)
		require.Equal(t, approval.StateApproved, r.State)
		assert.Equal(t, "reading from CI", r.Decision.Rule)
		assert.Empty(t, r.Decision.By)
		assert.Equal(t, 1, w.count(func(e approval.AuditEntry) bool {
			return e.Request == id && e.Event == approval.EventSubmit && e.To == approval.StateApproved && e.By == alice && strings.Contains(e.Note, `the rule "reading from CI"`)
		}), "it is on the record")
		card := w.card(id)
		assert.True(t, contains(card, "reading from CI", "Auto-approved", "@"+alice, "ci (198.51.100.0/28)"))
		assert.False(t, contains(card, "card/approve"))
		assert.Empty(t, card.Mentions.Groups, "no group is mentioned")
		assert.Empty(t, w.thread(id), "the card says it")
		assert.Zero(t, w.entries(id, approval.EventApprove))

		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateDelivered)
		w.requireKey([]string{"ORG_READ_ONLY"}, "198.51.100.0/28")
		w.waitForThreadMessage(id, w.botKeys()[0].PublicKey)
	})
}

func TestPolicyAutoApprovalBoundary(t *testing.T) {
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
			withPolicy(t, readingFromCI, func(t *testing.T, w *Env) {
				id := w.Request(reading(outside)...)
				r := w.stored(id)
				assert.Equal(t, approval.StatePending, r.State)
				assert.Empty(t, r.Decision.Rule)
				w.approve(bob, id)
				assert.Equal(t, policy.UserID(bob), w.WaitForState(id, approval.StateApproved).Decision.By)
			})
		})
	}
}

func TestPolicyAutoApprovalIsLimitedToRequesters(t *testing.T) {
	withPolicy(t, readingFromCI, func(t *testing.T, w *Env) {
		id := w.requestAs(carol, reading()...)
		assert.Equal(t, approval.StatePending, w.stored(id).State)
		assert.True(t, contains(w.card(id), "card/approve"))
	})
}

// An address inside of the named network is within the case, however it is
// written down.
func TestPolicyAddressInsideNetwork(t *testing.T) {
	withPolicy(t, readingFromCI, func(t *testing.T, w *Env) {
		require.Equal(t, slack.Closed, w.submitForm(alice, reading(fromNetworks(), withAddresses("198.51.100.3, 198.51.100.8/29"))...).Outcome)
		assert.Equal(t, "reading from CI", w.stored(w.newestRequest()).Decision.Rule)
	})
}

// What no person approved can be taken back, and expires, like anything else.
func TestPolicyAutoApprovedRequestEndsUnissued(t *testing.T) {
	withPolicy(t, readingFromCI, func(t *testing.T, w *Env) {
		require.Equal(t, slack.Closed, w.submitForm(alice, reading()...).Outcome)
		first := w.newestRequest()
		w.WaitIdle(first)
		w.ClickIn(alice, "ready/withdraw", string(first))
		assert.Equal(t, approval.CauseNone, w.WaitForState(first, approval.StateWithdrawn).Outcome.Cause)
		require.Equal(t, slack.Closed, w.submitForm(alice, reading()...).Outcome)
		second := w.newestRequest()
		w.WaitIdle(first, second)
		w.Advance(24*time.Hour + time.Minute)
		assert.Equal(t, approval.CauseNotIssuedInTime, w.WaitForState(second, approval.StateExpired).Outcome.Cause)
		w.WaitIdle(second)
		assert.Len(t, w.thread(second), 1)
		assert.Empty(t, w.botKeys())
	})
}

func TestPolicyRestartRepeatsNoAnnouncement(t *testing.T) {
	t.Parallel()
	w := newPolicyEnv(t, false, readingFromCI, nil)
	require.Equal(t, slack.Closed, w.submitForm(alice, reading()...).Outcome)
	id := w.newestRequest()
	w.WaitIdle(id)
	w.RestartBot()
	w.Click(alice, "ready/issue")
	w.WaitForState(id, approval.StateDelivered)
	w.WaitIdle(id)
	assert.Len(t, w.thread(id), 1, "that it was made")
	assert.Equal(t, 1, w.notices("API key request "+string(id)))
}
