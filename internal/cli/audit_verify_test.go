package cli

import (
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/store"
)

// tamper does to the file what nothing in the database may stop: who can write
// it can take the triggers away.
func tamper(t *testing.T, database, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+database)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `
		DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_shortened; DROP TRIGGER audit_is_only_continued;
		DROP TRIGGER audit_head_never_goes_back; DROP TRIGGER audit_head_is_never_removed;`+statements)
	require.NoError(t, err)
}

var printedHead = regexp.MustCompile(`(?m)^head ([0-9a-f]{64}) line \d+$`)

// headOf verifies a trail that is whole and returns its head.
func headOf(t *testing.T, database string) string {
	t.Helper()
	code, out, errs := runAudit(t, nil, database, "verify")
	require.Zero(t, code, errs)
	require.Regexp(t, printedHead, out)
	return printedHead.FindStringSubmatch(out)[1]
}

func TestVerifyAcceptsWholeTrail(t *testing.T) {
	t.Parallel()
	database := newTrail(t, week()...)
	code, out, _ := runAudit(t, nil, database, "verify")
	assert.Zero(t, code)
	golden(t, "audit_verify.txt", out)

	kept := headOf(t, database)
	s, err := store.Open(t.Context(), "sqlite:"+database, store.Options{}) // a bot beside it
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Record(t.Context(), week()[0]))
	code, out, _ = runAudit(t, nil, database, "verify", "--head", strings.ToUpper(kept))
	assert.Zero(t, code)
	assert.Contains(t, out, "7 lines, the chain is whole\nthe head that was kept is line 6: up to there everything is as it was\n")
	assert.NotEqual(t, kept, headOf(t, database))
}

func TestVerifyAcceptsEmptyTrail(t *testing.T) {
	t.Parallel()
	database := newTrail(t)
	code, out, _ := runAudit(t, nil, database, "verify")
	assert.Zero(t, code)
	assert.Equal(t, "0 lines: the trail is empty and has no head\n", out)
	code, _, errs := runAudit(t, nil, database, "verify", "--head", strings.Repeat("0", 64))
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "no line has the hash that was kept")
}

func TestVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ statements, want string }{
		"a line is edited":             {`UPDATE audit SET actor = 'U0ANA' WHERE seq = 2`, "the chain is broken at line 2 (2026-03-02T09:01:00Z, approve AKR-7F3K2): its hash is not the hash of what it says: it was edited, moved or inserted; lines before that, which are whole: 1"},
		"a time is edited":             {`UPDATE audit SET at = at + 1 WHERE seq = 6`, "broken at line 6"},
		"a key is edited":              {`UPDATE audit SET public_key = 'other' WHERE seq = 3`, "broken at line 3"},
		"a line is removed":            {`DELETE FROM audit WHERE seq = 3`, "broken at line 4 (2026-03-03T10:00:00Z, submit AKR-00002): it does not follow line 2: what was between them was removed; lines before that, which are whole: 2"},
		"the first line is removed":    {`DELETE FROM audit WHERE seq = 1`, "broken at line 2 (2026-03-02T09:01:00Z, approve AKR-7F3K2): it is not the first line that was written"},
		"a removed line's gap is shut": {`DELETE FROM audit WHERE seq = 3; UPDATE audit SET seq = seq - 1 WHERE seq > 3`, "broken at line 3 (2026-03-03T10:00:00Z, submit AKR-00002): its hash is not"},
		"two lines are swapped":        {`UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 99`, "broken at line 2 (2026-03-03T10:00:00Z, submit AKR-00002): its hash is not"},
		"a line is inserted": {`UPDATE audit SET seq = 7 WHERE seq = 6; UPDATE audit SET seq = 6 WHERE seq = 5;
			INSERT INTO audit (seq, at, org, request, event, from_state, to_state, actor, note, refused) VALUES (5, 1772442000000, '', 'AKR-00002', 'approve', 'pending', 'approved', 'U0ANA', '', '')`,
			"broken at line 5 (2026-03-02T09:00:00Z, approve AKR-00002): it has no hash"},
		"a copy is inserted":                   {`INSERT INTO audit SELECT 7, at, org, request, event, from_state, to_state, actor, note, refused, public_key, key_id, details, prev, hash FROM audit WHERE seq = 3`, "broken at line 7"},
		"the last line is removed":             {`DELETE FROM audit WHERE seq = 6`, "broken after line 5: line 6 was written, and what comes after 5 was removed; lines before that, which are whole: 5"},
		"all lines are removed":                {`DELETE FROM audit`, "broken after line 0: line 6 was written"},
		"the note of the end is removed":       {`DELETE FROM audit_head`, "the note of where the trail ends was removed"},
		"the note of the end names an earlier": {`UPDATE audit_head SET seq = 5, hash = (SELECT hash FROM audit WHERE seq = 5)`, "after line 5: the bot has written no more, and there are lines up to 6: they were inserted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := newTrail(t, week()...)
			tamper(t, database, tt.statements)
			code, out, errs := runAudit(t, nil, database, "verify")
			assert.Equal(t, 1, code)
			assert.Empty(t, out, "no head is printed")
			assert.Contains(t, errs, tt.want)
		})
	}
}

// insertLine is a line with a hash that is right for what it says.
func insertLine(seq int64, prev string) string {
	e := approval.AuditEntry{Seq: seq, At: monday, Org: testOrg, Request: "AKR-7F3K2", Event: approval.EventApprove, From: approval.StatePending, To: approval.StateApproved, By: "U0EVE"}.Linked(prev)
	return fmt.Sprintf(`INSERT INTO audit (seq, at, org, request, event, from_state, to_state, actor, note, refused, prev, hash)
		VALUES (%d, %d, '%s', 'AKR-7F3K2', 'approve', 'pending', 'approved', 'U0EVE', '', '', '%s', '%s');`, seq, monday.UnixMilli(), testOrg, e.Prev, e.Hash)
}

