package approval

import (
	"context"
	"fmt"
)

// mayAct reports why who may not do anything at all, or nil. It asks each
// time: people are deactivated between two clicks.
func mayAct(ctx context.Context, d Directory, who Actor) error {
	standing, err := d.Standing(ctx, who)
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
	case Robot:
		return ErrRobot
	}
	return ErrOutsider
}
