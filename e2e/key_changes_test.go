package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// ClickIn waits for a message with a button and all the words, and uses it.
func (w *Env) ClickIn(who, action string, words ...string) slack.Message {
	w.t.Helper()
	words = append(words, action)
	var c slack.Conversation
	var m slack.Message
	w.WaitForScreen(who, "the button "+action, func(s slack.Screen) bool {
		var ok bool
		c, m, ok = find(s, words...)
		return ok
	})
	require.NoError(w.t, w.Slack.Click(w.ctx(), who, c.ID, m.TS, verbOf(action)))
	return m
}

// ClickOpensModal clicks a button that opens a modal, and waits for that.
func (w *Env) ClickOpensModal(who, action string, words ...string) slack.Modal {
	w.t.Helper()
	w.ClickIn(who, action, words...)
	return *w.WaitForScreen(who, "a modal", func(s slack.Screen) bool { return s.Modal != nil }).Modal
}

// SubmitFields fills in the open modal, one value a block, and sends it.
func (w *Env) SubmitFields(who string, values map[string]string) slack.Result {
	w.t.Helper()
	typed := map[string]map[string]slack.Value{}
	for block, v := range values {
		typed[block] = map[string]slack.Value{block: slack.Text(v)}
	}
	result, err := w.Slack.Submit(w.ctx(), who, typed)
	require.NoError(w.t, err)
	return result
}

// successor is the newest request about the key of id.
func (w *Env) successor(id policy.ID, purpose approval.RequestType) policy.ID {
	w.t.Helper()
	all, err := w.store().ListByRequester(w.ctx(), alice)
	require.NoError(w.t, err)
	for _, r := range all {
		if r.ParentID == id && r.Type == purpose {
			return r.ID
		}
	}
	w.t.Fatalf("no %s of %s", purpose, id)
	return ""
}

// WaitIdle waits until everyone sees requests as they are. The clock is moved in
// between only: a job in hand would seem to take hours.
func (w *Env) WaitIdle(ids ...policy.ID) {
	w.t.Helper()
	w.waitSynced(func(r approval.Request, name approval.MessageName) bool {
		return name.ToApprovers() || r.OwnerDeactivatedAt.IsZero() // otherwise no one is there to read it
	}, ids...)
}

// waitSynced waits until the bot has nothing to do, and the messages of requests that
// count show them as they are.
func (w *Env) waitSynced(counts func(approval.Request, approval.MessageName) bool, ids ...policy.ID) {
	w.t.Helper()
	w.WaitUntil("everyone sees the requests", func() bool {
		if _, isIdle := w.botStore.Load().idle(w.Clock.Now()); !isIdle {
			return false
		}
		return !slices.ContainsFunc(ids, func(id policy.ID) bool {
			r := w.stored(id)
			return slices.ContainsFunc(r.Messages, func(name approval.MessageName) bool { return counts(r, name) && r.IsOutOfDate(name) })
		})
	})
}

func (w *Env) countSuccessors(id policy.ID) int {
	w.t.Helper()
	all, err := w.store().ListByRequester(w.ctx(), alice)
	require.NoError(w.t, err)
	n := 0
	for _, r := range all {
		if r.ParentID == id {
			n++
		}
	}
	return n
}

// requestExtension is Alice's wish for a day more; it returns the request for it.
func (w *Env) requestExtension(id policy.ID, button string) policy.ID {
	w.t.Helper()
	modal := w.ClickOpensModal(alice, button)
	assert.Contains(w.t, string(modal.View), w.stored(id).Key.PublicKey)
	result := w.SubmitFields(alice, map[string]string{"lifetime": "24h0m0s", "reason": "the export is not done"})
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	more := w.successor(id, approval.Extension)
	w.WaitForMessage(bob, "card/approve", string(more), "the export is not done")
	return more
}

func TestOwnerIsRemindedBeforeExpiry(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request(withLifetime("24h0m0s"))
		w.approve(bob, id)
		w.ClickIn(alice, "ready/issue", string(id))
		w.WaitForState(id, approval.StateDelivered)
		w.ClickIn(alice, "key/confirm", string(id))
		w.WaitForState(id, approval.StateActive)
		public := w.botKeys()[0].PublicKey
		w.WaitIdle(id)
		w.Advance(18*time.Hour + time.Minute)
		first := w.WaitForMessage(alice, "expiry_reminder/extend", "expiry_reminder/rotate", "expiry_reminder/revoke", public, "expires")
		w.WaitIdle(id)
		w.Advance(5 * time.Hour)
		w.WaitUntil("the second message is the one with buttons", func() bool {
			_, m, ok := find(w.Slack.Screen(alice), "expiry_reminder/extend")
			return ok && m.TS != first.TS
		})
		w.WaitForScreen(alice, "that the first has none", func(s slack.Screen) bool {
			n := 0
			for _, c := range s.Conversations {
				for _, m := range c.Messages {
					if contains(m, "expiry_reminder/extend") {
						n++
					}
				}
			}
			return n == 1
		})
		require.NoError(t, w.Slack.ClickStale(w.ctx(), alice, w.appDM(alice), first, "extend"))
		w.WaitForScreen(alice, "the form all the same", func(s slack.Screen) bool { return s.Modal != nil })
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		w.ClickIn(alice, "expiry_reminder/revoke")
		w.WaitForState(id, approval.StateEnded)
		w.WaitForScreen(alice, "no button any more", func(s slack.Screen) bool { _, _, there := find(s, "expiry_reminder/revoke"); return !there })
		assert.Empty(t, w.botKeys())
	})
}

