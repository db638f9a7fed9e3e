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

func TestRulesMoreThanAskedIsRefused(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asksForMuch()
		w.opens(bob, "card/approve_partial", string(id))
		for typed, says := range map[string]string{
			"192.0.2.1":                  "192.0.2.1",
			"203.0.113.7 198.51.0.0/16":  "198.51.0.0/16",
			"203.0.113.6/31":             "203.0.113.6/31",
			"2001:db8::1":                "2001:db8::1",
			"198.51.100.300":             "198.51.100.300",
			"198.51.100.64/25":           "198.51.100.0/25",
			"sg-0a1b2c3d, 198.51.100.64": "sg-0a1b2c3d",
		} {
			result := w.fills(bob, but(aPart, "networks", typed))
			require.Equal(t, slack.Refused, result.Outcome, typed)
			assert.Contains(t, result.Errors["networks"], says)
			assert.Len(t, result.Errors, 1, typed)
		}
		assert.Equal(t, approval.StatePending, w.request(id).State)
		require.Equal(t, slack.Closed, w.fills(bob, aPart).Outcome, "and the corrected form goes through")
		w.becomes(id, approval.StateApproved)
	})
}

// What the menus do not offer can still be claimed by a payload.
func TestRulesForgedChangesAreRefused(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asksForMuch()
		modal := w.opens(bob, "card/approve_partial", string(id))
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
			answer := w.forgesSubmission(bob, "less", modal, part(tt.spoil))
			assert.Contains(t, answer, `"response_action":"errors"`, name)
			assert.Contains(t, answer, `"`+tt.at, name)
		}
		for _, who := range []string{alice, carol, gil, "U0NOBODY"} {
			answer := w.forgesSubmission(who, "less", modal, part())
			assert.Contains(t, answer, `"response_action":"update"`, who)
		}
		r := w.request(id)
		assert.Equal(t, approval.StatePending, r.State)
		assert.Empty(t, r.Approvals)
		assert.Len(t, r.Access.Roles, 2)
	})
}

func TestRulesChangesSentTwice(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asksForMuch()
		w.leavesAPart(id)
		again, err := w.Slack.SubmitAgain(w.ctx(), bob)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome)
		assert.Len(t, w.becomes(id, approval.StateApproved).Approvals, 1)
		assert.Equal(t, 1, w.entries(id, approval.EventApprove))
		w.rests(id)
		assert.Len(t, w.thread(id), 1)
	})
}

// Somebody else was faster while the form was open.
func TestRulesChangesSentTooLate(t *testing.T) {
	for name, tt := range map[string]struct {
		meanwhile func(*town, policy.ID)
		state     approval.State
		says      []string
	}{
		"denied": {func(w *town, id policy.ID) {
			w.opens(dana, "card/deny", string(id))
			w.submits(dana, "reason", "no")
		}, approval.StateDenied, []string{"@" + dana, "denied"}},
		"approved as it is": {func(w *town, id policy.ID) { w.approves(dana, id) }, approval.StateApproved, []string{"@" + dana, "approved"}},
		"withdrawn":         {func(w *town, _ policy.ID) { w.presses(alice, "requested/withdraw") }, approval.StateWithdrawn, []string{"@" + alice, "back"}},
		"lapsed":            {func(w *town, id policy.ID) { w.rests(id); w.passes(25 * time.Hour) }, approval.StateExpired, []string{"nobody decided in time"}},
	} {
		t.Run(name, func(t *testing.T) {
			bothDoors(t, func(t *testing.T, w *town) {
				id := w.asksForMuch()
				w.opens(bob, "card/approve_partial", string(id))
				tt.meanwhile(w, id)
				before := w.becomes(id, tt.state)
				assert.Equal(t, slack.Updated, w.fills(bob, aPart).Outcome)
				w.modalShows(bob, tt.says...)
				r := w.request(id)
				assert.Equal(t, before.Access, r.Access)
				assert.Empty(t, r.ReducedBy)
				require.NoError(t, w.Slack.CloseModal(w.ctx(), bob))
			})
		})
	}
}

// With two to approve, the second one's form was opened before the first one
// left something out: it would bring that back, and is not taken.
func TestRulesChangesSentAfterOthers(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.asksForMuch()
		w.opens(carol, "card/approve_partial", string(id))
		w.leavesAPart(id)
		w.endorsed(id, 1)
		result := w.fills(carol, map[string]string{"lifetime": "8h0m0s"})
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["roles"], "Organization Read Only")
		assert.Contains(t, result.Errors["networks"], "198.51.100.0/24")
		require.Equal(t, slack.Closed, w.fills(carol, aPart).Outcome)
		assert.Equal(t, policy.UserID(bob), w.becomes(id, approval.StateApproved).ReducedBy)
	})
}

func TestRulesStrangersChangeNothing(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		w.Slack.Join(carol, slack.Approvals)
		id := w.asksForMuch()
		before := w.request(id).Version
		w.pressesOn(carol, "card/approve_partial", string(id))
		w.isTold(carol, "Only approvers")
		w.pressesOn(alice, "card/approve_partial", string(id))
		w.isTold(alice, "your own request")
		card := w.card(id)
		for _, f := range []slack.Forgery{{User: gil}, {User: eve, TeamID: slack.OtherTeam}, {User: bob, TeamID: slack.OtherTeam}, {User: "U0NOBODY"}} {
			f.TS, f.ActionID, f.BlockID, f.Value = card.TS, "approve_partial", blockOf("card/approve_partial", id), string(id)
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), f))
			assert.Nil(t, w.Slack.Screen(f.User).Modal, f.User)
		}

		// Bob is no approver any more when he sends what he opened.
		w.opens(bob, "card/approve_partial", string(id))
		w.Slack.SetGroup(slack.Approvers, dana)
		w.rests(id)
		w.passes(20 * time.Minute)
		assert.Equal(t, slack.Updated, w.fills(bob, aPart).Outcome)
		w.modalShows(bob, "Only approvers")
		assert.Equal(t, before, w.request(id).Version)
	})
}

// Slack does not open the form at first, and then does not say who sent it.
func TestRulesChangesInBadWeather(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asksForMuch()
		w.spoils(goesWrong(wire.Slack, "views.open", wire.HTML503))
		w.pressesOn(bob, "card/approve_partial", string(id))
		w.isTold(bob, "Nothing was changed")
		w.opens(bob, "card/approve_partial", string(id))
		w.spoils(goesWrong(wire.Slack, "users.info", wire.HTML503))
		result := w.fills(bob, aPart)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["roles"], "press Approve again")
		assert.Equal(t, approval.StatePending, w.request(id).State)
		require.Equal(t, slack.Closed, w.fills(bob, nil).Outcome, "nothing that was filled in is lost")
		r := w.becomes(id, approval.StateApproved)
		assert.Equal(t, []policy.Role{"ORG_BILLING_READ_ONLY"}, r.Access.Roles)
	})
}

func TestRulesChangesSurviveARestart(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.asksForMuch()
	w.opens(bob, "card/approve_partial", string(id))
	w.restartBot()
	require.Equal(t, slack.Closed, w.fills(bob, aPart).Outcome)
	w.becomes(id, approval.StateApproved)
	w.reads(alice, "ready/issue", "8 hours instead of 24 hours")
	w.restartBot()
	w.presses(alice, "ready/issue")
	w.becomes(id, approval.StateDelivered)
	w.hasKey([]string{"ORG_BILLING_READ_ONLY"}, "203.0.113.7", "198.51.100.64/28")
}
