package service_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// ownerKeyRequested is a pending request for the owner's role, by a member of platform who
// does not approve: it takes one of platform and one of security.
func (w *env) ownerKeyRequested() policy.ID {
	w.T.Helper()
	w.SetGroups()
	w.Directory.SetGroup(platform, frank, heidi, alice)
	r, err := w.Submit(w.T.Context(), as(alice), form(withRoles("ORG_OWNER")))
	require.NoError(w.T, err)
	require.Equal(w.T, approval.StatePending, r.State)
	return r.ID
}

func TestRequirementsOfTwoGroupsNeedTwoApprovers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		press []policy.UserID
		want  []error // nil: taken
		state approval.State
	}{
		"one of each":                               {[]policy.UserID{frank, grace}, []error{nil, nil}, approval.StateApproved},
		"the other way round":                       {[]policy.UserID{grace, frank}, []error{nil, nil}, approval.StateApproved},
		"a member of both counts once":              {[]policy.UserID{heidi, heidi}, []error{nil, service.ErrAlreadyApproved}, approval.StatePending},
		"a member of both makes room for security":  {[]policy.UserID{heidi, grace}, []error{nil, nil}, approval.StateApproved},
		"a member of both makes room for platform":  {[]policy.UserID{heidi, frank}, []error{nil, nil}, approval.StateApproved},
		"the usual approvers do not count":          {[]policy.UserID{bob, grace}, []error{policy.ErrNotApprover, nil}, approval.StatePending},
		"the asker does not, though of one of them": {[]policy.UserID{alice}, []error{policy.ErrOwnRequest}, approval.StatePending},
		"late": {[]policy.UserID{frank, grace, heidi}, []error{nil, nil, approval.ErrNotAllowed}, approval.StateApproved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.ownerKeyRequested()
				for i, user := range tt.press {
					_, err := w.Approve(t.Context(), as(user), id)
					require.ErrorIs(t, err, tt.want[i], user)
				}
				w.WaitIdle()
				w.RequireState(id, tt.state)
			}, strictPolicy)
		})
	}
}

func TestUnneededApprovalIsRefused(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.Directory.Set(policy.Member, "U_MALLORY")
		id := w.ownerKeyRequested()
		w.Directory.SetGroup(platform, frank, "U_MALLORY")
		_, err := w.Approve(t.Context(), as(frank), id)
		require.NoError(t, err)
		_, err = w.Approve(t.Context(), as("U_MALLORY"), id)
		require.ErrorIs(t, err, service.ErrNotNeeded)
		assert.Len(t, w.Stored(id).Approvals, 1)
	}, strictPolicy)
}

func TestApprovalThatIsNotLastIsShown(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ownerKeyRequested()
		r, err := w.Approve(t.Context(), as(grace), id)
		require.NoError(t, err)
		assert.Equal(t, approval.StatePending, r.State)
		assert.Empty(t, r.Decision, "nothing is decided")
		require.Len(t, r.Approvals, 1)
		assert.Equal(t, grace, r.Approvals[0].By)
		w.WaitIdle()
		assert.True(t, w.HasMessage(id, approval.ApprovalAddedNotice(1)))
		assert.False(t, w.HasMessage(id, approval.ReadyMessage))
		waiting, err := w.ListPending(t.Context(), as(grace))
		require.NoError(t, err)
		assert.Empty(t, waiting, "it does not wait for grace any more")
		waiting, err = w.ListPending(t.Context(), as(frank))
		require.NoError(t, err)
		assert.Len(t, waiting, 1)

		_, err = w.Deny(t.Context(), as(frank), id, "one no is enough")
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateDenied)
	}, strictPolicy)
}

func TestApprovalOfFormerGroupMemberDoesNotCount(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ownerKeyRequested()
		_, err := w.Approve(t.Context(), as(frank), id)
		require.NoError(t, err)
		w.Directory.SetGroup(platform, heidi)
		r, err := w.Approve(t.Context(), as(grace), id)
		require.NoError(t, err)
		assert.Equal(t, approval.StatePending, r.State, "frank is not of platform any more")
		_, err = w.Approve(t.Context(), as(heidi), id)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateApproved)
	}, strictPolicy)
}

func TestApprovalIsRefusedWhileGroupIsUnknown(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ownerKeyRequested()
		_, err := w.Approve(t.Context(), as(frank), id)
		require.NoError(t, err)
		down := approvaltest.Lost(errors.New("slack is down"))
		w.Directory.Fail(approvaltest.CallMembers, down, down)
		_, err = w.Approve(t.Context(), as(grace), id)
		require.ErrorIs(t, err, policy.ErrCannotCheck, "it might have been the last one")
		_, err = w.Approve(t.Context(), as(grace), id)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateApproved)
	}, strictPolicy)
}

// narrowing leaves one role, one address and the shorter life of wide.
var narrowing = policy.PartialApproval{Roles: []policy.Role{"ORG_READ_ONLY"}, Networks: "203.0.113.7", Lifetime: 8 * time.Hour}

func (w *env) wideRequested() policy.ID {
	w.T.Helper()
	r, err := w.Submit(w.T.Context(), as(alice), form(func(f *policy.Form) {
		f.Roles, f.Networks, f.Lifetime = []policy.Role{"ORG_READ_ONLY", "ORG_BILLING_ADMIN"}, "203.0.113.0/24 198.51.100.7", 24*time.Hour
	}))
	require.NoError(w.T, err)
	w.WaitIdle()
	return r.ID
}

