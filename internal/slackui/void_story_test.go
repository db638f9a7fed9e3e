package slackui_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// twoOf takes two approvals of bob, dana, and the group of carol, whose name is
// in what people type.
func twoOf(s *setup) {
	s.policy.Requirements = []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{bob, dana}, Groups: []policy.GroupID{guards}}, Count: 2}}
}

func TestLastApproverIsToldWhoseApprovalDoesNotCount(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, append(edits, twoOf)...)
			d.SetGroup(guards, carol)
			d.Join(carol, sandbox.Approvals)
			r := d.asks(alice)
			d.presses(bob, "card/approve")
			d.seesText(dana, "(1 of 2)")
			d.Deactivate(bob)
			d.presses(dana, "card/approve")
			d.seesText(dana, "Your approval is recorded. The approval of <@U0BOB> no longer counts: that account is deactivated. Waiting for 1 more approval from")
			d.is(r.ID, approval.StatePending)
			const sofar = "Approved by <@U0DANA> (1 of 2). The approval of <@U0BOB> no longer counts: that account is deactivated."
			d.seesText(carol, sofar)
			d.seesText(alice, sofar)
			d.clean()
			d.presses(carol, "card/approve")
			d.is(r.ID, approval.StateApproved)
			d.seesText(alice, "*Approved* by <@U0DANA> and <@U0CAROL>")
		})
	}
}

func TestApproverOfLessIsToldWhoseApprovalDoesNotCount(t *testing.T) {
	t.Parallel()
	d := openRich(t, twoOf)
	d.SetGroup(guards, carol)
	r := d.asksForAll(alice)
	d.presses(bob, "card/approve")
	d.seesText(dana, "(1 of 2)")
	d.SetGuest(bob, true)
	d.presses(dana, "card/approve_partial")
	d.seesModal(dana)
	result := d.submits(dana, left)
	require.Equal(t, sandbox.Updated, result.Outcome)
	d.seesInModal(dana, "The approval of <@U0BOB> no longer counts: guests can't approve.")
	d.is(r.ID, approval.StatePending)
	d.clean()
}
