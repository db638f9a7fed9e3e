package policy

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"atlaskeybot/internal/isolate"
)

// Principals names people: single ones, groups of them, or everybody. The zero value
// is nobody.
type Principals struct {
	Everyone bool      `json:"everyone,omitempty"`
	Users    []UserID  `json:"users,omitempty"`
	Groups   []GroupID `json:"groups,omitempty"`
}

// IsZero reports whether nobody is named.
func (w Principals) IsZero() bool { return !w.Everyone && len(w.Users) == 0 && len(w.Groups) == 0 }

// Equal reports whether the same users and groups are named, in any order.
func (w Principals) Equal(o Principals) bool {
	return w.Everyone == o.Everyone && equalSets(w.Users, o.Users) && equalSets(w.Groups, o.Groups)
}

func equalSets[T comparable](a, b []T) bool {
	return containsAll(a, b) && containsAll(b, a)
}

func containsAll[T comparable](all, some []T) bool {
	return !slices.ContainsFunc(some, func(one T) bool { return !slices.Contains(all, one) })
}

// groupMembers is who is in which group at one moment. A group that could not be
// listed has an error instead.
type groupMembers struct {
	of     map[GroupID][]UserID
	failed map[GroupID]error
}

// listAll lists the groups at the same time: somebody waits for the answer.
func listAll(ctx context.Context, d Directory, groups []GroupID) groupMembers {
	m := groupMembers{of: map[GroupID][]UserID{}, failed: map[GroupID]error{}}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, g := range groups {
		all.Go(func() {
			users, err := isolate.Safely(func() ([]UserID, error) { return d.Members(ctx, g) })
			mu.Lock()
			defer mu.Unlock()
			if m.of[g] = users; err != nil {
				m.failed[g] = fmt.Errorf("listing the members of %s: %w", g, err)
			}
		})
	}
	all.Wait()
	return m
}

// contains reports whether user is among who. If that cannot be said without a
// group that could not be listed the error is [ErrCannotCheck].
func (m groupMembers) Contains(who Principals, user UserID) (bool, error) {
	if who.Everyone || slices.Contains(who.Users, user) {
		return true, nil
	}
	var unknown error
	for _, g := range who.Groups {
		if slices.Contains(m.of[g], user) {
			return true, nil
		}
		if err := m.failed[g]; err != nil {
			unknown = fmt.Errorf("%w: %w", ErrCannotCheck, err)
		}
	}
	return false, unknown
}

// err is [ErrCannotCheck] if any group could not be listed.
func (m groupMembers) Err() error {
	for _, err := range m.failed {
		return fmt.Errorf("%w: %w", ErrCannotCheck, err)
	}
	return nil
}

// expand lists who, each once; everybody is nobody in particular.
func (m groupMembers) expand(who Principals) ([]UserID, error) {
	all := slices.Clone(who.Users)
	var unknown error
	for _, g := range who.Groups {
		all = append(all, m.of[g]...)
		if err := m.failed[g]; err != nil {
			unknown = fmt.Errorf("%w: %w", ErrCannotCheck, err)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), unknown
}
