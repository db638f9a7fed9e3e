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

// glass lets the user who is on call, which is Alice, take a key at once.
const glass = `
required_approvals:
  - from: [S0APPROVERS]
roles: {ORG_BILLING_READ_ONLY: {}, ORG_READ_ONLY: {}}
break_glass:
  allowed_requesters: [S0ONCALL]
  roles: [ORG_OWNER, ORG_READ_ONLY]
  lifetime: 2h
`

// breakGlassInput is a filled-in form for break-glass.
func breakGlassInput(edit ...func(map[string]map[string]slack.Value)) map[string]map[string]slack.Value {
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

// openBreakGlassForm types the command for an emergency and waits for the modal.
func (w *Env) openBreakGlassForm(who string) slack.Modal {
	w.t.Helper()
	w.Command(who, "emergency")
	return *w.WaitForScreen(who, "the form for an emergency", func(s slack.Screen) bool { return s.Modal != nil }).Modal
}

// submitBreakGlass sends the open form for an emergency; it returns the request.
func (w *Env) submitBreakGlass(edit ...func(map[string]map[string]slack.Value)) policy.ID {
	w.t.Helper()
	result, err := w.Slack.Submit(w.ctx(), alice, breakGlassInput(edit...))
	require.NoError(w.t, err)
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	return w.newestRequest()
}

// breakGlass is a whole key of Alice's without approval, which she was shown.
func (w *Env) breakGlass() policy.ID {
	w.t.Helper()
	w.openBreakGlassForm(alice)
	id := w.submitBreakGlass()
	w.ClickIn(alice, "ready/issue", string(id))
	w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	w.WaitForState(id, approval.StateDelivered)
	return id
}

// channelMentions counts how often everyone who is there was called: by a message that
// was posted. One that is changed calls no one, and must not say so.
func (w *Env) channelMentions() (posted, redrawn int) {
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

func TestBreakGlassIssuesKeyWithoutApproval(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		modal := w.openBreakGlassForm(alice)
		for _, said := range []string{"at once, without approval", "2 hours", slack.Approvals} {
			assert.Contains(t, string(modal.View), said)
		}
		assert.NotContains(t, string(modal.View), `"block_id":"lifetime"`)
		id := w.submitBreakGlass()
		w.WaitForMessageIn(alice, slack.General, "Your emergency key is ready: open my messages")
		ready := w.WaitForMessageIn(alice, slack.AppDM(alice), "Your emergency key is approved", "Show my key")
		assert.Equal(t, []string{alice}, ready.Notified)
		w.WaitIdle(id)
		assert.Empty(t, w.botKeys(), "a press proves that she is there")
		w.forgeIssue(bob, id, ready)
		assert.Equal(t, approval.StateApproved, w.stored(id).State)
		w.ClickIn(alice, "ready/issue", string(id))
		note := w.WaitForMessageIn(alice, slack.AppDM(alice), "MONGODB_ATLAS_PRIVATE_API_KEY")
		assert.True(t, note.Ephemeral)
		w.requireLastShownKey()
		key := w.botKeys()[0]
		assert.Equal(t, []atlas.Role{{OrgID: w.environ["ATLAS_ORG_ID"], Name: "ORG_OWNER"}}, key.Roles)
		r := w.WaitForState(id, approval.StateDelivered)
		assert.Equal(t, r.Key.MadeAt.Add(2*time.Hour), r.KeyExpiresAt)
		assert.Empty(t, r.Approvals)

		card := w.WaitForMessageIn(bob, slack.Approvals, "card/revoke_with_reason", string(id))
		for _, said := range []string{"Break-glass", "<@" + alice + ">", "Organization Owner", "203.0.113.7", "production is down, INC-7"} {
			assert.True(t, contains(card, said), said)
		}
		assert.Equal(t, []string{alice, bob, slack.Dana, carol}, card.Notified, "those who are there, and the approvers")
		assert.False(t, contains(card, "card/approve"), "no approver is asked")
		w.WaitForMessageIn(bob, slack.Approvals, "review/review", string(id), "production is down, INC-7")

		w.Click(alice, "key/confirm")
		w.WaitForState(id, approval.StateActive)
		w.WaitIdle(id)
		w.Advance(2*time.Hour + time.Minute)
		w.WaitForState(id, approval.StateEnded)
		w.WaitIdle(id)
		assert.Empty(t, w.botKeys())
		posted, redrawn := w.channelMentions()
		assert.Equal(t, 1, posted, "the channel is called once")
		assert.Zero(t, redrawn)
		assert.Equal(t, 1, w.count(func(e approval.AuditEntry) bool {
			return e.Request == id && e.Event == approval.EventSubmit && e.Note == "break-glass" && e.By == alice && e.To == approval.StateApproved
		}))
	})
}

func TestBreakGlassRequiresNamedRequester(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		for _, who := range []string{alice, bob} {
			w.Command(who, "emergency")
			w.WaitForMessageIn(who, slack.General, "not on the emergency list")
			assert.Nil(t, w.Slack.Screen(who).Modal)
		}
		w.Command(gil, "emergency")
		w.WaitForMessageIn(gil, slack.General, "Guests")
		assert.NotContains(t, w.OpenHome(alice, "home/request"), "emergency")
		assert.Empty(t, w.requestVersions())
	})
}

