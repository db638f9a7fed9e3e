package slackui_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// twoApprovals takes two approvals of bob, dana, and the group of carol, whose name is
// in what people type.
func twoApprovals(s *envOptions) {
	s.policy.Requirements = []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{bob, dana}, Groups: []policy.GroupID{guards}}, Count: 2}}
}

func TestLastApproverReadsOfInvalidatedApproval(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, append(edits, twoApprovals)...)
			d.SetGroup(guards, carol)
			d.Join(carol, sandbox.Approvals)
			r := d.request(alice)
			d.click(bob, "card/approve")
			d.waitForMessage(dana, "(1 of 2)")
			d.Deactivate(bob)
			d.click(dana, "card/approve")
			d.waitForMessage(dana, "Your approval is recorded. The approval of <@U0BOB> no longer counts: that account is deactivated. Waiting for 1 more approval from")
			d.waitForState(r.ID, approval.StatePending)
			const sofar = "Approved by <@U0DANA> (1 of 2). The approval of <@U0BOB> no longer counts: that account is deactivated."
			d.waitForMessage(carol, sofar)
			d.waitForMessage(alice, sofar)
			d.requireClean()
			d.click(carol, "card/approve")
			d.waitForState(r.ID, approval.StateApproved)
			d.waitForMessage(alice, "*Approved* by <@U0DANA> and <@U0CAROL>")
		})
	}
}

func TestPartialApproverReadsOfInvalidatedApproval(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t, twoApprovals)
	d.SetGroup(guards, carol)
	r := d.requestAll(alice)
	d.click(bob, "card/approve")
	d.waitForMessage(dana, "(1 of 2)")
	d.SetGuest(bob, true)
	d.click(dana, "card/approve_partial")
	d.waitForModal(dana)
	result := d.submit(dana, reducedForm)
	require.Equal(t, sandbox.Updated, result.Outcome)
	d.waitForModalText(dana, "The approval of <@U0BOB> no longer counts: guests can't approve.")
	d.waitForState(r.ID, approval.StatePending)
	d.requireClean()
}
