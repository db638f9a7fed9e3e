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

// WaitForHome waits until a user's Home tab shows all the words, and returns it.
func (w *Env) WaitForHome(who string, words ...string) string {
	w.t.Helper()
	s := w.WaitForScreen(who, "in the Home tab "+strings.Join(words, " + "), func(s slack.Screen) bool { return homeHolds(s, words...) })
	return string(s.Home)
}

func homeHolds(s slack.Screen, words ...string) bool {
	return len(s.Home) > 0 && contains(slack.Message{Blocks: json.RawMessage(s.Home)}, words...)
}

// OpenHome opens the tab and waits for what it shows.
func (w *Env) OpenHome(who string, words ...string) string {
	w.t.Helper()
	require.NoError(w.t, w.Slack.OpenHome(w.ctx(), who))
	return w.WaitForHome(who, words...)
}

func (w *Env) ClickInHome(who, action string, value ...string) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.ClickInHome(w.ctx(), who, verbOf(action), value...))
}

func TestHomeOfKeyOwner(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		assert.NotContains(t, w.OpenHome(alice, "No open requests or active keys"), "Waiting for your decision")
		w.ClickInHome(alice, "home/request")
		w.WaitForScreen(alice, "the form", func(s slack.Screen) bool { return s.Modal != nil })
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		id := w.active()
		w.OpenHome(alice, string(id), "home/extend", "home/rotate", "home/replace_access_list", "home/revoke")
		w.ClickInHome(alice, "home/extend")
		w.WaitForScreen(alice, "the form", func(s slack.Screen) bool { return s.Modal != nil })
		require.Equal(t, slack.Closed, w.SubmitFields(alice, map[string]string{"lifetime": "24h0m0s", "reason": "more"}).Outcome)
		more := w.successor(id, approval.Extension)
		w.WaitForHome(alice, string(more), "home/withdraw") // drawn again when the form was sent
		w.ClickInHome(alice, "home/withdraw", string(more))
		w.WaitForState(more, approval.StateWithdrawn)
		w.WaitForScreen(alice, "that it is over", func(s slack.Screen) bool { return !homeHolds(s, string(more)) })

		w.ClickInHome(alice, "home/rotate")
		next := w.successor(id, approval.Rotation)
		w.WaitForHome(alice, "The successor is request "+string(next))
		w.ClickInHome(alice, "home/rotate", string(id))
		w.WaitForHome(alice, "is already being replaced")

		w.ClickInHome(alice, "home/replace_access_list", string(id))
		w.WaitForScreen(alice, "the form", func(s slack.Screen) bool { return s.Modal != nil })
		require.Equal(t, slack.Closed, w.SubmitFields(alice, map[string]string{"networks": "203.0.113.7", "reason": "less"}).Outcome)
		w.WaitForState(w.successor(id, approval.AccessListChange), approval.StateApplied)
		w.requireAccessList(id, "203.0.113.7")

		w.ClickInHome(alice, "home/revoke", string(id))
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
	})
}

func TestHomeOfAnApprover(t *testing.T) {
	onBothTransports(t, func(t *testing.T, w *Env) {
		id := w.Request()
		home := w.OpenHome(bob, "Waiting for your decision", string(id), "invoices of October, TICKET-12", "home/approve", "No active keys match")
		assert.Contains(t, home, "203.0.113.7")
		w.ClickInHome(bob, "home/deny")
		w.WaitForScreen(bob, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
		require.NoError(t, w.Slack.CloseModal(w.ctx(), bob))
		w.ClickInHome(bob, "home/approve")
		w.WaitForState(id, approval.StateApproved)
		w.WaitForHome(bob, "No requests are waiting for your decision")
		w.WaitForMessageIn(dana, slack.Approvals, string(id), "*Approved* by <@"+bob)

		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateDelivered)
		w.Click(alice, "key/confirm")
		w.WaitForState(id, approval.StateActive)
		w.OpenHome(dana, string(id), "home/revoke_with_reason")
		w.ClickInHome(dana, "home/revoke_with_reason")
		w.WaitForScreen(dana, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
		w.SubmitText(dana, "reason", "not needed")
		w.WaitForState(id, approval.StateEnded)
		w.WaitForMessage(alice, "not needed", "<@"+dana)
		w.WaitForHome(dana, "No active keys match")
		assert.Empty(t, w.botKeys())
	})
}

func TestConcurrentApprovalsInHome(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request()
		w.OpenHome(bob, "home/approve")
		w.OpenHome(dana, "home/approve")
		w.ClickInHome(bob, "home/approve")
		w.WaitForState(id, approval.StateApproved)
		w.ClickInHome(dana, "home/approve")
		w.WaitForHome(dana, "already approved this")
		assert.Equal(t, 1, w.entries(id, approval.EventApprove))
	})
}

