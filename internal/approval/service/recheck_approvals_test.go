package service_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// twoOfFour takes two approvals of bob, dana, and the group of frank and heidi.
func twoOfFour(p *policy.Policy) {
	p.Requirements = []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{bob, dana}, Groups: []policy.GroupID{platform}}, Count: 2}}
}

// editPolicy replaces the policy, as a restart does.
func (w *env) editPolicy(edit func(*policy.Policy)) { edit(&w.Orgs[0].Policy) }

func TestEarlierApprovalsAreRechecked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		first  policy.UserID
		change func(*env)
		void   policy.VoidReason // empty: it counts
	}{
		"still an approver":        {bob, func(*env) {}, ""},
		"deactivated":              {bob, func(w *env) { w.Directory.Set(policy.Deactivated, bob) }, policy.VoidDeactivated},
		"a guest by now":           {bob, func(w *env) { w.Directory.Set(policy.Guest, bob) }, policy.VoidGuest},
		"not of the workspace":     {bob, func(w *env) { w.Directory.Set(policy.External, bob) }, policy.VoidExternal},
		"excluded by now":          {bob, func(w *env) { w.editPolicy(func(p *policy.Policy) { p.ExcludedApprovers = users(bob) }) }, policy.VoidNotApprover},
		"a group that is excluded": {frank, func(w *env) { w.editPolicy(func(p *policy.Policy) { p.ExcludedApprovers = groups(platform) }) }, policy.VoidNotApprover},
		"out of the group":         {frank, func(w *env) { w.Directory.SetGroup(platform, heidi) }, policy.VoidNotApprover},
		"out of the policy": {bob, func(w *env) {
			w.editPolicy(func(p *policy.Policy) { p.Requirements[0].From.Users = []policy.UserID{dana} })
		}, policy.VoidNotApprover},
		"in a group, and deactivated": {frank, func(w *env) { w.Directory.Set(policy.Deactivated, frank) }, policy.VoidDeactivated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				w.SetGroups()
				id := w.Submitted()
				_, err := w.Approve(t.Context(), as(tt.first), id)
				require.NoError(t, err)
				tt.change(w)
				r, err := w.Approve(t.Context(), as(dana), id)
				require.NoError(t, err)
				if tt.void == "" {
					require.Equal(t, approval.StateApproved, r.State)
					return
				}
				require.Equal(t, approval.StatePending, r.State, "one approval counts, and it takes two")
				require.Equal(t, []policy.UserID{dana}, r.Counted())
				require.Equal(t, tt.void, r.Approvals[0].Void)
				last := w.Store.Entries()[len(w.Store.Entries())-1]
				assert.Equal(t, approval.EventApprovalAdded, last.Event)
				assert.Equal(t, "approval of "+string(tt.first)+" does not count ("+string(tt.void)+")", last.Note)

				_, err = w.Approve(t.Context(), as(dana), id)
				require.ErrorIs(t, err, service.ErrAlreadyApproved)
				w.editPolicy(func(p *policy.Policy) { p.Requirements[0].From.Users = append(p.Requirements[0].From.Users, carol) })
				r, err = w.Approve(t.Context(), as(carol), id)
				require.NoError(t, err)
				require.Equal(t, approval.StateApproved, r.State, "two that count")
			}, twoOfFour)
		})
	}
}

func TestEarlierApprovalsOfChangeAreRechecked(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		id := w.Active()
		w.editPolicy(twoOfFour)
		change, err := w.Extend(t.Context(), as(alice), id, service.ExtensionForm{IdempotencyKey: "V2", ExtendBy: lifetimes[0], Reason: "not done"})
		require.NoError(t, err)
		_, err = w.Approve(t.Context(), as(bob), change.ID)
		require.NoError(t, err)
		w.Directory.Set(policy.Deactivated, bob)
		change, err = w.Approve(t.Context(), as(dana), change.ID)
		require.NoError(t, err)
		require.Equal(t, approval.StatePending, change.State)
		ends := w.Stored(id).KeyExpiresAt
		w.WaitIdle()
		require.Equal(t, ends, w.Stored(id).KeyExpiresAt)
		change, err = w.Approve(t.Context(), as(frank), change.ID)
		require.NoError(t, err)
		require.Equal(t, approval.StateApplying, change.State)
	})
}

