package store

import "database/sql"

// DB is the connection under s, for looking at what no method shows.
func (s *Store) DB() *sql.DB { return s.db }
