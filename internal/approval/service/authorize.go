package service

import (
	"context"
	"fmt"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// requireOwner reports why who may not act as r's requester, or nil.
func requireOwner(ctx context.Context, d policy.Directory, r approval.Request, who policy.Actor) error {
	if who.User != r.Requester {
		return approval.ErrNotOwner
	}
	return requireMember(ctx, d, who)
}

// requireMember reports why who may not do anything at all, or nil. It asks each
// time: people are deactivated between two clicks.
func requireMember(ctx context.Context, d policy.Directory, who policy.Actor) error {
	standing, err := d.MemberStatus(ctx, who)
	if err != nil {
		return fmt.Errorf("%w: %w", policy.ErrCannotCheck, err)
	}
	switch standing {
	case policy.Member:
		return nil
	case policy.Guest:
		return approval.ErrGuest
	case policy.Deactivated:
		return approval.ErrDeactivated
	case policy.Bot:
		return approval.ErrBot
	}
	return approval.ErrExternal
}
