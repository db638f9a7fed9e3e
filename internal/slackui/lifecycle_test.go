package slackui_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// transports are the ways from Slack to the bot; what depends on them is tested over each.
var transports = map[string][]func(*envOptions){
	"over Socket Mode":                      {},
	"over HTTP":                             {overHTTP},
	"with everything delivered twice":       {func(s *envOptions) { s.Redeliver = 1 }},
	"over HTTP, everything delivered twice": {overHTTP, func(s *envOptions) { s.Redeliver = 1 }},
}

func TestKeyLifecycle(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, edits...)
			r := d.request(alice)
			d.waitForMessage(alice, "Waiting for 1 approval from <!subteam^S0APPROVERS> in <#C0APPROVALS>")

			d.click(bob, "card/approve")
			d.waitForState(r.ID, approval.StateApproved)
			d.waitForNoButton(bob, "card/approve")

			require.NoError(t, d.View(alice, aliceDM))
			d.click(alice, "ready/issue")
			d.waitForState(r.ID, approval.StateDelivered)
			_, note := d.waitForButton(alice, "key/confirm")
			require.True(t, note.Ephemeral)
			require.Contains(t, string(note.Blocks), approvaltest.PrivateKey(d.keys.Alive()[0].ID).Reveal())
			require.Equal(t, "Your Atlas API key is here.", note.Text)

			d.click(alice, "key/confirm")
			d.waitForState(r.ID, approval.StateActive)
			d.waitForNoButton(alice, "key/confirm")
			d.waitForMessage(bob, "has the key")

			d.command(alice, "list")
			d.click(alice, "list/revoke")
			d.waitForState(r.ID, approval.StateEnded)
			d.waitForMessage(alice, "was deleted: <@U0ALICE> revoked it")
			d.waitForMessage(bob, "was deleted")
			require.Empty(t, d.keys.Alive())
			d.app.Wait()
			_, aside, told := find(d.Screen(bob), func(m sandbox.Message) bool { return m.Ephemeral })
			require.False(t, told, "no user is told anything twice: %s", aside.Text)
			d.requireClean()
		})
	}
}

func TestReplaceIssuesAnotherKey(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	d.click(dana, "card/approve")
	d.click(alice, "ready/issue")
	first := d.waitForState(r.ID, approval.StateDelivered).Key
	d.click(alice, "ready/replace")
	require.Eventually(t, func() bool { return d.keys.Made() == 2 }, maxWait, time.Millisecond)
	second := d.waitForState(r.ID, approval.StateDelivered).Key
	require.NotEqual(t, first.ID, second.ID)
	require.Len(t, d.keys.Alive(), 1)
	d.click(alice, "ready/confirm")
	d.waitForState(r.ID, approval.StateActive)
	d.waitForMessage(alice, "Thank you. The key")
	d.requireClean()
}

func TestLostAnswerOfPostEphemeral(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	d.click(bob, "card/approve")
	d.faults.add(fault{method: "chat.postEphemeral", after: true, answer: connectionReset})
	d.click(alice, "ready/issue")
	d.waitForMessage(alice, "If a key appeared, it no longer works")
	require.Empty(t, d.keys.Alive())
	require.Equal(t, 1, d.faults.count("chat.postEphemeral"), "a note with a key is never sent again by itself")
	d.click(alice, "ready/issue")
	d.waitForState(r.ID, approval.StateDelivered)
}

