package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// ofSchema2 opens a database that was made before there was a chain.
func ofSchema2(t *testing.T, more string) *Store {
	t.Helper()
	old, err := os.ReadFile("testdata/schema-2.sql")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "bot.db")
	makeOld(t, path, string(old)+more)
	s, err := Open(t.Context(), "sqlite:"+path, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// follow reads the whole trail as a chain.
func follow(t *testing.T, s *Store) (approval.Chain, []approval.AuditEntry) {
	t.Helper()
	var c approval.Chain
	var all []approval.AuditEntry
	require.NoError(t, s.Audit(t.Context(), func(e approval.AuditEntry) error {
		all = append(all, e)
		return c.Next(e)
	}))
	return c, all
}

func TestLinesFromBeforeTheChainAreChained(t *testing.T) {
	t.Parallel()
	s := ofSchema2(t, "")
	c, all := follow(t, s)
	require.Len(t, all, 4)
	require.Empty(t, all[0].Prev)
	require.EqualValues(t, 4, all[2].Seq, "numbers stay")
	require.Equal(t, "2026-03-02 09:01:00.123 +0000 UTC", all[2].At.String())
	require.Equal(t, policy.UserID("U0ANA"), all[2].By)
	require.Equal(t, "not_approver", all[1].Refused)
	require.Equal(t, "key 0123456789abcdef01234567 abcdefgh", all[3].Note)
	require.Empty(t, all[3].Key, "nobody guesses it from the note")

	head, err := s.AuditHead(t.Context())
	require.NoError(t, err)
	require.Equal(t, AuditHead{5, c.Last.Hash}, head)

	require.NoError(t, s.Record(t.Context(), approval.AuditEntry{At: all[0].At, Event: approval.EventRevoke}))
	c, _ = follow(t, s)
	require.EqualValues(t, 6, c.Last.Seq)
	require.EqualValues(t, 5, c.Lines)
}

func TestALongOldTrailIsChainedWhole(t *testing.T) {
	t.Parallel()
	s := ofSchema2(t, `
		WITH RECURSIVE n(seq) AS (SELECT 10 UNION ALL SELECT seq + 1 FROM n WHERE seq < 1300)
		INSERT INTO audit SELECT seq, 1772443000000 + seq, 'org', 'AKR-7F3K2', 'look', 'active', 'active', '', 'found and removed 0', '' FROM n;`)
	c, _ := follow(t, s)
	require.EqualValues(t, 4+1291, c.Lines)
}

func TestAnEmptyTrailHasNoHead(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "sqlite::memory:", Options{})
	require.NoError(t, err)
	defer s.Close()
	head, err := s.AuditHead(t.Context())
	require.NoError(t, err)
	require.Zero(t, head)
}

// What a person with the sqlite3 tool could do by mistake.
func TestTheTrailIsTheBotsAlone(t *testing.T) {
	t.Parallel()
	s := ofSchema2(t, "")
	const line = `INSERT INTO audit (seq, at, org, request, event, from_state, to_state, by_whom, note, refused, prev, hash)
		VALUES (%s, 1, '', '', 'approve', '', '', '', '', '', '%s', 'x')`
	for statement, want := range map[string]string{
		fmt.Sprintf(line, "NULL", ""):               "the audit trail is written by the bot alone",
		fmt.Sprintf(line, "3", ""):                  "the audit trail is written by the bot alone",
		fmt.Sprintf(line, "6", "another"):           "the audit trail is written by the bot alone",
		"UPDATE audit SET hash = ''":                "the audit trail is never changed",
		"UPDATE audit SET key_id = 'x'":             "the audit trail is never changed",
		"DELETE FROM audit WHERE seq = 5":           "the audit trail is never shortened",
		"UPDATE audit_head SET seq = 4":             "the audit trail is never shortened",
		"DELETE FROM audit_head":                    "the audit trail is never shortened",
		"INSERT INTO audit_head VALUES (2, 9, 'x')": "CHECK constraint failed",
	} {
		_, err := s.db.ExecContext(t.Context(), statement)
		require.ErrorContains(t, err, want, statement)
	}
	c, _ := follow(t, s)
	require.EqualValues(t, 4, c.Lines)
}

// A bot whose trail was tampered with does not write on as if nothing had been.
func TestWithoutItsEndTheTrailIsNotWritten(t *testing.T) {
	t.Parallel()
	s := ofSchema2(t, "")
	_, err := s.db.ExecContext(t.Context(), `DROP TRIGGER audit_head_is_never_removed; DELETE FROM audit_head`)
	require.NoError(t, err)
	err = s.Record(t.Context(), approval.AuditEntry{At: fixture().RequestedAt})
	require.ErrorContains(t, err, "finding the end of the audit trail")
}
