package policy

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"atlaskeybot/internal/isolate"
)

// Principals is a set of users and groups, or everyone. The zero value is empty.
type Principals struct {
	Everyone bool      `json:"everyone,omitempty"`
	Users    []UserID  `json:"users,omitempty"`
	Groups   []GroupID `json:"groups,omitempty"`
}

// IsZero reports whether the set is empty.
func (p Principals) IsZero() bool { return !p.Everyone && len(p.Users) == 0 && len(p.Groups) == 0 }

// Union returns the principals that are in p or in o, each once, in a fixed order.
func (p Principals) Union(o Principals) Principals {
	all := Principals{Everyone: p.Everyone || o.Everyone, Users: slices.Concat(p.Users, o.Users), Groups: slices.Concat(p.Groups, o.Groups)}
	slices.Sort(all.Users)
	slices.Sort(all.Groups)
	all.Users, all.Groups = slices.Compact(all.Users), slices.Compact(all.Groups)
	return all
}

// Equal reports whether p and o name the same users and groups, in any order.
func (p Principals) Equal(o Principals) bool {
	return p.Everyone == o.Everyone && equalSets(p.Users, o.Users) && equalSets(p.Groups, o.Groups)
}

func equalSets[T comparable](a, b []T) bool {
	return containsAll(a, b) && containsAll(b, a)
}

func containsAll[T comparable](all, some []T) bool {
	return !slices.ContainsFunc(some, func(one T) bool { return !slices.Contains(all, one) })
}

// groupMembers is the membership of groups at one point in time. A group that could
// not be listed has an error instead.
type groupMembers struct {
	of     map[GroupID][]UserID
	failed map[GroupID]error
}

// listAll lists the groups concurrently: a caller waits for the answer.
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

// Contains reports whether user is among the principals. If that depends on a group
// that could not be listed, the error is [ErrCannotCheck].
func (m groupMembers) Contains(of Principals, user UserID) (bool, error) {
	if of.Everyone || slices.Contains(of.Users, user) {
		return true, nil
	}
	var unknown error
	for _, g := range of.Groups {
		if slices.Contains(m.of[g], user) {
			return true, nil
		}
		if err := m.failed[g]; err != nil {
			unknown = fmt.Errorf("%w: %w", ErrCannotCheck, err)
		}
	}
	return false, unknown
}

// Err returns [ErrCannotCheck] if any group could not be listed.
func (m groupMembers) Err() error {
	for _, err := range m.failed {
		return fmt.Errorf("%w: %w", ErrCannotCheck, err)
	}
	return nil
}

// expand lists the users of principals, each once; Everyone adds none.
func (m groupMembers) expand(of Principals) ([]UserID, error) {
	all := slices.Clone(of.Users)
	var unknown error
	for _, g := range of.Groups {
		all = append(all, m.of[g]...)
		if err := m.failed[g]; err != nil {
			unknown = fmt.Errorf("%w: %w", ErrCannotCheck, err)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), unknown
}
