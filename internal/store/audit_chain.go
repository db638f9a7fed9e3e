package store

import (
	"context"
	"database/sql"
	"fmt"

	"atlaskeybot/internal/approval"
)

// hashMigration begins the names of the migration that needs [backfillHashes] after its
// SQL.
const hashMigration = "0003_audit_chain."

// backfillHashes chains the lines that were written before there was a chain. What
// was done to them until then nobody can tell.
func backfillHashes(ctx context.Context, tx *sql.Tx) error {
	var last approval.AuditEntry
	err := scanEntries(ctx, tx, func(e approval.AuditEntry) error {
		last = e.Linked(last.Hash)
		_, err := tx.ExecContext(ctx, `UPDATE audit SET prev = $1, hash = $2 WHERE seq = $3`, last.Prev, last.Hash, last.Seq)
		return err
	})
	if err != nil {
		return fmt.Errorf("chaining the audit trail: %w", err)
	}
	return setHead(ctx, tx, last)
}
