package approval_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
)

// What the model found, one small story each.

// inTrial runs a story on the model's world, without chance.
func inTrial(t *testing.T, lag time.Duration, story func(tr *trial)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		memory := &approvaltest.Memory{}
		tr := newTrial(t, func() (approval.Store, func() error) { return memory, func() error { return nil } }, lag, 0)
		t.Cleanup(tr.end)
		story(tr)
		tr.rest()
	})
}

// approved is a request of alice's that bob approved.
func (tr *trial) approved() approval.ID {
	tr.forms = append(tr.forms, alice)
	tr.submit(0)
	tr.pass(time.Second)
	id := tr.asked[0]
	require.NoError(tr.t, tr.press(press{id, approval.Approve, bob}))
	tr.pass(time.Second)
	return id
}

// A key that was made in the moment of a crash may be missing in Atlas's list
// for longer than the looks for it take. The feed of events has it; it is read
// from before the crash, however long the bot was down.
func TestADebtOfACrashIsAsOldAsTheCall(t *testing.T) {
	t.Parallel()
	inTrial(t, 20*time.Minute, func(tr *trial) {
		id := tr.approved()
		tr.process.fuse = fuse{of: onMove, calls: 3, down: 5 * time.Minute} // collect, begin, and not made
		require.NoError(t, tr.press(press{id, approval.Collect, alice}))
		tr.pass(time.Second)
		require.True(t, tr.process.isDead())
		tr.revive()
		tr.pass(10 * time.Minute)
		require.Len(t, tr.keys.Alive(), 1, "made, and not listed yet")
		assert.Len(t, tr.get(id).Debts, 1, "the events tell of a key that is not listed")
		tr.pass(10 * time.Minute)
		assert.Empty(t, tr.get(id).Debts)
		assert.Empty(t, tr.keys.Alive())
	})
}
