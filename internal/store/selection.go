package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A Selection picks requests. What is zero picks all.
type Selection struct {
	States    []approval.State
	Requester policy.UserID // of a key: its owner
	Org       policy.OrgID
}

// Select returns the IDs of the requests that sel picks, newest first. It reads no
// request: an ID takes a few bytes, so that a large database has room.
func (s *Store) Select(ctx context.Context, sel Selection) ([]policy.ID, error) {
	where, args := []string{"TRUE"}, []any{}
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if sel.Requester != "" {
		add("requester = $%d", sel.Requester)
	}
	if sel.Org != "" {
		add("org = $%d", sel.Org)
	}
	if len(sel.States) > 0 {
		where = append(where, stateIn(sel.States...))
	}
	rows, err := s.db.QueryContext(ctx, `SELECT id FROM request WHERE `+strings.Join(where, " AND ")+` ORDER BY requested_at DESC, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("selecting requests: %w", err)
	}
	defer rows.Close()
	var ids []policy.ID
	for rows.Next() {
		var id policy.ID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("selecting requests: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("selecting requests: %w", err)
	}
	return ids, nil
}

// pageLength is how many requests ReadEach has in memory.
const pageLength = 200

// ReadEach calls yield for each of the requests with the given IDs, in that order,
// until it returns an error. It reads a page at a time and keeps no transaction open,
// so that a slow reader delays no other. It skips requests that do not exist, and
// returns the IDs of those that cannot be read.
func (s *Store) ReadEach(ctx context.Context, ids []policy.ID, yield func(approval.Request) error) (unreadable []policy.ID, err error) {
	for page := range slices.Chunk(ids, pageLength) {
		parameters, args := make([]string, len(page)), make([]any, len(page))
		for i, id := range page {
			parameters[i], args[i] = fmt.Sprintf("$%d", i+1), id
		}
		found, damaged, err := read(ctx, s.db, `WHERE r.id IN (`+strings.Join(parameters, ", ")+`) ORDER BY r.id`, args...)
		if err != nil {
			return unreadable, err
		}
		for _, u := range damaged {
			unreadable = append(unreadable, u.id)
		}
		byID := make(map[policy.ID]approval.Request, len(found))
		for _, r := range found {
			byID[r.ID] = r
		}
		for _, id := range page {
			if r, ok := byID[id]; ok {
				if err := yield(r); err != nil {
					return unreadable, err
				}
			}
		}
	}
	return unreadable, nil
}
