package approval_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// byRule is a live key that a rule approved, for eight of the sixteen hours
// that the rule allows.
func (w *world) byRule() approval.ID {
	w.t.Helper()
	w.staff()
	r, err := w.Submit(w.t.Context(), as(alice), form(func(f *approval.Form) {
		f.Roles, f.Named, f.Networks = []approval.Role{"ORG_READ_ONLY"}, []string{"ci"}, ""
	}))
	require.NoError(w.t, err)
	w.settle()
	_, err = w.Collect(w.t.Context(), as(alice), r.ID)
	require.NoError(w.t, err)
	w.settle()
	_, err = w.Confirm(w.t.Context(), as(alice), r.ID)
	require.NoError(w.t, err)
	w.settle()
	return r.ID
}

func sixteenHours(p *approval.Policy) { p.Auto[0].Longest = 16 * time.Hour }

func TestARuleIsNotStretchedByExtending(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.byRule()
		ends := w.get(id).EndsAt
		more, err := w.Extend(t.Context(), as(alice), id, approval.ExtensionForm{Origin: "X1", Extra: 8 * time.Hour, Reason: "more"})
		require.NoError(t, err)
		assert.Equal(t, approval.Applying, more.State, "sixteen hours in all are within the rule")
		w.settle()
		w.is(more.ID, approval.Done)
		assert.Equal(t, ends.Add(8*time.Hour), w.get(id).EndsAt)
		again, err := w.Extend(t.Context(), as(alice), id, approval.ExtensionForm{Origin: "X2", Extra: 8 * time.Hour, Reason: "and more"})
		require.NoError(t, err)
		assert.Equal(t, approval.Pending, again.State, "twenty-four are not")
	}, strict, sixteenHours)
}

func TestARuleApprovesAddressesThatItNames(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.byRule()
		fewer, err := w.Readdress(t.Context(), as(alice), id, approval.AddressesForm{Origin: "A1", Networks: "198.51.100.7", Reason: "one is enough"})
		require.NoError(t, err)
		assert.Empty(t, fewer.Decision.Rule, "less access needs no rule")
		w.settle()
		w.is(fewer.ID, approval.Done)
		back, err := w.Readdress(t.Context(), as(alice), id, approval.AddressesForm{Origin: "A2", Named: []string{"ci"}, Reason: "both again"})
		require.NoError(t, err)
		assert.Equal(t, "reading from CI", back.Decision.Rule)
		w.settle()
		w.is(back.ID, approval.Done)
		assert.Equal(t, prefixes("198.51.100.7/32", "198.51.100.8/32"), w.get(id).Access.Networks)
		assert.Len(t, w.get(id).Access.Named, 1)
		elsewhere, err := w.Readdress(t.Context(), as(alice), id, approval.AddressesForm{Origin: "A3", Networks: "203.0.113.7", Reason: "from home"})
		require.NoError(t, err)
		assert.Equal(t, approval.Pending, elsewhere.State)
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
			more, err := w.Extend(t.Context(), as(alice), id, approval.ExtensionForm{Origin: fmt.Sprintf("X%d", round), Extra: 8 * time.Hour, Reason: "more"})
			require.NoError(t, err)
			if round == 0 {
				require.Equal(t, approval.Applying, more.State, "sixteen hours in all are within the rule")
			} else {
				require.Equal(t, approval.Pending, more.State, "round %d", round)
				require.Empty(t, more.Decision.Rule, "round %d", round)
				_, err = w.Withdraw(t.Context(), as(alice), more.ID)
				require.NoError(t, err)
			}
			w.settle()
			require.WithinDuration(t, made.Add(16*time.Hour), w.get(id).EndsAt, 10*time.Second, "round %d", round)
			next, err := w.Rotate(t.Context(), as(alice), id)
			require.NoError(t, err)
			w.collects(alice, next.ID)
			w.pass(90 * time.Minute)
			id = next.ID
			require.WithinDuration(t, made.Add(16*time.Hour), w.get(id).EndsAt, 10*time.Second, "round %d", round)
		}
		w.pass(time.Until(made.Add(16*time.Hour + time.Minute)))
		w.noKey()
	}, strict, sixteenHours)
}
