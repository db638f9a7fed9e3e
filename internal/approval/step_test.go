package approval_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// The steps of a request are pure, so each is tested here without a store.

var stepAt = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// requestIn returns a request of alice's in the given state, with the fields that
// a request has there.
func requestIn(s approval.State) approval.Request {
	r := approval.Request{
		ID: "AKR-00001", Org: "5f1a", State: s, Version: 3, Requester: alice, Attempt: 1,
		Access:      policy.Access{Roles: []policy.Role{"ORG_READ_ONLY"}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}, Lifetime: 8 * time.Hour},
		RequestedAt: stepAt.Add(-time.Hour), ExpiresAt: stepAt.Add(time.Hour), Messages: []approval.MessageName{approval.CardMessage},
	}
	if s.HasKey() {
		r.Key = approval.Key{ID: "key1", PublicKey: "abcdefgh", MadeAt: stepAt.Add(-time.Minute)}
	}
	if s == approval.StateIssuing {
		r.Issuance = approval.Issuance{Stage: approval.StageStarted, ClickedAt: stepAt.Add(-time.Minute)}
	}
	return r
}

func TestStepRecordsEventAndState(t *testing.T) {
	t.Parallel()
	p := testPolicy()
	failure := &approval.CallError{Cause: approval.CauseAtlasUnavailable, Code: "503"}
	for name, c := range map[string]struct {
		from approval.State
		step func(r approval.Request) (approval.Step, error)
		on   approval.Event
		to   approval.State
		by   policy.UserID
		note string
	}{
		"deny":         {approval.StatePending, func(r approval.Request) (approval.Step, error) { return r.Deny(bob, stepAt, "no") }, approval.EventDeny, approval.StateDenied, bob, "no"},
		"withdraw":     {approval.StateApproved, func(r approval.Request) (approval.Step, error) { return r.Withdraw(alice, stepAt) }, approval.EventWithdraw, approval.StateWithdrawn, alice, ""},
		"nudge":        {approval.StatePending, func(r approval.Request) (approval.Step, error) { return r.Nudge(alice, stepAt) }, approval.EventNudge, approval.StatePending, alice, ""},
		"escalate":     {approval.StatePending, func(r approval.Request) (approval.Step, error) { return r.Escalate(users(dana), stepAt) }, approval.EventEscalate, approval.StatePending, "", ""},
		"issue":        {approval.StateApproved, func(r approval.Request) (approval.Step, error) { return r.Issue(alice, stepAt) }, approval.EventIssue, approval.StateIssuing, alice, ""},
		"replace":      {approval.StateDelivered, func(r approval.Request) (approval.Step, error) { return r.Replace(alice, stepAt) }, approval.EventReplace, approval.StateIssuing, alice, ""},
		"start create": {approval.StateIssuing, func(r approval.Request) (approval.Step, error) { return r.StartCreate(stepAt) }, approval.EventCreateStarted, approval.StateIssuing, "", "attempt 1"},
		"deliver":      {approval.StateIssuing, func(r approval.Request) (approval.Step, error) { return r.Deliver(stepAt, p) }, approval.EventDeliver, approval.StateDelivered, "", ""},
		"roll back": {approval.StateIssuing, func(r approval.Request) (approval.Step, error) {
			return r.StartRollback(approval.EventFail, failure, stepAt)
		}, approval.EventRollback, approval.StateIssuing, "", string(approval.CauseAtlasUnavailable) + " 503"},
		"confirm":          {approval.StateDelivered, func(r approval.Request) (approval.Step, error) { return r.Confirm(alice, stepAt, p) }, approval.EventConfirm, approval.StateActive, alice, ""},
		"confirm by use":   {approval.StateDelivered, func(r approval.Request) (approval.Step, error) { return r.ConfirmByUse(stepAt, p) }, approval.EventConfirm, approval.StateActive, "", "seen in use"},
		"revoke":           {approval.StateActive, func(r approval.Request) (approval.Step, error) { return r.Revoke(bob, stepAt, "leaked") }, approval.EventRevoke, approval.StateRevoking, bob, "leaked"},
		"expire a wait":    {approval.StatePending, func(r approval.Request) (approval.Step, error) { return r.Expire(stepAt) }, approval.EventExpire, approval.StateExpired, "", string(approval.CauseUndecided)},
		"expire a key":     {approval.StateActive, func(r approval.Request) (approval.Step, error) { return r.Expire(stepAt) }, approval.EventExpire, approval.StateRevoking, "", string(approval.CauseKeyExpired)},
		"delete":           {approval.StateRevoking, func(r approval.Request) (approval.Step, error) { return r.RecordDeleted(stepAt) }, approval.EventDeleted, approval.StateEnded, "", "key key1"},
		"delete in vain":   {approval.StateRevoking, func(r approval.Request) (approval.Step, error) { return r.RecordDeleteFailure(failure, stepAt) }, approval.EventDeleteFailed, approval.StateRevoking, "", string(approval.CauseAtlasUnavailable) + " 503"},
		"roll back long":   {approval.StateIssuing, func(r approval.Request) (approval.Step, error) { return r.RecordDeleteFailure(failure, stepAt) }, approval.EventRollback, approval.StateIssuing, "", string(approval.CauseAtlasUnavailable) + " 503"},
		"rotate":           {approval.StateActive, func(r approval.Request) (approval.Step, error) { return r.Rotate("AKR-00002", alice, stepAt) }, approval.EventRotate, approval.StateActive, alice, "successor AKR-00002"},
		"transfer":         {approval.StateActive, func(r approval.Request) (approval.Step, error) { return r.Transfer(carol, bob, true, stepAt) }, approval.EventTransfer, approval.StateActive, bob, "to U_CAROL"},
		"apply":            {approval.StateApplying, func(r approval.Request) (approval.Step, error) { return r.Apply(stepAt) }, approval.EventApply, approval.StateApplied, "", ""},
		"fail a change":    {approval.StateApplying, func(r approval.Request) (approval.Step, error) { return r.Fail(failure, stepAt) }, approval.EventFail, approval.StateFailed, "", string(approval.CauseAtlasUnavailable) + " 503"},
		"delete elsewhere": {approval.StateActive, func(r approval.Request) (approval.Step, error) { return r.RecordDeletedExternally(stepAt) }, approval.EventDeletedExternally, approval.StateEnded, "", "key key1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, same := requestIn(c.from), requestIn(c.from)
			step, err := c.step(before)
			require.NoError(t, err)
			assert.Equal(t, same, before, "a step must leave the request that it is called on as it is")
			assert.Equal(t, c.to, step.Next.State)
			assert.Equal(t, before.Version, step.Next.Version, "the store counts")
			e := step.Entry
			assert.Equal(t, approval.AuditEntry{
				At: stepAt, Org: "5f1a", Request: "AKR-00001", Event: c.on, From: c.from, To: c.to, By: c.by, Note: c.note, Key: e.Key, KeyID: e.KeyID,
			}, e)
			assert.Equal(t, before.Key.ID, e.KeyID, "the entry names the key that it is about, also if the step forgets it")
		})
	}
}

