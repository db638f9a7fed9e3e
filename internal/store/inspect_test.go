package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/store"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		make func(t *testing.T, dir string)
		want store.Status
	}{
		"none": {func(*testing.T, string) {}, store.Status{}},
		"one that is closed": {func(t *testing.T, dir string) {
			require.NoError(t, open(t, "sqlite:"+dir+"/bot.db").Close())
		}, store.Status{Exists: true}},
		"one that is open": {func(t *testing.T, dir string) {
			open(t, "sqlite:"+dir+"/bot.db")
		}, store.Status{Exists: true, InUse: true}},
		"an empty file": {write("bot.db", "", 0o600), store.Status{Exists: true, Older: true}},
		"an earlier schema": {database("bot.db", `CREATE TABLE schema_version (version BIGINT, name TEXT, checksum TEXT)`),
			store.Status{Exists: true, Older: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			tt.make(t, dir)
			tt.want.Path = dir + "/bot.db"
			got, err := store.Inspect(t.Context(), "sqlite:"+dir+"/bot.db")
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestInspectCreatesNoFile(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	_, err := store.Inspect(t.Context(), "sqlite:"+dir+"/bot.db")
	require.NoError(t, err)
	left, err := filepath.Glob(dir + "/*")
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestInspectMemory(t *testing.T) {
	t.Parallel()
	got, err := store.Inspect(t.Context(), "sqlite::memory:")
	require.NoError(t, err)
	require.Zero(t, got)
}

func TestInspectKeepsNoLock(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + tempDir(t) + "/bot.db"
	require.NoError(t, open(t, url).Close())
	_, err := store.Inspect(t.Context(), url)
	require.NoError(t, err)
	open(t, url)
}

func TestInspectRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		path string
		make func(t *testing.T, dir string)
		want string
	}{
		"a missing directory":        {"/no/bot.db", nil, "inspecting database {dir}/no/bot.db: the directory {dir}/no does not exist"},
		"a directory":                {"/bot.db", mkdir("bot.db", 0o700), "inspecting database {dir}/bot.db: this is a directory"},
		"a text":                     {"/bot.db", write("bot.db", strings.Repeat("dear diary, ", 100), 0o600), "inspecting database {dir}/bot.db: this file is not a SQLite database"},
		"another program's database": {"/bot.db", database("bot.db", "CREATE TABLE diary (day TEXT)"), "inspecting database {dir}/bot.db: this is another program's database; choose another file"},
		"a newer schema": {"/bot.db", database("bot.db", `
			CREATE TABLE schema_version (version BIGINT, name TEXT, checksum TEXT);
			INSERT INTO schema_version VALUES (99, '0099_later.sql', '')`),
			"inspecting database {dir}/bot.db: it was written by a newer version of the bot (schema 99, "},
		"what may not be written": {"/bot.db", func(t *testing.T, dir string) {
			require.NoError(t, open(t, "sqlite:"+dir+"/bot.db").Close())
			require.NoError(t, os.Chmod(dir+"/bot.db", 0o400))
			asUnprivileged(t, dir)
		}, "inspecting database {dir}/bot.db: this user may not write {dir}/bot.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			if tt.make != nil {
				tt.make(t, dir)
			}
			_, err := store.Inspect(t.Context(), "sqlite:"+dir+tt.path)
			require.ErrorContains(t, err, strings.ReplaceAll(tt.want, "{dir}", dir))
		})
	}
}
