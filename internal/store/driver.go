package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
)

// A connector opens SQLite connections that report every error to a [fileHealth]
// and refuse to write to a lost file.
type connector struct {
	dsn    string
	driver driver.Driver
	health *fileHealth
}

func newConnector(dsn string, h *fileHealth) (connector, error) {
	registered, err := sql.Open("sqlite", "") // connects to nothing
	if err != nil {
		return connector{}, err
	}
	defer registered.Close()
	return connector{dsn, registered.Driver(), h}, nil
}

// Driver implements [driver.Connector].
func (c connector) Driver() driver.Driver { return c.driver }

// Connect implements [driver.Connector].
func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, c.health.note(err)
	}
	return &connection{sqliteConn: conn.(sqliteConn), health: c.health}, nil
}

// A sqliteConn lists the methods of the driver's connections.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

type connection struct {
	sqliteConn
	health     *fileHealth
	statements map[string]*statement // by their text
}

func (c *connection) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.health.mayChange(); err != nil && !opts.ReadOnly {
		return nil, err
	}
	tx, err := c.sqliteConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, c.health.note(err)
	}
	return &transaction{tx, c.health}, nil
}

func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.health.mayChange(); err != nil && query != rollback {
		return nil, err
	}
	done, err := c.exec(ctx, query, args)
	return done, c.health.note(err)
}

func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	found, err := c.query(ctx, query, args)
	return found, c.health.note(err)
}

func (c *connection) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepared, err := c.sqliteConn.PrepareContext(ctx, query)
	return prepared, c.health.note(err)
}

type transaction struct {
	driver.Tx
	health *fileHealth
}

func (t *transaction) Commit() error { return t.health.note(t.Tx.Commit()) }

type rows struct {
	driver.Rows
	health *fileHealth
	of     *statement // nil if it is not kept
}

// Close implements [driver.Rows].
func (r *rows) Close() error {
	err := r.Rows.Close()
	if r.of != nil {
		r.of.isOpen = false
	}
	return r.health.note(err)
}

func (r *rows) Next(to []driver.Value) error {
	err := r.Rows.Next(to)
	if err == io.EOF {
		return err
	}
	return r.health.note(err)
}
