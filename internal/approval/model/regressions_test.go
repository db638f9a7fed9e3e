package model_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// What the model found, one small story each.

// inTrial runs a story on the model's world, without chance.
func inTrial(t *testing.T, lag time.Duration, story func(tr *run)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		memory := &approvaltest.Memory{}
		tr := newRun(t, func() (approval.Store, func() error) { return memory, func() error { return nil } }, lag, 0)
		t.Cleanup(tr.end)
		story(tr)
		tr.waitIdle()
	})
}

// approved is a request of alice's that bob approved.
func (tr *run) approved() policy.ID {
	id := tr.submitted(alice, "plain")
	tr.clicked(click{ID: id, On: approval.EventApprove, Who: bob})
	return id
}

// A key that was made in the moment of a crash may be missing in Atlas's list
// for longer than the looks for it take. The feed of events has it; it is read
// from before the crash, however long the bot was down.
func TestUnresolvedCreateKeepsCallTimeAfterCrash(t *testing.T) {
	t.Parallel()
	inTrial(t, 20*time.Minute, func(tr *run) {
		id := tr.approved()
		tr.process.fuse = plannedCrash{of: onMove, calls: 3, down: 5 * time.Minute} // issue, start the create, and not created
		_, err := tr.perform(click{ID: id, On: approval.EventIssue, Who: alice})
		require.NoError(t, err)
		tr.advance(time.Second)
		require.True(t, tr.process.isDead())
		tr.reactivateSome()
		tr.advance(10 * time.Minute)
		require.Len(t, tr.keys.Alive(), 1, "made, and not listed yet")
		assert.Len(t, tr.get(id).UnresolvedCreates, 1, "the events tell of a key that is not listed")
		tr.advance(10 * time.Minute)
		assert.Empty(t, tr.get(id).UnresolvedCreates)
		assert.Empty(t, tr.keys.Alive())
	})
}

// A requested change is not made once the key is transferred.
func TestChangeOfFormerOwnerFails(t *testing.T) {
	t.Parallel()
	for on, how := range map[approval.Event]string{approval.EventExtend: "a lot", approval.EventReplaceAccessList: "another"} {
		inTrial(t, 0, func(tr *run) {
			id := tr.active(alice, "wide", bob)
			before := tr.get(id)
			change := tr.clicked(click{ID: id, On: on, Who: alice, How: how})
			tr.loseOwner(alice, id)
			tr.clicked(click{ID: change, On: approval.EventApprove, Who: bob})
			assert.Equal(t, approval.StateFailed, tr.get(change).State)
			assert.Equal(t, before.KeyExpiresAt, tr.get(id).KeyExpiresAt)
			assert.Equal(t, before.Access, tr.get(id).Access)
		})
	}
}

// Nor does the successor that they opened end it.
func TestSuccessorOfFormerOwnerRetiresNothing(t *testing.T) {
	t.Parallel()
	inTrial(t, 0, func(tr *run) {
		id := tr.active(alice, "wide", bob)
		ends := tr.get(id).KeyExpiresAt
		next := tr.clicked(click{ID: id, On: approval.EventRotate, Who: alice})
		tr.loseOwner(alice, id)
		tr.spec.setStatus(alice, policy.Member)
		_, err := tr.perform(click{ID: next, On: approval.EventIssue, Who: alice})
		require.ErrorIs(t, err, approval.ErrPredecessorNotActive)
		assert.Equal(t, ends, tr.get(id).KeyExpiresAt)
		mine := tr.clicked(click{ID: id, On: approval.EventRotate, Who: carol})
		assert.NotEqual(t, next, mine, "nor does it keep its next owner from another")
		assert.Equal(t, carol, tr.get(mine).Requester)
	})
}

// The bot looks at accounts now and then: who is back may still be noted as
// gone.
func TestKeyOfReactivatedOwnerIsNotTransferred(t *testing.T) {
	t.Parallel()
	inTrial(t, 0, func(tr *run) {
		id := tr.active(alice, "wide", bob)
		tr.spec.setStatus(alice, policy.Deactivated)
		tr.advance(noticed)
		tr.spec.setStatus(alice, policy.Member)
		require.False(t, tr.get(id).OwnerDeactivatedAt.IsZero())
		_, err := tr.perform(click{ID: id, On: approval.EventTransfer, Who: bob, How: string(carol)})
		require.ErrorIs(t, err, service.ErrOwnerActive)
	})
}

// A successor that was never confirmed is over, and does not stand in the way
// of another one.
func TestKeyCanBeRotatedAgainAfterSuccessorEnded(t *testing.T) {
	t.Parallel()
	inTrial(t, 0, func(tr *run) {
		next := tr.confirmedSuccessor()
		tr.advance(70 * time.Minute)
		require.Equal(t, approval.StateEnded, tr.get(next).State)
		again := tr.clicked(click{ID: tr.get(next).ParentID, On: approval.EventRotate, Who: alice})
		assert.NotEqual(t, next, again)
	})
}

// A successor is opened before its predecessor names it. If the bot stops in
// between, the next press finds it, whatever else happened to the key.
func TestSuccessorIsFoundAgainAfterCrash(t *testing.T) {
	t.Parallel()
	inTrial(t, 0, func(tr *run) {
		id := tr.active(alice, "ci")
		tr.process.fuse = plannedCrash{of: onCreate, calls: 1, happens: true}
		_, err := tr.perform(click{ID: id, On: approval.EventRotate, Who: alice})
		require.ErrorIs(t, err, errCrashed)
		tr.reactivateSome()
		left := tr.among(func(r approval.Request) bool { return r.ParentID == id })
		require.Len(t, left, 1)
		tr.advance(150 * time.Minute)
		require.Equal(t, 1, tr.get(id).ExpiryReminders, "the key has changed since")
		assert.Equal(t, left[0].ID, tr.clicked(click{ID: id, On: approval.EventRotate, Who: alice}))
		assert.Equal(t, left[0].ID, tr.get(id).Successor)
	})
}

// The requester of a break-glass key does not review it, even if the key was transferred.
func TestBreakGlassReviewRequiresDifferentUser(t *testing.T) {
	t.Parallel()
	inTrial(t, 0, func(tr *run) {
		id := tr.active(dana, "emergency")
		tr.loseOwner(dana, id)
		tr.spec.setStatus(dana, policy.Member)
		_, err := tr.perform(click{ID: id, On: approval.EventReview, Who: dana})
		require.ErrorIs(t, err, policy.ErrOwnRequest)
		tr.clicked(click{ID: id, On: approval.EventReview, Who: bob})
	})
}
