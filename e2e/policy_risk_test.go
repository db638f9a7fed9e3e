package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

const anyRole = `
roles:
  ORG_READ_ONLY: {}
  ORG_BILLING_READ_ONLY: {}
  ORG_OWNER: {}
`

// Nothing to look at twice, but for who asks.
func modest(edit ...func(map[string]map[string]slack.Value)) []func(map[string]map[string]slack.Value) {
	return append([]func(map[string]map[string]slack.Value){withAddresses("203.0.113.7, 198.51.100.0/28")}, edit...)
}

// withdraw withdraws a request that waits.
func (w *Env) withdraw(id policy.ID) {
	w.t.Helper()
	w.ClickIn(alice, "requested/withdraw", string(id))
	w.WaitForState(id, approval.StateWithdrawn)
	w.WaitIdle(id)
}

func TestPolicyRiskyRequestsAreMarked(t *testing.T) {
	withPolicy(t, anyRole, func(t *testing.T, w *Env) {
		first := w.Request(modest()...)
		assert.True(t, contains(w.card(first), "Check before approving", "first request from <@"+alice))
		for _, other := range []string{"powerful", "wide network", "lifetime", "holds"} {
			assert.NotContains(t, w.card(first).Text, other)
		}
		w.withdraw(first)
		assert.False(t, contains(w.card(first), "Check before approving"), "there is nothing to decide any more")

		second := w.Request(modest(withLifetime("720h0m0s"))...)
		assert.False(t, contains(w.card(second), "Check before approving"), "30 days from 16 addresses are nothing special")
		w.withdraw(second)

		for name, tt := range map[string]struct {
			wish func(map[string]map[string]slack.Value)
			said string
		}{
			"a powerful role":       {withRoles("ORG_READ_ONLY", "ORG_OWNER"), "Check before approving:*\n• powerful role Organization Owner"},
			"a wide network":        {withAddresses("203.0.113.7, 198.51.100.0/27"), "Check before approving:*\n• wide network `198.51.100.0/27` (32 hosts)"},
			"a wide network (IPv6)": {withAddresses("2001:db8::/64, 198.51.100.0/24"), "Check before approving:*\n• wide network `198.51.100.0/24` (256 hosts)"},
			"a long life":           {withLifetime("2160h0m0s"), "Check before approving:*\n• 90 days lifetime"},
		} {
			id := w.Request(modest(tt.wish)...)
			assert.Contains(t, w.card(id).Text, tt.said, name)
			assert.Equal(t, 1, w.notices("card/approve", string(id), "Check before approving"), name)
			w.OpenHome(bob, string(id), "Check before approving")
			w.withdraw(id)
		}
	})
}

func TestPolicyCardNamesHeldKeys(t *testing.T) {
	withPolicy(t, anyRole, func(t *testing.T, w *Env) {
		w.active()
		id := w.Request(modest(withRoles("ORG_OWNER"), withLifetime("2160h0m0s"), withAddresses("198.51.100.0/24"))...)
		card := w.card(id)
		assert.Contains(t, card.Text, "Check before approving:*\n• powerful role Organization Owner\n• wide network `198.51.100.0/24` (256 hosts)\n• 90 days lifetime\n• "+names[alice]+" already holds 1 active key")
		assert.NotContains(t, card.Text, "first request")
		assert.False(t, contains(w.WaitForMessage(alice, "requested/withdraw", string(id)), "Check before approving"), "the asker is not warned of themselves")
		w.approve(bob, id)
		w.WaitForState(id, approval.StateApproved)
		assert.False(t, contains(w.card(id), "Check before approving"))
	})
}
