package approvaltest

import (
	"context"
	"slices"
	"sync"

	"atlaskeybot/internal/approval/policy"
)

// Directory is a workspace in memory. A user who is not in it is
// [policy.External]. The zero value is empty and ready.
type Directory struct {
	Script

	held      sync.Mutex // guards what follows
	standings map[policy.UserID]policy.MemberStatus
	groups    map[policy.GroupID][]policy.UserID
}

var _ policy.Directory = (*Directory)(nil)

// Set says what the users are from now on.
func (d *Directory) Set(standing policy.MemberStatus, users ...policy.UserID) {
	d.held.Lock()
	defer d.held.Unlock()
	if d.standings == nil {
		d.standings = map[policy.UserID]policy.MemberStatus{}
	}
	for _, u := range users {
		d.standings[u] = standing
	}
}

// SetGroup says who is in a group from now on.
func (d *Directory) SetGroup(g policy.GroupID, members ...policy.UserID) {
	d.held.Lock()
	defer d.held.Unlock()
	if d.groups == nil {
		d.groups = map[policy.GroupID][]policy.UserID{}
	}
	d.groups[g] = slices.Clone(members)
}

// MemberStatus implements [approval.Directory]. Its failures are those of
// [CallMemberStatus].
func (d *Directory) MemberStatus(ctx context.Context, who policy.Actor) (policy.MemberStatus, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if m := d.next(CallMemberStatus); m.Err != nil {
		return "", m.Err
	}
	d.held.Lock()
	defer d.held.Unlock()
	if standing, ok := d.standings[who.User]; ok {
		return standing, nil
	}
	return policy.External, nil
}

// Deactivated implements [approval.Directory]. Its failures are those of
// [CallDeactivated].
func (d *Directory) Deactivated(ctx context.Context, user policy.UserID) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if m := d.next(CallDeactivated); m.Err != nil {
		return false, m.Err
	}
	d.held.Lock()
	defer d.held.Unlock()
	return d.standings[user] == policy.Deactivated, nil
}

// Members implements [approval.Directory]. An unknown group has none. Its
// failures are those of [CallMembers].
func (d *Directory) Members(ctx context.Context, g policy.GroupID) ([]policy.UserID, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if m := d.next(CallMembers); m.Err != nil {
		return nil, m.Err
	}
	d.held.Lock()
	defer d.held.Unlock()
	return slices.Clone(d.groups[g]), nil
}
