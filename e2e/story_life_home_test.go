package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// home waits until somebody's Home tab shows all the words, and returns it.
func (w *town) home(who string, words ...string) string {
	w.t.Helper()
	s := w.sees(who, "in the Home tab "+strings.Join(words, " + "), func(s slack.Screen) bool { return homeHolds(s, words...) })
	return string(s.Home)
}

func homeHolds(s slack.Screen, words ...string) bool {
	return len(s.Home) > 0 && holds(slack.Message{Blocks: json.RawMessage(s.Home)}, words...)
}

// opensHome opens the tab and waits for what it shows.
func (w *town) opensHome(who string, words ...string) string {
	w.t.Helper()
	require.NoError(w.t, w.Slack.OpenHome(w.ctx(), who))
	return w.home(who, words...)
}

func (w *town) pressesAtHome(who, action string, value ...string) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.ClickInHome(w.ctx(), who, verbOf(action), value...))
}

func TestHomeOfSomebodyWithAKey(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		assert.NotContains(t, w.opensHome(alice, "Nothing of yours waits or lives"), "Waiting for your decision")
		w.pressesAtHome(alice, "home/request")
		w.sees(alice, "the form", func(s slack.Screen) bool { return s.Modal != nil })
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		id := w.active()
		w.opensHome(alice, string(id), "home/extend", "home/rotate", "home/replace_access_list", "home/revoke")
		w.pressesAtHome(alice, "home/extend")
		w.sees(alice, "the form", func(s slack.Screen) bool { return s.Modal != nil })
		require.Equal(t, slack.Closed, w.fills(alice, map[string]string{"lifetime": "24h0m0s", "reason": "more"}).Outcome)
		more := w.follower(id, approval.Extension)
		w.home(alice, string(more), "home/withdraw") // drawn again when the form was sent
		w.pressesAtHome(alice, "home/withdraw", string(more))
		w.becomes(more, approval.StateWithdrawn)
		w.sees(alice, "that it is over", func(s slack.Screen) bool { return !homeHolds(s, string(more)) })

		w.pressesAtHome(alice, "home/rotate")
		next := w.follower(id, approval.Rotation)
		w.home(alice, "The successor is request "+string(next))
		w.pressesAtHome(alice, "home/rotate", string(id))
		w.home(alice, "has a successor already")

		w.pressesAtHome(alice, "home/replace_access_list", string(id))
		w.sees(alice, "the form", func(s slack.Screen) bool { return s.Modal != nil })
		require.Equal(t, slack.Closed, w.fills(alice, map[string]string{"networks": "203.0.113.7", "reason": "less"}).Outcome)
		w.becomes(w.follower(id, approval.AccessListChange), approval.StateApplied)
		w.hasList(id, "203.0.113.7")

		w.pressesAtHome(alice, "home/revoke", string(id))
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
	})
}

func TestHomeOfAnApprover(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		home := w.opensHome(bob, "Waiting for your decision", string(id), "invoices of October, TICKET-12", "home/approve", "No live key is like that")
		assert.Contains(t, home, "203.0.113.7")
		w.pressesAtHome(bob, "home/deny")
		w.sees(bob, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
		require.NoError(t, w.Slack.CloseModal(w.ctx(), bob))
		w.pressesAtHome(bob, "home/approve")
		w.becomes(id, approval.StateApproved)
		w.home(bob, "Nothing waits for your decision")
		w.readsIn(dana, slack.Approvals, string(id), "*Approved* by <@"+bob)

		w.presses(alice, "ready/issue")
		w.becomes(id, approval.StateDelivered)
		w.presses(alice, "key/confirm")
		w.becomes(id, approval.StateActive)
		w.opensHome(dana, string(id), "home/revoke_with_reason")
		w.pressesAtHome(dana, "home/revoke_with_reason")
		w.sees(dana, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
		w.submits(dana, "reason", "not needed")
		w.becomes(id, approval.StateEnded)
		w.reads(alice, "not needed", "because <@"+dana)
		w.home(dana, "No live key is like that")
		assert.Empty(t, w.botKeys())
	})
}

func TestTwoApproversAtHome(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		w.opensHome(bob, "home/approve")
		w.opensHome(dana, "home/approve")
		w.pressesAtHome(bob, "home/approve")
		w.becomes(id, approval.StateApproved)
		w.pressesAtHome(dana, "home/approve")
		w.home(dana, "was faster and approved it")
		assert.Equal(t, 1, w.entries(id, approval.EventApprove))
	})
}

