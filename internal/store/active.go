package store

import (
	"context"
	"fmt"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var active = stateIn(approval.StateDelivered, approval.StateActive)

// PageActive implements [approval.Store].
func (s *Store) PageActive(ctx context.Context, which approval.KeySearch, skip, limit int) ([]approval.Request, int, error) {
	var args []any
	parameter := func(value any) string {
		args = append(args, value)
		return fmt.Sprintf("$%d", len(args))
	}
	orgs := make([]string, len(which.Orgs))
	for i, org := range which.Orgs {
		orgs[i] = parameter(org)
	}
	where := active + ` AND org IN (` + strings.Join(orgs, ", ") + `)`
	if which.Owner != "" {
		where += ` AND requester = ` + parameter(which.Owner)
	}
	if which.Role != "" {
		where += ` AND roles LIKE ` + parameter("% "+string(which.Role)+" %")
	}
	if !which.ExpiresBy.IsZero() {
		where += ` AND key_expires_at > 0 AND key_expires_at <= ` + parameter(millis(which.ExpiresBy))
	}
	var total int
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM request WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("counting active keys: %w", err)
	}
	page := `SELECT id FROM request WHERE ` + where + ` ORDER BY requested_at, id LIMIT ` + parameter(limit) + ` OFFSET ` + parameter(skip)
	found, err := s.listReadable(ctx, `WHERE r.id IN (`+page+`) ORDER BY r.requested_at, r.id`, args...)
	return found, total, err
}

// PagePending implements [approval.Store].
func (s *Store) PagePending(ctx context.Context, after approval.Cursor, limit int) ([]approval.Request, bool, error) {
	const pending = `FROM request WHERE state = 'pending' AND requested_at >= $1 AND (requested_at > $1 OR id > $2) ORDER BY requested_at, id LIMIT $3`
	args := []any{millis(after.RequestedAt), after.ID, limit}
	found, err := s.listReadable(ctx, `WHERE r.id IN (SELECT id `+pending+`) ORDER BY r.requested_at, r.id`, args...)
	if err != nil {
		return nil, false, err
	}
	args[2] = limit + 1 // unreadable requests count, too
	var there int
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT id `+pending+`)`, args...).Scan(&there); err != nil {
		return nil, false, fmt.Errorf("counting a page of requests: %w", err)
	}
	return found, there > limit, nil
}

// rolesOf are the roles of a request, in the organization and in projects, each between
// two spaces.
func rolesOf(r approval.Request) string {
	var all strings.Builder
	add := func(roles []policy.Role) {
		for _, role := range roles {
			all.WriteString(" " + string(role))
		}
	}
	add(r.Access.Roles)
	for _, p := range r.Access.Projects {
		add(p.Roles)
	}
	return all.String() + " "
}
