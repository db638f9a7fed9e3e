package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// What may be done to a live key follows the rules of the access that the key
// has afterwards: its owner, or its next owner, could be given that access by
// the policy as it is now.

var (
	// ErrRoleNotOffered says that a role of the key left the policy.
	ErrRoleNotOffered = errors.New("the role is not offered any more")

	// ErrRoleNotTheirs says that a person may not ask for a role of the key.
	ErrRoleNotTheirs = errors.New("the role is not for them")

	// ErrOutlivesRole says that the key would live longer than a role allows.
	ErrOutlivesRole = errors.New("longer than the role allows")

	// ErrBreakGlassEnds says that break-glass is never prolonged.
	ErrBreakGlassEnds = errors.New("break-glass is not prolonged")
)

// A RoleError says which role of a key refuses a change. It wraps one of
// [ErrRoleNotOffered], [ErrRoleNotTheirs] and [ErrOutlivesRole].
type RoleError struct {
	Role Role
	Most time.Duration // with ErrOutlivesRole: the longest life
	Why  error
}

func (e *RoleError) Error() string { return fmt.Sprintf("%s: %v", e.Role, e.Why) }

// Unwrap returns why.
func (e *RoleError) Unwrap() error { return e.Why }

// entitled reports why user could not be given the access of r's key for life
// in all by the rules of now, or nil.
func (rd ResolvedPolicy) Entitled(user UserID, a Access, byBreakGlass bool, life time.Duration) error {
	if byBreakGlass {
		given, err := rd.breaksGlass(user, a, life)
		if given || err != nil {
			return err
		}
	}
	if err := rd.MayAskForAll(user, a); err != nil {
		return err
	}
	if most, role := rd.MaxLifetime(a.AllRoles()); most > 0 && life > most {
		return &RoleError{Role: role, Most: most, Why: ErrOutlivesRole}
	}
	return nil
}

// mayAskForAll reports why user may not ask for every role of a, or nil.
func (rd ResolvedPolicy) MayAskForAll(user UserID, a Access) error {
	for _, role := range a.AllRoles() {
		if _, offered := rd.rule(role); !offered {
			return &RoleError{Role: role, Why: ErrRoleNotOffered}
		}
		switch may, err := rd.mayRequest(user, role); {
		case err != nil:
			return err
		case !may:
			return &RoleError{Role: role, Why: ErrRoleNotTheirs}
		}
	}
	return nil
}

// breaksGlass reports whether user could take access by break-glass for life.
func (rd ResolvedPolicy) breaksGlass(user UserID, a Access, life time.Duration) (bool, error) {
	beyond := slices.ContainsFunc(a.AllRoles(), func(role Role) bool { return !slices.Contains(rd.BreakGlass.Roles, role) })
	if beyond || life > rd.BreakGlass.Lifetime {
		return false, nil
	}
	return rd.Members.Contains(rd.BreakGlass.AllowedRequesters, user)
}

// MostLife is the longest life that the roles of a allow in all, and the role
// that says so; zero if none does.
func (p Policy) MostLife(a Access) (time.Duration, Role) { return p.MaxLifetime(a.AllRoles()) }
