package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

func noProgress(int64, int64) {}

// fill stores requests with the given numbers.
func fill(t *testing.T, s *store.Store, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		r := asked(policy.ID("AKR-" + strconv.Itoa(10000+i)))
		_, err := s.Create(t.Context(), r, submitted(r))
		require.NoError(t, err)
	}
}

// counts opens a database as the bot does and counts its requests.
func counts(t *testing.T, path string) int {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.QuickCheck(t.Context()))
	all, err := s.ListByRequester(t.Context(), "U_bo")
	require.NoError(t, err)
	return len(all)
}

func TestBackupOfRunningBot(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := open(t, "sqlite:"+dir+"/bot.db")
	fill(t, s, 0, 5)
	var last, total int64
	sum, err := store.Backup(t.Context(), "sqlite:"+dir+"/bot.db", dir+"/copy.db", func(done, of int64) { last, total = done, of })
	require.NoError(t, err)
	require.EqualValues(t, 5, sum.Requests)
	require.EqualValues(t, 5, sum.Lines)
	require.EqualValues(t, 5, sum.Head.Seq)
	require.Equal(t, total, last)
	fill(t, s, 5, 9) // the bot goes on
	requireOwnerOnly(t, dir+"/copy.db")
	left, err := filepath.Glob(dir + "/*copy*")
	require.NoError(t, err)
	hidden, err := filepath.Glob(dir + "/.*partial*")
	require.NoError(t, err)
	require.Equal(t, []string{dir + "/copy.db"}, append(left, hidden...), "one plain file")
	require.Equal(t, 5, counts(t, dir+"/copy.db"))
}

func TestBackupIsSnapshot(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	other := startFiller(t, dir+"/bot.db")
	for i := range 3 {
		for range 20 {
			other.stored(t)
		}
		sum, err := store.Backup(t.Context(), "sqlite:"+dir+"/bot.db", dir+"/copy"+strconv.Itoa(i), noProgress)
		require.NoError(t, err)
		require.Equal(t, sum.Requests, sum.Lines)
		require.GreaterOrEqual(t, sum.Requests, int64(20*(i+1)))
	}
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	fill(t, open(t, "sqlite:"+dir+"/bot.db"), 0, 1)
	require.NoError(t, os.WriteFile(dir+"/there", []byte("precious"), 0o644))
	require.NoError(t, os.Symlink(dir+"/nowhere", dir+"/link"))
	makeDatabase(t, dir+"/diary.db", "CREATE TABLE diary (day TEXT)")
	for name, tt := range map[string]struct{ from, to, want string }{
		"a file that is there":      {dir + "/bot.db", dir + "/there", dir + "/there is there already and is not overwritten"},
		"a link to nowhere":         {dir + "/bot.db", dir + "/link", dir + "/link is there already and is not overwritten"},
		"a directory":               {dir + "/bot.db", dir, "is there already"},
		"the database":              {dir + "/bot.db", dir + "/bot.db", "belongs to the database itself"},
		"its log":                   {dir + "/bot.db", dir + "/bot.db-wal", "belongs to the database itself"},
		"its journal":               {dir + "/bot.db", dir + "/bot.db-journal", "belongs to the database itself"},
		"a missing directory":       {dir + "/bot.db", dir + "/no/copy.db", "the directory " + dir + "/no does not exist"},
		"no database":               {dir + "/none.db", dir + "/copy.db", "there is no such file"},
		"another program's":         {dir + "/diary.db", dir + "/copy.db", "this is another program's database"},
		"a text":                    {dir + "/there", dir + "/copy.db", "this file is not a SQLite database"},
		"a database in memory":      {":memory:", dir + "/copy.db", "only a file, sqlite:PATH, can be backed up"},
		"a database without a path": {"", dir + "/copy.db", "only a file, sqlite:PATH, can be backed up"},
	} {
		_, err := store.Backup(t.Context(), "sqlite:"+tt.from, tt.to, noProgress)
		require.ErrorContains(t, err, tt.want, name)
	}
	kept, err := os.ReadFile(dir + "/there")
	require.NoError(t, err)
	require.Equal(t, "precious", string(kept))
	require.NoFileExists(t, dir+"/copy.db")
	require.NoFileExists(t, dir+"/nowhere")
}

