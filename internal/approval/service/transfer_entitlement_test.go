package service_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// ownerKey is a live key with the role ORG_OWNER of frank, whose account is
// deactivated by now: it took one approval of platform and one of security.
func (w *env) ownerKey() policy.ID {
	w.T.Helper()
	w.SetGroups()
	r, err := w.Submit(w.T.Context(), as(frank), form(withRoles("ORG_OWNER")))
	require.NoError(w.T, err)
	for _, approver := range []policy.UserID{heidi, grace} {
		_, err = w.Approve(w.T.Context(), as(approver), r.ID)
		require.NoError(w.T, err)
	}
	w.issued(frank, r.ID)
	w.Directory.Set(policy.Deactivated, frank)
	w.Advance(90 * time.Minute)
	require.False(w.T, w.Stored(r.ID).OwnerDeactivatedAt.IsZero())
	return r.ID
}

// issued makes the key of an approved request, and confirms it.
func (w *env) issued(owner policy.UserID, id policy.ID) {
	w.T.Helper()
	w.WaitIdle()
	_, err := w.Issue(w.T.Context(), as(owner), id)
	require.NoError(w.T, err)
	w.WaitIdle()
	_, err = w.Confirm(w.T.Context(), as(owner), id)
	require.NoError(w.T, err)
	w.WaitIdle()
	w.RequireState(id, approval.StateActive)
}

func longerOwners(p *policy.Policy) { p.Roles[3].MaxLifetime = 24 * time.Hour }

func TestTransferNeedsApproverOfAccess(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		by, to policy.UserID
		want   error
	}{
		"an approver of other access":              {bob, heidi, policy.ErrNotApprover},
		"no approver":                              {carol, heidi, policy.ErrNotApprover},
		"to themself":                              {heidi, heidi, service.ErrToSelf},
		"to a member who may not ask for the role": {grace, carol, policy.ErrRoleNotTheirs},
		"to a guest":                               {grace, gil, service.ErrNotEligible},
		"to an approver who may ask for the role":  {grace, heidi, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.ownerKey()
				before := w.Stored(id)
				r, err := w.Transfer(t.Context(), as(tt.by), id, tt.to)
				require.ErrorIs(t, err, tt.want)
				if tt.want != nil {
					assert.Equal(t, before.Requester, r.Requester)
					assert.Equal(t, before.Version, w.Stored(id).Version, "nothing was changed")
					return
				}
				assert.Equal(t, tt.to, r.Requester)
			}, strictPolicy)
		})
	}
}

func TestTransferByExcludedApproverIsRefused(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.activeWithoutOwner()
		_, err := w.Transfer(t.Context(), as(dana), id, carol)
		require.ErrorIs(t, err, policy.ErrNotApprover)
		_, err = w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
	}, func(p *policy.Policy) { p.ExcludedApprovers = users(dana) })
}

// The approver of the transfer is one of two whom the access takes, so the new
// owner sees a private key only after both have approved.
func TestRotationAfterTransferNeedsApproval(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ownerKey()
		ends := w.Stored(id).KeyExpiresAt
		_, err := w.Transfer(t.Context(), as(grace), id, heidi)
		require.NoError(t, err)
		next, err := w.Rotate(t.Context(), as(heidi), id)
		require.NoError(t, err)
		w.WaitIdle()
		require.Equal(t, approval.StatePending, w.RequireState(next.ID, approval.StatePending).State)
		assert.Equal(t, next.ID, w.Stored(id).Successor)
		assert.Equal(t, ends, w.Stored(next.ID).KeyExpiresAt)
		assert.Equal(t, []approval.MessageName{approval.CardMessage, approval.RequestedMessage}, next.Messages)
		_, err = w.Issue(t.Context(), as(heidi), next.ID)
		require.ErrorIs(t, err, approval.ErrNotAllowed)
		_, err = w.Approve(t.Context(), as(heidi), next.ID)
		require.ErrorIs(t, err, policy.ErrOwnRequest)
		require.Len(t, w.Messenger.Revealed(), 1, "frank's")

		w.Directory.SetGroup(platform, frank, heidi, dana)
		for _, approver := range []policy.UserID{grace, dana} {
			_, err = w.Approve(t.Context(), as(approver), next.ID)
			require.NoError(t, err)
		}
		w.issued(heidi, next.ID)
		assert.Equal(t, heidi, w.Messenger.Revealed()[1].To)
		again, err := w.Rotate(t.Context(), as(heidi), next.ID)
		require.NoError(t, err)
		assert.Equal(t, approval.StateApproved, again.State, "this key was approved for heidi")
	}, strictPolicy, longerOwners)
}

