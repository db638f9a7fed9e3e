package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// migrationFiles are the steps from an empty database to the current schema, in the
// order of their numbers. Never edit a released step; add one. A new field of
// approval.Request needs a step, too, even if it is only a comment: an older bot
// would read the request, drop the field and write it back.
//
//go:embed migrations
var migrationFiles embed.FS

// A migration is one step.
type migration struct {
	version  int
	name     string
	sql      string
	checksum string
}

// migrations lists the steps for d: 0001_name.sql is for every database,
// 0001_name.sqlite.sql for one.
func migrations(files fs.FS, d dialect) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var steps []migration
	for _, path := range names {
		name := strings.TrimPrefix(path, "migrations/")
		if parts := strings.Split(name, "."); len(parts) == 3 && parts[1] != d.name {
			continue
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(name, "_")
		if version, err := strconv.Atoi(number); err != nil || version != len(steps)+1 {
			return nil, fmt.Errorf("migration %s should have number %04d", name, len(steps)+1)
		}
		sum := sha256.Sum256(text)
		steps = append(steps, migration{len(steps) + 1, name, string(text), hex.EncodeToString(sum[:])})
	}
	return steps, nil
}

// migrate applies the steps that the database lacks, each in one transaction.
func (s *Store) migrate(ctx context.Context, steps []migration) error {
	const table = `CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)`
	if _, err := s.db.ExecContext(ctx, table); err != nil {
		return fmt.Errorf("creating the table of migrations: %w", err)
	}
	if err := s.checkNotNewer(ctx, steps); err != nil {
		return err
	}
	for _, step := range steps {
		if err := s.inTx(ctx, func(ctx context.Context, tx writer) error { return s.apply(ctx, tx, step) }); err != nil {
			return fmt.Errorf("applying migration %s: %w", step.name, err)
		}
	}
	return nil
}

func (s *Store) apply(ctx context.Context, tx writer, step migration) error {
	if _, err := tx.ExecContext(ctx, s.dialect.lockSchema); err != nil {
		return err
	}
	var checksum string
	err := tx.QueryRowContext(ctx, `SELECT checksum FROM schema_version WHERE version = $1`, step.version).Scan(&checksum)
	switch {
	case err == nil && checksum == step.checksum:
		return nil // applied before
	case err == nil:
		return errors.New("the database was made with another text of it; run the version of the bot that made it")
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	if _, err := tx.ExecContext(ctx, step.sql); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO schema_version (version, name, checksum) VALUES ($1, $2, $3)`, step.version, step.name, step.checksum)
	return err
}

// checkNotNewer refuses a schema of a newer bot.
func (s *Store) checkNotNewer(ctx context.Context, steps []migration) error {
	at, err := s.schemaVersion(ctx)
	if err != nil {
		return err
	}
	if at > len(steps) {
		return fmt.Errorf("it was written by a newer version of the bot (schema %d, this one knows %d); run that version, or restore the backup made before the update", at, len(steps))
	}
	return nil
}

// requireVersion requires the current schema. It is for attached stores, which do
// not migrate.
func (s *Store) requireVersion(ctx context.Context, steps []migration) error {
	if err := s.checkNotNewer(ctx, steps); err != nil {
		return err
	}
	at, err := s.schemaVersion(ctx)
	if err == nil && at < len(steps) {
		return errors.New("it was written by an older version of the bot; start this version once to bring it up to date")
	}
	return err
}

func (s *Store) schemaVersion(ctx context.Context) (int, error) {
	var at int
	if err := s.db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_version`).Scan(&at); err != nil {
		return 0, fmt.Errorf("reading the schema version: %w", err)
	}
	return at, nil
}
