package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// onPendingRequest runs a scenario that begins with a request that waits over the transports.
func onPendingRequest(t *testing.T, scenario func(t *testing.T, w *Env, id policy.ID, card slack.Message)) {
	t.Parallel()
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, id, card := newSecurityEnv(t, overHTTP)
			scenario(t, w, id, card)
		})
	}
}

// unreadableStatus is the status of what no one can make sense of: over the socket it
// is acknowledged, or Slack would deliver it for ever.
func (w *Env) unreadableStatus() int {
	if w.config().SlackAppToken.IsZero() {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

func TestUnreadablePayloadsAreRefused(t *testing.T) {
	onPendingRequest(t, func(t *testing.T, w *Env, id policy.ID, card slack.Message) {
		before := w.requestVersions()
		press := func(edit ...func(map[string]any)) string {
			return click(bob, slack.Approvals, card.TS, "card/approve", string(id), edit...)
		}
		for name, p := range map[string]string{
			"nothing": `{}`, "null": `null`, "a list": `["` + canary + `"]`, "a text": `"` + canary + `"`, "a number": `1e999999`, "true": `true`,
			"a deep list":              nested(9_000),
			"no user":                  press(without("user")),
			"a user that is null":      press(put("user", nil)),
			"a user that is a text":    press(put("user", canary)),
			"a user without an id":     press(put("user", map[string]any{"team_id": slack.TeamID, "name": canary})),
			"an id that is a number":   press(put("user", map[string]any{"id": 7, "team_id": slack.TeamID})),
			"actions that are a text":  press(put("actions", canary)),
			"actions that are texts":   press(put("actions", []any{canary})),
			"a value that is a number": press(put("actions", []any{map[string]any{"action_id": "approve", "block_id": blockOf("card/approve", id), "value": 7}})),
			"a container of texts":     press(put("container", []any{canary})),
			"a team that is a text":    press(put("team", canary)),
			"a view that is a text":    sent(alice, "form", "V1", "", nil, put("view", canary)),
			"a state that is a list":   sent(alice, "form", "V1", "", nil, put("view", map[string]any{"state": []any{canary}})),
		} {
			assert.Equal(t, w.unreadableStatus(), w.deliver(p), name)
			assert.Equal(t, before, w.requestVersions(), name)
		}
		w.requireUnharmed()
	})
}

// TestForgedActionsAreRefused are well-formed, and of nothing that can be clicked.
func TestForgedActionsAreRefused(t *testing.T) {
	onPendingRequest(t, func(t *testing.T, w *Env, id policy.ID, card slack.Message) {
		before := w.requestVersions()
		approve := map[string]any{"type": "button", "action_id": "approve", "block_id": blockOf("card/approve", id), "value": string(id)}
		hundred := make([]any, 100)
		for i := range hundred {
			hundred[i] = approve
		}
		press := func(edit ...func(map[string]any)) string {
			return click(bob, slack.Approvals, card.TS, "card/approve", string(id), edit...)
		}
		value := func(v any) func(map[string]any) {
			return put("actions", []any{map[string]any{"action_id": "approve", "block_id": blockOf("card/approve", id), "value": v}})
		}
		for name, p := range map[string]string{
			"no action":                        press(put("actions", []any{})),
			"no actions at all":                press(without("actions")),
			"actions that are null":            press(put("actions", nil)),
			"a hundred actions":                press(put("actions", hundred)),
			"two actions":                      press(put("actions", []any{approve, approve})),
			"an action that is null":           press(put("actions", []any{nil})),
			"an unknown button":                press(put("actions", []any{map[string]any{"action_id": canary, "value": string(id)}})),
			"a button without a name":          press(put("actions", []any{map[string]any{"value": string(id)}})),
			"a button without a value":         press(put("actions", []any{map[string]any{"action_id": "approve", "block_id": blockOf("card/approve", id)}})),
			"a value that is null":             press(value(nil)),
			"a value of an id and more":        press(value(string(id) + " " + canary)),
			"a value in small letters":         press(value(strings.ToLower(string(id)))),
			"a value with a NUL":               press(value(string(id) + "\x00")),
			"a huge value":                     press(value(strings.Repeat(canary, 10_000))),
			"a value of another alphabet":      press(value("AKR-ＡＢＣ")),
			"no team and none of the user's":   press(put("team", nil), put("user", map[string]any{"id": bob})),
			"a huge user":                      press(put("user", map[string]any{"id": strings.Repeat("U", 100_000), "team_id": slack.TeamID})),
			"a user with a NUL":                press(put("user", map[string]any{"id": bob + "\x00", "team_id": slack.TeamID})),
			"a user with a parameter":          press(put("user", map[string]any{"id": bob + "&user=" + alice, "team_id": slack.TeamID})),
			"no type":                          press(without("type")),
			"another type":                     press(put("type", canary)),
			"a shortcut":                       press(put("type", "message_action")),
			"a suggestion":                     press(put("type", "block_suggestion")),
			"a modal that was closed":          press(put("type", "view_closed")),
			"a press that claims to be a form": press(put("type", "view_submission")),
			"in an ephemeral message":          press(put("container", map[string]any{"channel_id": slack.Approvals, "message_ts": card.TS, "is_ephemeral": true})),
			"in another channel":               press(put("container", map[string]any{"channel_id": slack.General, "message_ts": card.TS})),
			"in another message":               press(put("container", map[string]any{"channel_id": slack.Approvals, "message_ts": "1700000000.000001"})),
			"in a message of no name":          press(put("container", map[string]any{"channel_id": slack.Approvals})),
			"in a message with a strange name": press(put("container", map[string]any{"channel_id": slack.Approvals, "message_ts": canary})),
			"nowhere":                          press(without("container")),
			"in a container that is null":      press(put("container", nil)),
			"in a view":                        press(put("container", map[string]any{"type": "view", "view_id": canary})),
		} {
			assert.Equal(t, http.StatusOK, w.deliver(p), name)
			assert.Equal(t, before, w.requestVersions(), name)
		}
		w.WaitForMessage(bob, "card/approve", string(id))
		w.requireUnharmed()
	})
}

// TestForgedSubmissionsAreRefused are sent to make a request, or to deny one, in a way
// in which no form of the bot's can.
func TestForgedSubmissionsAreRefused(t *testing.T) {
	onPendingRequest(t, func(t *testing.T, w *Env, id policy.ID, _ slack.Message) {
		before := w.requestVersions()
		text := func(block, v string) func(map[string]any) { return put(block, map[string]any{"value": v}) }
		form := func(edit ...func(map[string]any)) string {
			return sent(alice, "form", "V-"+canary, "", filled(edit...))
		}
		roles := func(all ...string) func(map[string]any) {
			chosen := []any{}
			for _, r := range all {
				chosen = append(chosen, map[string]any{"value": r})
			}
			return put("roles", map[string]any{"selected_options": chosen})
		}
		lifetime := func(v any) func(map[string]any) {
			return put("lifetime", map[string]any{"selected_option": map[string]any{"value": v}})
		}
		denial := func(who, of string) string {
			return sent(who, "deny", "V-"+canary, of, map[string]any{"reason": map[string]any{"value": canary}})
		}
		many := make([]string, 1_000)
		for i := range many {
			many[i] = fmt.Sprintf("%s-%d", canary, i)
		}
		for name, p := range map[string]string{
			"an unknown form":             sent(alice, canary, "V1", "", filled()),
			"a form of no name":           sent(alice, "", "V1", "", filled()),
			"no view":                     sent(alice, "form", "V1", "", nil, without("view")),
			"a view that is null":         sent(alice, "form", "V1", "", nil, put("view", nil)),
			"a form without an id":        sent(alice, "form", "", "", filled()),
			"an empty form":               sent(alice, "form", "V1", "", nil),
			"a form without a state":      sent(alice, "form", "V1", "", nil, put("view", map[string]any{"id": "V1", "callback_id": "form"})),
			"fields of another form":      sent(alice, "form", "V1", "", map[string]any{canary: map[string]any{"value": canary}}),
			"a role that is not offered":  form(roles("ORG_OWNER")),
			"a role with others":          form(roles("ORG_MEMBER", "ORG_OWNER")),
			"a role of a project":         form(roles("GROUP_OWNER")),
			"a thousand roles":            form(roles(many...)),
			"a lifetime not offered":      form(lifetime("876000h0m0s")),
			"a lifetime below zero":       form(lifetime("-8h")),
			"a lifetime that is none":     form(lifetime(canary)),
			"a lifetime that overflows":   form(lifetime("9999999999h")),
			"no lifetime":                 form(put("lifetime", map[string]any{"selected_option": nil})),
			"a huge description":          form(text("description", strings.Repeat(canary, 10_000))),
			"a huge reason":               form(text("reason", strings.Repeat(canary, 10_000))),
			"huge networks":               form(text("networks", strings.Repeat("203.0.113.7 "+canary+" ", 10_000))),
			"many networks":               form(text("networks", strings.Repeat("203.0.113.7,198.51.100.0/24\n", 5_000))),
			"networks with a NUL":         form(text("networks", "203.0.113.7\x00")),
			"networks with a zone":        form(text("networks", "fe80::1%"+canary)),
			"the whole internet":          form(text("networks", "0.0.0.0/0 ::/0")),
			"the whole internet, mapped":  form(text("networks", "::ffff:0.0.0.0/96")),
			"a description with a NUL":    form(text("description", canary+"\x00")),
			"an escape in a description":  form(text("description", "\x1b[2J"+canary)),
			"a description turned around": form(text("description", "\u202e"+canary)),
			"a description of two lines":  form(text("description", canary+"\nkeybot AKR-AAAAA")),
			"half a character":            strings.Replace(form(text("description", "HALF"+canary)), "HALF", "\xff\xfe", 1),
			"half a surrogate":            strings.Replace(form(text("description", "HALF"+canary)), "HALF", `\ud800`, 1),
			"a denial of nothing":         denial(bob, ""),
			"a denial of nonsense":        denial(bob, canary),
			"a denial of what is not":     denial(bob, "AKR-22222"),
			"a denial of an injection":    denial(bob, "' OR 1=1 --"),
			"a denial by the requester":   denial(alice, string(id)),
			"a denial by a non-approver":  denial(carol, string(id)),
			"a denial by a guest":         denial(gil, string(id)),
			"a denial from elsewhere":     denial(eve, string(id)),
			"a denial by the departed":    denial(slack.Dee, string(id)),
		} {
			assert.Equal(t, http.StatusOK, w.deliver(p), name)
			assert.Equal(t, before, w.requestVersions(), name)
		}
		w.WaitForMessage(bob, "card/approve", string(id))
		w.requireUnharmed()
	})
}

// TestDenialOfAnotherRequestIsRefused: what a modal remembers is not believed; who may
// decide on the request that it names is asked again.
func TestDenialOfAnotherRequestIsRefused(t *testing.T) {
	onPendingRequest(t, func(t *testing.T, w *Env, _ policy.ID, _ slack.Message) {
		require.Equal(t, http.StatusOK, w.deliver(sent(bob, "form", "V-of-bob", "", filled())))
		w.WaitForMessage(dana, "card/approve", bob)
		all, err := w.store().ListByRequester(t.Context(), policy.UserID(bob))
		require.NoError(t, err)
		require.Len(t, all, 1)
		before := w.requestVersions()
		assert.Equal(t, http.StatusOK, w.deliver(sent(bob, "deny", "V2", string(all[0].ID), nil)))
		assert.Equal(t, before, w.requestVersions())
		w.WaitUntil("it is in the audit trail", func() bool { return w.refusals(all[0].ID) == 1 })
		w.requireUnharmed()
	})
}

// TestDenialReasonIsShownAsPlainText: a denial counts, whatever its reason is made of;
// what cannot be seen is left out.
func TestDenialReasonIsShownAsPlainText(t *testing.T) {
	onPendingRequest(t, func(t *testing.T, w *Env, id policy.ID, _ slack.Message) {
		reason := map[string]any{"reason": map[string]any{"value": "no\x00\x1b[2J \u202ereason\r\nat all " + strings.Repeat("x", 2000)}}
		require.Equal(t, http.StatusOK, w.deliver(sent(bob, "deny", "V2", string(id), reason)))
		said := w.WaitForState(id, approval.StateDenied).Decision.Reason
		assert.True(t, strings.HasPrefix(said, "no[2J reason\nat all xxx"), "%q", said)
		assert.LessOrEqual(t, len([]rune(said)), 500)
		w.WaitForMessage(alice, "outcome/request_again")
		w.requireUnharmed()
	})
}

// TestUnknownEnvelopesAreAcknowledged are acknowledged and left.
func TestUnknownEnvelopesAreAcknowledged(t *testing.T) {
	t.Parallel()
	w, id, card := newSecurityEnv(t, false)
	before := w.requestVersions()
	press := click(bob, slack.Approvals, card.TS, "card/approve", string(id))
	for kind, p := range map[string]string{
		canary: press, "": press, "INTERACTIVE": press, "events_api": press, "slash_commands": `{"text":"` + canary + `"}`, "block_actions": press,
	} {
		require.NoError(t, w.Slack.SendEnvelope(t.Context(), kind, []byte(p)), kind)
		assert.Equal(t, before, w.requestVersions(), kind)
	}
	assert.Equal(t, 1, w.Slack.ConnectionsOpened())
	w.requireUnharmed()
}
