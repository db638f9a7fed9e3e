package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// A tab is what people are written to in. While it is off Slack refuses that.
type tab struct {
	approval.Messenger
	off   atomic.Bool
	posts atomic.Int32 // that it refused
}

var errTabOff = &approval.CallError{Class: approval.Permanent, Cause: approval.CauseNotPermitted, Code: "messages_tab_disabled"}

func (s *tab) SyncMessage(ctx context.Context, r approval.Request, name approval.MessageName) (approval.MessageRef, error) {
	if s.off.Load() && !name.ToApprovers() && r.MessageRefs[name].TS == "" {
		s.posts.Add(1)
		return approval.MessageRef{}, errTabOff
	}
	return s.Messenger.SyncMessage(ctx, r, name)
}

func (s *tab) RevealKey(ctx context.Context, r approval.Request, c approval.Credential) error {
	if s.off.Load() {
		return errTabOff
	}
	return s.Messenger.RevealKey(ctx, r, c)
}

func inEnvWithTab(t *testing.T, f func(w *env, s *tab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy())
		s := &tab{Messenger: w.Env.Messenger}
		w.Worker.Messenger = s
		w.Run(func() { f(w, s) })
	})
}

func TestWaitingMessagesArePostedOnceOneReachesTheUser(t *testing.T) {
	t.Parallel()
	inEnvWithTab(t, func(w *env, s *tab) {
		s.off.Store(true)
		first, second, others := w.SubmittedBy(alice, 1), w.SubmittedBy(alice, 2), w.SubmittedBy(carol, 3)
		w.Advance(2*time.Hour + time.Minute) // by now they wait for ten minutes
		require.False(t, w.HasMessage(second, approval.RequestedMessage))
		s.off.Store(false)
		_, err := w.Approve(t.Context(), as(bob), first)
		require.NoError(t, err)
		w.WaitIdle()
		require.True(t, w.HasMessage(first, approval.RequestedMessage))
		assert.True(t, w.HasMessage(second, approval.RequestedMessage), "what waited for the same person")
		assert.False(t, w.HasMessage(others, approval.RequestedMessage), "of others nothing is known")
		w.Advance(10 * time.Minute)
		assert.True(t, w.HasMessage(others, approval.RequestedMessage))
	})
}

func TestWaitingMessagesArePostedOnceAKeyIsShownToTheUser(t *testing.T) {
	t.Parallel()
	inEnvWithTab(t, func(w *env, s *tab) {
		first := w.SubmittedBy(alice, 1)
		_, err := w.Approve(t.Context(), as(bob), first)
		require.NoError(t, err)
		w.WaitIdle()
		s.off.Store(true)
		second := w.SubmittedBy(alice, 2)
		w.Advance(2*time.Hour + time.Minute)
		require.False(t, w.HasMessage(second, approval.RequestedMessage))
		s.off.Store(false)
		_, err = w.Issue(t.Context(), as(alice), first)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(first, approval.StateDelivered)
		assert.True(t, w.HasMessage(second, approval.RequestedMessage))
	})
}

func TestMessagesTabThatStaysOffIsNotTriedMoreOften(t *testing.T) {
	t.Parallel()
	inEnvWithTab(t, func(w *env, s *tab) {
		s.off.Store(true)
		for n := range 20 {
			w.SubmittedBy(alice, n)
		}
		w.Advance(2 * time.Hour)
		before := s.posts.Load()
		w.Advance(time.Hour)
		assert.LessOrEqual(t, s.posts.Load()-before, int32(20*7))
	})
}

func TestWaitingMessagesAreTriedWhenTheUserIsActive(t *testing.T) {
	t.Parallel()
	inEnvWithTab(t, func(w *env, s *tab) {
		s.off.Store(true)
		id, others := w.SubmittedBy(alice, 1), w.SubmittedBy(carol, 2)
		w.Advance(2*time.Hour + 2*time.Minute)
		before := s.posts.Load()
		for range 50 {
			w.Worker.UserActive(t.Context(), alice)
			w.WaitIdle()
		}
		assert.Equal(t, before+1, s.posts.Load(), "once a minute at most")
		s.off.Store(false)
		w.Advance(time.Minute)
		w.Worker.UserActive(t.Context(), alice)
		w.WaitIdle()
		assert.True(t, w.HasMessage(id, approval.RequestedMessage))
		assert.False(t, w.HasMessage(others, approval.RequestedMessage))
	})
}
