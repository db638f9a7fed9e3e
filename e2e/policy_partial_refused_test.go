package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

func TestPolicyPartialApprovalMustBeSubset(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		w.ClickOpensModal(bob, "card/approve_partial", string(id))
		for typed, says := range map[string]string{
			"192.0.2.1":                  "192.0.2.1",
			"203.0.113.7 198.51.0.0/16":  "198.51.0.0/16",
			"203.0.113.6/31":             "203.0.113.6/31",
			"2001:db8::1":                "2001:db8::1",
			"198.51.100.300":             "198.51.100.300",
			"198.51.100.64/25":           "198.51.100.0/25",
			"sg-0a1b2c3d, 198.51.100.64": "sg-0a1b2c3d",
		} {
			result := w.SubmitFields(bob, but(aPart, "networks", typed))
			require.Equal(t, slack.Refused, result.Outcome, typed)
			assert.Contains(t, result.Errors["networks"], says)
			assert.Len(t, result.Errors, 1, typed)
		}
		assert.Equal(t, approval.StatePending, w.stored(id).State)
		require.Equal(t, slack.Closed, w.SubmitFields(bob, aPart).Outcome, "and the corrected form goes through")
		w.WaitForState(id, approval.StateApproved)
	})
}

// What the menus do not offer can still be claimed by a payload.
func TestPolicyForgedPartialApprovalIsRefused(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		modal := w.ClickOpensModal(bob, "card/approve_partial", string(id))
		part := func(edit ...func(map[string]any)) map[string]any {
			v := map[string]any{
				"roles":    pickedMany("ORG_BILLING_READ_ONLY"),
				"networks": map[string]any{"value": "203.0.113.7"},
				"lifetime": pickedOne("8h0m0s"),
			}
			for _, e := range edit {
				e(v)
			}
			return v
		}
		for name, tt := range map[string]struct {
			spoil func(map[string]any)
			at    string
		}{
			"another role":                 {put("roles", pickedMany("ORG_BILLING_READ_ONLY", "ORG_OWNER")), "roles"},
			"no role":                      {put("roles", pickedMany()), "roles"},
			"a role that there is not":     {put("roles", pickedMany("ROOT")), "roles"},
			"a longer life":                {put("lifetime", pickedOne("168h0m0s")), "lifetime"},
			"a life that is no choice":     {put("lifetime", pickedOne("23h0m0s")), "lifetime"},
			"no life":                      {put("lifetime", pickedOne("0s")), "lifetime"},
			"a life before it began":       {put("lifetime", pickedOne("-8h")), "lifetime"},
			"no address":                   {put("networks", map[string]any{"value": " , "}), "networks"},
			"addresses that are not there": {without("networks"), ""},
		} {
			answer := w.forgeSubmission(bob, "approve_partial", modal, part(tt.spoil))
			assert.Contains(t, answer, `"response_action":"errors"`, name)
			assert.Contains(t, answer, `"`+tt.at, name)
		}
		for _, who := range []string{alice, carol, gil, "U0UNKNOWN"} {
			answer := w.forgeSubmission(who, "approve_partial", modal, part())
			assert.Contains(t, answer, `"response_action":"update"`, who)
		}
		r := w.stored(id)
		assert.Equal(t, approval.StatePending, r.State)
		assert.Empty(t, r.Approvals)
		assert.Len(t, r.Access.Roles, 2)
	})
}

func TestPolicyPartialApprovalTwiceCountsOnce(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		w.leavesAPart(id)
		again, err := w.Slack.SubmitAgain(w.ctx(), bob)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome)
		assert.Len(t, w.WaitForState(id, approval.StateApproved).Approvals, 1)
		assert.Equal(t, 1, w.entries(id, approval.EventApprove))
		w.WaitIdle(id)
		assert.Empty(t, w.thread(id), "the card says it")
	})
}

