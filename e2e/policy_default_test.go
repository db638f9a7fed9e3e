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
func TestDefaultPolicy(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		w.Slack.Join(carol, slack.Approvals)
		w.OpenForm(alice)
		modal := w.modalShows(alice, "This needs 1 approval from", ofApprovers)
		for _, absent := range []string{`"org"`, `"projects"`, `"project_roles"`, `"network_presets"`, "ORG_OWNER"} {
			assert.False(t, modalHolds(modal, absent), absent)
		}
		assert.Nil(t, modal.Values["network_presets"])
		answer := w.forgeSubmission(alice, "form", modal, filled(put("network_presets", pickedMany("ci"))))
		assert.Contains(t, answer, `"response_action":"errors"`, "there is no network of that name")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		id := w.Request()
		assert.Equal(t, []policy.Requirement{{From: policy.Principals{Groups: []policy.GroupID{slack.Approvers}}, Count: 1}}, w.stored(id).Requirements)
		assert.Equal(t, both, w.card(id).Notified)
		w.approve(carol, id)
		w.waitForNotification(carol, "Only approvers")
		w.approve(dana, id)
		assert.Equal(t, policy.UserID(dana), w.WaitForState(id, approval.StateApproved).Decision.By)
		w.WaitIdle(id)
		assert.Empty(t, w.thread(id), "the card says it")
		assert.Zero(t, w.entries(id, approval.EventApprovalAdded))
		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateDelivered)
		w.requireKey([]string{"ORG_BILLING_READ_ONLY"}, "203.0.113.7", "198.51.100.0/24")
	})
}

// The form asks again what does not fit, and follows what is chosen, without a
// file as well.
func TestDefaultPolicyForm(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		w.choose(alice, map[string]slack.Value{"reason": slack.Text("because")})
		w.choose(alice, map[string]slack.Value{"roles": slack.Pick("ORG_BILLING_ADMIN"), "lifetime": slack.Pick("2160h0m0s")})
		modal := w.modalShows(alice, "This needs 1 approval from", ofApprovers)
		assert.Equal(t, slack.Text("because"), modal.Values["reason"]["reason"])
		result, err := w.Slack.Submit(w.ctx(), alice, map[string]map[string]slack.Value{"networks": {"networks": slack.Text("")}})
		require.NoError(t, err)
		assert.Equal(t, slack.Refused, result.Outcome)
		assert.True(t, result.Local, "without named networks the addresses have to be filled in")
	})
}

// Half of the time that it may wait, the approvers are reminded.
func TestDefaultPolicyReminders(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request()
		w.WaitIdle(id)
		w.Advance(12*time.Hour + time.Second)
		assert.Equal(t, both, w.waitForThreadReply(id, 1).Notified)
		w.Advance(12 * time.Hour)
		w.WaitForState(id, approval.StateExpired)
		w.waitForThreadReply(id, 2)
		assert.Zero(t, w.entries(id, approval.EventEscalate))
	})
}
