package service

import (
	"context"
	"fmt"

	"atlaskeybot/internal/approval"
)

// unlessRevoked is may, for a successor only if the key before it was not
// revoked by an approver or the operator.
func (s *Service) unlessRevoked(may check) check {
	return func(ctx context.Context, r approval.Request) error {
		if err := may(ctx, r); err != nil || r.Type != approval.Rotation {
			return err
		}
		before, err := s.Store.Get(ctx, r.ParentID)
		switch {
		case err != nil:
			return fmt.Errorf("reading request %s: %w", r.ParentID, err)
		case before.Cascade == approval.CascadeAll:
			return approval.ErrPredecessorRevoked
		}
		return nil
	}
}