func TestStepIsRefusedOutsideItsStates(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]func() (approval.Step, error){
		"deny an approved request": func() (approval.Step, error) { return requestIn(approval.StateApproved).Deny(bob, stepAt, "") },
		"issue a pending request":  func() (approval.Step, error) { return requestIn(approval.StatePending).Issue(alice, stepAt) },
		"confirm an ended request": func() (approval.Step, error) {
			return requestIn(approval.StateEnded).Confirm(alice, stepAt, testPolicy())
		},
		"revoke a failed request": func() (approval.Step, error) { return requestIn(approval.StateFailed).Revoke(bob, stepAt, "") },
		"review a normal request": func() (approval.Step, error) { return requestIn(approval.StateActive).MarkReviewed(bob, stepAt) },
		"retry what does not wait": func() (approval.Step, error) {
			return requestIn(approval.StateRevoking).RetryDeletion(alice, stepAt)
		},
	} {
		_, err := step()
		assert.ErrorIs(t, err, approval.ErrNotAllowed, name)
	}
}

func TestApproveCountsOneApprovalPerApprover(t *testing.T) {
	t.Parallel()
	r := requestIn(approval.StatePending)
	r.Approvals = []approval.Approval{{By: bob, At: stepAt.Add(-time.Minute), Void: policy.VoidDeactivated}}
	step, err := r.Approve(approval.NewApproval{By: bob, Access: r.Access, Earlier: r.Approvals, IsLast: true}, stepAt, testPolicy())
	require.NoError(t, err)
	assert.Equal(t, []approval.Approval{{By: bob, At: stepAt}}, step.Next.Approvals)
	assert.Equal(t, approval.Decision{By: bob, At: stepAt}, step.Next.Decision)
	assert.Equal(t, approval.StateApproved, step.Next.State)
	assert.Equal(t, "approval of U_BOB does not count ("+string(policy.VoidDeactivated)+")", step.Entry.Note)
}

