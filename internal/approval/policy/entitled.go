package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A change of an active key is judged by the access that the key has afterwards:
// its owner, or its next owner, is entitled to that access by the current policy.

var (
	// ErrRoleNotOffered refuses a key with a role that the policy does not offer any
	// more.
	ErrRoleNotOffered = errors.New("the role is not offered any more")

	// ErrRoleNotTheirs refuses a user who may not request a role of the key.
	ErrRoleNotTheirs = errors.New("the role is not for them")

	// ErrOutlivesRole refuses a lifetime longer than a role of the key allows.
	ErrOutlivesRole = errors.New("longer than the role allows")

	// ErrBreakGlassEnds refuses to extend a key taken by break-glass.
	ErrBreakGlassEnds = errors.New("break-glass is not prolonged")
)

// A RoleError says which role of a key refuses a change. It wraps one of
// [ErrRoleNotOffered], [ErrRoleNotTheirs] and [ErrOutlivesRole].
type RoleError struct {
	Role Role
	Most time.Duration // with ErrOutlivesRole: the longest lifetime
	Why  error
}

func (e *RoleError) Error() string { return fmt.Sprintf("%s: %v", e.Role, e.Why) }

// Unwrap returns why.
func (e *RoleError) Unwrap() error { return e.Why }

// Entitled reports why the current policy would not give user the access for that
// lifetime, or nil.
func (p ResolvedPolicy) Entitled(user UserID, a Access, byBreakGlass bool, life time.Duration) error {
	if byBreakGlass {
		given, err := p.mayBreakGlass(user, a, life)
		if given || err != nil {
			return err
		}
	}
	if err := p.MayAskForAll(user, a); err != nil {
		return err
	}
	if most, role := p.MaxLifetime(a.AllRoles()); most > 0 && life > most {
		return &RoleError{Role: role, Most: most, Why: ErrOutlivesRole}
	}
	return nil
}

// MayAskForAll reports why user may not request every role of a, or nil.
func (p ResolvedPolicy) MayAskForAll(user UserID, a Access) error {
	for _, role := range a.AllRoles() {
		if _, offered := p.rule(role); !offered {
			return &RoleError{Role: role, Why: ErrRoleNotOffered}
		}
		switch may, err := p.mayRequest(user, role); {
		case err != nil:
			return err
		case !may:
			return &RoleError{Role: role, Why: ErrRoleNotTheirs}
		}
	}
	return nil
}

// mayBreakGlass reports whether user may take the access by break-glass for that
// lifetime.
func (p ResolvedPolicy) mayBreakGlass(user UserID, a Access, life time.Duration) (bool, error) {
	beyond := slices.ContainsFunc(a.AllRoles(), func(role Role) bool { return !slices.Contains(p.BreakGlass.Roles, role) })
	if beyond || life > p.BreakGlass.Lifetime {
		return false, nil
	}
	return p.Members.Contains(p.BreakGlass.AllowedRequesters, user)
}

// MostLife is the longest life that the roles of a allow in all, and the role
// that says so; zero if none does.
func (p Policy) MostLife(a Access) (time.Duration, Role) { return p.MaxLifetime(a.AllRoles()) }
