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

// sendsForm is somebody's filled-in form.
func (w *town) sendsForm(who string, edit ...func(map[string]map[string]slack.Value)) slack.Result {
	w.t.Helper()
	w.opensForm(who)
	result, err := w.Slack.Submit(w.ctx(), who, wish(edit...))
	require.NoError(w.t, err)
	return result
}

// asksAs is a whole request of anybody's; it returns its id once it waits.
func (w *town) asksAs(who string, edit ...func(map[string]map[string]slack.Value)) policy.ID {
	w.t.Helper()
	require.Equal(w.t, slack.Closed, w.sendsForm(who, edit...).Outcome)
	all, err := w.store().ListByRequester(w.ctx(), policy.UserID(who))
	require.NoError(w.t, err)
	require.NotEmpty(w.t, all)
	w.rests(all[0].ID)
	return all[0].ID
}

// approves presses Approve on the card of one request.
func (w *town) approves(who string, id policy.ID) {
	w.t.Helper()
	w.pressesOn(who, "card/approve", string(id))
}

// endorsed waits until a request has n approvals and still waits.
func (w *town) endorsed(id policy.ID, n int) approval.Request {
	w.t.Helper()
	r := w.onDisk(id, "has more approvals", func(r approval.Request) bool { return len(r.Approvals) == n })
	require.Equal(w.t, approval.StatePending, r.State)
	w.rests(id)
	return w.request(id)
}

// isTold waits for an answer with all the words that only who can read.
func (w *town) isTold(who string, words ...string) { w.t.Helper(); w.isToldTimes(1, who, words...) }

func (w *town) isToldTimes(times int, who string, words ...string) {
	w.t.Helper()
	w.sees(who, "an answer with "+strings.Join(words, " + "), func(s slack.Screen) bool {
		n := 0
		for _, c := range s.Conversations {
			for _, m := range c.Messages {
				if m.Ephemeral && holds(m, words...) {
					n++
				}
			}
		}
		return n >= times
	})
}

// messages are those of one conversation as somebody sees it, oldest first.
func (w *town) messages(who, conversation string) []slack.Message {
	for _, c := range w.Slack.Screen(who).Conversations {
		if c.ID == conversation {
			return c.Messages
		}
	}
	return nil
}

// thread is what stands under a request's card, oldest first.
func (w *town) thread(id policy.ID) []slack.Message {
	w.t.Helper()
	card := w.request(id).MessageRefs[approval.CardMessage].TS
	require.NotEmpty(w.t, card)
	var under []slack.Message
	for _, m := range w.messages(bob, slack.Approvals) {
		if m.ThreadTS == card && m.TS != card {
			under = append(under, m)
		}
	}
	return under
}

// under waits for a message with all the words in a request's thread.
func (w *town) under(id policy.ID, words ...string) slack.Message {
	w.t.Helper()
	var found slack.Message
	w.until("under the card there is "+strings.Join(words, " + "), func() bool {
		for _, m := range w.thread(id) {
			if holds(m, words...) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// card is a request's card as it is now.
func (w *town) card(id policy.ID) slack.Message {
	w.t.Helper()
	w.rests(id)
	ts := w.request(id).MessageRefs[approval.CardMessage].TS
	for _, m := range w.messages(bob, slack.Approvals) {
		if m.TS == ts {
			return m
		}
	}
	w.t.Fatalf("%s has no card", id)
	return slack.Message{}
}

// chooses fills in some of the open modal; the app hears of what was chosen.
func (w *town) chooses(who string, values map[string]slack.Value) {
	w.t.Helper()
	filled := map[string]map[string]slack.Value{}
	for block, v := range values {
		filled[block] = map[string]slack.Value{block: v}
	}
	require.NoError(w.t, w.Slack.Fill(w.ctx(), who, filled))
}

// modalShows waits until somebody's open modal shows all the words.
func (w *town) modalShows(who string, words ...string) slack.Modal {
	w.t.Helper()
	return *w.sees(who, "in the modal "+strings.Join(words, " + "), func(s slack.Screen) bool {
		return s.Modal != nil && modalHolds(*s.Modal, words...)
	}).Modal
}

func modalHolds(m slack.Modal, words ...string) bool {
	return holds(slack.Message{Blocks: m.View}, words...)
}

// forgesSubmission sends a modal that nobody can fill in like that, and returns
// what the app answered.
func (w *town) forgesSubmission(who, callback string, m slack.Modal, values map[string]any) string {
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

// hasKey asserts what the one key that the bot made may do, and from where.
func (w *town) hasKey(roles []string, networks ...string) {
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