func TestPartialApprovalKeepsWhatWasRequested(t *testing.T) {
	t.Parallel()
	r := requestIn(approval.StatePending)
	less := r.Access.Clone()
	less.Lifetime = time.Hour
	step, err := r.Approve(approval.NewApproval{By: bob, Access: less, IsLast: true}, stepAt, testPolicy())
	require.NoError(t, err)
	assert.Equal(t, less, step.Next.Access)
	assert.Equal(t, r.Access, step.Next.Requested)
	assert.Equal(t, bob, step.Next.ReducedBy)
	assert.Equal(t, "1h0m0s instead of 8h0m0s", step.Entry.Note)

	declined, err := step.Next.Withdraw(alice, stepAt)
	require.NoError(t, err)
	assert.Equal(t, approval.CauseDeclined, declined.Next.Outcome.Cause)
}

func TestApprovalThatIsNotTheLastKeepsTheRequestPending(t *testing.T) {
	t.Parallel()
	r := requestIn(approval.StatePending)
	step, err := r.Approve(approval.NewApproval{By: bob, Access: r.Access}, stepAt, testPolicy())
	require.NoError(t, err)
	assert.Equal(t, approval.StatePending, step.Next.State)
	assert.Equal(t, approval.EventApprovalAdded, step.Entry.Event)
	assert.Zero(t, step.Next.Decision)
	assert.Equal(t, r.ExpiresAt, step.Next.ExpiresAt)
	assert.Contains(t, step.Next.Messages, approval.ApprovalAddedNotice(1))
}

func TestNudgeIsAllowedOnce(t *testing.T) {
	t.Parallel()
	step, err := requestIn(approval.StatePending).Nudge(alice, stepAt)
	require.NoError(t, err)
	_, err = step.Next.Nudge(alice, stepAt.Add(time.Hour))
	assert.ErrorIs(t, err, approval.ErrAlreadyNudged)
}

func TestRevocationByApproverEndsTheWholeRotation(t *testing.T) {
	t.Parallel()
	rotated := requestIn(approval.StateActive)
	rotated.Successor = "AKR-00002"
	for name, c := range map[string]struct {
		r     approval.Request
		by    policy.UserID
		scope approval.CascadeScope
	}{
		"by the owner":               {rotated, alice, approval.CascadeUnshown},
		"by an approver":             {rotated, bob, approval.CascadeAll},
		"of a key without rotations": {requestIn(approval.StateActive), bob, ""},
	} {
		step, err := c.r.Revoke(c.by, stepAt, "")
		require.NoError(t, err)
		assert.Equal(t, c.scope, step.Next.Cascade, name)
		assert.Equal(t, approval.Deletion{Since: stepAt, RetryAt: stepAt}, step.Next.Deletion, name)
	}
}

func TestInterruptedCreateIsUnresolved(t *testing.T) {
	t.Parallel()
	r := requestIn(approval.StateIssuing)
	r.Key = approval.Key{}
	step, err := r.StartRollback(approval.EventReturnToApproved, &approval.CallError{Cause: approval.CauseInterrupted}, stepAt)
	require.NoError(t, err)
	assert.Equal(t, []approval.UnresolvedCreate{{Attempt: 1, At: r.Issuance.ClickedAt, SearchAt: stepAt.Add(5 * time.Second)}}, step.Next.UnresolvedCreates)

	over, err := step.Next.FinishRollback(stepAt, testPolicy())
	require.NoError(t, err)
	assert.Equal(t, approval.StateApproved, over.Next.State)
	assert.Equal(t, approval.Issuance{Cause: approval.CauseInterrupted}, over.Next.Issuance)

	r.Key = approval.Key{ID: "key1"}
	step, err = r.StartRollback(approval.EventReturnToApproved, &approval.CallError{Cause: approval.CauseInterrupted}, stepAt)
	require.NoError(t, err)
	assert.Empty(t, step.Next.UnresolvedCreates, "a key whose id is known needs no search")
}