func TestVerifyFindsInsertedLines(t *testing.T) {
	t.Parallel()
	const loose = `CREATE TABLE copy AS SELECT * FROM audit; DROP TABLE audit; ALTER TABLE copy RENAME TO audit;` // any row fits in it
	for name, tt := range map[string]struct{ statements, want string }{
		"number 0":              {insertLine(0, ""), "broken at line 0 (2026-03-02T09:00:00Z, approve AKR-7F3K2): the bot numbers its lines from 1: it was inserted"},
		"a number below 0":      {insertLine(-5, ""), "broken at line -5"},
		"the lowest number":     {insertLine(math.MinInt64, ""), "broken at line -9223372036854775808"},
		"the highest number":    {insertLine(math.MaxInt64, "x"), "broken at line 9223372036854775807"},
		"two below 0":           {insertLine(-5, "") + insertLine(-4, "x"), "broken at line -5"},
		"a line twice":          {loose + `INSERT INTO audit SELECT * FROM audit WHERE seq = 3`, "broken at line 3"},
		"without a number":      {loose + `INSERT INTO audit SELECT NULL, at, org, request, event, from_state, to_state, actor, note, refused, public_key, key_id, details, prev, hash FROM audit WHERE seq = 3`, "the table has 7 rows up to line 6, and the trail 6: rows were inserted that are no lines of it"},
		"a number that is none": {loose + `INSERT INTO audit SELECT 'x', at, org, request, event, from_state, to_state, actor, note, refused, public_key, key_id, details, prev, hash FROM audit WHERE seq = 3`, "the table has 7 rows up to line 6, and the trail 6"},
		"a number between":      {loose + `INSERT INTO audit SELECT 3.5, at, org, request, event, from_state, to_state, actor, note, refused, public_key, key_id, details, prev, hash FROM audit WHERE seq = 3`, "the table has 7 rows up to line 6, and the trail 6"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := newTrail(t, week()...)
			tamper(t, database, tt.statements)
			code, out, errs := runAudit(t, nil, database, "verify")
			assert.Equal(t, 1, code)
			assert.Empty(t, out)
			assert.Contains(t, errs, tt.want)
		})
	}
	database := newTrail(t, week()...)
	tamper(t, database, insertLine(-5, ""))
	code, out, errs := runAudit(t, nil, database)
	require.Zero(t, code, errs)
	require.Contains(t, out, `"seq":-5,`, "what is printed is all that is there")
}

// rewriteTrail is a trail that its owner wrote anew, hashes and all.
func rewriteTrail(t *testing.T, database string, edit func([]approval.AuditEntry) []approval.AuditEntry) {
	t.Helper()
	all := edit(week())
	tamper(t, database, `DELETE FROM audit; UPDATE audit_head SET seq = 0, hash = ''`)
	s, err := store.Open(t.Context(), "sqlite:"+database, store.Options{})
	require.NoError(t, err)
	defer s.Close()
	for _, e := range all {
		require.NoError(t, s.Record(t.Context(), e))
	}
}

// What a chain cannot show by itself, a head that was kept elsewhere does.
func TestVerifyWithHeadFindsRewrittenTrail(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func([]approval.AuditEntry) []approval.AuditEntry{
		"cut off at its end": func(all []approval.AuditEntry) []approval.AuditEntry { return all[:4] },
		"edited":             func(all []approval.AuditEntry) []approval.AuditEntry { all[1].By = "U0ANA"; return all },
		"with a line less":   func(all []approval.AuditEntry) []approval.AuditEntry { return append(all[:1], all[2:]...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := newTrail(t, week()...)
			kept := headOf(t, database)
			rewriteTrail(t, database, edit)
			code, _, _ := runAudit(t, nil, database, "verify")
			assert.Zero(t, code, "as far as the file shows all is well")
			code, out, errs := runAudit(t, nil, database, "verify", "--head", kept)
			assert.Equal(t, 1, code)
			assert.Empty(t, out)
			assert.Contains(t, errs, "no line has the hash that was kept: it was removed, or the chain was made anew")
		})
	}
}

// Only the note of the end is left as it was.
func TestVerifyFindsMissingAuditHead(t *testing.T) {
	t.Parallel()
	database := newTrail(t, week()...)
	db, err := sql.Open("sqlite", "file:"+database)
	require.NoError(t, err)
	defer db.Close()
	var hash string
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT hash FROM audit_head`).Scan(&hash))
	rewriteTrail(t, database, func(all []approval.AuditEntry) []approval.AuditEntry { all[1].By = "U0ANA"; return all })
	_, err = db.ExecContext(t.Context(), `UPDATE audit_head SET hash = $1`, hash)
	require.NoError(t, err)
	code, _, errs := runAudit(t, nil, database, "verify")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "broken at line 6: it is not the line that was written, whose hash the database notes beside the trail")
}

// A bot that writes meanwhile makes no false alarm.
func TestVerifyWhileBotWrites(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "bot.db")
	s, err := store.Open(t.Context(), "sqlite:"+database, store.Options{})
	require.NoError(t, err)
	defer s.Close()
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		for i := 0; ; i++ {
			e := week()[0]
			e.At = e.At.Add(time.Duration(i) * time.Second)
			if err := s.Record(t.Context(), e); err != nil {
				stopped <- err
				return
			}
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
		}
	}()
	for range 20 {
		code, _, errs := runAudit(t, nil, database, "verify")
		assert.Zero(t, code, errs)
	}
	close(stop)
	require.NoError(t, <-stopped)
}