func TestHomeSearchesActiveKeys(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		none := "No active keys match"
		w.OpenHome(bob, string(id))
		w.ClickInHome(bob, "home/filter:owner", carol)
		w.WaitForHome(bob, none)
		w.ClickInHome(bob, "home/filter:owner", alice)
		w.WaitForHome(bob, string(id))
		w.ClickInHome(bob, "home/filter:role", "ORG_OWNER")
		w.WaitForHome(bob, none)
		w.ClickInHome(bob, "home/filter:role", "ORG_BILLING_READ_ONLY")
		w.WaitForHome(bob, string(id))
		w.ClickInHome(bob, "home/filter:end", "1h0m0s")
		w.WaitForHome(bob, none)
		w.ClickInHome(bob, "home/filter:end", "24h0m0s")
		w.WaitForHome(bob, string(id))
		w.ClickInHome(bob, "home/filter:role", "any")
		w.WaitForScreen(bob, "any role", func(s slack.Screen) bool { return homeHolds(s, string(id)) && !homeHolds(s, "role=ORG") })
		w.ClickInHome(bob, "home/filter:owner", carol)
		w.WaitForHome(bob, none)
		w.OpenHome(bob, none, "home/filter:none") // the search outlives a look elsewhere
		w.ClickInHome(bob, "home/filter:none")
		w.WaitForScreen(bob, "everything", func(s slack.Screen) bool { return homeHolds(s, string(id)) && !homeHolds(s, "home/filter:none") })
	})
}

func TestHomePaginates(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	for range 11 {
		w.storeUnrelatedKey()
	}
	w.OpenHome(bob, "1-10 of 11 keys", "home/page:next")
	w.ClickInHome(bob, "home/page:next")
	assert.NotContains(t, w.WaitForHome(bob, "11-11 of 11 keys", "home/page:previous"), `"action_id":"page:next"`)
	w.ClickInHome(bob, "home/page:previous")
	w.WaitForHome(bob, "1-10 of 11 keys")
}

// storeUnrelatedKey is a row of an active key, stored as it is.
func (w *Env) storeUnrelatedKey() {
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

func TestHomeOfUnauthorizedUser(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request()
		home := w.OpenHome(carol, "No open requests or active keys")
		assert.NotContains(t, home, string(id))
		assert.NotContains(t, w.OpenHome(gil, "Guests can't use this bot"), `"action_id":"request"`)

		// Whatever a payload claims, the service decides.
		before := w.stored(id).Version
		for _, tt := range []struct{ who, team, action, reads string }{
			{carol, slack.TeamID, "home/approve", "Only approvers can decide"},
			{carol, slack.TeamID, "home/revoke_with_reason", "Only approvers and the owner"},
			{carol, slack.TeamID, "home/withdraw", "Only the requester"},
			{carol, slack.TeamID, "home/deny", "Only approvers can decide"},
			{alice, slack.TeamID, "home/approve", "This is your own request"},
			{alice, slack.TeamID, "home/revoke_with_reason", "has no key that could be revoked"},
			{alice, slack.TeamID, "home/retry", "This button isn't available"},
			{gil, slack.TeamID, "home/approve", "Guests"},
			{eve, slack.OtherTeam, "home/approve", ""},
			{bob, slack.OtherTeam, "home/approve", ""}, // an id that happens to be an approver's
		} {
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: tt.who, Payload: atHome(tt.who, tt.team, tt.action, string(id))}))
			if tt.reads != "" {
				w.WaitForHome(tt.who, tt.reads)
			}
			assert.Nil(t, w.Slack.Screen(tt.who).Modal)
		}
		w.WaitUntil("all are in the audit trail", func() bool { return w.refusals(id) >= 6 })
		assert.Equal(t, before, w.stored(id).Version)
	})
}

// atHome is the payload of a click in a Home tab.
func atHome(who, team, action, value string) json.RawMessage {
	return json.RawMessage(click(who, "", "", action, value, func(p map[string]any) {
		p["user"] = map[string]any{"id": who, "team_id": team}
		p["container"] = map[string]any{"type": "view", "view_id": "V1"}
		p["view"] = map[string]any{"id": "V1", "type": "home", "callback_id": "home", "private_metadata": ""}
	}))
}
