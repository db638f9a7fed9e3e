package service_test

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
func (w *env) byRule() policy.ID {
	w.T.Helper()
	w.SetGroups()
	r, err := w.Submit(w.T.Context(), as(alice), form(func(f *policy.Form) {
		f.Roles, f.NetworkPresets, f.Networks = []policy.Role{"ORG_READ_ONLY"}, []string{"ci"}, ""
	}))
	require.NoError(w.T, err)
	w.WaitIdle()
	_, err = w.Issue(w.T.Context(), as(alice), r.ID)
	require.NoError(w.T, err)
	w.WaitIdle()
	_, err = w.Confirm(w.T.Context(), as(alice), r.ID)
	require.NoError(w.T, err)
	w.WaitIdle()
	return r.ID
}

func sixteenHours(p *policy.Policy) { p.AutoApprovals[0].MaxLifetime = 16 * time.Hour }

func TestExtensionDoesNotStretchAutoApproval(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.byRule()
		ends := w.Stored(id).KeyExpiresAt
		more, err := w.Extend(t.Context(), as(alice), id, service.ExtensionForm{IdempotencyKey: "X1", ExtendBy: 8 * time.Hour, Reason: "more"})
		require.NoError(t, err)
		assert.Equal(t, approval.StateApplying, more.State, "sixteen hours in all are within the rule")
		w.WaitIdle()
		w.RequireState(more.ID, approval.StateApplied)
		assert.Equal(t, ends.Add(8*time.Hour), w.Stored(id).KeyExpiresAt)
		again, err := w.Extend(t.Context(), as(alice), id, service.ExtensionForm{IdempotencyKey: "X2", ExtendBy: 8 * time.Hour, Reason: "and more"})
		require.NoError(t, err)
		assert.Equal(t, approval.StatePending, again.State, "twenty-four are not")
	}, strictPolicy, sixteenHours)
}

func TestAutoApprovalOfAccessListChange(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.byRule()
		fewer, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "A1", Networks: "198.51.100.7", Reason: "one is enough"})
		require.NoError(t, err)
		assert.Empty(t, fewer.Decision.Rule, "less access needs no rule")
		w.WaitIdle()
		w.RequireState(fewer.ID, approval.StateApplied)
		back, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "A2", NetworkPresets: []string{"ci"}, Reason: "both again"})
		require.NoError(t, err)
		assert.Equal(t, "reading from CI", back.Decision.Rule)
		w.WaitIdle()
		w.RequireState(back.ID, approval.StateApplied)
		assert.Equal(t, prefixes("198.51.100.7/32", "198.51.100.8/32"), w.Stored(id).Access.Networks)
		assert.Len(t, w.Stored(id).Access.NetworkPresets, 1)
		elsewhere, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "A3", Networks: "203.0.113.7", Reason: "from home"})
		require.NoError(t, err)
		assert.Equal(t, approval.StatePending, elsewhere.State)
	}, strictPolicy, sixteenHours)
}

// Each round asks for eight hours more and takes another key: the rule approves
// until sixteen hours after the first key, and what exceeds them goes to people.
func TestRotationAndExtensionDoNotStretchAutoApproval(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.byRule()
		made := w.Stored(id).Key.MadeAt
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
			w.WaitIdle()
			require.WithinDuration(t, made.Add(16*time.Hour), w.Stored(id).KeyExpiresAt, 10*time.Second, "round %d", round)
			next, err := w.Rotate(t.Context(), as(alice), id)
			require.NoError(t, err)
			w.issued(alice, next.ID)
			w.Advance(90 * time.Minute)
			id = next.ID
			require.WithinDuration(t, made.Add(16*time.Hour), w.Stored(id).KeyExpiresAt, 10*time.Second, "round %d", round)
		}
		w.Advance(time.Until(made.Add(16*time.Hour + time.Minute)))
		w.RequireNoKeys()
	}, strictPolicy, sixteenHours)
}
