package approvaltest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/secret"
)

func TestMessengerSync(t *testing.T) {
	t.Parallel()
	messenger := &approvaltest.Messenger{}
	r, _ := request()
	r.Version = 1
	at, err := messenger.SyncMessage(t.Context(), r, approval.CardMessage)
	require.NoError(t, err)
	require.Equal(t, "C-approvers", at.Channel)
	require.NotEmpty(t, at.Digest)
	asked, err := messenger.SyncMessage(t.Context(), r, approval.RequestedMessage)
	require.NoError(t, err)
	require.Equal(t, "D-U_bo", asked.Channel)

	r.Version, r.State = 2, approval.StateApproved
	r.MessageRefs = map[approval.MessageName]approval.MessageRef{approval.CardMessage: at}
	again, err := messenger.SyncMessage(t.Context(), r, approval.CardMessage)
	require.NoError(t, err)
	require.Equal(t, at.TS, again.TS, "the same message")
	require.NotEqual(t, at.Digest, again.Digest)

	seen := messenger.Messages(r.ID)
	require.Len(t, seen, 2)
	require.Equal(t, approval.StateApproved, seen[0].Request.State)
	require.Equal(t, 2, seen[0].Synced)
	require.Equal(t, approval.StatePending, seen[1].Request.State, "not synced again")
}

func TestMessengerSyncFailures(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failure approvaltest.Failure
		want    int // messages after a second try
	}{
		"the post is lost":         {approvaltest.Lost(approvaltest.Transient("")), 1},
		"the post is not heard of": {approvaltest.AnswerLost(approvaltest.Indeterminate()), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messenger := &approvaltest.Messenger{}
			messenger.Fail(approvaltest.CallSyncMessage, tt.failure)
			r, _ := request()
			_, err := messenger.SyncMessage(t.Context(), r, approval.CardMessage)
			require.ErrorIs(t, err, tt.failure.Err)
			_, err = messenger.SyncMessage(t.Context(), r, approval.CardMessage)
			require.NoError(t, err)
			require.Len(t, messenger.Messages(r.ID), tt.want)
		})
	}
}

func TestMessengerReveal(t *testing.T) {
	t.Parallel()
	messenger := &approvaltest.Messenger{}
	messenger.Fail(approvaltest.CallRevealKey, approvaltest.Lost(approvaltest.Indeterminate()), approvaltest.AnswerLost(approvaltest.Indeterminate()))
	r, _ := request()
	c := approval.Credential{Key: approval.Key{ID: "k1"}, PrivateKey: secret.New("shown once")}
	require.Error(t, messenger.RevealKey(t.Context(), r, c))
	require.Empty(t, messenger.Revealed())
	require.Error(t, messenger.RevealKey(t.Context(), r, c))
	require.NoError(t, messenger.RevealKey(t.Context(), r, c))
	seen := messenger.Revealed()
	require.Len(t, seen, 2)
	require.Equal(t, policy.UserID("U_bo"), seen[0].To)
	require.Equal(t, "shown once", seen[0].PrivateKey.Reveal())
}
