package store

// A dialect holds the differences between databases. All other SQL uses what they
// share: $N parameters, TEXT, BIGINT, CHECK, REFERENCES, partial indexes, ON
// CONFLICT, and RETURNING of the table's own columns.
type dialect struct {
	// name selects the migrations for one database only, as in
	// 0001_initial.sqlite.sql.
	name string

	// begin begins a transaction that writes.
	begin string

	// lockSchema is run first in the transaction of each migration, so that
	// two processes that start together do not both apply it.
	lockSchema string

	// useShortWaits follows the name of the table in a query that must use the index
	// of short waits. SQLite would take that of states, which has every request that is
	// over.
	useShortWaits string
}

// sqliteDialect needs no locks of its own: every transaction is BEGIN IMMEDIATE, so
// there is one at a time.
var sqliteDialect = dialect{name: "sqlite", begin: "BEGIN IMMEDIATE", useShortWaits: " INDEXED BY request_by_short_wait"}