func TestPartialApproval(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.wideRequested()
		r, err := w.ApprovePartially(t.Context(), as(bob), id, narrowing)
		require.NoError(t, err)
		assert.Equal(t, approval.StateApproved, r.State)
		assert.Equal(t, bob, r.ReducedBy)
		assert.Equal(t, []policy.Role{"ORG_READ_ONLY"}, r.Access.Roles)
		assert.Equal(t, prefixes("203.0.113.7/32"), r.Access.Networks)
		assert.Equal(t, 8*time.Hour, r.Access.Lifetime)
		assert.Equal(t, []policy.Role{"ORG_READ_ONLY", "ORG_BILLING_ADMIN"}, r.Requested.Roles, "what was asked for stays known")
		entries := w.Store.Entries()
		assert.Equal(t, "without ORG_BILLING_ADMIN, fewer addresses, 8h0m0s instead of 24h0m0s", entries[len(entries)-1].Note)

		_, err = w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireLastShownKeyOnly()
		assert.Equal(t, []policy.Role{"ORG_READ_ONLY"}, w.Keys.Alive()[0].Access.Roles)
		assert.Equal(t, prefixes("203.0.113.7/32"), w.Keys.Alive()[0].Access.Networks)
	})
}

func TestPartialApprovalCanBeDeclined(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.wideRequested()
		_, err := w.ApprovePartially(t.Context(), as(bob), id, narrowing)
		require.NoError(t, err)
		_, err = w.Withdraw(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		r := w.RequireState(id, approval.StateWithdrawn)
		assert.Equal(t, approval.CauseDeclined, r.Outcome.Cause)
		w.RequireNoKeys()
	})
}

func TestPartialApprovalMustBeSubset(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*policy.PartialApproval)
		want policy.Problem
	}{
		"another role":        {func(n *policy.PartialApproval) { n.Roles = []policy.Role{"ORG_OWNER"} }, policy.Problem{Field: policy.FieldRoles, Code: policy.NotASubset, Given: "ORG_OWNER"}},
		"no role":             {func(n *policy.PartialApproval) { n.Roles = nil }, policy.Problem{Field: policy.FieldRoles, Code: policy.Missing}},
		"another address":     {func(n *policy.PartialApproval) { n.Networks = "192.0.2.1" }, policy.Problem{Field: policy.FieldNetworks, Code: policy.NotASubset, Given: "192.0.2.1/32"}},
		"a wider network":     {func(n *policy.PartialApproval) { n.Networks = "203.0.112.0/23" }, policy.Problem{Field: policy.FieldNetworks, Code: policy.NotASubset, Given: "203.0.112.0/23"}},
		"no address":          {func(n *policy.PartialApproval) { n.Networks = " " }, policy.Problem{Field: policy.FieldNetworks, Code: policy.Missing}},
		"a longer life":       {func(n *policy.PartialApproval) { n.Lifetime = 48 * time.Hour }, policy.Problem{Field: policy.FieldLifetime, Code: policy.NotASubset}},
		"a life of no choice": {func(n *policy.PartialApproval) { n.Lifetime = time.Hour }, policy.Problem{Field: policy.FieldLifetime, Code: policy.NotASubset}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.wideRequested()
				n := narrowing
				tt.edit(&n)
				_, err := w.ApprovePartially(t.Context(), as(bob), id, n)
				var mistakes *policy.FormError
				require.ErrorAs(t, err, &mistakes)
				assert.Equal(t, []policy.Problem{tt.want}, mistakes.Problems)
				w.RequireState(id, approval.StatePending)
			})
		})
	}
}

func TestPartialApprovalOfEverythingIsFull(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.wideRequested()
		r, err := w.ApprovePartially(t.Context(), as(bob), id, policy.PartialApproval{
			Roles: []policy.Role{"ORG_BILLING_ADMIN", "ORG_READ_ONLY"}, Networks: "198.51.100.7, 203.0.113.0/24", Lifetime: 24 * time.Hour,
		})
		require.NoError(t, err)
		assert.Empty(t, r.ReducedBy)
		assert.Empty(t, r.Requested)
	})
}

func TestPartialApprovalChangesRequirements(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		w.Directory.SetGroup(platform, frank, heidi, alice)
		r, err := w.Submit(t.Context(), as(alice), form(withRoles("ORG_READ_ONLY", "ORG_OWNER")))
		require.NoError(t, err)
		less := policy.PartialApproval{Roles: []policy.Role{"ORG_READ_ONLY"}, Networks: "203.0.113.7", Lifetime: 8 * time.Hour}
		r, err = w.ApprovePartially(t.Context(), as(bob), r.ID, less)
		require.NoError(t, err, "bob decides on readers, and that is all that is left")
		assert.Equal(t, approval.StateApproved, r.State)
	}, strictPolicy)
}

func TestChangesCannotBePartiallyApproved(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		r, err := w.Extend(t.Context(), as(alice), id, service.ExtensionForm{IdempotencyKey: "X", ExtendBy: 8 * time.Hour, Reason: "more"})
		require.NoError(t, err)
		_, err = w.ApprovePartially(t.Context(), as(bob), r.ID, narrowing)
		require.ErrorIs(t, err, approval.ErrNotAllowed)
		w.WaitIdle()
		w.RequireState(r.ID, approval.StatePending)
	})
}

func TestEscalationGroupSubstitutesForMissingApprover(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ownerKeyRequested()
		_, err := w.Approve(t.Context(), as(frank), id)
		require.NoError(t, err)
		w.Advance(8*time.Hour + time.Minute)
		r, err := w.Approve(t.Context(), as(approvaltest.Ivan), id)
		require.NoError(t, err)
		assert.Equal(t, approval.StateApproved, r.State, "for security")
	}, strictPolicy, func(p *policy.Policy) {
		p.EscalateAfter, p.EscalateTo = 8*time.Hour, groups(approvaltest.Managers)
	})
}
