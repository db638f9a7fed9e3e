package slackui_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

func withRates(s *envOptions) { s.RateLimits = true }

// asDocumented opens an env with Slack's documented rates over both transports.
func asDocumented(t *testing.T, scenario func(t *testing.T, d *env)) {
	t.Parallel()
	t.Run("over Socket Mode", func(t *testing.T) { t.Parallel(); scenario(t, newEnv(t, withRates)) })
	t.Run("over HTTP", func(t *testing.T) { t.Parallel(); scenario(t, newEnv(t, withRates, overHTTP)) })
}

func TestFastGuestsDoNotDelayApprovals(t *testing.T) {
	asDocumented(t, func(t *testing.T, d *env) {
		r := d.request(alice)
		for range 300 {
			require.NoError(t, d.OpenHome(t.Context(), sandbox.Gil))
		}
		require.Eventually(t, func() bool {
			require.NoError(t, d.OpenHome(t.Context(), sandbox.Gil))
			return strings.Contains(string(d.Screen(sandbox.Gil).Home), "You're faster than I can follow. Open this tab again in ")
		}, maxWait, 50*time.Millisecond)
		d.click(bob, "card/approve")
		d.waitForState(r.ID, approval.StateApproved)
		d.click(alice, "ready/issue")
		d.waitForState(r.ID, approval.StateDelivered)
		d.click(alice, "key/confirm")
		d.waitForState(r.ID, approval.StateActive)
		require.NotContains(t, d.log.String(), "method=users.info")
		d.requireClean()
	})
}

func TestFastSubmissionsDoNotDelayApprovals(t *testing.T) {
	asDocumented(t, func(t *testing.T, d *env) {
		r := d.request(alice)
		d.waitForButton(bob, "card/approve")
		taken, left := 0, 0
		for i := range 100 {
			answer, err := d.Forge(t.Context(), manyForms(t, sandbox.Carol, i))
			require.NoError(t, err)
			result := string(answer)
			if strings.Contains(result, "You're faster than I can follow, so this was not recorded. Nothing that you typed is lost: send it again in ") {
				left++
				continue
			}
			taken++
		}
		require.LessOrEqual(t, taken, 35)
		require.GreaterOrEqual(t, left, 65)
		card := d.waitForState(r.ID, approval.StatePending).MessageRefs[approval.CardMessage]
		require.NoError(t, d.Click(t.Context(), bob, card.Channel, card.TS, "approve"))
		d.waitForState(r.ID, approval.StateApproved)
	})
}

// manyForms is a form of user's, as Slack hands it over; each i is another one.
func manyForms(t *testing.T, user string, i int) json.RawMessage {
	t.Helper()
	state := map[string]any{}
	for id, text := range map[string]string{"description": "one of many", "networks": "203.0.113.7", "reason": "because"} {
		state[id] = map[string]any{id: map[string]string{"type": "plain_text_input", "value": text}}
	}
	state["roles"] = map[string]any{"roles": map[string]any{"selected_options": []any{map[string]any{"value": "ORG_READ_ONLY"}}}}
	state["lifetime"] = map[string]any{"lifetime": map[string]any{"selected_option": map[string]any{"value": "8h0m0s"}}}
	payload, err := json.Marshal(map[string]any{
		"type": "view_submission", "user": map[string]string{"id": user, "team_id": sandbox.TeamID},
		"view": map[string]any{"id": fmt.Sprintf("V%d", i), "callback_id": "form", "private_metadata": "org=" + string(org), "state": map[string]any{"values": state}},
	})
	require.NoError(t, err)
	return payload
}

// TestFastClicksDoNotDelayApprovals, three of them together, although
// each press is looked up.
func TestFastClicksDoNotDelayApprovals(t *testing.T) {
	asDocumented(t, func(t *testing.T, d *env) {
		r := d.request(alice)
		conversation, card := d.waitForButton(bob, "card/approve")
		for range 90 {
			for _, user := range []string{sandbox.Gil, sandbox.Carol, sandbox.Dee} {
				require.NoError(t, d.ForgeClick(t.Context(), sandbox.Forgery{
					User: user, TeamID: sandbox.TeamID, Conversation: conversation, TS: card.TS, ActionID: "approve", Value: string(r.ID),
				}))
			}
		}
		d.app.Wait()
		require.Greater(t, d.faults.count("users.info"), 90, "the limit was reached")
		d.waitForState(r.ID, approval.StatePending)
		d.click(bob, "card/approve")
		d.waitForState(r.ID, approval.StateApproved)
	})
}

// TestHomeDoesNotDelayRevocation: what is shown and what is done have a pace
// each.
func TestHomeDoesNotDelayRevocation(t *testing.T) {
	asDocumented(t, func(t *testing.T, d *env) {
		r := d.request(alice)
		d.click(bob, "card/approve")
		d.click(alice, "ready/issue")
		d.waitForState(r.ID, approval.StateDelivered)
		d.click(alice, "key/confirm")
		d.waitForState(r.ID, approval.StateActive)
		for range 100 {
			require.NoError(t, d.OpenHome(t.Context(), alice))
		}
		d.click(alice, "ready/revoke")
		d.waitForState(r.ID, approval.StateEnded)
	})
}

// TestTooFastUserReadsSentence, wherever it is done.
func TestTooFastUserReadsSentence(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	conversation, card := d.waitForButton(sandbox.Bob, "card/approve")
	for range 120 {
		require.NoError(t, d.Click(t.Context(), dana, conversation, card.TS, "deny"))
	}
	d.waitForMessage(dana, "You're faster than I can follow, so I left this one out and nothing was changed. Try again in ")
	for range 30 {
		d.command(alice, "list")
	}
	d.waitForMessage(alice, "You're faster than I can follow")
	d.waitForState(r.ID, approval.StatePending)
	d.click(bob, "card/approve")
	d.waitForState(r.ID, approval.StateApproved)
}
