package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// An unreadableRow is the error of a request with a damaged row, as by a disk or by
// a manual change. Its text is the id only, because a JSON error would quote the
// content.
type unreadableRow struct{ id policy.ID }

func (u unreadableRow) Error() string {
	return fmt.Sprintf("decoding request %s: %s", u.id, approval.ErrUnreadable)
}

func (u unreadableRow) Unwrap() error { return approval.ErrUnreadable }

// A rowHealth records the requests that are known to be unreadable.
type rowHealth struct {
	mu  sync.Mutex
	ids map[policy.ID]bool
}

// note records the request of err if it is unreadable, and returns err.
func (h *rowHealth) note(err error) error {
	u, ok := errors.AsType[unreadableRow](err)
	if !ok {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids == nil {
		h.ids = map[policy.ID]bool{}
	}
	h.ids[u.id] = true
	return err
}

func (h *rowHealth) forget(id policy.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.ids, id)
}

func (h *rowHealth) known() []policy.ID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.ids))
}

// listReadable lists the requests that can be read, so that one damaged row hides no
// other. [Store.Unreadable] reports the rest.
func (s *Store) listReadable(ctx context.Context, rest string, args ...any) ([]approval.Request, error) {
	found, damaged, err := read(ctx, s.db, rest, args...)
	for _, u := range damaged {
		s.rows.note(u)
	}
	return found, err
}

// Unreadable returns the requests that could not be read so far, and still cannot.
func (s *Store) Unreadable(ctx context.Context) ([]policy.ID, error) {
	var errs error
	for _, id := range s.rows.known() {
		_, err := s.Get(ctx, id)
		switch {
		case err == nil, errors.Is(err, approval.ErrNotFound):
			s.rows.forget(id)
		case !errors.Is(err, approval.ErrUnreadable):
			errs = cmp.Or(errs, err)
		}
	}
	return s.rows.known(), errs
}

// FindUnreadable reads every request and returns those that cannot be read.
func (s *Store) FindUnreadable(ctx context.Context) ([]policy.ID, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, body FROM request`)
	if err != nil {
		return nil, fmt.Errorf("reading every request: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id policy.ID
		var body string
		if err := rows.Scan(&id, &body); err != nil {
			return nil, fmt.Errorf("reading every request: %w", err)
		}
		if _, ok := decode(id, body); !ok {
			s.rows.note(unreadableRow{id})
		}
	}
	return s.rows.known(), rows.Err()
}
