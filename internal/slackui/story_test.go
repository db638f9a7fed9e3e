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

// doors are both ways in; every story that is about them runs through both.
var doors = map[string][]func(*setup){
	"over Socket Mode":                      {},
	"over HTTP":                             {overHTTP},
	"with everything delivered twice":       {func(s *setup) { s.Redeliver = 1 }},
	"over HTTP, everything delivered twice": {overHTTP, func(s *setup) { s.Redeliver = 1 }},
}

func TestAKeyFromAskingToItsEnd(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, edits...)
			r := d.asks(alice)
			d.seesText(alice, "Waiting for 1 approval from <!subteam^S0APPROVERS> in <#C0APPROVALS>")

			d.presses(bob, "card/approve")
			d.is(r.ID, approval.StateApproved)
			d.noLongerSees(bob, "card/approve")

			require.NoError(t, d.View(alice, aliceDM))
			d.presses(alice, "ready/issue")
			d.is(r.ID, approval.StateDelivered)
			_, note := d.seesButton(alice, "key/confirm")
			require.True(t, note.Ephemeral)
			require.Contains(t, string(note.Blocks), approvaltest.PrivateKey(d.keys.Alive()[0].ID).Reveal())
			require.Equal(t, "Your Atlas API key is here.", note.Text)

			d.presses(alice, "key/confirm")
			d.is(r.ID, approval.StateActive)
			d.noLongerSees(alice, "key/confirm")
			d.seesText(bob, "has the key")

			d.types(alice, "list")
			d.presses(alice, "list/revoke")
			d.is(r.ID, approval.StateEnded)
			d.seesText(alice, "was deleted: <@U0ALICE> revoked it")
			d.seesText(bob, "was deleted")
			require.Empty(t, d.keys.Alive())
			d.app.Wait()
			_, aside, told := find(d.Screen(bob), func(m sandbox.Message) bool { return m.Ephemeral })
			require.False(t, told, "no user is told anything twice: %s", aside.Text)
			d.clean()
		})
	}
}

func TestAKeyThatWasNotSeenIsMadeAgain(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	d.presses(dana, "card/approve")
	d.presses(alice, "ready/issue")
	first := d.is(r.ID, approval.StateDelivered).Key
	d.presses(alice, "ready/replace")
	require.Eventually(t, func() bool { return d.keys.Made() == 2 }, reconnectBackoff, time.Millisecond)
	second := d.is(r.ID, approval.StateDelivered).Key
	require.NotEqual(t, first.ID, second.ID)
	require.Len(t, d.keys.Alive(), 1)
	d.presses(alice, "ready/confirm")
	d.is(r.ID, approval.StateActive)
	d.seesText(alice, "Thank you. The key")
	d.clean()
}

func TestAnAnswerOfPostEphemeralThatIsLost(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	d.presses(bob, "card/approve")
	d.weather.add(callError{method: "chat.postEphemeral", after: true, answer: cut})
	d.presses(alice, "ready/issue")
	d.seesText(alice, "If a key appeared, it no longer works")
	require.Empty(t, d.keys.Alive())
	require.Equal(t, 1, d.weather.count("chat.postEphemeral"), "a note with a key is never sent again by itself")
	d.presses(alice, "ready/issue")
	d.is(r.ID, approval.StateDelivered)
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
			d := open(t)
			r := d.asks(alice)
			d.presses(bob, "card/approve")
			d.weather.add(callError{method: "chat.postEphemeral", answer: answer})
			d.presses(alice, "ready/issue")
			d.seesText(alice, "Slack didn't confirm delivery of the key.")
			require.Equal(t, approval.CauseNotShown, d.is(r.ID, approval.StateApproved).Issuance.Cause)
			require.Empty(t, d.keys.Alive())
		})
	}
}

