package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A queryer is the database, or a transaction on it.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func get(ctx context.Context, q queryer, id policy.ID) (approval.Request, error) {
	found, err := listAll(ctx, q, `WHERE r.id = $1`, id)
	if err != nil {
		return approval.Request{}, err
	}
	if len(found) == 0 {
		return approval.Request{}, approval.ErrNotFound
	}
	return found[0], nil
}

// listAll reads requests, all or none. Its error wraps [approval.ErrUnreadable] if
// one of them cannot be read.
func listAll(ctx context.Context, q queryer, rest string, args ...any) ([]approval.Request, error) {
	found, damaged, err := read(ctx, q, rest, args...)
	if err == nil && len(damaged) > 0 {
		err = damaged[0]
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// read reads requests with their message refs, in one query, so that both are of
// one snapshot without a transaction. rest is the end of the query, which filters
// and orders requests. Requests that cannot be read are returned in damaged.
func read(ctx context.Context, q queryer, rest string, args ...any) (found []approval.Request, damaged []unreadableRow, err error) {
	const all = `
		SELECT r.id, r.body, COALESCE(m.name, ''), COALESCE(m.channel, ''), COALESCE(m.ts, ''), COALESCE(m.digest, '')
		FROM request r LEFT JOIN message_ref m ON m.request = r.id `
	rows, err := q.QueryContext(ctx, all+rest, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("reading requests: %w", err)
	}
	defer rows.Close()
	var id policy.ID // of the row before
	for isFirst := true; rows.Next(); isFirst = false {
		was := id
		var body string
		var name approval.MessageName
		var at approval.MessageRef
		if err := rows.Scan(&id, &body, &name, &at.Channel, &at.TS, &at.Digest); err != nil {
			return nil, nil, fmt.Errorf("reading requests: %w", err)
		}
		if isFirst || id != was {
			r, ok := decode(id, body)
			if !ok {
				damaged = append(damaged, unreadableRow{id})
				continue
			}
			found = append(found, r)
		}
		if len(found) == 0 || found[len(found)-1].ID != id || name == "" {
			continue
		}
		found[len(found)-1].MessageRefs[name] = at
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("reading requests: %w", err)
	}
	return found, damaged, nil
}

// decode decodes body, and reports whether it is the request with that id.
func decode(id policy.ID, body string) (approval.Request, bool) {
	r := approval.Request{MessageRefs: map[approval.MessageName]approval.MessageRef{}}
	err := json.Unmarshal([]byte(body), &r)
	return r, err == nil && r.ID == id
}
