package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// glass lets whoever is on call, which is Alice, take a key at once.
const glass = `
required_approvals:
  - from: [S0APPROVERS]
roles: {ORG_BILLING_READ_ONLY: {}, ORG_READ_ONLY: {}}
break_glass:
  allowed_requesters: [S0ONCALL]
  roles: [ORG_OWNER, ORG_READ_ONLY]
  lifetime: 2h
`

// outage is a filled-in form for break-glass.
func outage(edit ...func(map[string]map[string]slack.Value)) map[string]map[string]slack.Value {
	f := map[string]map[string]slack.Value{}
	for block, v := range map[string]slack.Value{
		"description": slack.Text("restart of production"),
		"roles":       slack.Pick("ORG_OWNER"),
		"networks":    slack.Text("203.0.113.7, 198.51.100.0/24"),
		"reason":      slack.Text("production is down, INC-7"),
	} {
		f[block] = map[string]slack.Value{block: v}
	}
	for _, e := range edit {
		e(f)
	}
	return f
}

// reachesForGlass types the command for an emergency and waits for the modal.
func (w *town) reachesForGlass(who string) slack.Modal {
	w.t.Helper()
	w.types(who, "emergency")
	return *w.sees(who, "the form for an emergency", func(s slack.Screen) bool { return s.Modal != nil }).Modal
}

// sendsOutage sends the open form for an emergency; it returns the request.
func (w *town) sendsOutage(edit ...func(map[string]map[string]slack.Value)) policy.ID {
	w.t.Helper()
	result, err := w.Slack.Submit(w.ctx(), alice, outage(edit...))
	require.NoError(w.t, err)
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	return w.newest()
}

// breaksGlass is a whole key of Alice's without approval, which she was shown.
func (w *town) breaksGlass() policy.ID {
	w.t.Helper()
	w.reachesForGlass(alice)
	id := w.sendsOutage()
	w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	w.becomes(id, approval.StateDelivered)
	return id
}

// alarms counts how often everybody who is there was called: by a message that
// was posted. One that is changed calls nobody, and must not say so.
func (w *town) alarms() (posted, redrawn int) {
	w.t.Helper()
	for _, c := range w.Wire.Calls() {
		form, err := url.ParseQuery(c.Request)
		if c.Side != wire.Slack || err != nil {
			continue
		}
		said := form.Get("text") + strings.ReplaceAll(form.Get("blocks"), `\u003c`, "<")
		switch calls := strings.Contains(said, "<!here"); {
		case calls && c.Operation == "chat.postMessage":
			posted++
		case calls:
			redrawn++
		}
	}
	return posted, redrawn
}

func TestBreakingTheGlass(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		modal := w.reachesForGlass(alice)
		for _, said := range []string{"without anybody's approval", "2 hours", slack.Approvals} {
			assert.Contains(t, string(modal.View), said)
		}
		assert.NotContains(t, string(modal.View), `"block_id":"lifetime"`)
		id := w.sendsOutage()
		note := w.readsIn(alice, slack.AppDM(alice), "MONGODB_ATLAS_PRIVATE_API_KEY")
		assert.True(t, note.Ephemeral)
		w.holdsTheLastShown()
		key := w.botKeys()[0]
		assert.Equal(t, []atlas.Role{{OrgID: w.environ["ATLAS_ORG_ID"], Name: "ORG_OWNER"}}, key.Roles)
		r := w.becomes(id, approval.StateDelivered)
		assert.Equal(t, r.Key.MadeAt.Add(2*time.Hour), r.KeyExpiresAt)
		assert.Empty(t, r.Approvals)

		card := w.readsIn(bob, slack.Approvals, "card/revoke_with_reason", string(id))
		for _, said := range []string{"Break-glass", "<@" + alice + ">", "Organization Owner", "203.0.113.7", "production is down, INC-7"} {
			assert.True(t, holds(card, said), said)
		}
		assert.False(t, holds(card, "card/approve"), "nobody is asked")
		w.readsIn(bob, slack.Approvals, "review/review", string(id), "production is down, INC-7")

		w.presses(alice, "key/confirm")
		w.becomes(id, approval.StateActive)
		w.rests(id)
		w.passes(2*time.Hour + time.Minute)
		w.becomes(id, approval.StateEnded)
		w.rests(id)
		assert.Empty(t, w.botKeys())
		posted, redrawn := w.alarms()
		assert.Equal(t, 1, posted, "the channel is called once")
		assert.Zero(t, redrawn)
		assert.Equal(t, 1, w.count(func(e approval.AuditEntry) bool {
			return e.Request == id && e.Event == approval.EventSubmit && e.Note == "break-glass" && e.By == alice && e.To == approval.StateIssuing
		}))
	})
}

