package e2e

import (
	"encoding/json"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// How people and groups are named in what the bot says.
const (
	ofApprovers = "subteam^" + slack.Approvers
	ofSecurity  = "subteam^" + security
)

// twoGroups takes one of the approvers (Bob, Dana) and one of security (Carol)
// for what Alice usually asks for.
const twoGroups = `
roles:
  ORG_READ_ONLY: {}
  ORG_BILLING_READ_ONLY:
    required_approvals:
      - from: [S0APPROVERS]
      - from: [S0SECURITY]
`

// withRoles chooses what the key may do.
func withRoles(names ...string) func(map[string]map[string]slack.Value) {
	return field("roles", slack.Pick(names...))
}

func withLifetime(d string) func(map[string]map[string]slack.Value) {
	return field("lifetime", slack.Pick(d))
}

func withAddresses(text string) func(map[string]map[string]slack.Value) {
	return field("networks", slack.Text(text))
}

// submitForm is a user's filled-in form.
func (w *Env) submitForm(who string, edit ...func(map[string]map[string]slack.Value)) slack.Result {
	w.t.Helper()
	w.OpenForm(who)
	result, err := w.Slack.Submit(w.ctx(), who, requestInput(edit...))
	require.NoError(w.t, err)
	return result
}

// requestAs is a whole request of any user's; it returns its id once it waits.
func (w *Env) requestAs(who string, edit ...func(map[string]map[string]slack.Value)) policy.ID {
	w.t.Helper()
	require.Equal(w.t, slack.Closed, w.submitForm(who, edit...).Outcome)
	all, err := w.store().ListByRequester(w.ctx(), policy.UserID(who))
	require.NoError(w.t, err)
	require.NotEmpty(w.t, all)
	w.WaitIdle(all[0].ID)
	return all[0].ID
}

// approve clicks Approve on the card of one request.
func (w *Env) approve(who string, id policy.ID) {
	w.t.Helper()
	w.ClickIn(who, "card/approve", string(id))
}

// waitForApprovals waits until a request has n approvals and still waits.
func (w *Env) waitForApprovals(id policy.ID, n int) approval.Request {
	w.t.Helper()
	r := w.WaitForRequest(id, "has more approvals", func(r approval.Request) bool { return len(r.Approvals) == n })
	require.Equal(w.t, approval.StatePending, r.State)
	w.WaitIdle(id)
	return w.stored(id)
}

// waitForNotification waits for an answer with all the words that only who can read.
func (w *Env) waitForNotification(who string, words ...string) {
	w.t.Helper()
	w.requireNotifications(1, who, words...)
}

func (w *Env) requireNotifications(times int, who string, words ...string) {
	w.t.Helper()
	w.WaitForScreen(who, "an answer with "+strings.Join(words, " + "), func(s slack.Screen) bool {
		n := 0
		for _, c := range s.Conversations {
			for _, m := range c.Messages {
				if m.Ephemeral && contains(m, words...) {
					n++
				}
			}
		}
		return n >= times
	})
}

// messages are those of one conversation as a user sees it, oldest first.
func (w *Env) messages(who, conversation string) []slack.Message {
	for _, c := range w.Slack.Screen(who).Conversations {
		if c.ID == conversation {
			return c.Messages
		}
	}
	return nil
}

// thread is what stands under a request's card, oldest first.
func (w *Env) thread(id policy.ID) []slack.Message {
	w.t.Helper()
	card := w.stored(id).MessageRefs[approval.CardMessage].TS
	require.NotEmpty(w.t, card)
	var under []slack.Message
	for _, m := range w.messages(bob, slack.Approvals) {
		if m.ThreadTS == card && m.TS != card {
			under = append(under, m)
		}
	}
	return under
}

// waitForThreadMessage waits for a message with all the words in a request's thread.
func (w *Env) waitForThreadMessage(id policy.ID, words ...string) slack.Message {
	w.t.Helper()
	var found slack.Message
	w.WaitUntil("under the card there is "+strings.Join(words, " + "), func() bool {
		for _, m := range w.thread(id) {
			if contains(m, words...) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// card is a request's card as it is now.
func (w *Env) card(id policy.ID) slack.Message {
	w.t.Helper()
	w.WaitIdle(id)
	ts := w.stored(id).MessageRefs[approval.CardMessage].TS
	for _, m := range w.messages(bob, slack.Approvals) {
		if m.TS == ts {
			return m
		}
	}
	w.t.Fatalf("%s has no card", id)
	return slack.Message{}
}

// choose fills in some of the open modal; the app hears of what was chosen.
func (w *Env) choose(who string, values map[string]slack.Value) {
	w.t.Helper()
	filled := map[string]map[string]slack.Value{}
	for block, v := range values {
		filled[block] = map[string]slack.Value{block: v}
	}
	require.NoError(w.t, w.Slack.Fill(w.ctx(), who, filled))
}

// modalShows waits until a user's open modal shows all the words.
func (w *Env) modalShows(who string, words ...string) slack.Modal {
	w.t.Helper()
	return *w.WaitForScreen(who, "in the modal "+strings.Join(words, " + "), func(s slack.Screen) bool {
		return s.Modal != nil && modalHolds(*s.Modal, words...)
	}).Modal
}

func modalHolds(m slack.Modal, words ...string) bool {
	return contains(slack.Message{Blocks: m.View}, words...)
}

// forgeSubmission sends a modal that no one can fill in like that, and returns
// what the app answered.
func (w *Env) forgeSubmission(who, callback string, m slack.Modal, values map[string]any) string {
	w.t.Helper()
	var view struct {
		Metadata string `json:"private_metadata"`
	}
	require.NoError(w.t, json.Unmarshal(m.View, &view))
	answer, err := w.Slack.Forge(w.ctx(), json.RawMessage(sent(who, callback, m.ViewID, view.Metadata, values)))
	require.NoError(w.t, err)
	return string(answer)
}

// pickedMany are the options chosen in a menu, as a payload has them.
func pickedMany(values ...string) map[string]any {
	chosen := []any{}
	for _, v := range values {
		chosen = append(chosen, map[string]any{"value": v})
	}
	return map[string]any{"selected_options": chosen}
}

func pickedOne(value string) map[string]any {
	return map[string]any{"selected_option": map[string]any{"value": value}}
}

// requireKey asserts what the one key that the bot made may do, and from where.
func (w *Env) requireKey(roles []string, networks ...string) {
	w.t.Helper()
	keys := w.botKeys()
	require.Len(w.t, keys, 1)
	var have []string
	for _, r := range keys[0].Roles {
		have = append(have, r.Name)
	}
	assert.ElementsMatch(w.t, roles, have)
	assert.ElementsMatch(w.t, networks, networksOf(keys[0]))
}
