package approval

import (
	"context"
	"fmt"
)

// requireMember reports why who may not do anything at all, or nil. It asks each
// time: people are deactivated between two clicks.
func requireMember(ctx context.Context, d Directory, who Actor) error {
	standing, err := d.MemberStatus(ctx, who)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCannotCheck, err)
	}
	switch standing {
	case Member:
		return nil
	case Guest:
		return ErrGuest
	case Deactivated:
		return ErrDeactivated
	case Bot:
		return ErrBot
	}
	return ErrExternal
}