func TestNobodyBreaksTheGlassUnlessNamed(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		for _, who := range []string{alice, bob} {
			w.types(who, "emergency")
			w.readsIn(who, slack.General, "not among them", "/atlas-key")
			assert.Nil(t, w.Slack.Screen(who).Modal)
		}
		w.types(gil, "emergency")
		w.readsIn(gil, slack.General, "Guests")
		assert.NotContains(t, w.opensHome(alice, "home/request"), "emergency")
		assert.Empty(t, w.ledger())
	})
}

// Whoever is not named when the form is sent, however it was come by, gets no
// key.
func TestBreakingTheGlassIsCheckedWhenItIsSent(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		w.types(bob, "emergency")
		w.readsIn(bob, slack.General, "not among them")
		for _, who := range []string{bob, carol, gil, eve, slack.Dee} {
			_, err := w.Slack.Forge(w.ctx(), []byte(w.forgedOutage(who, "ORG_OWNER")))
			require.NoError(t, err)
		}
		w.reachesForGlass(alice)
		w.Slack.SetGroup(oncall, carol) // the watch has changed
		w.passes(20 * time.Minute)
		result, err := w.Slack.Submit(w.ctx(), alice, outage())
		require.NoError(t, err)
		assert.Equal(t, slack.Updated, result.Outcome)
		assert.Contains(t, string(w.Slack.Screen(alice).Modal.View), "not among them")
		assert.Empty(t, w.ledger())
		assert.Empty(t, w.botKeys())
	})
}

// forgedOutage is a form for break-glass as nobody was shown it.
func (w *town) forgedOutage(who, role string) string {
	return sent(who, "emergency", "V0FORGED"+who, "org="+w.environ["ATLAS_ORG_ID"], map[string]any{
		"description": map[string]any{"value": "restart"},
		"roles":       map[string]any{"selected_options": []any{map[string]any{"value": role}}},
		"networks":    map[string]any{"value": "203.0.113.7"},
		"reason":      map[string]any{"value": "down"},
	})
}

func TestMistakesInAnEmergency(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		answer, err := w.Slack.Forge(w.ctx(), []byte(w.forgedOutage(alice, "ORG_BILLING_READ_ONLY")))
		require.NoError(t, err)
		assert.Contains(t, string(answer), `"roles":`, "what can be asked for is not what can be taken")
		w.reachesForGlass(alice)
		result, err := w.Slack.Submit(w.ctx(), alice, outage(field("reason", slack.Text(" \n "))))
		require.NoError(t, err)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors, "reason")
		result, err = w.Slack.Submit(w.ctx(), alice, outage(field("networks", slack.Text("10.0.0.1"))))
		require.NoError(t, err)
		assert.Contains(t, result.Errors["networks"], "private")
		assert.Empty(t, w.ledger())
		assert.Empty(t, w.botKeys())
		w.sendsOutage() // with everything put right, in the same form
		w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	})
}

func TestAnEmergencySentTwiceIsOneKey(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		id := w.breaksGlass()
		again, err := w.Slack.SubmitAgain(w.ctx(), alice)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome)
		w.presses(alice, "key/confirm")
		w.becomes(id, approval.StateActive)
		w.rests(id)
		assert.Len(t, w.ledger(), 1)
		w.holdsTheKeyOnly()
		assert.Len(t, w.issued(), 1, "no second key was made and thrown away")
		posted, _ := w.alarms()
		assert.Equal(t, 1, posted)
	}, func(o *sandbox.Options) { o.Redeliver = 1 })
}

// Whoever types the command somewhere else does not look at the conversation in
// which the key appears.
func TestAnEmergencyTypedElsewhere(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		require.NoError(t, w.Slack.View(alice, slack.General))
		w.reachesForGlass(alice)
		id := w.sendsOutage()
		w.becomes(id, approval.StateDelivered)
		ready := w.readsIn(alice, w.appDM(alice), "ready/replace", string(id))
		require.Len(t, w.Slack.Lost(), 1, "the note was shown to nobody")
		require.NoError(t, w.Slack.View(alice, w.appDM(alice)))
		require.NoError(t, w.Slack.Click(w.ctx(), alice, w.appDM(alice), ready.TS, "replace"))
		w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
		w.becomes(id, approval.StateDelivered)
		w.holdsTheLastShown()
		posted, _ := w.alarms()
		assert.Equal(t, 1, posted)
	}, func(o *sandbox.Options) { o.Slack.EphemeralNeedsLook = true })
}

// What break-glass gave is never prolonged: the form for more time does not
// open, and the key is still to be reviewed.
func TestAnEmergencyKeyGetsNoMoreTime(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		id := w.breaksGlass()
		w.presses(alice, "key/confirm")
		ends := w.becomes(id, approval.StateActive).KeyExpiresAt
		w.pressesOn(alice, "ready/extend", string(id))
		w.reads(alice, "This key was taken by break-glass, so it gets no more time")
		assert.Equal(t, ends, w.request(id).KeyExpiresAt)
		w.readsIn(bob, slack.Approvals, "review/review", string(id))
	})
}
