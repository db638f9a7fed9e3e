package approval_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// patient brings up a request after two and six hours and escalates after
// eight; it lapses after a day.
func patient(p *policy.Policy) {
	p.RemindApproversAfter = []time.Duration{2 * time.Hour, 6 * time.Hour}
	p.EscalateAfter, p.EscalateTo = 8*time.Hour, groups(managers)
}

func TestAnUndecidedRequestIsBroughtUpThenEscalatedThenLapses(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.staff()
		id := w.ask()
		told := func() []bool {
			return []bool{w.shows(id, approval.ApproverReminderNotice(1)), w.shows(id, approval.ApproverReminderNotice(2)), w.shows(id, approval.EscalatedNotice)}
		}
		w.pass(2*time.Hour - time.Minute)
		assert.Equal(t, []bool{false, false, false}, told())
		w.pass(2 * time.Minute)
		assert.Equal(t, []bool{true, false, false}, told())
		w.pass(4 * time.Hour)
		assert.Equal(t, []bool{true, true, false}, told())
		w.pass(2 * time.Hour)
		assert.Equal(t, []bool{true, true, true}, told())
		assert.Equal(t, groups(managers), w.get(id).EscalatedTo)
		w.pass(15 * time.Hour)
		w.is(id, approval.StatePending)
		w.pass(2 * time.Hour)
		r := w.is(id, approval.StateExpired)
		assert.Equal(t, approval.CauseUndecided, r.Outcome.Cause)
		assert.True(t, w.shows(id, approval.ClosedNotice))
	}, patient)
}

func TestNothingIsBroughtUpOnceItIsDecided(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.staff()
		id := w.approved()
		w.pass(9 * time.Hour)
		assert.False(t, w.shows(id, approval.ApproverReminderNotice(1)))
		assert.False(t, w.shows(id, approval.EscalatedNotice))
	}, patient)
}

func TestTheSecondGroupDecidesOnlyAfterEscalation(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.staff()
		id := w.ask()
		_, err := w.Approve(t.Context(), as(ivan), id)
		require.ErrorIs(t, err, policy.ErrNotApprover)
		w.pass(8*time.Hour + time.Minute)
		_, err = w.Approve(t.Context(), as(ivan), id)
		require.NoError(t, err)
		w.settle()
		w.is(id, approval.StateApproved)
	}, patient)
}

func TestTheSecondGroupStandsInForWhoeverIsMissing(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.owners()
		_, err := w.Approve(t.Context(), as(frank), id)
		require.NoError(t, err)
		w.pass(8*time.Hour + time.Minute)
		r, err := w.Approve(t.Context(), as(ivan), id)
		require.NoError(t, err)
		assert.Equal(t, approval.StateApproved, r.State, "for security")
	}, strict, patient)
}

// What came due while the bot was down is said once.
func TestMissedRemindersAreOneReminder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testPolicy(patient, func(p *policy.Policy) { p.EscalateAfter = 0 }))
	asked := time.Now().Add(-7 * time.Hour)
	w.Now = func() time.Time { return asked }
	r, err := w.Submit(t.Context(), as(alice), form())
	require.NoError(t, err)
	runUntil(t, w, func() bool {
		return w.get(r.ID).ApproverReminders > 0 && w.shows(r.ID, approval.ApproverReminderNotice(2))
	})
	assert.False(t, w.shows(r.ID, approval.ApproverReminderNotice(1)))
	assert.Equal(t, 2, w.get(r.ID).ApproverReminders)
}

func TestTheRequesterNudgesOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.ask()
		_, err := w.Nudge(t.Context(), as(carol), id)
		require.ErrorIs(t, err, approval.ErrNotOwner)
		_, err = w.Nudge(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.settle()
		assert.True(t, w.shows(id, approval.NudgedNotice))
		_, err = w.Nudge(t.Context(), as(alice), id)
		require.ErrorIs(t, err, approval.ErrAlreadyNudged)
		_, err = w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
		_, err = w.Nudge(t.Context(), as(alice), id)
		require.ErrorIs(t, err, approval.ErrNotAllowed, "late")
	})
}