// A user who is not a named requester when the form is sent gets no
// key.
func TestBreakGlassIsAuthorizedOnSubmit(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		w.Command(bob, "emergency")
		w.WaitForMessageIn(bob, slack.General, "not on the emergency list")
		for _, who := range []string{bob, carol, gil, eve, slack.Dee} {
			_, err := w.Slack.Forge(w.ctx(), []byte(w.forgedBreakGlass(who, "ORG_OWNER")))
			require.NoError(t, err)
		}
		w.openBreakGlassForm(alice)
		w.Slack.SetGroup(onCall, carol) // the watch has changed
		w.Advance(20 * time.Minute)
		result, err := w.Slack.Submit(w.ctx(), alice, breakGlassInput())
		require.NoError(t, err)
		assert.Equal(t, slack.Updated, result.Outcome)
		assert.Contains(t, string(w.Slack.Screen(alice).Modal.View), "not on the emergency list")
		assert.Empty(t, w.requestVersions())
		assert.Empty(t, w.botKeys())
	})
}

// forgedBreakGlass is a form for break-glass as no one was shown it.
func (w *Env) forgedBreakGlass(who, role string) string {
	return sent(who, "breakglass", "V0FORGED"+who, "org="+w.environ["ATLAS_ORG_ID"], map[string]any{
		"description": map[string]any{"value": "restart"},
		"roles":       map[string]any{"selected_options": []any{map[string]any{"value": role}}},
		"networks":    map[string]any{"value": "203.0.113.7"},
		"reason":      map[string]any{"value": "down"},
	})
}

func TestBreakGlassFormErrors(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		answer, err := w.Slack.Forge(w.ctx(), []byte(w.forgedBreakGlass(alice, "ORG_BILLING_READ_ONLY")))
		require.NoError(t, err)
		assert.Contains(t, string(answer), `"roles":`, "what can be asked for is not what can be taken")
		w.openBreakGlassForm(alice)
		result, err := w.Slack.Submit(w.ctx(), alice, breakGlassInput(field("reason", slack.Text(" \n "))))
		require.NoError(t, err)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors, "reason")
		result, err = w.Slack.Submit(w.ctx(), alice, breakGlassInput(field("networks", slack.Text("10.0.0.1"))))
		require.NoError(t, err)
		assert.Contains(t, result.Errors["networks"], "private")
		assert.Empty(t, w.requestVersions())
		assert.Empty(t, w.botKeys())
		id := w.submitBreakGlass() // with everything put right, in the same form
		w.ClickIn(alice, "ready/issue", string(id))
		w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	})
}

func TestBreakGlassSubmittedTwiceIssuesOneKey(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		id := w.breakGlass()
		again, err := w.Slack.SubmitAgain(w.ctx(), alice)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome)
		w.Click(alice, "key/confirm")
		w.WaitForState(id, approval.StateActive)
		w.WaitIdle(id)
		assert.Len(t, w.requestVersions(), 1)
		w.requireOneKey()
		assert.Len(t, w.issued(), 1, "no second key was made and thrown away")
		posted, _ := w.channelMentions()
		assert.Equal(t, 1, posted)
	}, func(o *sandbox.Options) { o.Redeliver = 1 })
}

// The user who types the command somewhere else does not look at the conversation in
// which the key appears: they are led there, and press there.
func TestBreakGlassFromAnotherConversation(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		require.NoError(t, w.Slack.View(alice, slack.General))
		w.openBreakGlassForm(alice)
		id := w.submitBreakGlass()
		led := w.WaitForMessageIn(alice, slack.General, "Your emergency key is ready: open my messages", "<@"+slack.BotUser+">")
		assert.True(t, led.Ephemeral)
		ready := w.WaitForMessageIn(alice, slack.AppDM(alice), "ready/issue", string(id))
		require.NoError(t, w.Slack.View(alice, w.appDM(alice)))
		require.NoError(t, w.Slack.Click(w.ctx(), alice, w.appDM(alice), ready.TS, "issue"))
		w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
		w.WaitForState(id, approval.StateDelivered)
		assert.Empty(t, w.Slack.Lost(), "the key is not shown where no one looks")
		w.requireLastShownKey()
		posted, _ := w.channelMentions()
		assert.Equal(t, 1, posted)
	}, func(o *sandbox.Options) { o.Slack.EphemeralNeedsLook = true })
}

// forgeIssue clicks "Show my key" of another person's message.
func (w *Env) forgeIssue(who string, id policy.ID, said slack.Message) {
	w.t.Helper()
	before := w.refusals(id)
	require.NoError(w.t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{
		User: who, Conversation: slack.AppDM(alice), TS: said.TS, ActionID: "issue", BlockID: blockOf("ready/issue", id), Value: string(id),
	}))
	w.WaitUntil("it is refused", func() bool { return w.refusals(id) > before })
}

// A key that is not asked for while the emergency lasts is not issued later.
func TestBreakGlassExpiresWithoutPress(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		w.openBreakGlassForm(alice)
		id := w.submitBreakGlass()
		ready := w.WaitForMessageIn(alice, slack.AppDM(alice), "ready/issue", string(id))
		w.WaitIdle(id)
		w.Advance(2*time.Hour + time.Second)
		w.WaitForState(id, approval.StateExpired)
		w.clickStaleInDM(alice, ready, "ready/issue")
		w.waitForNotification(alice, "expired")
		assert.Empty(t, w.issued())
	})
}

// What break-glass gave is never prolonged: the form for more time does not
// open, and the key is still to be reviewed.
func TestBreakGlassKeyCannotBeExtended(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		id := w.breakGlass()
		w.Click(alice, "key/confirm")
		ends := w.WaitForState(id, approval.StateActive).KeyExpiresAt
		w.ClickIn(alice, "ready/extend", string(id))
		w.WaitForMessage(alice, "Emergency keys can't be extended")
		assert.Equal(t, ends, w.stored(id).KeyExpiresAt)
		w.WaitForMessageIn(bob, slack.Approvals, "review/review", string(id))
	})
}
