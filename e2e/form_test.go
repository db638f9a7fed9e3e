package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/slack"
)

func field(block string, v slack.Value) func(map[string]map[string]slack.Value) {
	return func(f map[string]map[string]slack.Value) { f[block] = map[string]slack.Value{block: v} }
}

func TestFormErrorsAppearAtTheirFields(t *testing.T) {
	onBothTransports(t, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		for typed, says := range map[string]string{
			"office":                              "office",
			"203.0.113.7/24":                      "203.0.113.0/24",
			"0.0.0.0/0":                           "/24",
			"10.1.2.3":                            "private",
			"127.0.0.1":                           "loopback",
			"sg-0a1b2c3d":                         "security group",
			strings.Repeat("203.0.113.7/33 ", 30): "more",
		} {
			result, err := w.Slack.Submit(w.ctx(), alice, requestInput(field("networks", slack.Text(typed))))
			require.NoError(t, err)
			require.Equal(t, slack.Refused, result.Outcome, typed)
			assert.Contains(t, result.Errors["networks"], says, typed)
			assert.Len(t, result.Errors, 1)
		}
		result, err := w.Slack.Submit(w.ctx(), alice, requestInput(field("networks", slack.Text("203.0.113.7 10.0.0.1, fe80::1"))))
		require.NoError(t, err)
		assert.Contains(t, result.Errors["networks"], "10.0.0.1", "all mistakes of a field at once")
		assert.Contains(t, result.Errors["networks"], "fe80::1")

		all, err := w.store().ListByRequester(w.ctx(), alice)
		require.NoError(t, err)
		assert.Empty(t, all, "nothing was recorded")
		result, err = w.Slack.Submit(w.ctx(), alice, requestInput())
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, result.Outcome, "and the corrected form goes through")
		w.WaitForMessage(bob, "card/approve")
	})
}

func TestFormSubmittedTwiceCreatesOneRequest(t *testing.T) {
	onBothTransports(t, func(t *testing.T, w *Env) {
		w.Request()
		_, err := w.Slack.SubmitAgain(w.ctx(), alice)
		require.NoError(t, err)
		all, err := w.store().ListByRequester(w.ctx(), alice)
		require.NoError(t, err)
		assert.Len(t, all, 1)
	})
}

func TestAddressesAreShownNormalized(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		w.Request(field("networks", slack.Text("203.0.113.7 203.0.113.0/24, 203.0.113.7\n2001:db8::1")))
		for _, who := range []string{alice, bob} {
			m := w.WaitForMessage(who, "203.0.113.0/24", "2001:db8::1")
			assert.False(t, contains(m, "203.0.113.7"))
		}
	})
}

func TestCommandWorksInEveryConversation(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		for _, place := range []string{slack.General, slack.Approvals, slack.AliceCarol} {
			require.NoError(t, w.Slack.Command(w.ctx(), alice, place, "/atlas-key", ""))
			w.WaitForScreen(alice, "the form", func(s slack.Screen) bool { return s.Modal != nil })
			require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

			require.NoError(t, w.Slack.Command(w.ctx(), alice, place, "/atlas-key", "help"))
			w.WaitForMessageIn(alice, place, "/atlas-key list")
			require.NoError(t, w.Slack.Command(w.ctx(), alice, place, "/atlas-key", "frobnicate"))
			w.WaitForMessageIn(alice, place, "frobnicate")
		}
	})
}

func TestListShowsOwnKeysAndRevokes(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		public := w.botKeys()[0].PublicKey
		require.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", "list"))
		w.WaitForMessageIn(alice, slack.General, string(id), public, "list/revoke")
		w.Click(alice, "list/revoke")
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		require.NoError(t, w.Slack.Command(w.ctx(), carol, slack.General, "/atlas-key", "list"))
		m := w.WaitForNewestIn(carol, slack.General)
		assert.False(t, contains(m, string(id)), "no other user sees it")
	})
}

func TestUnauthorizedRequesterIsToldWhy(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		require.NoError(t, w.Slack.Command(w.ctx(), gil, slack.General, "/atlas-key", ""))
		w.WaitForMessageIn(gil, slack.General, "Guests")
		assert.Nil(t, w.Slack.Screen(gil).Modal)
	})
}

func TestUserTextIsEscaped(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		hostile := "<!channel> <@U0CAROL> <https://evil.example|your bank> *bold* `code` @here & <b>"
		w.Request(field("description", slack.Text(hostile)), field("reason", slack.Text(hostile+"\n> quoted")))
		w.Click(bob, "card/deny")
		w.WaitForScreen(bob, "the form", func(s slack.Screen) bool { return s.Modal != nil })
		w.SubmitText(bob, "reason", hostile)
		w.WaitForMessage(alice, "outcome/request_again")
		// The workspace looks for live mentions and links of what people typed in
		// everything the bot posts; newEnv asserts that it found none.
	})
}

func TestRequestWithoutEligibleApproverWarns(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, map[string]string{"SLACK_APPROVERS": alice})
	w.OpenForm(alice)
	view := string(w.Slack.Screen(alice).Modal.View)
	assert.Contains(t, view, "you're the only one", "the form says that no approver is eligible")
}
