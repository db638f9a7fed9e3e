package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// withTrail opens a database with a trail of two requests and a refused attempt.
func withTrail(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+t.TempDir()+"/bot.db", Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	at := time.Date(2026, time.March, 2, 9, 0, 0, 123456789, time.UTC)
	for _, e := range []approval.AuditEntry{
		{At: at, Request: "AKR-00001", Event: approval.EventSubmit, To: approval.StatePending, By: "U_bo"},
		{At: at.Add(time.Minute), Request: "AKR-00001", Event: approval.EventApprove, From: approval.StatePending, To: approval.StatePending, By: "U_eve", Refused: "not_approver"},
		{At: at.Add(2 * time.Minute), Request: "AKR-00002", Event: approval.EventSubmit, To: approval.StatePending, By: "U_cy"},
	} {
		require.NoError(t, s.Record(t.Context(), e))
	}
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

func TestRecordChainsEntries(t *testing.T) {
	t.Parallel()
	s := withTrail(t)
	c, all := follow(t, s)
	require.Len(t, all, 3)
	require.Empty(t, all[0].Prev)
	require.Equal(t, all[0].Hash, all[1].Prev)
	require.Equal(t, all[1].Hash, all[2].Prev)
	require.EqualValues(t, 1, all[0].Seq)
	require.EqualValues(t, 3, all[2].Seq)
	require.Equal(t, "2026-03-02 09:00:00.123 +0000 UTC", all[0].At.String())
	require.Equal(t, policy.UserID("U_eve"), all[1].By)
	require.Equal(t, "not_approver", all[1].Refused)

	head, err := s.AuditHead(t.Context())
	require.NoError(t, err)
	require.Equal(t, AuditHead{3, c.Last.Hash}, head)
}

func TestAuditHeadOfEmptyTrailIsZero(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "sqlite::memory:", Options{})
	require.NoError(t, err)
	defer s.Close()
	head, err := s.AuditHead(t.Context())
	require.NoError(t, err)
	require.Zero(t, head)
}

// The statements are mistakes that a person with the sqlite3 tool could make.
func TestAuditTriggersRejectTampering(t *testing.T) {
	t.Parallel()
	s := withTrail(t)
	const line = `INSERT INTO audit (seq, at, org, request, event, from_state, to_state, actor, note, refused, public_key, key_id, prev, hash)
		VALUES (%s, 1, '', '', 'approve', '', '', '', '', '', '', '', '%s', 'x')`
	for statement, want := range map[string]string{
		fmt.Sprintf(line, "NULL", ""):               "the audit trail is written by the bot alone",
		fmt.Sprintf(line, "3", ""):                  "the audit trail is written by the bot alone",
		fmt.Sprintf(line, "4", "another"):           "the audit trail is written by the bot alone",
		"UPDATE audit SET hash = ''":                "the audit trail is never changed",
		"UPDATE audit SET key_id = 'x'":             "the audit trail is never changed",
		"DELETE FROM audit WHERE seq = 3":           "the audit trail is never shortened",
		"UPDATE audit_head SET seq = 2":             "the audit trail is never shortened",
		"DELETE FROM audit_head":                    "the audit trail is never shortened",
		"INSERT INTO audit_head VALUES (2, 9, 'x')": "CHECK constraint failed",
	} {
		_, err := s.db.ExecContext(t.Context(), statement)
		require.ErrorContains(t, err, want, statement)
	}
	c, _ := follow(t, s)
	require.EqualValues(t, 3, c.Lines)
}

func TestRecordFailsWithoutAuditHead(t *testing.T) {
	t.Parallel()
	s := withTrail(t)
	_, err := s.db.ExecContext(t.Context(), `DROP TRIGGER audit_head_is_never_removed; DELETE FROM audit_head`)
	require.NoError(t, err)
	err = s.Record(t.Context(), approval.AuditEntry{At: time.Now()})
	require.ErrorContains(t, err, "finding the end of the audit trail")
}