// Another user was faster while the form was open.
func TestPolicyLatePartialApprovalIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		meanwhile func(*Env, policy.ID)
		state     approval.State
		says      []string
	}{
		"denied": {func(w *Env, id policy.ID) {
			w.ClickOpensModal(dana, "card/deny", string(id))
			w.SubmitText(dana, "reason", "no")
		}, approval.StateDenied, []string{"@" + dana, "enied"}},
		"approved as it is": {func(w *Env, id policy.ID) { w.approve(dana, id) }, approval.StateApproved, []string{"@" + dana, "approved"}},
		"withdrawn":         {func(w *Env, _ policy.ID) { w.Click(alice, "requested/withdraw") }, approval.StateWithdrawn, []string{"@" + alice, "back"}},
		"expired":           {func(w *Env, id policy.ID) { w.WaitIdle(id); w.Advance(25 * time.Hour) }, approval.StateExpired, []string{"no approver decided in time"}},
	} {
		t.Run(name, func(t *testing.T) {
			onTransport(t, func(t *testing.T, w *Env) {
				id := w.requestManyRoles()
				w.ClickOpensModal(bob, "card/approve_partial", string(id))
				tt.meanwhile(w, id)
				before := w.WaitForState(id, tt.state)
				assert.Equal(t, slack.Updated, w.SubmitFields(bob, aPart).Outcome)
				w.modalShows(bob, tt.says...)
				r := w.stored(id)
				assert.Equal(t, before.Access, r.Access)
				assert.Empty(t, r.ReducedBy)
				require.NoError(t, w.Slack.CloseModal(w.ctx(), bob))
			})
		})
	}
}

// With two to approve, the second one's form was opened before the first one
// left something out: it would bring that back, and is not taken.
func TestPolicyPartialApprovalAfterAnother(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		w.ClickOpensModal(carol, "card/approve_partial", string(id))
		w.leavesAPart(id)
		w.waitForApprovals(id, 1)
		result := w.SubmitFields(carol, map[string]string{"lifetime": "8h0m0s"})
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["roles"], "Organization Read Only")
		assert.Contains(t, result.Errors["networks"], "198.51.100.0/24")
		require.Equal(t, slack.Closed, w.SubmitFields(carol, aPart).Outcome)
		assert.Equal(t, policy.UserID(bob), w.WaitForState(id, approval.StateApproved).ReducedBy)
	})
}

func TestPolicyUnauthorizedUsersChangeNothing(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		w.Slack.Join(carol, slack.Approvals)
		id := w.requestManyRoles()
		before := w.stored(id).Version
		w.ClickIn(carol, "card/approve_partial", string(id))
		w.waitForNotification(carol, "Only approvers")
		w.ClickIn(alice, "card/approve_partial", string(id))
		w.waitForNotification(alice, "your own request")
		card := w.card(id)
		for _, f := range []slack.Forgery{{User: gil}, {User: eve, TeamID: slack.OtherTeam}, {User: bob, TeamID: slack.OtherTeam}, {User: "U0UNKNOWN"}} {
			f.TS, f.ActionID, f.BlockID, f.Value = card.TS, "approve_partial", blockOf("card/approve_partial", id), string(id)
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), f))
			assert.Nil(t, w.Slack.Screen(f.User).Modal, f.User)
		}

		// Bob is no approver any more when he sends what he opened.
		w.ClickOpensModal(bob, "card/approve_partial", string(id))
		w.Slack.SetGroup(slack.Approvers, dana)
		w.WaitIdle(id)
		w.Advance(20 * time.Minute)
		assert.Equal(t, slack.Updated, w.SubmitFields(bob, aPart).Outcome)
		w.modalShows(bob, "Only approvers")
		assert.Equal(t, before, w.stored(id).Version)
	})
}

// Slack does not open the form at first, and then does not say who sent it.
func TestPolicyPartialApprovalUnderFaults(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		w.inject(faultOn(wire.Slack, "views.open", wire.HTML503))
		w.ClickIn(bob, "card/approve_partial", string(id))
		w.waitForNotification(bob, "Nothing was changed")
		w.ClickOpensModal(bob, "card/approve_partial", string(id))
		w.inject(faultOn(wire.Slack, "users.info", wire.HTML503))
		result := w.SubmitFields(bob, aPart)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["roles"], "press Approve again")
		assert.Equal(t, approval.StatePending, w.stored(id).State)
		require.Equal(t, slack.Closed, w.SubmitFields(bob, nil).Outcome, "nothing that was filled in is lost")
		r := w.WaitForState(id, approval.StateApproved)
		assert.Equal(t, []policy.Role{"ORG_BILLING_READ_ONLY"}, r.Access.Roles)
	})
}

func TestPolicyPartialApprovalSurvivesRestart(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.requestManyRoles()
	w.ClickOpensModal(bob, "card/approve_partial", string(id))
	w.RestartBot()
	require.Equal(t, slack.Closed, w.SubmitFields(bob, aPart).Outcome)
	w.WaitForState(id, approval.StateApproved)
	w.WaitForMessage(alice, "ready/issue", "8 hours instead of 24 hours")
	w.RestartBot()
	w.Click(alice, "ready/issue")
	w.WaitForState(id, approval.StateDelivered)
	w.requireKey([]string{"ORG_BILLING_READ_ONLY"}, "203.0.113.7", "198.51.100.64/28")
}
