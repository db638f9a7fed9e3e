package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
)

// maxStatements bounds how many statements a connection keeps. The store has fewer;
// selections of the command line build some of their own.
const maxStatements = 100

// A statement is prepared once and kept by its connection. It is not used while the
// rows of its last query are open.
type statement struct {
	driver.Stmt
	isOpen bool
}

// prepared returns the statement of a query, or nil if the query is to be run without
// one. Only single statements that read or change rows are kept: the others are run
// once.
func (c *connection) prepared(ctx context.Context, query string) (*statement, error) {
	if kept := c.statements[query]; kept != nil {
		if kept.isOpen {
			return nil, nil
		}
		return kept, nil
	}
	if len(c.statements) >= maxStatements || !isKept(query) {
		return nil, nil
	}
	made, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	kept := &statement{Stmt: made}
	if c.statements == nil {
		c.statements = map[string]*statement{}
	}
	c.statements[query] = kept
	return kept, nil
}

func isKept(query string) bool {
	verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.TrimSpace(verb) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT":
		return !strings.Contains(query, ";")
	}
	return false
}

// exec runs a statement that returns no rows.
func (c *connection) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	kept, err := c.prepared(ctx, query)
	switch {
	case err != nil:
		return nil, err
	case kept == nil:
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return kept.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// query runs a statement that returns rows.
func (c *connection) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	kept, err := c.prepared(ctx, query)
	switch {
	case err != nil:
		return nil, err
	case kept == nil:
		found, err := c.sqliteConn.QueryContext(ctx, query, args)
		if err != nil {
			return nil, err
		}
		return &rows{found, c.health, nil}, nil
	}
	found, err := kept.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	kept.isOpen = true
	return &rows{found, c.health, kept}, nil
}

// Close implements [driver.Conn].
func (c *connection) Close() error {
	var errs []error
	for _, kept := range c.statements {
		errs = append(errs, kept.Close())
	}
	c.statements = nil
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}