func TestApprovalCountsAgainAfterReactivation(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		_, err := w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
		w.Directory.Set(policy.Deactivated, bob)
		_, err = w.Approve(t.Context(), as(dana), id)
		require.NoError(t, err)
		w.Directory.Set(policy.Member, bob)
		r, err := w.Approve(t.Context(), as(dana), id)
		require.NoError(t, err)
		require.Equal(t, approval.StateApproved, r.State, "dana may approve once more, as the last one")
		require.Len(t, r.Approvals, 2)
		require.Equal(t, []policy.UserID{bob, dana}, r.Counted())
	}, func(p *policy.Policy) { p.Requirements = []policy.Requirement{{From: users(bob, dana), Count: 2}} })
}

func TestVoidApprovalCanBeGivenAgain(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		_, err := w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
		w.Directory.Set(policy.Guest, bob)
		_, err = w.Approve(t.Context(), as(dana), id)
		require.NoError(t, err)
		_, err = w.Approve(t.Context(), as(bob), id)
		require.ErrorIs(t, err, approval.ErrGuest)
		w.Directory.Set(policy.Member, bob)
		waiting, err := w.ListPending(t.Context(), as(bob))
		require.NoError(t, err)
		require.Len(t, waiting, 1, "his approval is missing")
		r, err := w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
		require.Equal(t, approval.StateApproved, r.State)
		require.Len(t, r.Approvals, 2)
	}, func(p *policy.Policy) { p.Requirements = []policy.Requirement{{From: users(bob, dana), Count: 2}} })
}

func TestEscalationReplacesVoidApproval(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ownerKeyRequested()
		_, err := w.Approve(t.Context(), as(frank), id)
		require.NoError(t, err)
		w.Directory.Set(policy.Deactivated, frank)
		r, err := w.Approve(t.Context(), as(heidi), id)
		require.NoError(t, err, "of platform as frank was")
		require.Equal(t, approval.StatePending, r.State)
		r, err = w.Approve(t.Context(), as(grace), id)
		require.NoError(t, err)
		require.Equal(t, approval.StateApproved, r.State)
	}, strictPolicy)
}

func TestSelfApprovalIsRechecked(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		_, err := w.Approve(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.editPolicy(func(p *policy.Policy) { p.AllowSelfApproval = false })
		r, err := w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
		require.Equal(t, approval.StatePending, r.State)
		require.Equal(t, policy.VoidOwnRequest, r.Approvals[0].Void)
	}, func(p *policy.Policy) {
		p.AllowSelfApproval = true
		p.Requirements = []policy.Requirement{{From: users(alice, bob, dana), Count: 2}}
	})
}

func TestApprovalIsRefusedWhileEarlierApproverIsUnknown(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		_, err := w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
		w.Directory.Fail(approvaltest.CallMemberStatus, approvaltest.Failure{}, approvaltest.Lost(errors.New("slack is down")))
		_, err = w.Approve(t.Context(), as(dana), id)
		require.ErrorIs(t, err, policy.ErrCannotCheck)
		require.Equal(t, approval.StatePending, w.Stored(id).State)
		r, err := w.Approve(t.Context(), as(dana), id)
		require.NoError(t, err)
		require.Equal(t, approval.StateApproved, r.State)
	}, func(p *policy.Policy) { p.Requirements = []policy.Requirement{{From: users(bob, dana), Count: 2}} })
}

func TestApprovalOfReducedAccessStillCounts(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.SetGroups()
		w.Directory.SetGroup(platform, frank, heidi, alice)
		r, err := w.Submit(t.Context(), as(alice), form(withRoles("ORG_OWNER", "ORG_READ_ONLY")))
		require.NoError(t, err)
		_, err = w.Approve(t.Context(), as(grace), r.ID)
		require.NoError(t, err)
		r, err = w.ApprovePartially(t.Context(), as(bob), r.ID, policy.PartialApproval{Roles: []policy.Role{"ORG_READ_ONLY"}, Networks: "203.0.113.7", Lifetime: r.Access.Lifetime})
		require.NoError(t, err)
		require.Equal(t, approval.StatePending, r.State, "two of the usual are needed")
		r, err = w.Approve(t.Context(), as(dana), r.ID)
		require.NoError(t, err)
		require.Equal(t, approval.StateApproved, r.State)
		require.Equal(t, []policy.UserID{grace, bob, dana}, r.Counted())
	}, strictPolicy, func(p *policy.Policy) { p.Requirements[0].Count = 2 })
}
