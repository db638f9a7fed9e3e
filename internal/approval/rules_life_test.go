package approval_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// byRule is a live key that a rule approved, for eight of the sixteen hours
// that the rule allows.
func (w *world) byRule() policy.ID {
	w.t.Helper()
	w.staff()
	r, err := w.Submit(w.t.Context(), as(alice), form(func(f *policy.Form) {
		f.Roles, f.NetworkPresets, f.Networks = []policy.Role{"ORG_READ_ONLY"}, []string{"ci"}, ""
	}))
	require.NoError(w.t, err)
	w.settle()
	_, err = w.Issue(w.t.Context(), as(alice), r.ID)
	require.NoError(w.t, err)
	w.settle()
	_, err = w.Confirm(w.t.Context(), as(alice), r.ID)
	require.NoError(w.t, err)
	w.settle()
	return r.ID
}

func sixteenHours(p *policy.Policy) { p.AutoApprovals[0].MaxLifetime = 16 * time.Hour }

func TestARuleIsNotStretchedByExtending(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.byRule()
		ends := w.get(id).KeyExpiresAt
		more, err := w.Extend(t.Context(), as(alice), id, service.ExtensionForm{IdempotencyKey: "X1", ExtendBy: 8 * time.Hour, Reason: "more"})
		require.NoError(t, err)
		assert.Equal(t, approval.StateApplying, more.State, "sixteen hours in all are within the rule")
		w.settle()
		w.is(more.ID, approval.StateApplied)
		assert.Equal(t, ends.Add(8*time.Hour), w.get(id).KeyExpiresAt)
		again, err := w.Extend(t.Context(), as(alice), id, service.ExtensionForm{IdempotencyKey: "X2", ExtendBy: 8 * time.Hour, Reason: "and more"})
		require.NoError(t, err)
		assert.Equal(t, approval.StatePending, again.State, "twenty-four are not")
	}, strict, sixteenHours)
}

func TestARuleApprovesAddressesThatItNames(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.byRule()
		fewer, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "A1", Networks: "198.51.100.7", Reason: "one is enough"})
		require.NoError(t, err)
		assert.Empty(t, fewer.Decision.Rule, "less access needs no rule")
		w.settle()
		w.is(fewer.ID, approval.StateApplied)
		back, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "A2", NetworkPresets: []string{"ci"}, Reason: "both again"})
		require.NoError(t, err)
		assert.Equal(t, "reading from CI", back.Decision.Rule)
		w.settle()
		w.is(back.ID, approval.StateApplied)
		assert.Equal(t, prefixes("198.51.100.7/32", "198.51.100.8/32"), w.get(id).Access.Networks)
		assert.Len(t, w.get(id).Access.NetworkPresets, 1)
		elsewhere, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "A3", Networks: "203.0.113.7", Reason: "from home"})
		require.NoError(t, err)
		assert.Equal(t, approval.StatePending, elsewhere.State)
	}, strict, sixteenHours)
}

// Each round asks for eight hours more and takes another key: the rule approves
// until sixteen hours after the first key, and what exceeds them goes to people.
func TestRuleIsNotStretchedByRotatingAndExtending(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.byRule()
		made := w.get(id).Key.MadeAt
		for round := range 6 {
			more, err := w.Extend(t.Context(), as(alice), id, service.ExtensionForm{IdempotencyKey: fmt.Sprintf("X%d", round), ExtendBy: 8 * time.Hour, Reason: "more"})
			require.NoError(t, err)
			if round == 0 {
				require.Equal(t, approval.StateApplying, more.State, "sixteen hours in all are within the rule")
			} else {
				require.Equal(t, approval.StatePending, more.State, "round %d", round)
				require.Empty(t, more.Decision.Rule, "round %d", round)
				_, err = w.Withdraw(t.Context(), as(alice), more.ID)
				require.NoError(t, err)
			}
			w.settle()
			require.WithinDuration(t, made.Add(16*time.Hour), w.get(id).KeyExpiresAt, 10*time.Second, "round %d", round)
			next, err := w.Rotate(t.Context(), as(alice), id)
			require.NoError(t, err)
			w.collects(alice, next.ID)
			w.pass(90 * time.Minute)
			id = next.ID
			require.WithinDuration(t, made.Add(16*time.Hour), w.get(id).KeyExpiresAt, 10*time.Second, "round %d", round)
		}
		w.pass(time.Until(made.Add(16*time.Hour + time.Minute)))
		w.noKey()
	}, strict, sixteenHours)
}
