package e2e

import (
	"sync"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// SubmitText fills in one field of the open modal and sends it.
func (w *Env) SubmitText(who, block, text string) {
	w.t.Helper()
	result, err := w.Slack.Submit(w.ctx(), who, map[string]map[string]slack.Value{block: {block: slack.Text(text)}})
	require.NoError(w.t, err)
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
}

// WaitForEphemeral waits for a message that only who can read.
func (w *Env) WaitForEphemeral(who string) slack.Message {
	w.t.Helper()
	var found slack.Message
	w.WaitForScreen(who, "an answer", func(s slack.Screen) bool {
		for _, c := range s.Conversations {
			for _, m := range c.Messages {
				if m.Ephemeral {
					found = m
					return true
				}
			}
		}
		return false
	})
	return found
}

// WaitForMessageIn waits for a message with all the words in one conversation.
func (w *Env) WaitForMessageIn(who, conversation string, words ...string) slack.Message {
	w.t.Helper()
	var found slack.Message
	w.WaitForScreen(who, "in "+conversation, func(s slack.Screen) bool {
		for _, c := range s.Conversations {
			if c.ID != conversation {
				continue
			}
			for _, m := range c.Messages {
				if contains(m, words...) {
					found = m
					return true
				}
			}
		}
		return false
	})
	return found
}

// WaitForNewestIn waits for any message in a conversation and returns the newest.
func (w *Env) WaitForNewestIn(who, conversation string) slack.Message {
	w.t.Helper()
	return w.WaitForMessageIn(who, conversation)
}

// clickStaleInDM clicks a button of an old copy of a message in the app's DM.
func (w *Env) clickStaleInDM(who string, old slack.Message, action string) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.ClickStale(w.ctx(), who, w.appDM(who), old, verbOf(action)))
}

// appDM is a person's conversation with the bot.
func (w *Env) appDM(who string) string {
	w.t.Helper()
	for _, c := range w.Slack.Screen(who).Conversations {
		if c.Kind == slack.KindApp {
			return c.ID
		}
	}
	w.t.Fatalf("%s has no conversation with the bot", who)
	return ""
}

// requestWithoutApprovers asks where no one but Alice decides.
func (w *Env) requestWithoutApprovers() policy.ID {
	w.t.Helper()
	w.OpenForm(alice)
	result, err := w.Slack.Submit(w.ctx(), alice, requestInput())
	require.NoError(w.t, err)
	require.Equal(w.t, slack.Closed, result.Outcome)
	w.WaitForMessage(alice, "card/approve")
	return w.newestRequest()
}

// entries counts the lines of the audit trail about an event that happened.
func (w *Env) entries(id policy.ID, on approval.Event) int {
	return w.count(func(e approval.AuditEntry) bool { return e.Request == id && e.Event == on && e.Refused == "" })
}

// refusals counts the lines about what was refused.
func (w *Env) refusals(id policy.ID) int {
	return w.count(func(e approval.AuditEntry) bool { return e.Request == id && e.Refused != "" })
}

func (w *Env) count(match func(approval.AuditEntry) bool) int {
	w.t.Helper()
	n := 0
	require.NoError(w.t, w.store().Audit(w.ctx(), func(e approval.AuditEntry) error {
		if match(e) {
			n++
		}
		return nil
	}))
	return n
}

// parallelTrials does things at the same time.
func (w *Env) atOnce(all ...func() error) {
	w.t.Helper()
	var together sync.WaitGroup
	for _, do := range all {
		together.Go(func() { assert.NoError(w.t, do()) })
	}
	together.Wait()
}
