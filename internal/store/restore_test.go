package store_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/store"
)

var restoredAt = time.Date(2026, time.March, 2, 9, 15, 0, 0, time.FixedZone("an hour ahead", 3600))

const keptName = ".replaced-20260302T081500Z"

// backedUp returns a directory with a database of 9 requests, some of them only in
// its log as after kill -9, and its backup of 3.
func backedUp(t *testing.T) (dir string) {
	t.Helper()
	dir = tempDir(t)
	path := dir + "/bot.db"
	s := open(t, "sqlite:"+path)
	fill(t, s, 0, 3)
	_, err := store.Backup(t.Context(), "sqlite:"+path, dir+"/backup.db", noProgress)
	require.NoError(t, err)
	fill(t, s, 3, 7)
	_, err = s.DB().ExecContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`)
	require.NoError(t, err)
	fill(t, s, 7, 9)
	asKilled(t, path, s)
	return dir
}

// asKilled leaves the files of a database as after kill -9.
func asKilled(t *testing.T, path string, s *store.Store) {
	t.Helper()
	was := map[string]string{path: readText(t, path), path + "-wal": readText(t, path+"-wal"), path + "-shm": readText(t, path+"-shm")}
	require.NoError(t, s.Close())
	for name, content := range was {
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	}
}

func restore(t *testing.T, dir, from string) (store.Restored, error) {
	t.Helper()
	return store.Restore(t.Context(), "sqlite:"+dir+"/bot.db", from, restoredAt, noProgress)
}

func TestRestoreReplacesDatabaseAndLog(t *testing.T) {
	t.Parallel()
	dir := backedUp(t)
	done, err := restore(t, dir, dir+"/backup.db")
	require.NoError(t, err)
	require.Equal(t, dir+"/bot.db", done.Path)
	require.EqualValues(t, 3, done.Requests)
	require.EqualValues(t, 9, done.Before.Requests, "with what was in the log")
	require.Equal(t, dir+"/bot.db"+keptName, done.KeptAs)
	require.NoFileExists(t, dir+"/bot.db-wal")
	require.NoFileExists(t, dir+"/bot.db-shm")
	requireOwnerOnly(t, dir+"/bot.db", done.KeptAs)
	require.Equal(t, 3, counts(t, dir+"/bot.db"))
	require.Equal(t, 9, counts(t, done.KeptAs), "the one before is kept whole")
	require.Equal(t, 3, counts(t, dir+"/backup.db"), "and so is the backup")

	done, err = restore(t, dir, done.KeptAs) // the way back
	require.NoError(t, err)
	require.Equal(t, dir+"/bot.db"+keptName+"-2", done.KeptAs)
	require.Equal(t, 9, counts(t, dir+"/bot.db"))
}

func TestRestoreWithoutDatabase(t *testing.T) {
	t.Parallel()
	dir := backedUp(t)
	require.NoError(t, os.Mkdir(dir+"/new", 0o700))
	done, err := store.Restore(t.Context(), "sqlite:"+dir+"/new/bot.db", dir+"/backup.db", restoredAt, noProgress)
	require.NoError(t, err)
	require.Empty(t, done.KeptAs)
	require.Nil(t, done.Before)
	require.Equal(t, 3, counts(t, dir+"/new/bot.db"))
}

// A copy made while the bot was stopped has its log beside it.
func TestRestoreIncludesLogOfBackup(t *testing.T) {
	t.Parallel()
	dir := backedUp(t)
	require.NoError(t, os.Mkdir(dir+"/new", 0o700))
	_, err := store.Restore(t.Context(), "sqlite:"+dir+"/new/bot.db", dir+"/bot.db", restoredAt, noProgress)
	require.NoError(t, err)
	require.Equal(t, 9, counts(t, dir+"/new/bot.db"))
}

func TestRestoreRepairsBackupCopiedOverLog(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	mixed(t, dir)
	_, err := restore(t, dir, dir+"/backup.db")
	require.NoError(t, err)
	require.Equal(t, 3, counts(t, dir+"/bot.db"))
}

func TestRestoreReplacesUnreadableDatabase(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"nothing": "", "a text": strings.Repeat("dear diary, ", 400)} {
		dir := backedUp(t)
		require.NoError(t, os.WriteFile(dir+"/bot.db", []byte(content), 0o600))
		log := readText(t, dir+"/bot.db-wal")
		done, err := restore(t, dir, dir+"/backup.db")
		require.NoError(t, err, name)
		require.Equal(t, 3, counts(t, dir+"/bot.db"), name)
		if content != "" {
			require.True(t, content == readText(t, done.KeptAs), name)
			require.True(t, log == readText(t, done.KeptAs+"-wal"), name)
		}
	}
}

func TestRestoreRefusesAndChangesNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		make func(t *testing.T, dir string)
		from string
		want string
	}{
		"a running bot": {func(t *testing.T, dir string) { open(t, "sqlite:"+dir+"/bot.db") }, "/backup.db", "stop the bot first: another process is using it"},
		"a running bot whose lock file was removed": {func(t *testing.T, dir string) {
			open(t, "sqlite:"+dir+"/bot.db")
			require.NoError(t, os.Remove(dir+"/bot.db.lock"))
		}, "/backup.db", "stop the bot first: another process is using it"},
		"a reader that goes on": {func(t *testing.T, dir string) {
			s, err := store.Open(t.Context(), "sqlite:"+dir+"/bot.db", store.Options{ReadOnly: true})
			require.NoError(t, err)
			t.Cleanup(func() { s.Close() })
			_, err = s.Get(t.Context(), "AKR-10000")
			require.NoError(t, err)
		}, "/backup.db", "another program has it locked"},
		"no backup":                     {nil, "/none.db", "reading backup {dir}/none.db: there is no such file"},
		"a directory":                   {nil, "", "this is a directory"},
		"an empty file":                 {write("empty.db", "", 0o600), "/empty.db", "backup {dir}/empty.db is empty"},
		"a text":                        {write("text.db", strings.Repeat("dear diary, ", 400), 0o600), "/text.db", "this file is not a SQLite database"},
		"another program's":             {database("diary.db", "CREATE TABLE diary (day TEXT)"), "/diary.db", "this is another program's database"},
		"without any table":             {database("none.db", "PRAGMA user_version = 1"), "/none.db", "it is empty: no bot has used it yet"},
		"a first start that was killed": {database("new.db", "CREATE TABLE schema_version (version BIGINT, name TEXT, checksum TEXT)"), "/new.db", "it is empty: no bot has used it yet"},
		"the database itself":           {nil, "/bot.db", "is the database itself"},
		"a newer one": {database("newer.db", `CREATE TABLE schema_version (version BIGINT, name TEXT, checksum TEXT);
			INSERT INTO schema_version VALUES (99, '0099_later.sql', '')`), "/newer.db", "it was written by a newer version of the bot (schema 99"},
		"a damaged one": {func(t *testing.T, dir string) {
			s := open(t, "sqlite:"+dir+"/damaged.db")
			fill(t, s, 0, 200)
			require.NoError(t, s.Close())
			damage(t, dir+"/damaged.db")
		}, "/damaged.db", "this file is damaged"},
		"a forged trail": {func(t *testing.T, dir string) {
			makeDatabase(t, dir+"/backup.db", `DROP TRIGGER audit_is_never_changed; UPDATE audit SET actor = 'U_eve' WHERE seq = 2`)
		}, "/backup.db", "the chain is broken at line 2"},
		"a shortened trail": {func(t *testing.T, dir string) {
			makeDatabase(t, dir+"/backup.db", `DROP TRIGGER audit_is_never_shortened; DELETE FROM audit WHERE seq = 3`)
		}, "/backup.db", "the chain is broken"},
		"a request without its trail": {func(t *testing.T, dir string) {
			makeDatabase(t, dir+"/backup.db", `UPDATE request SET state = 'active' WHERE id = 'AKR-10000'`)
		}, "/backup.db", "AKR-10000 is active after 1 changes, and in the trail pending after 1"},
		"a database in use": {func(t *testing.T, dir string) { open(t, "sqlite:"+dir+"/backup.db") }, "/backup.db", "is in use by a bot"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := backedUp(t)
			if tt.make != nil {
				tt.make(t, dir)
			}
			_, err := restore(t, dir, dir+tt.from)
			require.ErrorContains(t, err, in(dir, tt.want))
			kept, err := filepath.Glob(dir + "/*.replaced*")
			require.NoError(t, err)
			hidden, err := filepath.Glob(dir + "/.*")
			require.NoError(t, err)
			require.Empty(t, append(kept, hidden...))
			s, err := store.Open(t.Context(), "sqlite:"+dir+"/bot.db", store.Options{ReadOnly: true})
			require.NoError(t, err)
			defer s.Close()
			all, err := s.ListByRequester(t.Context(), "U_bo")
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(all), 9)
		})
	}
}

func TestRestoreSurvivesKillAtAnyStep(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]int{"checked": 9, "folded": 9, "kept": 9, "cleared": 9, "renamed": 3} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dir := backedUp(t)
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), envDatabase+"="+dir+"/bot.db", envRestore+"="+dir+"/backup.db", envStep+"="+step)
			out, err := cmd.Output()
			require.ErrorContains(t, err, "signal: killed", string(out))
			require.Equal(t, want, counts(t, dir+"/bot.db"))

			_, err = restore(t, dir, dir+"/backup.db") // once more, to the end
			require.NoError(t, err)
			require.Equal(t, 3, counts(t, dir+"/bot.db"))
			hidden, err := filepath.Glob(dir + "/.*")
			require.NoError(t, err)
			require.Empty(t, hidden, "what the killed one left is gone")
		})
	}
}
