package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

func attached(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{Attach: true})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// denied is r after a denial, with its audit entry.
func denied(r approval.Request, by policy.UserID) (approval.Request, approval.AuditEntry) {
	r.State = approval.StateDenied
	return r, approval.AuditEntry{
		At: approvaltest.Epoch.Add(time.Minute), Org: r.Org, Request: r.ID, Event: approval.EventDeny,
		From: approval.StatePending, To: approval.StateDenied, By: by,
	}
}

// Of an owner and an attached store that move one row, one wins, and the audit trail
// is one chain.
func TestAttachedAndOwnerMoveOneRow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	owner, attached := open(t, "sqlite:"+path), attached(t, path)
	for i := range 20 {
		r := asked(policy.ID("AKR-000" + string(rune('A'+i))))
		r, err := owner.Create(t.Context(), r, submitted(r))
		require.NoError(t, err)
		var wg sync.WaitGroup
		won := make(chan policy.UserID, 2)
		for by, s := range map[policy.UserID]*store.Store{"owner": owner, "attached": attached} {
			wg.Go(func() {
				next, e := denied(r, by)
				if _, err := s.Move(t.Context(), next, e); err == nil {
					won <- by
				} else {
					assert.ErrorIs(t, err, approval.ErrConflict)
				}
			})
		}
		wg.Wait()
		require.Len(t, won, 1)
	}
	var chain approval.Chain
	require.NoError(t, owner.Audit(t.Context(), chain.Next))
	require.EqualValues(t, 40, chain.Lines)
}

// An attached store keeps the owner's leases, and its writes survive a loss of
// power.
func TestAttachedStoreTakesNoLeases(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	owner := open(t, "sqlite:"+path)
	r := asked("AKR-00001")
	r.ExpiresAt = approvaltest.Epoch
	_, err := owner.Create(t.Context(), r, submitted(r))
	require.NoError(t, err)
	now := approvaltest.Epoch.Add(time.Hour)
	_, err = owner.ClaimWork(t.Context(), now, now.Add(time.Minute))
	require.NoError(t, err)

	attached := attached(t, path)
	_, err = owner.ClaimWork(t.Context(), now, now.Add(time.Minute))
	require.ErrorIs(t, err, approval.ErrNothingDue, "it is still leased")
	_, err = attached.ClaimWork(t.Context(), now.Add(time.Hour), now.Add(2*time.Hour))
	require.ErrorContains(t, err, "its owner does the work")
	_, err = attached.ClaimSync(t.Context(), now.Add(time.Hour), now.Add(2*time.Hour))
	require.ErrorContains(t, err, "its owner does the work")
	var synchronous string
	require.NoError(t, attached.DB().QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&synchronous))
	require.Equal(t, "2", synchronous)

	_, err = store.Open(t.Context(), "sqlite:"+path, store.Options{})
	require.ErrorContains(t, err, "another process is using it", "the lock is still the owner's")
	require.NoError(t, owner.Close())
	open(t, "sqlite:"+path) // the attached store has no lock
	_, err = attached.Get(t.Context(), "AKR-00001")
	require.NoError(t, err)
}

// in replaces {dir} by the directory of a test.
func in(dir, text string) string { return strings.ReplaceAll(text, "{dir}", dir) }

func readOnly(t *testing.T, dir string) {
	require.NoError(t, open(t, "sqlite:"+dir+"/bot.db").Close())
	require.NoError(t, os.Chmod(dir+"/bot.db", 0o400))
	asUnprivileged(t, dir)
}

func TestAttachRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		url  string
		make func(t *testing.T, dir string)
		want string
	}{
		"memory":    {"sqlite::memory:", nil, "one in memory is empty, and cannot be attached"},
		"no file":   {"sqlite:{dir}/bot.db", nil, "there is no such file"},
		"a text":    {"sqlite:{dir}/bot.db", write("bot.db", "dear diary, and so on and on", 0o600), "this file is not a SQLite database"},
		"a diary":   {"sqlite:{dir}/bot.db", database("bot.db", "CREATE TABLE diary (day TEXT)"), "this is another program's database"},
		"an older":  {"sqlite:{dir}/bot.db", database("bot.db", "CREATE TABLE schema_version (version BIGINT, name TEXT, checksum TEXT)"), "it was written by an older version of the bot"},
		"read-only": {"sqlite:{dir}/bot.db", readOnly, "this user may not write {dir}/bot.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			if tt.make != nil {
				tt.make(t, dir)
			}
			_, err := store.Open(t.Context(), in(dir, tt.url), store.Options{Attach: true})
			require.ErrorContains(t, err, in(dir, tt.want))
			left, err := filepath.Glob(dir + "/*.lock")
			require.NoError(t, err)
			if name != "read-only" {
				require.Empty(t, left, "an attached store creates no lock")
			}
		})
	}
}