func TestPostEphemeralNeedsAClearOK(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func() (*http.Response, error){
		"an error of the server":  status(500, "<html>"),
		"ok false, and no reason": status(200, `{"ok":false}`),
		"ok, and no message":      status(200, `{"ok":true}`),
		"half an answer":          status(200, `{"ok":true,"mess`),
		"too many calls":          status(429, `{"ok":false,"error":"ratelimited"}`),
		"a refusal":               status(200, `{"ok":false,"error":"messages_tab_disabled"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t)
			r := d.request(alice)
			d.click(bob, "card/approve")
			d.faults.add(fault{method: "chat.postEphemeral", answer: answer})
			d.click(alice, "ready/issue")
			d.waitForMessage(alice, "Slack didn't confirm delivery of the key.")
			require.Equal(t, approval.CauseNotShown, d.waitForState(r.ID, approval.StateApproved).Issuance.Cause)
			require.Empty(t, d.keys.Alive())
		})
	}
}

func TestDenialShowsReasonAndOffersRequestAgain(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	d.click(bob, "card/deny")
	d.waitForModal(bob)
	result, err := d.Submit(t.Context(), bob, values{"reason": {"reason": sandbox.Text("not on a Friday")}})
	require.NoError(t, err)
	require.Equal(t, sandbox.Closed, result.Outcome)
	d.waitForState(r.ID, approval.StateDenied)
	d.waitForMessage(alice, "not on a Friday")

	again, err := d.SubmitAgain(t.Context(), bob)
	require.NoError(t, err)
	require.Equal(t, sandbox.Closed, again.Outcome, "the same denial sent again is answered like the first")

	d.click(alice, "outcome/request_again")
	modal := d.waitForModal(alice)
	require.Equal(t, sandbox.Text("203.0.113.7\n198.51.100.0/24"), modal.Values["networks"]["networks"])
	require.Equal(t, sandbox.Pick("ORG_READ_ONLY"), modal.Values["roles"]["roles"])
	result, err = d.Submit(t.Context(), alice, nil)
	require.NoError(t, err)
	require.Equal(t, sandbox.Closed, result.Outcome)
	mine, err := d.store.ListByRequester(t.Context(), alice)
	require.NoError(t, err)
	require.Len(t, mine, 2)
	require.Equal(t, mine[1].Access, mine[0].Access)
	d.requireClean()
}

func TestFormWithErrorsStaysOpen(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, edits...)
			d.command(alice, "")
			d.waitForModal(alice)
			result, err := d.Submit(t.Context(), alice, filled(func(v values) {
				v["networks"]["networks"] = sandbox.Text("10.0.0.1 203.0.113.7/24 sg-0123abcd nonsense 0.0.0.0/0 <!channel>")
			}))
			require.NoError(t, err)
			require.Equal(t, sandbox.Refused, result.Outcome)
			require.False(t, result.Local)
			said := result.Errors["networks"]
			require.Contains(t, said, "“10.0.0.1” is a private address")
			require.Contains(t, said, "Use 203.0.113.0/24 for the network or 203.0.113.7 for one host.")
			require.Contains(t, said, "an API key can't have one")
			require.Contains(t, said, "(and 2 more)")

			result, err = d.Submit(t.Context(), alice, filled())
			require.NoError(t, err)
			require.Equal(t, sandbox.Closed, result.Outcome)
			again, err := d.SubmitAgain(t.Context(), alice)
			require.NoError(t, err)
			require.Equal(t, sandbox.Closed, again.Outcome)
			mine, err := d.store.ListByRequester(t.Context(), alice)
			require.NoError(t, err)
			require.Len(t, mine, 1, "one form is one request")
		})
	}
}

func TestUnauthorizedUserReadsWhy(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	d.click(alice, "card/approve")
	d.waitForMessage(alice, "This is your own request")
	d.Join(sandbox.Carol, sandbox.Approvals)
	d.click(sandbox.Carol, "card/deny")
	d.waitForMessage(sandbox.Carol, "Only approvers can decide")
	d.command(sandbox.Gil, "")
	d.waitForMessage(sandbox.Gil, "Guests can't use this bot")

	d.ShareChannel(sandbox.Approvals, true)
	d.click(sandbox.Eve, "card/approve")
	d.waitForMessage(sandbox.Eve, "Only members of this workspace")
	d.waitForState(r.ID, approval.StatePending)
}

func TestSlowerApproverReadsWhoDecided(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	where, card := d.waitForButton(bob, "card/approve")
	d.click(bob, "card/approve")
	d.waitForState(r.ID, approval.StateApproved)
	require.NoError(t, d.ClickStale(t.Context(), dana, where, card, "deny"))
	d.waitForMessage(dana, "<@U0BOB> already approved this")
	require.NoError(t, d.ClickStale(t.Context(), bob, where, card, "approve"))
	d.waitForMessage(bob, "You already decided on this")
	d.requireClean()
}

func TestDuplicateCardIsDisabled(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	d.faults.add(fault{method: "chat.postMessage", after: true, answer: connectionReset}) // the card is there, and no user knows where
	r := d.request(alice)
	d.waitForMessage(alice, "can't reach the approvers' channel yet")
	_, stray := d.waitForButton(bob, "card/approve")
	d.advanceUntil(func() bool {
		r, _ = d.store.Get(t.Context(), r.ID)
		return r.MessageRefs[approval.CardMessage].TS != ""
	}, "a second card")
	require.NotEqual(t, stray.TS, r.MessageRefs[approval.CardMessage].TS)

	require.NoError(t, d.Click(t.Context(), bob, sandbox.Approvals, stray.TS, "approve"))
	d.waitForMessage(bob, "This is an older copy of the message")
	d.waitForState(r.ID, approval.StatePending)
	d.waitForScreen(bob, "the stray card without buttons", func(s sandbox.Screen) bool {
		_, m, _ := find(s, func(m sandbox.Message) bool { return m.TS == stray.TS })
		return !hasButton("card/approve")(m)
	})
	d.waitForMessage(alice, "Waiting for 1 approval from")
	_, copied, _ := find(d.waitForScreen(bob, "the stray card", func(sandbox.Screen) bool { return true }), func(m sandbox.Message) bool { return m.TS == stray.TS })
	require.NotContains(t, copied.Text+string(copied.Blocks), "Waits for", "what would not stay true")
	require.NoError(t, d.Click(t.Context(), bob, sandbox.Approvals, r.MessageRefs[approval.CardMessage].TS, "approve"))
	d.waitForState(r.ID, approval.StateApproved)
	d.requireClean()
}

func TestForgedClicksAreRefused(t *testing.T) {
	t.Parallel()
	for name, forged := range map[string]sandbox.Forgery{
		"of a button that never was":         {User: bob, ActionID: "explode", Value: "AKR-7F3K2"},
		"on a request that is no id":         {User: bob, ActionID: "approve", Value: "' OR 1=1 --"},
		"on a request that is not there":     {User: bob, ActionID: "approve", Value: "AKR-ZZZZZ"},
		"of a card's button on an ephemeral": {User: bob, ActionID: "approve", Ephemeral: true},
		"of a note's button on a card":       {User: alice, ActionID: "confirm", BlockID: "key:", Value: "AKR-7F3K2"},
		"in another channel":                 {User: bob, ActionID: "approve", BlockID: "card:", Conversation: "C0ELSEWHERE", TS: "1.1"},
		"of another workspace":               {User: bob, TeamID: "T0OTHER", ActionID: "approve"},
		"by no user we know":                 {User: "U0NOBODY", ActionID: "approve"},
		"in no message of the request":       {User: bob, ActionID: "approve", BlockID: "card:", TS: "1.1"},
		"in a message that was never due":    {User: bob, ActionID: "revoke", BlockID: "transfer.7:", TS: "1.1"},
		"in Home, as the block says":         {User: bob, ActionID: "approve", BlockID: "home:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t)
			r := d.request(alice)
			require.Eventually(t, func() bool {
				now, err := d.store.Get(t.Context(), r.ID)
				return err == nil && now.MessageRefs[approval.CardMessage].TS != ""
			}, 15*time.Second, time.Millisecond)
			if forged.Value == "" {
				forged.Value = string(r.ID)
			}
			if forged.BlockID != "" {
				forged.BlockID += string(r.ID)
			}
			require.NoError(t, d.ForgeClick(t.Context(), forged))
			d.app.Wait()
			d.waitForState(r.ID, approval.StatePending)
			require.NotContains(t, d.log.String(), "OR 1=1")
			require.NotContains(t, d.log.String(), "explode")
		})
	}
}

func TestUnknownKeyIsRevokedByApproversOnly(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	found := approval.Request{
		ID: "AKR-F00ND", Org: "65a1b2c3d4e5f60718293a4b", Kind: approval.APIKey, State: approval.StateActive, IdempotencyKey: "found",
		RequestedAt: time.Now(), Key: approval.Key{ID: "65a1b2c3d4e5f60718293aff", PublicKey: "abcdefgh"}, Messages: []approval.MessageName{approval.UnknownKeyNotice},
	}
	_, err := d.store.Create(t.Context(), found, approval.AuditEntry{At: time.Now(), Org: found.Org, Request: found.ID, Event: approval.EventAdopt, To: approval.StateActive})
	require.NoError(t, err)
	d.service.Wake()
	d.Join(sandbox.Carol, sandbox.Approvals)
	d.click(sandbox.Carol, "unknown_key/revoke")
	d.waitForMessage(sandbox.Carol, "Only approvers and the owner of a key can revoke it")
	d.waitForState(found.ID, approval.StateActive)
	d.click(bob, "unknown_key/revoke")
	d.waitForState(found.ID, approval.StateEnded)
	d.waitForMessage(dana, "was deleted: <@U0BOB> revoked it")
	d.requireClean()
}

func TestFormThatFailsToOpenIsReported(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	d.faults.add(fault{method: "views.open", answer: status(200, `{"ok":false,"error":"expired_trigger_id"}`)})
	d.command(alice, "")
	d.waitForMessage(alice, "The form didn't open in time")

	r := d.request(alice)
	d.faults.add(fault{method: "views.open", answer: connectionReset})
	d.click(bob, "card/deny")
	d.waitForMessage(bob, "didn't say whether the form is open")
	d.waitForState(r.ID, approval.StatePending)
}

func TestFormWarnsWhenNoEligibleApprover(t *testing.T) {
	t.Parallel()
	d := newEnv(t, func(s *envOptions) { s.policy.Requirements[0].From = policy.Principals{Users: []policy.UserID{alice}} })
	d.command(alice, "")
	require.Contains(t, string(d.waitForModal(alice).View), "you're the only one who could approve")
}

func TestHelp(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	d.command(alice, "help")
	d.waitForMessage(alice, "MongoDB Atlas API keys, with approval")
	d.command(bob, "<!channel> please")
	d.waitForMessage(bob, "I don't know `&lt;!channel&gt; please`")
	d.command(alice, "list")
	d.waitForMessage(alice, "You haven't requested a key yet")
	require.NoError(t, d.Command(t.Context(), alice, sandbox.AliceCarol, "/atlas-key", "HELP"), "also where the bot is not")
	d.requireClean()
}

func TestKeyMessageIsRemovedDespiteFault(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	d.click(bob, "card/approve")
	require.NoError(t, d.View(alice, aliceDM))
	d.click(alice, "ready/issue")
	d.waitForButton(alice, "key/confirm")
	d.waitForState(r.ID, approval.StateDelivered)
	d.faults.add(fault{method: "response_url", answer: connectionReset})
	d.click(alice, "key/confirm")
	d.waitForNoButton(alice, "key/confirm")
	d.requireClean()
}

// TestClickBeforeStateIsRecorded: the note stays while the key in it may be the
// one that works.
func TestClickBeforeStateIsRecorded(t *testing.T) {
	t.Parallel()
	written := make(chan struct{})
	d := newEnv(t, func(s *envOptions) {
		s.onMove = func(e approval.AuditEntry) (bool, error) {
			if e.Event == approval.EventDeliver {
				<-written
			}
			return true, nil
		}
	})
	r := d.request(alice)
	d.click(bob, "card/approve")
	require.NoError(t, d.View(alice, aliceDM))
	d.click(alice, "ready/issue")
	d.waitForButton(alice, "key/confirm")
	d.click(alice, "key/confirm")
	d.waitForMessage(alice, "Press that once more in a moment")
	d.app.Wait()
	_, _, there := find(d.Screen(alice), hasButton("key/confirm"))
	require.True(t, there)
	close(written)
	d.waitForState(r.ID, approval.StateDelivered)
	d.click(alice, "key/confirm")
	d.waitForState(r.ID, approval.StateActive)
	d.waitForNoButton(alice, "key/confirm")
}

func TestClickIsRefusedWhenUserLookUpFails(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	r := d.request(alice)
	_, _ = d.waitForButton(bob, "card/approve")
	d.faults.add(fault{method: "users.info", answer: status(500, "")})
	d.click(bob, "card/approve")
	d.waitForMessage(bob, "Slack didn't tell me in time who you are")
	d.waitForState(r.ID, approval.StatePending)
}

// connectionReset is a connection that breaks.
func connectionReset() (*http.Response, error) {
	return nil, errors.New("connection reset by the test")
}

func status(code int, body string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		return &http.Response{StatusCode: code, Status: http.StatusText(code), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}