func TestExtendApproved(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		ends := w.stored(id).KeyExpiresAt
		w.WaitIdle(id)
		w.Advance(6*time.Hour + time.Minute)
		more := w.requestExtension(id, "expiry_reminder/extend")
		again, err := w.Slack.SubmitAgain(w.ctx(), alice)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome, "one form is one request")
		assert.Equal(t, 1, w.countSuccessors(id))
		assert.Equal(t, ends, w.stored(id).KeyExpiresAt, "asking changes nothing")

		card := w.ClickIn(bob, "card/approve", string(more))
		w.WaitForState(more, approval.StateApplied)
		assert.Equal(t, ends.Add(24*time.Hour), w.stored(id).KeyExpiresAt)
		w.WaitForMessage(alice, string(more), "Key of "+string(id)+" extended to")
		w.WaitForMessageIn(bob, slack.Approvals, string(more), "extended to")
		_, _, again2 := find(w.Slack.Screen(alice), "outcome/request_again")
		assert.False(t, again2, "there is nothing to ask again")

		require.NoError(t, w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, card, "approve"))
		w.WaitForEphemeral(bob)
		assert.Equal(t, 1, w.entries(more, approval.EventApproveChange))
		w.WaitIdle(id, more)
		w.Advance(2 * time.Hour)
		w.WaitForState(id, approval.StateActive)
		require.Len(t, w.botKeys(), 1, "it lives beyond its first end")
		w.WaitIdle(id)
		w.Advance(24 * time.Hour)
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
	})
}

func TestExtendDenied(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		ends := w.stored(id).KeyExpiresAt
		more := w.requestExtension(id, "ready/extend")
		w.ClickOpensModal(bob, "card/deny", string(more))
		w.SubmitText(bob, "reason", "eight hours must do")
		w.WaitForState(more, approval.StateDenied)
		w.WaitForMessage(alice, "eight hours must do", string(more))
		assert.Equal(t, ends, w.stored(id).KeyExpiresAt)
		require.Len(t, w.botKeys(), 1)
	})
}

func TestExtensionOfDeletedKeyFails(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		more := w.requestExtension(id, "ready/extend")
		w.ClickOpensModal(alice, "ready/extend") // a second form, open while the key goes
		w.ClickIn(alice, "ready/revoke")
		w.WaitForState(id, approval.StateEnded)
		result := w.SubmitFields(alice, map[string]string{"lifetime": "24h0m0s", "reason": "late"})
		assert.Equal(t, slack.Updated, result.Outcome, "the form says that it is too late")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		w.ClickIn(bob, "card/approve", string(more))
		assert.Equal(t, approval.CauseKeyNotActive, w.WaitForState(more, approval.StateFailed).Outcome.Cause)
		w.WaitForMessage(alice, string(more), "was no longer active")
		w.WaitForMessageIn(bob, slack.Approvals, string(more), "was no longer active")
		assert.Empty(t, w.botKeys())
	})
}

func TestExtensionFormErrors(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		w.ClickOpensModal(alice, "ready/extend")
		result := w.SubmitFields(alice, map[string]string{"lifetime": "24h0m0s", "reason": "  \n "})
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["reason"], "Enter a reason")
		assert.Zero(t, w.countSuccessors(id))
	})
}

// Presses of another user's key, forged where Slack would not show them.
func TestUnauthorizedUsersChangeNoKey(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		w.WaitIdle(id)
		w.Advance(6*time.Hour + time.Minute)
		ending := w.WaitForMessage(alice, "expiry_reminder/extend")
		ready := w.WaitForMessage(alice, "ready/extend")
		dm := w.appDM(alice)
		before := w.stored(id).Version
		refused := w.refusals(id)
		for _, action := range []string{"ready/extend", "ready/rotate", "ready/replace_access_list", "ready/revoke", "ready/retire_predecessor", "expiry_reminder/extend", "expiry_reminder/rotate", "expiry_reminder/revoke"} {
			ts := ready.TS
			if action[:6] == "expiry" {
				ts = ending.TS
			}
			for _, f := range []slack.Forgery{{User: carol}, {User: gil}, {User: eve, TeamID: slack.OtherTeam}, {User: alice, TeamID: slack.OtherTeam}} {
				f.Conversation, f.TS, f.ActionID, f.BlockID, f.Value = dm, ts, verbOf(action), blockOf(action, id), string(id)
				require.NoError(t, w.Slack.ForgeClick(w.ctx(), f))
				assert.Nil(t, w.Slack.Screen(f.User).Modal, "%s opened a form with %s", f.User, action)
			}
		}
		w.WaitUntil("the refusals are in the audit trail", func() bool { return w.refusals(id) >= refused+8*4 })
		assert.Equal(t, before, w.stored(id).Version)
		assert.Zero(t, w.countSuccessors(id))
		require.Len(t, w.botKeys(), 1)
	})
}
