package store

import (
	"context"
	"database/sql"
	"fmt"

	"atlaskeybot/internal/approval"
)

// chainStep begins the names of the migration that needs [chainOld] after its
// SQL.
const chainStep = "0003_audit_chain."

// chainOld chains the lines that were written before there was a chain. What
// was done to them until then nobody can tell.
func chainOld(ctx context.Context, tx *sql.Tx) error {
	var last approval.Entry
	err := eachEntry(ctx, tx, func(e approval.Entry) error {
		last = e.Chained(last.Hash)
		_, err := tx.ExecContext(ctx, `UPDATE audit SET prev = $1, hash = $2 WHERE seq = $3`, last.Prev, last.Hash, last.Seq)
		return err
	})
	if err != nil {
		return fmt.Errorf("chaining the audit trail: %w", err)
	}
	return setHead(ctx, tx, last)
}
