package slackui_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/slackui/client"
)

// viewState starts an env over HTTP, requests a key and returns its request with
// everything about it drawn.
func viewState(t *testing.T) (*env, *client.Messenger, approval.Request) {
	t.Helper()
	d := newEnv(t, overHTTP)
	r := d.request(alice)
	d.waitForButton(bob, "card/approve")
	require.Eventually(t, func() bool {
		r, _ = d.store.Get(t.Context(), r.ID)
		return r.MessageRefs[approval.CardMessage].TS != "" && r.MessageRefs[approval.RequestedMessage].TS != ""
	}, maxWait, 1e6)
	return d, d.slack.Messenger(policy.Orgs{{ID: org, Policy: testPolicy()}}), r
}

func TestUnchangedMessageIsNotUpdated(t *testing.T) {
	t.Parallel()
	d, screens, r := viewState(t)
	before := r.MessageRefs[approval.CardMessage]
	calls := d.faults.count("chat.update")
	r.Version += 3
	at, err := screens.SyncMessage(t.Context(), r, approval.CardMessage)
	require.NoError(t, err)
	require.Equal(t, before, at)
	require.Equal(t, calls, d.faults.count("chat.update"))

	r.State = approval.StateWithdrawn
	at, err = screens.SyncMessage(t.Context(), r, approval.CardMessage)
	require.NoError(t, err)
	require.Equal(t, before.TS, at.TS)
	require.NotEqual(t, before.Digest, at.Digest)
	require.Equal(t, calls+1, d.faults.count("chat.update"))
}

func TestDeletedMessageIsPostedAgainWhileOpen(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"message_not_found", "cant_update_message", "edit_window_closed"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			d, screens, r := viewState(t)
			before := r.MessageRefs[approval.CardMessage]
			gone := func() {
				d.faults.add(fault{method: "chat.update", answer: status(200, `{"ok":false,"error":"`+code+`"}`)})
			}

			r.Access.Description = "changed"
			gone()
			at, err := screens.SyncMessage(t.Context(), r, approval.CardMessage)
			require.NoError(t, err)
			require.NotEqual(t, before.TS, at.TS)
			require.Equal(t, sandbox.Approvals, at.Channel)

			r.State = approval.StateWithdrawn
			gone()
			at, err = screens.SyncMessage(t.Context(), r, approval.CardMessage)
			require.NoError(t, err)
			require.Equal(t, before.TS, at.TS, "what is over needs no new message")
		})
	}
}

func TestSyncErrorsAreClassified(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string
		code   int
		want   approval.FailureClass
	}{
		"limited":       {`{"ok":false,"error":"ratelimited"}`, 429, approval.Transient},
		"refused":       {`{"ok":false,"error":"not_in_channel"}`, 200, approval.Permanent},
		"muddled":       {`{"ok":false}`, 200, approval.Indeterminate},
		"broken":        {`<html>`, 502, approval.Indeterminate},
		"half":          {`{"ok":tr`, 200, approval.Indeterminate},
		"ok, but where": {`{"ok":true}`, 200, approval.Indeterminate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, screens, r := viewState(t)
			r.MessageRefs = nil
			d.faults.add(fault{method: "chat.postMessage", answer: status(tt.code, tt.answer)})
			_, err := screens.SyncMessage(t.Context(), r, approval.CardMessage)
			f, ok := errors.AsType[*approval.CallError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, tt.want, f.Class)
		})
	}
}

func TestNoticesAreInTheCardsThread(t *testing.T) {
	t.Parallel()
	d, screens, r := viewState(t)
	r.State, r.Decision.By, r.Outcome.Cause = approval.StateFailed, bob, approval.CauseKeyLimit
	at, err := screens.SyncMessage(t.Context(), r, approval.FailedNotice)
	require.NoError(t, err)
	_, notice, ok := find(d.Screen(bob), func(m sandbox.Message) bool { return m.TS == at.TS })
	require.True(t, ok)
	require.Equal(t, r.MessageRefs[approval.CardMessage].TS, notice.ThreadTS)
	require.Contains(t, notice.Text, "reached its limit of API keys")

	r.MessageRefs = nil
	at, err = screens.SyncMessage(t.Context(), r, approval.DeletionOverdueNotice)
	require.NoError(t, err)
	require.Equal(t, sandbox.Approvals, at.Channel, "without a card it stands by itself")
}
