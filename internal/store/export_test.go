package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"testing/fstest"
	"time"
)

// DB is the connection of s, for what no method shows.
func (s *Store) DB() *sql.DB { return s.db }

// The points of a group of changes.
const (
	AfterChange  = afterChange
	BeforeCommit = beforeCommit
	AfterCommit  = afterCommit
)

// CommitTogether calls change n times at once, with 0 to n-1, so that its changes are one
// group. reached is called at each point of the group.
func CommitTogether(s *Store, n int, change func(i int), reached func(point string)) {
	conn, err := s.db.Conn(context.Background())
	if err != nil {
		panic(err)
	}
	s.commits.reached = reached
	var changing sync.WaitGroup
	for i := range n {
		changing.Go(func() { change(i) })
	}
	for s.queued() != n {
		runtime.Gosched()
	}
	conn.Close()
	changing.Wait()
}

// RestoreWatched is [Restore] with a call of reached after every step.
func RestoreWatched(ctx context.Context, path, from string, reached func(step string)) (Restored, error) {
	r := &restoring{path: path, now: time.Now(), reached: reached}
	return r.run(ctx, from)
}

// Released returns the migrations of this build.
func Released() fs.FS { return migrationFiles }

// WithUpdate returns the migrations of this build and a made-up step of four
// statements that changes every request.
func WithUpdate() fs.FS {
	all := fstest.MapFS{}
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrationFiles, name)
		if err != nil {
			panic(err)
		}
		all[name] = &fstest.MapFile{Data: text}
	}
	all[fmt.Sprintf("migrations/%04d_made_up.sql", len(names)+1)] = &fstest.MapFile{Data: []byte(madeUpStep)}
	return all
}

const madeUpStep = `
ALTER TABLE request ADD COLUMN shouted TEXT NOT NULL DEFAULT '';
CREATE TABLE copied (id TEXT NOT NULL PRIMARY KEY);
INSERT INTO copied SELECT id FROM request;
UPDATE request SET shouted = upper(requester);
`

// MigrateUntil migrates the database at path as a start does, but calls the SQL
// function die() after statement n, counted from 0 over all migrations. It
// returns how many statements there are.
func MigrateUntil(ctx context.Context, path string, files fs.FS, n int) (int, error) {
	steps, err := migrations(files, sqliteDialect)
	if err != nil {
		return 0, err
	}
	count := 0
	for i := range steps {
		var text strings.Builder
		for _, statement := range statementsOf(steps[i].sql) {
			text.WriteString(statement)
			if count == n {
				text.WriteString("\nSELECT die();\n")
			}
			count++
		}
		steps[i].sql = text.String() // the checksum stays that of the real text
	}
	s := &Store{dialect: sqliteDialect}
	if s.owned, err = lockAndCreate(path); err != nil {
		return count, err
	}
	if err := s.connect(path, Options{}); err != nil {
		return count, err
	}
	return count, errors.Join(s.migrate(ctx, steps), s.Close())
}

// statementsOf splits a migration; a trigger ends with its END.
func statementsOf(text string) []string {
	var all []string
	var one strings.Builder
	for line := range strings.Lines(text) {
		one.WriteString(line)
		code, _, _ := strings.Cut(line, "--")
		code = strings.TrimSpace(code)
		inTrigger := strings.Contains(one.String(), "CREATE TRIGGER")
		if strings.HasSuffix(code, ";") && (!inTrigger || strings.HasSuffix(code, "END;")) {
			all = append(all, one.String())
			one.Reset()
		}
	}
	if len(all) == 0 {
		return []string{text}
	}
	all[len(all)-1] += one.String()
	return all
}
