package store

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
)

// A blocked store has its connection in use, so that what changes it waits.
type blocked struct {
	*Store
	t       *testing.T
	release func()
}

func block(t *testing.T) blocked {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+t.TempDir()+"/bot.db", Options{})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	conn, err := s.db.Conn(t.Context())
	require.NoError(t, err)
	return blocked{s, t, func() { conn.Close() }}
}

// begin runs a change in the background, and returns once it waits as the nth.
func (b blocked) begin(ctx context.Context, n int, do func(context.Context, writer) error) <-chan error {
	b.t.Helper()
	told := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				told <- errPanicked
			}
		}()
		told <- b.inTx(ctx, do)
	}()
	b.waitFor(n)
	return told
}

// waitFor waits until n changes are queued.
func (b blocked) waitFor(n int) {
	for b.queued() != n {
		runtime.Gosched()
	}
}

func (s *Store) queued() int {
	s.commits.mu.Lock()
	defer s.commits.mu.Unlock()
	return len(s.commits.queue)
}

var errPanicked, errRefused = errors.New("it panicked"), errors.New("refused")

// records adds a line with that note to the audit trail.
func records(note string) func(context.Context, writer) error {
	return func(ctx context.Context, tx writer) error {
		return record(ctx, tx, approval.AuditEntry{At: approvaltest.Epoch, Event: approval.EventApprove, Note: note, Refused: "not_approver"})
	}
}

func (b blocked) requireNotes(want ...string) {
	b.t.Helper()
	var notes []string
	var chain approval.Chain
	require.NoError(b.t, b.Audit(b.t.Context(), func(e approval.AuditEntry) error {
		notes = append(notes, e.Note)
		return chain.Next(e)
	}))
	require.Equal(b.t, want, notes)
}

func TestGroupCommitsOnceForAll(t *testing.T) {
	t.Parallel()
	b := block(t)
	commits := 0
	b.commits.reached = func(point string) {
		if point == afterCommit {
			commits++
		}
	}
	first := b.begin(t.Context(), 1, records("first"))
	second := b.begin(t.Context(), 2, records("second"))
	third := b.begin(t.Context(), 3, records("third"))
	b.release()
	for _, told := range []<-chan error{first, second, third} {
		require.NoError(t, <-told)
	}
	require.Equal(t, 1, commits)
	b.requireNotes("first", "second", "third")
}

func TestFailedChangeLeavesRestOfGroup(t *testing.T) {
	t.Parallel()
	b := block(t)
	then := func(note string, end func() error) func(context.Context, writer) error {
		return func(ctx context.Context, tx writer) error {
			assert.NoError(t, records(note)(ctx, tx))
			return end()
		}
	}
	first := b.begin(t.Context(), 1, records("first"))
	refused := b.begin(t.Context(), 2, then("refused", func() error { return errRefused }))
	panicked := b.begin(t.Context(), 3, then("panicked", func() error { panic("at the disco") }))
	last := b.begin(t.Context(), 4, records("last"))
	b.release()
	require.NoError(t, <-first)
	require.ErrorIs(t, <-refused, errRefused)
	require.ErrorIs(t, <-panicked, errPanicked)
	require.NoError(t, <-last)
	b.requireNotes("first", "last")
}

func TestFailedCommitIsToldToWholeGroup(t *testing.T) {
	t.Parallel()
	b := block(t)
	first := b.begin(t.Context(), 1, records("first"))
	violating := b.begin(t.Context(), 2, func(ctx context.Context, tx writer) error {
		_, err := tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = 1`)
		assert.NoError(t, err)
		_, err = tx.ExecContext(ctx, `INSERT INTO message_ref (request, name, channel, ts, digest) VALUES ('AKR-NONE1', 'card', '', '', '')`)
		return err
	})
	b.release()
	require.ErrorContains(t, <-first, "committing: ")
	require.ErrorContains(t, <-violating, "committing: ")
	b.requireNotes()
	require.NoError(t, b.Record(t.Context(), approval.AuditEntry{At: approvaltest.Epoch, Note: "after", Refused: "x"}))
	b.requireNotes("after")
}

// SQLite rolls back the whole transaction by itself, as it may on a full disk.
func TestLostTransactionIsToldToWholeGroup(t *testing.T) {
	t.Parallel()
	b := block(t)
	first := b.begin(t.Context(), 1, records("first"))
	losing := b.begin(t.Context(), 2, func(ctx context.Context, tx writer) error {
		_, err := tx.ExecContext(ctx, `ROLLBACK`)
		assert.NoError(t, err)
		return errRefused
	})
	last := b.begin(t.Context(), 3, records("last"))
	b.release()
	require.ErrorContains(t, <-first, "no such savepoint")
	require.ErrorIs(t, <-losing, errRefused)
	require.ErrorContains(t, <-last, "no such savepoint")
	b.requireNotes()
}

func TestChangeLeavesQueueWithItsContext(t *testing.T) {
	t.Parallel()
	for name, leaves := range map[string]int{"the leader": 0, "another": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := block(t)
			var told [3]<-chan error
			var cancel [3]context.CancelFunc
			for i, note := range []string{"0", "1", "2"} {
				var ctx context.Context
				ctx, cancel[i] = context.WithCancel(t.Context())
				defer cancel[i]()
				told[i] = b.begin(ctx, i+1, records(note))
			}
			cancel[leaves]()
			require.ErrorIs(t, <-told[leaves], context.Canceled)
			b.waitFor(2)
			b.release()
			var want []string
			for i, note := range []string{"0", "1", "2"} {
				if i != leaves {
					require.NoError(t, <-told[i])
					want = append(want, note)
				}
			}
			b.requireNotes(want...)
		})
	}
}

// A context that ends while the change is being made does not cut it short: what became
// of it is told.
func TestContextEndsWithinGroup(t *testing.T) {
	t.Parallel()
	b := block(t)
	ctx, cancel := context.WithCancel(t.Context())
	first := b.begin(t.Context(), 1, records("first"))
	second := b.begin(ctx, 2, func(ctx context.Context, tx writer) error {
		cancel()
		return records("second")(ctx, tx)
	})
	b.release()
	require.NoError(t, <-first)
	require.NoError(t, <-second)
	b.requireNotes("first", "second")
}