func TestDenyingTellsWhyAndOffersToAskAgain(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	d.presses(bob, "card/deny")
	d.seesModal(bob)
	result, err := d.Submit(t.Context(), bob, values{"reason": {"reason": sandbox.Text("not on a Friday")}})
	require.NoError(t, err)
	require.Equal(t, sandbox.Closed, result.Outcome)
	d.is(r.ID, approval.StateDenied)
	d.seesText(alice, "not on a Friday")

	again, err := d.SubmitAgain(t.Context(), bob)
	require.NoError(t, err)
	require.Equal(t, sandbox.Closed, again.Outcome, "the same denial sent again is answered like the first")

	d.presses(alice, "outcome/request_again")
	modal := d.seesModal(alice)
	require.Equal(t, sandbox.Text("203.0.113.7\n198.51.100.0/24"), modal.Values["networks"]["networks"])
	require.Equal(t, sandbox.Pick("ORG_READ_ONLY"), modal.Values["roles"]["roles"])
	result, err = d.Submit(t.Context(), alice, nil)
	require.NoError(t, err)
	require.Equal(t, sandbox.Closed, result.Outcome)
	mine, err := d.store.ListByRequester(t.Context(), alice)
	require.NoError(t, err)
	require.Len(t, mine, 2)
	require.Equal(t, mine[1].Access, mine[0].Access)
	d.clean()
}

func TestAFormWithMistakesStaysOpen(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, edits...)
			d.types(alice, "")
			d.seesModal(alice)
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

func TestWhoMayNotIsToldSo(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	d.presses(alice, "card/approve")
	d.seesText(alice, "This is your own request")
	d.Join(sandbox.Carol, sandbox.Approvals)
	d.presses(sandbox.Carol, "card/deny")
	d.seesText(sandbox.Carol, "Only approvers can decide")
	d.types(sandbox.Gil, "")
	d.seesText(sandbox.Gil, "Guests can't use this bot")

	d.ShareChannel(sandbox.Approvals, true)
	d.presses(sandbox.Eve, "card/approve")
	d.seesText(sandbox.Eve, "Only members of this workspace")
	d.is(r.ID, approval.StatePending)
}

func TestTheSlowerApproverReadsWhoWasFaster(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	where, card := d.seesButton(bob, "card/approve")
	d.presses(bob, "card/approve")
	d.is(r.ID, approval.StateApproved)
	require.NoError(t, d.ClickStale(t.Context(), dana, where, card, "deny"))
	d.seesText(dana, "<@U0BOB> already approved this")
	require.NoError(t, d.ClickStale(t.Context(), bob, where, card, "approve"))
	d.seesText(bob, "You already decided on this")
	d.clean()
}

func TestAStrayCardLosesItsButtons(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.weather.add(callError{method: "chat.postMessage", after: true, answer: cut}) // the card is there, and no user knows where
	r := d.asks(alice)
	d.seesText(alice, "can't reach the approvers' channel yet")
	_, stray := d.seesButton(bob, "card/approve")
	require.Eventually(t, func() bool {
		r, _ = d.store.Get(t.Context(), r.ID)
		return r.MessageRefs[approval.CardMessage].TS != ""
	}, 15*time.Second, 10*time.Millisecond)
	require.NotEqual(t, stray.TS, r.MessageRefs[approval.CardMessage].TS)

	require.NoError(t, d.Click(t.Context(), bob, sandbox.Approvals, stray.TS, "approve"))
	d.seesText(bob, "This is an older copy of the message")
	d.is(r.ID, approval.StatePending)
	d.sees(bob, "the stray card without buttons", func(s sandbox.Screen) bool {
		_, m, _ := find(s, func(m sandbox.Message) bool { return m.TS == stray.TS })
		return !has("card/approve")(m)
	})
	d.seesText(alice, "Waiting for 1 approval from")
	_, copied, _ := find(d.sees(bob, "the stray card", func(sandbox.Screen) bool { return true }), func(m sandbox.Message) bool { return m.TS == stray.TS })
	require.NotContains(t, copied.Text+string(copied.Blocks), "Waits for", "what would not stay true")
	require.NoError(t, d.Click(t.Context(), bob, sandbox.Approvals, r.MessageRefs[approval.CardMessage].TS, "approve"))
	d.is(r.ID, approval.StateApproved)
	d.clean()
}

func TestPressesThatNobodyCanMake(t *testing.T) {
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
			d := open(t)
			r := d.asks(alice)
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
			d.is(r.ID, approval.StatePending)
			require.NotContains(t, d.log.String(), "OR 1=1")
			require.NotContains(t, d.log.String(), "explode")
		})
	}
}

