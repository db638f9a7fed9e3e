package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Policy is what an organization allows. All durations are positive.
type Policy struct {
	// ApproverUsers and ApproverGroups may decide; at least one is named.
	ApproverUsers  []UserID
	ApproverGroups []GroupID

	// AllowSelfApproval lets an approver decide on their own request: for a
	// one-person try. The card says so.
	AllowSelfApproval bool

	AllowedRoles []Role          // what may be asked for
	Lifetimes    []time.Duration // the choices, shortest first
	WidestIPv4   int             // the smallest prefix length allowed, in bits
	WidestIPv6   int
	MaxEntries   int // addresses and blocks on one key's list

	PendingLapsesAfter time.Duration // from asking to a decision
	CollectWithin      time.Duration // from approval to the first press
	ConfirmWithin      time.Duration // from showing the key to "I saved it"

	// RemindBefore is how long before its end the owner of a key is told, longest
	// first. A key that lives short is told of at a quarter of its life.
	RemindBefore []time.Duration

	// Overlap is how long a key stays after its successor was taken into use.
	Overlap time.Duration
}

// approvers lists who may decide, groups resolved. If a group cannot be
// resolved the rest still may decide, and the error says what is missing.
func (p Policy) approvers(ctx context.Context, d Directory) ([]UserID, error) {
	all := slices.Clone(p.ApproverUsers)
	var errs []error
	for _, g := range p.ApproverGroups {
		members, err := d.Members(ctx, g)
		if err != nil {
			errs = append(errs, fmt.Errorf("listing the members of %s: %w", g, err))
			continue
		}
		all = append(all, members...)
	}
	return all, errors.Join(errs...)
}

// mayDecide reports why who may not decide on r, or nil.
func (p Policy) mayDecide(ctx context.Context, d Directory, r Request, who Actor) error {
	if err := mayAct(ctx, d, who); err != nil {
		return err
	}
	if who.User == r.Requester && !p.AllowSelfApproval {
		return ErrOwnRequest
	}
	return p.isApprover(ctx, d, who.User)
}

func (p Policy) isApprover(ctx context.Context, d Directory, user UserID) error {
	approvers, err := p.approvers(ctx, d)
	switch {
	case slices.Contains(approvers, user):
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w", ErrCannotCheck, err)
	}
	return ErrNotApprover
}

// isOwner reports why who may not act as r's requester, or nil.
func isOwner(ctx context.Context, d Directory, r Request, who Actor) error {
	if who.User != r.Requester {
		return ErrNotOwner
	}
	return mayAct(ctx, d, who)
}

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
