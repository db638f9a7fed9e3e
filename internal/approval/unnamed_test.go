package approval_test

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
func (w *world) onlySuccessor(id policy.ID) approval.Request {
	w.t.Helper()
	all, err := w.store.Successors(w.t.Context(), id)
	require.NoError(w.t, err)
	require.Len(w.t, all, 1)
	return all[0]
}

// ends are the ways in which a key goes.
var ends = map[string]func(w *world, id policy.ID) error{
	"revoked by an approver":  revocations["by an approver"],
	"revoked by the operator": revocations["by the operator"],
	"revoked by its owner": func(w *world, id policy.ID) error {
		_, err := w.Revoke(w.t.Context(), as(alice), id, "")
		return err
	},
}

// The bot stops after it stored the successor and before the key names it.
func TestUnnamedSuccessorEndsWithItsPredecessor(t *testing.T) {
	t.Parallel()
	for how, end := range ends {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := w.activeFor(7 * 24 * time.Hour)
				stopped := errors.New("the process is no more")
				w.Store = interruptedStore{Store: w.store, names: func() error { return stopped }}
				_, err := w.Rotate(t.Context(), as(alice), id)
				require.ErrorIs(t, err, stopped)
				w.Store = w.store
				w.settle()
				next := w.onlySuccessor(id)
				require.Equal(t, approval.StateApproved, next.State, "the key lives: pressing Rotate again names it")
				require.Empty(t, w.get(id).Successor)
				require.NoError(t, end(w, id))
				w.pass(time.Minute)
				assert.Equal(t, approval.CauseKeyNotActive, w.is(next.ID, approval.StateExpired).Outcome.Cause)
				assert.True(t, w.shows(next.ID, approval.OutcomeMessage))
				w.noKey()
			})
		})
	}
}

// The key is revoked while a rotation is at work: before its successor is
// stored, or before it is named.
func TestRotationThatRacesWithARevocationLeavesNoSuccessor(t *testing.T) {
	t.Parallel()
	for how, end := range ends {
		for _, where := range []string{"before it is stored", "before it is named"} {
			t.Run(how+"/"+where, func(t *testing.T) {
				t.Parallel()
				inWorld(t, func(w *world) {
					id := w.activeFor(7 * 24 * time.Hour)
					revoke := func() error {
						w.Store = w.store
						err := end(w, id)
						w.pass(time.Minute)
						return err
					}
					if where == "before it is stored" {
						w.Store = interruptedStore{Store: w.store, creates: revoke}
					} else {
						w.Store = interruptedStore{Store: w.store, names: revoke}
					}
					_, err := w.Rotate(t.Context(), as(alice), id)
					require.ErrorIs(t, err, approval.ErrNotAllowed)
					w.pass(time.Minute)
					next := w.onlySuccessor(id)
					assert.Equal(t, approval.CauseKeyNotActive, w.is(next.ID, approval.StateExpired).Outcome.Cause)
					w.noKey()
				})
			})
		}
	}
}

func TestUnnamedSuccessorOfTheFormerOwnerEndsWithATransfer(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.activeFor(7 * 24 * time.Hour)
		stopped := errors.New("the process is no more")
		w.Store = interruptedStore{Store: w.store, names: func() error { return stopped }}
		_, err := w.Rotate(t.Context(), as(alice), id)
		require.ErrorIs(t, err, stopped)
		w.Store = w.store
		w.directory.Set(policy.Deactivated, alice)
		w.pass(90 * time.Minute)
		next := w.onlySuccessor(id)
		require.Equal(t, approval.StateApproved, next.State)
		_, err = w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		w.pass(time.Minute)
		w.is(next.ID, approval.StateExpired)
		w.is(id, approval.StateActive)
	})
}
