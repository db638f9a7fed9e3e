package worker_test

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

func TestPendingRequestIsRemindedEscalatedExpired(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		id := w.Submitted()
		told := func() []bool {
			return []bool{w.HasMessage(id, approval.ApproverReminderNotice(1)), w.HasMessage(id, approval.ApproverReminderNotice(2)), w.HasMessage(id, approval.EscalatedNotice)}
		}
		w.Advance(2*time.Hour - time.Minute)
		assert.Equal(t, []bool{false, false, false}, told())
		w.Advance(2 * time.Minute)
		assert.Equal(t, []bool{true, false, false}, told())
		w.Advance(4 * time.Hour)
		assert.Equal(t, []bool{true, true, false}, told())
		w.Advance(2 * time.Hour)
		assert.Equal(t, []bool{true, true, true}, told())
		assert.Equal(t, groups(managers), w.Stored(id).EscalatedTo)
		w.Advance(15 * time.Hour)
		w.RequireState(id, approval.StatePending)
		w.Advance(2 * time.Hour)
		r := w.RequireState(id, approval.StateExpired)
		assert.Equal(t, approval.CauseUndecided, r.Outcome.Cause)
		assert.True(t, w.HasMessage(id, approval.ClosedNotice))
	}, patient)
}

func TestDecidedRequestIsNotReminded(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		id := w.Approved()
		w.Advance(9 * time.Hour)
		assert.False(t, w.HasMessage(id, approval.ApproverReminderNotice(1)))
		assert.False(t, w.HasMessage(id, approval.EscalatedNotice))
	}, patient)
}

func TestEscalationGroupDecidesOnlyAfterEscalation(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		id := w.Submitted()
		_, err := w.Approve(t.Context(), as(ivan), id)
		require.ErrorIs(t, err, policy.ErrNotApprover)
		w.Advance(8*time.Hour + time.Minute)
		_, err = w.Approve(t.Context(), as(ivan), id)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateApproved)
	}, patient)
}

// What came due while the bot was down is said once.
func TestMissedRemindersAreOneReminder(t *testing.T) {
	t.Parallel()
	w := newEnv(t, testPolicy(patient, func(p *policy.Policy) { p.EscalateAfter = 0 }))
	asked := time.Now().Add(-7 * time.Hour)
	w.Now = func() time.Time { return asked }
	r, err := w.Submit(t.Context(), as(alice), form())
	require.NoError(t, err)
	runUntil(t, w, func() bool {
		return w.Stored(r.ID).ApproverReminders > 0 && w.HasMessage(r.ID, approval.ApproverReminderNotice(2))
	})
	assert.False(t, w.HasMessage(r.ID, approval.ApproverReminderNotice(1)))
	assert.Equal(t, 2, w.Stored(r.ID).ApproverReminders)
}

func TestRequesterNudgesOnce(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		_, err := w.Nudge(t.Context(), as(carol), id)
		require.ErrorIs(t, err, approval.ErrNotOwner)
		_, err = w.Nudge(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		assert.True(t, w.HasMessage(id, approval.NudgedNotice))
		_, err = w.Nudge(t.Context(), as(alice), id)
		require.ErrorIs(t, err, approval.ErrAlreadyNudged)
		_, err = w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
		_, err = w.Nudge(t.Context(), as(alice), id)
		require.ErrorIs(t, err, approval.ErrNotAllowed, "late")
	})
}
