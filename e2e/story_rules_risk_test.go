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

// takesBack withdraws a request that waits.
func (w *town) takesBack(id policy.ID) {
	w.t.Helper()
	w.pressesOn(alice, "requested/withdraw", string(id))
	w.becomes(id, approval.StateWithdrawn)
	w.rests(id)
}

func TestRulesApproversLookTwice(t *testing.T) {
	underRules(t, anyRole, func(t *testing.T, w *town) {
		first := w.asks(modest()...)
		assert.True(t, holds(w.card(first), "Look twice", "first request of <@"+alice))
		for _, other := range []string{"powerful", "wide network", "lives", "held"} {
			assert.NotContains(t, w.card(first).Text, other)
		}
		w.takesBack(first)
		assert.False(t, holds(w.card(first), "Look twice"), "there is nothing to decide any more")

		second := w.asks(modest(withLifetime("720h0m0s"))...)
		assert.False(t, holds(w.card(second), "Look twice"), "30 days from 16 addresses are nothing special")
		w.takesBack(second)

		for name, tt := range map[string]struct {
			wish func(map[string]map[string]slack.Value)
			said string
		}{
			"a powerful role":       {withRoles("ORG_READ_ONLY", "ORG_OWNER"), "Look twice:* powerful role Organization Owner."},
			"a wide network":        {withAddresses("203.0.113.7, 198.51.100.0/27"), "Look twice:* wide network `198.51.100.0/27` (32 hosts)."},
			"a wide network (IPv6)": {withAddresses("2001:db8::/64, 198.51.100.0/24"), "Look twice:* wide network `198.51.100.0/24` (256 hosts)."},
			"a long life":           {withLifetime("2160h0m0s"), "Look twice:* lives 90 days."},
		} {
			id := w.asks(modest(tt.wish)...)
			assert.Contains(t, w.card(id).Text, tt.said, name)
			assert.Equal(t, 1, w.notices("card/approve", string(id), "Look twice"), name)
			w.opensHome(bob, string(id), "Look twice")
			w.takesBack(id)
		}
	})
}

func TestRulesWhoHoldsKeysAlready(t *testing.T) {
	underRules(t, anyRole, func(t *testing.T, w *town) {
		w.active()
		id := w.asks(modest(withRoles("ORG_OWNER"), withLifetime("2160h0m0s"), withAddresses("198.51.100.0/24"))...)
		card := w.card(id)
		assert.Contains(t, card.Text, "Look twice:* powerful role Organization Owner; wide network `198.51.100.0/24` (256 hosts); lives 90 days; <@"+alice+"> held 1 live key when they asked.")
		assert.NotContains(t, card.Text, "first request")
		assert.False(t, holds(w.reads(alice, "requested/withdraw", string(id)), "Look twice"), "the asker is not warned of themselves")
		w.approves(bob, id)
		w.becomes(id, approval.StateApproved)
		assert.False(t, holds(w.card(id), "Look twice"))
	})
}
