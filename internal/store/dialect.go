package store

// A dialect is what differs between databases. Everything else is written once,
// in what they share: $N parameters, TEXT, BIGINT, CHECK, REFERENCES, partial
// indexes, ON CONFLICT, and RETURNING of the table's own columns.
type dialect struct {
	// name picks the migrations that are for one database only, as in
	// 0002_audit.sqlite.sql.
	name string

	// skipLocked ends the query that picks a row to lease, so that two
	// processes do not wait for each other's pick.
	skipLocked string

	// lockSchema is run first in the transaction of each migration, so that
	// two processes that start together do not both apply it.
	lockSchema string
}

// sqliteDialect needs no locks of its own: every transaction is BEGIN IMMEDIATE, so
// there is one at a time.
var sqliteDialect = dialect{name: "sqlite"}
