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

// pressesOn waits for a message with a button and all the words, and uses it.
func (w *town) pressesOn(who, action string, words ...string) slack.Message {
	w.t.Helper()
	words = append(words, action)
	var c slack.Conversation
	var m slack.Message
	w.sees(who, "the button "+action, func(s slack.Screen) bool {
		var ok bool
		c, m, ok = find(s, words...)
		return ok
	})
	require.NoError(w.t, w.Slack.Click(w.ctx(), who, c.ID, m.TS, verbOf(action)))
	return m
}

// opens presses a button that opens a modal, and waits for that.
func (w *town) opens(who, action string, words ...string) slack.Modal {
	w.t.Helper()
	w.pressesOn(who, action, words...)
	return *w.sees(who, "a modal", func(s slack.Screen) bool { return s.Modal != nil }).Modal
}

// fills fills in the open modal, one value a block, and sends it.
func (w *town) fills(who string, values map[string]string) slack.Result {
	w.t.Helper()
	typed := map[string]map[string]slack.Value{}
	for block, v := range values {
		typed[block] = map[string]slack.Value{block: slack.Text(v)}
	}
	result, err := w.Slack.Submit(w.ctx(), who, typed)
	require.NoError(w.t, err)
	return result
}

// follower is the newest request about the key of id.
func (w *town) follower(id policy.ID, purpose approval.RequestType) policy.ID {
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

// rests waits until everybody sees a request as it is. The clock is moved in
// between only: a job in hand would seem to take hours.
func (w *town) rests(ids ...policy.ID) {
	w.t.Helper()
	for _, id := range ids {
		w.until("everybody sees "+string(id), func() bool {
			r := w.request(id)
			for _, name := range r.Messages {
				if !name.ToApprovers() && !r.OwnerDeactivatedAt.IsZero() {
					continue // nobody is there to read it
				}
				if at := r.MessageRefs[name]; at.TS == "" || at.Shown < r.Version {
					return false
				}
			}
			return true
		})
	}
}

func (w *town) followers(id policy.ID) int {
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

// asksForTime is Alice's wish for a day more; it returns the request for it.
func (w *town) asksForTime(id policy.ID, button string) policy.ID {
	w.t.Helper()
	modal := w.opens(alice, button)
	assert.Contains(w.t, string(modal.View), w.request(id).Key.PublicKey)
	result := w.fills(alice, map[string]string{"lifetime": "24h0m0s", "reason": "the export is not done"})
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	more := w.follower(id, approval.Extension)
	w.reads(bob, "card/approve", string(more), "the export is not done")
	return more
}

func TestTheOwnerIsRemindedBeforeTheEnd(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		public := w.botKeys()[0].PublicKey
		w.rests(id)
		w.passes(6*time.Hour + time.Minute)
		first := w.reads(alice, "expiry_reminder/extend", "expiry_reminder/rotate", "expiry_reminder/revoke", public, "ends")
		w.rests(id)
		w.passes(time.Hour)
		w.until("the second message is the one with buttons", func() bool {
			_, m, ok := find(w.Slack.Screen(alice), "expiry_reminder/extend")
			return ok && m.TS != first.TS
		})
		w.sees(alice, "that the first has none", func(s slack.Screen) bool {
			n := 0
			for _, c := range s.Conversations {
				for _, m := range c.Messages {
					if holds(m, "expiry_reminder/extend") {
						n++
					}
				}
			}
			return n == 1
		})
		require.NoError(t, w.Slack.ClickStale(w.ctx(), alice, w.appDM(alice), first, "extend"))
		w.sees(alice, "the form all the same", func(s slack.Screen) bool { return s.Modal != nil })
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		w.pressesOn(alice, "expiry_reminder/revoke")
		w.becomes(id, approval.StateEnded)
		w.sees(alice, "no button any more", func(s slack.Screen) bool { _, _, there := find(s, "expiry_reminder/revoke"); return !there })
		assert.Empty(t, w.botKeys())
	})
}

func TestExtendApproved(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		ends := w.request(id).KeyExpiresAt
		w.rests(id)
		w.passes(6*time.Hour + time.Minute)
		more := w.asksForTime(id, "expiry_reminder/extend")
		again, err := w.Slack.SubmitAgain(w.ctx(), alice)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome, "one form is one request")
		assert.Equal(t, 1, w.followers(id))
		assert.Equal(t, ends, w.request(id).KeyExpiresAt, "asking changes nothing")

		card := w.pressesOn(bob, "card/approve", string(more))
		w.becomes(more, approval.StateApplied)
		assert.Equal(t, ends.Add(24*time.Hour), w.request(id).KeyExpiresAt)
		w.reads(alice, string(more), "Your key of request "+string(id)+" now ends")
		w.readsIn(bob, slack.Approvals, string(more), "now ends")
		_, _, again2 := find(w.Slack.Screen(alice), "outcome/request_again")
		assert.False(t, again2, "there is nothing to ask again")

		require.NoError(t, w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, card, "approve"))
		w.whispered(bob)
		assert.Equal(t, 1, w.entries(more, approval.EventApproveChange))
		w.rests(id, more)
		w.passes(2 * time.Hour)
		w.becomes(id, approval.StateActive)
		require.Len(t, w.botKeys(), 1, "it lives beyond its first end")
		w.rests(id)
		w.passes(24 * time.Hour)
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
	})
}

func TestExtendDenied(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		ends := w.request(id).KeyExpiresAt
		more := w.asksForTime(id, "ready/extend")
		w.opens(bob, "card/deny", string(more))
		w.submits(bob, "reason", "eight hours must do")
		w.becomes(more, approval.StateDenied)
		w.reads(alice, "eight hours must do", string(more))
		assert.Equal(t, ends, w.request(id).KeyExpiresAt)
		require.Len(t, w.botKeys(), 1)
	})
}

func TestExtendAKeyThatIsGoneMeanwhile(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		more := w.asksForTime(id, "ready/extend")
		w.opens(alice, "ready/extend") // a second form, open while the key goes
		w.pressesOn(alice, "ready/revoke")
		w.becomes(id, approval.StateEnded)
		result := w.fills(alice, map[string]string{"lifetime": "24h0m0s", "reason": "late"})
		assert.Equal(t, slack.Updated, result.Outcome, "the form says that it is too late")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		w.pressesOn(bob, "card/approve", string(more))
		assert.Equal(t, approval.CauseKeyNotActive, w.becomes(more, approval.StateFailed).Outcome.Cause)
		w.reads(alice, string(more), "was no longer live")
		w.readsIn(bob, slack.Approvals, string(more), "was no longer live")
		assert.Empty(t, w.botKeys())
	})
}

func TestMistakesInAWishForTime(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		w.opens(alice, "ready/extend")
		result := w.fills(alice, map[string]string{"lifetime": "24h0m0s", "reason": "  \n "})
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["reason"], "Say why")
		assert.Zero(t, w.followers(id))
	})
}

// Presses of somebody else's key, forged where Slack would not show them.
func TestStrangersChangeNoKey(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		w.rests(id)
		w.passes(6*time.Hour + time.Minute)
		ending := w.reads(alice, "expiry_reminder/extend")
		ready := w.reads(alice, "ready/extend")
		dm := w.appDM(alice)
		before := w.request(id).Version
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
		w.until("the refusals are in the audit trail", func() bool { return w.refusals(id) >= refused+8*4 })
		assert.Equal(t, before, w.request(id).Version)
		assert.Zero(t, w.followers(id))
		require.Len(t, w.botKeys(), 1)
	})
}
