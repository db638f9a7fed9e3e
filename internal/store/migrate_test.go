package store

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// steps reads migrations that are made up.
func steps(t *testing.T, files fstest.MapFS) []migration {
	t.Helper()
	all, err := migrations(files, sqliteDialect)
	require.NoError(t, err)
	return all
}

// blank is a store without tables.
func blank(t *testing.T) *Store {
	t.Helper()
	s := &Store{dialect: sqliteDialect}
	require.NoError(t, s.connect(inMemory, Options{}))
	t.Cleanup(func() { s.Close() })
	return s
}

func TestMigrationsAreThoseOfTheDatabase(t *testing.T) {
	t.Parallel()
	all := steps(t, fstest.MapFS{
		"migrations/0002_b.postgres.sql": file("for the other"),
		"migrations/0002_b.sqlite.sql":   file("for this one"),
		"migrations/0001_a.sql":          file("for all"),
	})
	require.Len(t, all, 2)
	require.Equal(t, "for all", all[0].sql)
	require.Equal(t, "for this one", all[1].sql)
}

func TestMigrationsHaveNoGap(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"a number is missing": {"migrations/0001_a.sql": file(""), "migrations/0003_c.sql": file("")},
		"a number is double":  {"migrations/0001_a.sql": file(""), "migrations/0001_b.sql": file("")},
		"there is no number":  {"migrations/first.sql": file("")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := migrations(files, sqliteDialect)
			require.ErrorContains(t, err, "should have number")
		})
	}
}

func TestAFailedMigrationLeavesNothing(t *testing.T) {
	t.Parallel()
	s := blank(t)
	good := file("CREATE TABLE a (x TEXT)")
	err := s.migrate(t.Context(), steps(t, fstest.MapFS{
		"migrations/0001_a.sql": good,
		"migrations/0002_b.sql": file("CREATE TABLE b (x TEXT); CREATE TABLE nonsense"),
	}))
	require.ErrorContains(t, err, "applying migration 0002_b.sql: ")
	at, err := s.schemaVersion(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, at)

	// Corrected, it goes on where it stopped.
	require.NoError(t, s.migrate(t.Context(), steps(t, fstest.MapFS{
		"migrations/0001_a.sql": good,
		"migrations/0002_b.sql": file("CREATE TABLE b (x TEXT)"),
	})))
}

func TestAnEditedMigrationIsRefused(t *testing.T) {
	t.Parallel()
	s := blank(t)
	require.NoError(t, s.migrate(t.Context(), steps(t, fstest.MapFS{"migrations/0001_a.sql": file("CREATE TABLE a (x TEXT)")})))
	err := s.migrate(t.Context(), steps(t, fstest.MapFS{"migrations/0001_a.sql": file("CREATE TABLE a (y TEXT)")}))
	require.EqualError(t, err, "applying migration 0001_a.sql: the database was made with another text of it; run the version of the bot that made it")
}

// testdata/schema-1.sql is a database as it was after the first migration. It
// is not edited: it stands for those that are out there.
func TestADatabaseOfSchema1IsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	old, err := os.ReadFile("testdata/schema-1.sql")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "bot.db")
	require.NoError(t, os.WriteFile(path, nil, ownerOnly))
	makeOld(t, path, string(old))

	_, err = Open(t.Context(), "sqlite:"+path, Options{ReadOnly: true})
	require.ErrorContains(t, err, "it was written by an older version of the bot; start this version once to bring it up to date")

	s, err := Open(t.Context(), "sqlite:"+path, Options{})
	require.NoError(t, err)
	defer s.Close()
	at, err := s.schemaVersion(t.Context())
	require.NoError(t, err)
	require.Equal(t, 7, at)
	r, err := s.Get(t.Context(), "AKR-7F3K2")
	require.NoError(t, err)
	require.Equal(t, fixture(), r)
	_, err = s.Move(t.Context(), r, approval.AuditEntry{At: r.KeyExpiresAt, Request: r.ID, Event: approval.EventExpire, From: approval.StateActive, To: approval.StateActive})
	require.NoError(t, err)
}

func makeOld(t *testing.T, path, statements string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, nil, ownerOnly))
	s := &Store{dialect: sqliteDialect}
	require.NoError(t, s.connect(path, Options{}))
	_, err := s.db.ExecContext(t.Context(), statements)
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// fixture is the request of testdata/schema-1.sql: every name in its JSON is
// how somebody's database spells it.
func fixture() approval.Request {
	at := time.Date(2026, time.March, 2, 9, 0, 0, 123e6, time.UTC)
	return approval.Request{
		ID: "AKR-7F3K2", Org: "5f1f2a3b4c5d6e7f8a9b0c1d", Kind: "api_key", State: "active", Version: 9,
		Requester: "U0BO", IdempotencyKey: "V0FORM",
		Access: policy.Access{
			Description: "nightly export", Roles: []policy.Role{"ORG_READ_ONLY"},
			Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}, Lifetime: 24 * time.Hour,
		},
		Reason: "TICKET-12", RequestedAt: at, ExpiresAt: at.Add(time.Hour),
		Decision:          approval.Decision{By: "U0ANA", At: at.Add(time.Minute), Reason: "fine"},
		Attempt:           2,
		Issuance:          approval.Issuance{Stage: "undoing", ClickedAt: at, Tries: 1, RetryAt: at, NextEvent: "put_back", Cause: "not_shown", Code: "ratelimited"},
		UnresolvedCreates: []approval.UnresolvedCreate{{Attempt: 1, Searches: 3, SearchAt: at.Add(time.Hour)}},
		Key:               approval.Key{ID: "0123456789abcdef01234567", PublicKey: "abcdefgh", MadeAt: at},
		KeyExpiresAt:      at.Add(24 * time.Hour),
		Confirmation:      approval.Confirmation{ShownAt: at, RemindAt: at, ConfirmBy: at, Reminded: true, ByUse: true},
		Deletion:          approval.Deletion{Since: at, Tries: 4, RetryAt: at, Notified: true},
		Outcome:           approval.Outcome{Cause: "revoked", By: "U0BO", At: at, Code: "NONE"},
		Messages:          []approval.MessageName{"card", "asked"},
		MessageRefs: map[approval.MessageName]approval.MessageRef{
			"card": {Channel: "C0APPROVERS", TS: "1772442000.000100", Shown: 8, Digest: "d1"},
		},
	}
}

func TestOpeningAgainChangesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	for range 3 {
		s, err := Open(t.Context(), "sqlite:"+path, Options{})
		require.NoError(t, err)
		at, err := s.schemaVersion(t.Context())
		require.NoError(t, err)
		require.Equal(t, 7, at)
		require.NoError(t, s.Close())
	}
}