func TestRotationAfterTransferByOnlyApprover(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.activeWithoutOwner()
		handed, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		assert.True(t, handed.Transfers[0].Approved)
		next, err := w.Rotate(t.Context(), as(carol), id)
		require.NoError(t, err)
		assert.Equal(t, approval.StateApproved, next.State)
		w.issued(carol, next.ID)
	})
}

// A transfer counts as an approval by the rules as they are at the rotation.
func TestRotationAfterTransferFollowsCurrentPolicy(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.activeWithoutOwner()
		_, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		w.Service.Orgs = orgs(testPolicy(func(p *policy.Policy) { p.Requirements = []policy.Requirement{{From: users(bob, dana), Count: 2}} }))
		next, err := w.Rotate(t.Context(), as(carol), id)
		require.NoError(t, err)
		assert.Equal(t, approval.StatePending, next.State)
	})
	inEnv(t, func(w *env) {
		id := w.activeWithoutOwner()
		_, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		w.Service.Orgs = orgs(testPolicy(func(p *policy.Policy) {
			for i := range p.Roles {
				p.Roles[i].AllowedRequesters = users(alice)
			}
		}))
		_, err = w.Rotate(t.Context(), as(carol), id)
		require.ErrorIs(t, err, policy.ErrRoleNotTheirs, "carol may not ask for it any more")
	})
}

// The last transfer decides: what an earlier one approved was for another owner.
func TestRotationAfterTwoTransfersFollowsTheLast(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.activeWithoutOwner()
		_, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		w.Directory.Set(policy.Deactivated, carol)
		w.Advance(90 * time.Minute)
		two := orgs(testPolicy(func(p *policy.Policy) { p.Requirements = []policy.Requirement{{From: users(bob, dana), Count: 2}} }))
		w.Service.Orgs = two
		_, err = w.Transfer(t.Context(), as(dana), id, bob)
		require.NoError(t, err)
		next, err := w.Rotate(t.Context(), as(bob), id)
		require.NoError(t, err)
		require.Equal(t, approval.StatePending, next.State)
		_, err = w.Approve(t.Context(), as(bob), next.ID)
		require.ErrorIs(t, err, policy.ErrOwnRequest)
		assert.Equal(t, []bool{true, false}, []bool{w.Stored(id).Transfers[0].Approved, w.Stored(id).Transfers[1].Approved})
	})
}

// A rule that approves this access for the new owner approves the rotation too.
func TestRotationAfterTransferCanBeAutoApproved(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.byRule()
		w.Directory.Set(policy.Deactivated, alice)
		w.Advance(90 * time.Minute)
		two := testPolicy(strictPolicy, sixteenHours, func(p *policy.Policy) { p.Requirements = []policy.Requirement{{From: users(bob, dana), Count: 2}} })
		w.Service.Orgs = orgs(two)
		_, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		require.False(t, w.Stored(id).Transfers[0].Approved)
		next, err := w.Rotate(t.Context(), as(carol), id)
		require.NoError(t, err)
		assert.Equal(t, approval.StateApproved, next.State)
		assert.Equal(t, "reading from CI", next.Decision.Rule)
	}, strictPolicy, sixteenHours)
}

func TestTransferOfBreakGlassKey(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		w.Directory.SetGroup(onCall, carol, dana)
		r, err := w.BreakGlass(t.Context(), as(carol), breakGlassForm())
		require.NoError(t, err)
		_, err = w.Issue(t.Context(), as(carol), r.ID)
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.Confirm(t.Context(), as(carol), r.ID)
		require.NoError(t, err)
		w.Directory.Set(policy.Deactivated, carol)
		w.Advance(70 * time.Minute)
		require.False(t, w.Stored(r.ID).OwnerDeactivatedAt.IsZero())
		_, err = w.Transfer(t.Context(), as(bob), r.ID, alice)
		require.ErrorIs(t, err, policy.ErrRoleNotOffered, "alice could not have taken it")
		handed, err := w.Transfer(t.Context(), as(bob), r.ID, dana)
		require.NoError(t, err)
		assert.True(t, handed.BreakGlass, "it is to be reviewed still")
		_, err = w.Review(t.Context(), as(dana), r.ID)
		require.ErrorIs(t, err, policy.ErrOwnRequest)
	}, allowBreakGlass, func(p *policy.Policy) { p.Roles = policy.RulesFor("ORG_READ_ONLY") })
}