func TestFirstDeliveryStartsTheLifetime(t *testing.T) {
	t.Parallel()
	r := requestIn(approval.StateIssuing)
	step, err := r.Deliver(stepAt, testPolicy())
	require.NoError(t, err)
	assert.Equal(t, r.Key.MadeAt.Add(8*time.Hour), step.Next.KeyExpiresAt)
	assert.Equal(t, r.Key.MadeAt, step.Next.Since)

	r.KeyExpiresAt, r.Since = stepAt.Add(time.Minute), stepAt.Add(-time.Hour)
	step, err = r.Deliver(stepAt, testPolicy())
	require.NoError(t, err)
	assert.Equal(t, r.KeyExpiresAt, step.Next.KeyExpiresAt, "a replacement gets no more time")
	assert.Equal(t, r.Since, step.Next.Since)
}

func TestOverdueDeletionNotifiesOnce(t *testing.T) {
	t.Parallel()
	f := &approval.CallError{Cause: approval.CauseAtlasUnavailable, Err: errors.New("503")}
	r := requestIn(approval.StateRevoking)
	r.Deletion = approval.Deletion{Since: stepAt.Add(-14 * time.Minute), Tries: 9}
	step, err := r.RecordDeleteFailure(f, stepAt)
	require.NoError(t, err)
	assert.False(t, step.Next.Deletion.Notified)
	assert.Equal(t, stepAt.Add(time.Minute), step.Next.Deletion.RetryAt, "at the latest when people have to be told")

	step, err = step.Next.RecordDeleteFailure(f, stepAt.Add(time.Minute))
	require.NoError(t, err)
	assert.True(t, step.Next.Deletion.Notified)
	assert.Contains(t, step.Next.Messages, approval.DeletionOverdueMessage)
	assert.Contains(t, step.Next.Messages, approval.DeletionOverdueNotice)
	assert.False(t, step.Next.Deletion.IsOverdue(stepAt.Add(time.Hour)))
}

func TestOrphanSearchGivesUpAfterItsSchedule(t *testing.T) {
	t.Parallel()
	r := requestIn(approval.StateApproved)
	r.UnresolvedCreates = []approval.UnresolvedCreate{{Attempt: 1, At: stepAt, SearchAt: stepAt.Add(5 * time.Second)}, {Attempt: 2, At: stepAt, SearchAt: stepAt.Add(5 * time.Second)}}
	var searches []time.Duration
	for now := r.UnresolvedCreates[0].SearchAt; len(r.UnresolvedCreates) > 0; now = r.UnresolvedCreates[0].SearchAt {
		searches = append(searches, now.Sub(stepAt))
		step, err := r.RecordSearch([]int{2}, false, now)
		require.NoError(t, err)
		if r = step.Next; len(r.UnresolvedCreates) == 0 {
			break
		}
		assert.Len(t, r.UnresolvedCreates, 1, "the key of attempt 2 was found")
	}
	assert.Equal(t, []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute}, searches)
}

func TestTransferHidesTheFormerOwnersMessages(t *testing.T) {
	t.Parallel()
	r := requestIn(approval.StateActive)
	r.Messages = []approval.MessageName{approval.CardMessage, approval.RequestedMessage, approval.ReadyMessage}
	r.Successor, r.OwnerDeactivatedAt = "AKR-00002", stepAt.Add(-time.Hour)
	step, err := r.Transfer(carol, bob, false, stepAt)
	require.NoError(t, err)
	assert.Equal(t, carol, step.Next.Requester)
	assert.Equal(t, []approval.MessageName{approval.CardMessage, approval.TransferMessage(1)}, step.Next.Messages)
	assert.Equal(t, approval.CascadeUnconfirmed, step.Next.Cascade, "the successor was the former owner's")
	assert.Zero(t, step.Next.OwnerDeactivatedAt)
	assert.True(t, step.Next.OwnedBefore(alice))
}

func TestReviewRequiresAnotherPerson(t *testing.T) {
	t.Parallel()
	r := requestIn(approval.StateActive)
	r.BreakGlass = true
	_, err := r.MarkReviewed(alice, stepAt)
	require.ErrorIs(t, err, policy.ErrOwnRequest)
	step, err := r.MarkReviewed(bob, stepAt)
	require.NoError(t, err)
	assert.Equal(t, approval.Review{By: bob, At: stepAt}, step.Next.Review)
	_, err = step.Next.MarkReviewed(dana, stepAt)
	assert.ErrorIs(t, err, approval.ErrAlreadyReviewed)
}
