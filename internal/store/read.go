package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"atlaskeybot/internal/approval"
)

// A queryer is the database, or a transaction on it.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func get(ctx context.Context, q queryer, id approval.ID) (approval.Request, error) {
	found, err := list(ctx, q, `WHERE r.id = $1`, id)
	if err != nil {
		return approval.Request{}, err
	}
	if len(found) == 0 {
		return approval.Request{}, approval.ErrNotFound
	}
	return found[0], nil
}

// list reads requests with their places, in one query, so that the two agree
// without a transaction. The rest of the query picks and orders.
func list(ctx context.Context, q queryer, rest string, args ...any) ([]approval.Request, error) {
	const all = `
		SELECT r.id, r.body, COALESCE(m.name, ''), COALESCE(m.channel, ''), COALESCE(m.ts, ''), COALESCE(m.shown, 0), COALESCE(m.digest, '')
		FROM request r LEFT JOIN message m ON m.request = r.id `
	rows, err := q.QueryContext(ctx, all+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("reading requests: %w", err)
	}
	defer rows.Close()
	var found []approval.Request
	for rows.Next() {
		var id approval.ID
		var body string
		var name approval.MessageName
		var at approval.Place
		if err := rows.Scan(&id, &body, &name, &at.Channel, &at.TS, &at.Shown, &at.Digest); err != nil {
			return nil, fmt.Errorf("reading requests: %w", err)
		}
		if len(found) == 0 || found[len(found)-1].ID != id {
			r, err := decode(id, body)
			if err != nil {
				return nil, err
			}
			found = append(found, r)
		}
		if name != "" {
			found[len(found)-1].Places[name] = at
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading requests: %w", err)
	}
	return found, nil
}

func decode(id approval.ID, body string) (approval.Request, error) {
	r := approval.Request{Places: map[approval.MessageName]approval.Place{}}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return approval.Request{}, fmt.Errorf("decoding request %s: %w: %w", id, approval.ErrUnreadable, err)
	}
	return r, nil
}
