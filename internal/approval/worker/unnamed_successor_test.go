package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// An interruptedStore runs something before a rotation stores its successor or
// names it. An error of it is that of the call, which then does nothing.
type interruptedStore struct {
	approval.Store
	creates, names func() error
}

func (s interruptedStore) Create(ctx context.Context, r approval.Request, e approval.AuditEntry) (approval.Request, error) {
	if r.Type == approval.Rotation && s.creates != nil {
		if err := s.creates(); err != nil {
			return approval.Request{}, err
		}
	}
	return s.Store.Create(ctx, r, e)
}

func (s interruptedStore) Move(ctx context.Context, next approval.Request, e approval.AuditEntry) (approval.Request, error) {
	if e.Event == approval.EventRotate && s.names != nil {
		if err := s.names(); err != nil {
			return approval.Request{}, err
		}
	}
	return s.Store.Move(ctx, next, e)
}

// onlySuccessor is the one request for a key that takes over from id's.
func (w *env) onlySuccessor(id policy.ID) approval.Request {
	w.T.Helper()
	all, err := w.Store.Successors(w.T.Context(), id)
	require.NoError(w.T, err)
	require.Len(w.T, all, 1)
	return all[0]
}

// ends are the ways in which a key goes.
var ends = map[string]func(w *env, id policy.ID) error{
	"revoked by an approver":  revocations["by an approver"],
	"revoked by the operator": revocations["by the operator"],
	"revoked by its owner": func(w *env, id policy.ID) error {
		_, err := w.Revoke(w.T.Context(), as(alice), id, "")
		return err
	},
}

// The bot stops after it stored the successor and before the key names it.
func TestUnnamedSuccessorEndsWithItsPredecessor(t *testing.T) {
	t.Parallel()
	for how, end := range ends {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.ActiveFor(7 * 24 * time.Hour)
				stopped := errors.New("the process is no more")
				w.Service.Store = interruptedStore{Store: w.Store, names: func() error { return stopped }}
				_, err := w.Rotate(t.Context(), as(alice), id)
				require.ErrorIs(t, err, stopped)
				w.Service.Store = w.Store
				w.WaitIdle()
				next := w.onlySuccessor(id)
				require.Equal(t, approval.StateApproved, next.State, "the key lives: pressing Rotate again names it")
				require.Empty(t, w.Stored(id).Successor)
				require.NoError(t, end(w, id))
				w.Advance(time.Minute)
				assert.Equal(t, approval.CauseKeyNotActive, w.RequireState(next.ID, approval.StateExpired).Outcome.Cause)
				assert.True(t, w.HasMessage(next.ID, approval.OutcomeMessage))
				w.RequireNoKeys()
			})
		})
	}
}

// The key is revoked while a rotation is at work: before its successor is
// stored, or before it is named.
func TestRotationRacingRevocationLeavesNoSuccessor(t *testing.T) {
	t.Parallel()
	for how, end := range ends {
		for _, where := range []string{"before it is stored", "before it is named"} {
			t.Run(how+"/"+where, func(t *testing.T) {
				t.Parallel()
				inEnv(t, func(w *env) {
					id := w.ActiveFor(7 * 24 * time.Hour)
					revoke := func() error {
						w.Service.Store = w.Store
						err := end(w, id)
						w.Advance(time.Minute)
						return err
					}
					if where == "before it is stored" {
						w.Service.Store = interruptedStore{Store: w.Store, creates: revoke}
					} else {
						w.Service.Store = interruptedStore{Store: w.Store, names: revoke}
					}
					_, err := w.Rotate(t.Context(), as(alice), id)
					require.ErrorIs(t, err, approval.ErrNotAllowed)
					w.Advance(time.Minute)
					next := w.onlySuccessor(id)
					assert.Equal(t, approval.CauseKeyNotActive, w.RequireState(next.ID, approval.StateExpired).Outcome.Cause)
					w.RequireNoKeys()
				})
			})
		}
	}
}

func TestUnnamedSuccessorEndsWithTransfer(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ActiveFor(7 * 24 * time.Hour)
		stopped := errors.New("the process is no more")
		w.Service.Store = interruptedStore{Store: w.Store, names: func() error { return stopped }}
		_, err := w.Rotate(t.Context(), as(alice), id)
		require.ErrorIs(t, err, stopped)
		w.Service.Store = w.Store
		w.Directory.Set(policy.Deactivated, alice)
		w.Advance(90 * time.Minute)
		next := w.onlySuccessor(id)
		require.Equal(t, approval.StateApproved, next.State)
		_, err = w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		w.Advance(time.Minute)
		w.RequireState(next.ID, approval.StateExpired)
		w.RequireState(id, approval.StateActive)
	})
}