func TestCancelledBackupLeavesNoFile(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	fill(t, open(t, "sqlite:"+dir+"/bot.db"), 0, 1)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := store.Backup(ctx, "sqlite:"+dir+"/bot.db", dir+"/copy.db", func(int64, int64) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	left, err := filepath.Glob(dir + "/*copy*")
	require.NoError(t, err)
	require.Empty(t, left)
	left, err = filepath.Glob(dir + "/.*")
	require.NoError(t, err)
	require.Empty(t, left)
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// mixed copies a backup over a database whose log is still there, as an operator
// once did.
func mixed(t *testing.T, dir string) {
	t.Helper()
	path := dir + "/bot.db"
	s := open(t, "sqlite:"+path)
	fill(t, s, 0, 3)
	_, err := store.Backup(t.Context(), "sqlite:"+path, dir+"/backup.db", noProgress)
	require.NoError(t, err)
	fill(t, s, 3, 15)
	_, err = s.DB().ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`)
	require.NoError(t, err)
	fill(t, s, 15, 17)
	log := readText(t, path+"-wal") // as kill -9 leaves it
	require.NoError(t, s.Close())
	require.NoError(t, os.WriteFile(path, []byte(readText(t, dir+"/backup.db")), 0o600))
	require.NoError(t, os.WriteFile(path+"-wal", []byte(log), 0o600))
}

func TestStartRefusesBackupCopiedOverLog(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	mixed(t, dir)
	s, err := store.Open(t.Context(), "sqlite:"+dir+"/bot.db", store.Options{})
	if err == nil {
		err = s.QuickCheck(t.Context())
		s.Close()
	}
	require.ErrorContains(t, err, "bot restore")
}

func TestQuickCheckComparesRequestsWithTrail(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ change, want string }{
		"a row is gone":    {`DELETE FROM request WHERE id = 'AKR-10001'`, "AKR-10001 is pending in the trail and has no row"},
		"a row is older":   {`UPDATE request SET state = 'denied' WHERE id = 'AKR-10001'`, "AKR-10001 is denied after 1 changes, and in the trail pending after 1"},
		"a change is gone": {`UPDATE request SET version = 2 WHERE id = 'AKR-10001'`, "AKR-10001 is pending after 2 changes, and in the trail pending after 1"},
		"a row is invented": {`
			CREATE TEMP TABLE one AS SELECT * FROM request LIMIT 1; UPDATE one SET id = 'AKR-99999', idempotency_key = 'o';
			INSERT INTO request SELECT * FROM one`, "AKR-99999 is pending and not in the trail"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, "sqlite:"+tempDir(t)+"/bot.db")
			fill(t, s, 0, 3)
			require.NoError(t, s.QuickCheck(t.Context()))
			_, err := s.DB().ExecContext(t.Context(), tt.change)
			require.NoError(t, err)
			err = s.QuickCheck(t.Context())
			require.ErrorIs(t, err, store.ErrNotItsTrail)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestQuickCheckIgnoresRefusals(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+tempDir(t)+"/bot.db")
	fill(t, s, 0, 1)
	require.NoError(t, s.Record(t.Context(), approval.AuditEntry{
		At: time.Now(), Request: "AKR-10000", Event: approval.EventApprove, From: approval.StatePending, To: approval.StatePending, Refused: "not_approver",
	}))
	require.NoError(t, s.Record(t.Context(), approval.AuditEntry{At: time.Now(), Request: "AKR-NONE0", Event: approval.EventSubmit, Refused: "guest"}))
	require.NoError(t, s.QuickCheck(t.Context()))
}

// damage overwrites the second half of a database.
func damage(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()
	junk := make([]byte, info.Size()/2)
	for i := range junk {
		junk[i] = 0xA5
	}
	_, err = file.WriteAt(junk, info.Size()-int64(len(junk)))
	require.NoError(t, err)
}

func TestBackupOfDamagedDatabaseIsNotKept(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := open(t, "sqlite:"+dir+"/bot.db")
	fill(t, s, 0, 200)
	require.NoError(t, s.Close())
	damage(t, dir+"/bot.db")
	_, err := store.Backup(t.Context(), "sqlite:"+dir+"/bot.db", dir+"/copy.db", noProgress)
	require.ErrorContains(t, err, "this file is damaged")
	require.NoFileExists(t, dir+"/copy.db")
}