func TestHomeSearchesLiveKeys(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		none := "No live key is like that"
		w.opensHome(bob, string(id))
		w.pressesAtHome(bob, "home/filter:owner", carol)
		w.home(bob, none)
		w.pressesAtHome(bob, "home/filter:owner", alice)
		w.home(bob, string(id))
		w.pressesAtHome(bob, "home/filter:role", "ORG_OWNER")
		w.home(bob, none)
		w.pressesAtHome(bob, "home/filter:role", "ORG_BILLING_READ_ONLY")
		w.home(bob, string(id))
		w.pressesAtHome(bob, "home/filter:end", "1h0m0s")
		w.home(bob, none)
		w.pressesAtHome(bob, "home/filter:end", "24h0m0s")
		w.home(bob, string(id))
		w.pressesAtHome(bob, "home/filter:role", "any")
		w.sees(bob, "any role", func(s slack.Screen) bool { return homeHolds(s, string(id)) && !homeHolds(s, "role=ORG") })
		w.pressesAtHome(bob, "home/filter:owner", carol)
		w.home(bob, none)
		w.opensHome(bob, none, "home/filter:none") // the search outlives a look elsewhere
		w.pressesAtHome(bob, "home/filter:none")
		w.sees(bob, "everything", func(s slack.Screen) bool { return homeHolds(s, string(id)) && !homeHolds(s, "home/filter:none") })
	})
}

func TestHomeTurnsPages(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	for range 11 {
		w.keyOfNobodysConcern()
	}
	w.opensHome(bob, "1 to 10 of 11 keys", "home/page:next")
	w.pressesAtHome(bob, "home/page:next")
	assert.NotContains(t, w.home(bob, "11 to 11 of 11 keys", "home/page:previous"), `"action_id":"page:next"`)
	w.pressesAtHome(bob, "home/page:previous")
	w.home(bob, "1 to 10 of 11 keys")
}

// keyOfNobodysConcern is a row of a live key, stored as it is.
func (w *town) keyOfNobodysConcern() {
	w.t.Helper()
	now := w.Clock.Now()
	id := approval.NewID()
	r := approval.Request{
		ID: id, Org: policy.OrgID(w.environ["ATLAS_ORG_ID"]), Kind: approval.APIKey, State: approval.StateActive, IdempotencyKey: string(id), Requester: alice,
		Access: policy.Access{Description: "stored", Roles: []policy.Role{"ORG_READ_ONLY"}}, RequestedAt: now, KeyExpiresAt: now.Add(24 * time.Hour),
	}
	_, err := w.store().Create(w.ctx(), r, approval.AuditEntry{At: now, Org: r.Org, Request: id, Event: approval.EventSubmit, To: r.State, By: alice})
	require.NoError(w.t, err)
}

func TestHomeOfThoseWhoMayNot(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		home := w.opensHome(carol, "Nothing of yours waits or lives")
		assert.NotContains(t, home, string(id))
		assert.NotContains(t, w.opensHome(gil, "Guests of this workspace cannot use this bot"), `"action_id":"request"`)

		// Whatever a payload claims, the service decides.
		before := w.request(id).Version
		for _, tt := range []struct{ who, team, action, reads string }{
			{carol, slack.TeamID, "home/approve", "Only approvers can decide"},
			{carol, slack.TeamID, "home/revoke_with_reason", "Only approvers and whoever asked"},
			{carol, slack.TeamID, "home/withdraw", "Only the person who asked"},
			{carol, slack.TeamID, "home/deny", "Only approvers can decide"},
			{alice, slack.TeamID, "home/approve", "This is your own request"},
			{alice, slack.TeamID, "home/revoke_with_reason", "has no key that could be revoked"},
			{alice, slack.TeamID, "home/retry", "I do not know this button"},
			{gil, slack.TeamID, "home/approve", "Guests"},
			{eve, slack.OtherTeam, "home/approve", ""},
			{bob, slack.OtherTeam, "home/approve", ""}, // an id that happens to be an approver's
		} {
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: tt.who, Payload: atHome(tt.who, tt.team, tt.action, string(id))}))
			if tt.reads != "" {
				w.home(tt.who, tt.reads)
			}
			assert.Nil(t, w.Slack.Screen(tt.who).Modal)
		}
		w.until("all are in the audit trail", func() bool { return w.refusals(id) >= 6 })
		assert.Equal(t, before, w.request(id).Version)
	})
}

// atHome is the payload of a press in a Home tab.
func atHome(who, team, action, value string) json.RawMessage {
	return json.RawMessage(click(who, "", "", action, value, func(p map[string]any) {
		p["user"] = map[string]any{"id": who, "team_id": team}
		p["container"] = map[string]any{"type": "view", "view_id": "V1"}
		p["view"] = map[string]any{"id": "V1", "type": "home", "callback_id": "home", "private_metadata": ""}
	}))
}