func TestAKeyOfWhichNothingIsKnownIsTheApproversToRevoke(t *testing.T) {
	t.Parallel()
	d := open(t)
	found := approval.Request{
		ID: "AKR-F00ND", Org: "65a1b2c3d4e5f60718293a4b", Kind: approval.APIKey, State: approval.StateActive, IdempotencyKey: "found",
		RequestedAt: time.Now(), Key: approval.Key{ID: "65a1b2c3d4e5f60718293aff", PublicKey: "abcdefgh"}, Messages: []approval.MessageName{approval.UnknownKeyNotice},
	}
	_, err := d.store.Create(t.Context(), found, approval.AuditEntry{At: time.Now(), Org: found.Org, Request: found.ID, Event: approval.EventAdopt, To: approval.StateActive})
	require.NoError(t, err)
	d.service.Wake()
	d.Join(sandbox.Carol, sandbox.Approvals)
	d.presses(sandbox.Carol, "unknown_key/revoke")
	d.seesText(sandbox.Carol, "Only approvers and the owner of a key can revoke it")
	d.is(found.ID, approval.StateActive)
	d.presses(bob, "unknown_key/revoke")
	d.is(found.ID, approval.StateEnded)
	d.seesText(dana, "was deleted: <@U0BOB> revoked it")
	d.clean()
}

func TestTheFormThatCouldNotBeOpened(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.weather.add(callError{method: "views.open", answer: status(200, `{"ok":false,"error":"expired_trigger_id"}`)})
	d.types(alice, "")
	d.seesText(alice, "The form didn't open in time")

	r := d.asks(alice)
	d.weather.add(callError{method: "views.open", answer: cut})
	d.presses(bob, "card/deny")
	d.seesText(bob, "didn't say whether the form is open")
	d.is(r.ID, approval.StatePending)
}

func TestALonelyAskerIsWarned(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) { s.policy.Requirements[0].From = policy.Principals{Users: []policy.UserID{alice}} })
	d.types(alice, "")
	require.Contains(t, string(d.seesModal(alice).View), "you're the only one who could approve")
}

func TestTheCommandExplainsItself(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.types(alice, "help")
	d.seesText(alice, "MongoDB Atlas API keys, with approval")
	d.types(bob, "<!channel> please")
	d.seesText(bob, "I don't know `&lt;!channel&gt; please`")
	d.types(alice, "list")
	d.seesText(alice, "You haven't requested a key yet")
	require.NoError(t, d.Command(t.Context(), alice, sandbox.AliceCarol, "/atlas-key", "HELP"), "also where the bot is not")
	d.clean()
}

func TestANoteIsRemovedAfterAFewTries(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	d.presses(bob, "card/approve")
	require.NoError(t, d.View(alice, aliceDM))
	d.presses(alice, "ready/issue")
	d.seesButton(alice, "key/confirm")
	d.is(r.ID, approval.StateDelivered)
	d.weather.add(callError{method: "response_url", answer: cut})
	d.presses(alice, "key/confirm")
	d.noLongerSees(alice, "key/confirm")
	d.clean()
}

// TestPressingFasterThanTheDisk: the note stays while the key in it may be the
// one that works.
func TestPressingFasterThanTheDisk(t *testing.T) {
	t.Parallel()
	written := make(chan struct{})
	d := open(t, func(s *setup) {
		s.onMove = func(e approval.AuditEntry) (bool, error) {
			if e.Event == approval.EventDeliver {
				<-written
			}
			return true, nil
		}
	})
	r := d.asks(alice)
	d.presses(bob, "card/approve")
	require.NoError(t, d.View(alice, aliceDM))
	d.presses(alice, "ready/issue")
	d.seesButton(alice, "key/confirm")
	d.presses(alice, "key/confirm")
	d.seesText(alice, "Press that once more in a moment")
	d.app.Wait()
	_, _, there := find(d.Screen(alice), has("key/confirm"))
	require.True(t, there)
	close(written)
	d.is(r.ID, approval.StateDelivered)
	d.presses(alice, "key/confirm")
	d.is(r.ID, approval.StateActive)
	d.noLongerSees(alice, "key/confirm")
}

func TestWhenSlackDoesNotSayWhoPressed(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.asks(alice)
	_, _ = d.seesButton(bob, "card/approve")
	d.weather.add(callError{method: "users.info", answer: status(500, "")})
	d.presses(bob, "card/approve")
	d.seesText(bob, "Slack didn't tell me in time who you are")
	d.is(r.ID, approval.StatePending)
}

// cut is a connection that breaks.
func cut() (*http.Response, error) { return nil, errors.New("connection reset by the weather") }

func status(code int, body string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		return &http.Response{StatusCode: code, Status: http.StatusText(code), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}
