package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// Without a policy file all is as ever: one of SLACK_APPROVERS.
func TestRulesWithoutAFile(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		w.Slack.Join(carol, slack.Approvals)
		w.opensForm(alice)
		modal := w.modalShows(alice, "This will go to 1 of", ofApprovers)
		for _, absent := range []string{`"org"`, `"projects"`, `"project_roles"`, `"network_presets"`, "ORG_OWNER"} {
			assert.False(t, modalHolds(modal, absent), absent)
		}
		assert.Nil(t, modal.Values["network_presets"])
		answer := w.forgesSubmission(alice, "form", modal, filled(put("network_presets", pickedMany("ci"))))
		assert.Contains(t, answer, `"response_action":"errors"`, "there is no network of that name")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		id := w.asks()
		assert.Equal(t, []policy.Requirement{{From: policy.Principals{Groups: []policy.GroupID{slack.Approvers}}, Count: 1}}, w.request(id).Requirements)
		callsNobody(t, w.card(id))
		w.approves(carol, id)
		w.isTold(carol, "Only approvers")
		w.approves(dana, id)
		assert.Equal(t, policy.UserID(dana), w.becomes(id, approval.StateApproved).Decision.By)
		w.hears(id, 1)
		assert.Zero(t, w.entries(id, approval.EventApprovalAdded))
		w.presses(alice, "ready/issue")
		w.becomes(id, approval.StateDelivered)
		w.hasKey([]string{"ORG_BILLING_READ_ONLY"}, "203.0.113.7", "198.51.100.0/24")
	})
}

// The form asks again what does not fit, and follows what is chosen, without a
// file as well.
func TestRulesTheFormWithoutAFile(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		w.opensForm(alice)
		w.chooses(alice, map[string]slack.Value{"reason": slack.Text("because")})
		w.chooses(alice, map[string]slack.Value{"roles": slack.Pick("ORG_BILLING_ADMIN"), "lifetime": slack.Pick("2160h0m0s")})
		modal := w.modalShows(alice, "This will go to 1 of", ofApprovers)
		assert.Equal(t, slack.Text("because"), modal.Values["reason"]["reason"])
		result, err := w.Slack.Submit(w.ctx(), alice, map[string]map[string]slack.Value{"networks": {"networks": slack.Text("")}})
		require.NoError(t, err)
		assert.Equal(t, slack.Refused, result.Outcome)
		assert.True(t, result.Local, "without named networks the addresses have to be filled in")
	})
}

// Half of the time that it may wait, it is brought up again; nobody is called.
func TestRulesWaitingWithoutAFile(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		w.rests(id)
		w.passes(12*time.Hour + time.Second)
		callsNobody(t, w.hears(id, 1))
		w.passes(12 * time.Hour)
		w.becomes(id, approval.StateExpired)
		w.hears(id, 2)
		assert.Zero(t, w.entries(id, approval.EventEscalate))
	})
}
