package atlas

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"atlaskeybot/internal/approval"
)

// A Fleet is [approval.Keys] in several organizations of Atlas. Each has a
// client with a credential of its own; what is meant for another is refused.
type Fleet map[approval.OrgID]*Keys

var _ approval.Keys = Fleet(nil)

func (f Fleet) in(org approval.OrgID) (*Keys, error) {
	if k := f[org]; k != nil {
		return k, nil
	}
	return nil, &approval.Fault{
		Verdict: approval.Refused,
		Cause:   approval.CauseNotPermitted,
		Err:     errors.New("the bot has no credential for this organization"),
	}
}

// Make implements [approval.Keys].
func (f Fleet) Make(ctx context.Context, o approval.Order, made func(approval.Key) error) (approval.Credential, error) {
	k, err := f.in(o.Org)
	if err != nil {
		return approval.Credential{}, err
	}
	return k.Make(ctx, o, made)
}

// AddAccess implements [approval.Keys].
func (f Fleet) AddAccess(ctx context.Context, org approval.OrgID, keyID string, networks []netip.Prefix) error {
	k, err := f.in(org)
	if err != nil {
		return err
	}
	return k.AddAccess(ctx, org, keyID, networks)
}

// KeepAccess implements [approval.Keys].
func (f Fleet) KeepAccess(ctx context.Context, org approval.OrgID, keyID string, keep, drop []netip.Prefix) error {
	k, err := f.in(org)
	if err != nil {
		return err
	}
	return k.KeepAccess(ctx, org, keyID, keep, drop)
}

// Remove implements [approval.Keys].
func (f Fleet) Remove(ctx context.Context, org approval.OrgID, keyID string) error {
	k, err := f.in(org)
	if err != nil {
		return err
	}
	return k.Remove(ctx, org, keyID)
}

// Find implements [approval.Keys].
func (f Fleet) Find(ctx context.Context, org approval.OrgID, id approval.ID) ([]approval.Found, error) {
	k, err := f.in(org)
	if err != nil {
		return nil, err
	}
	return k.Find(ctx, org, id)
}

// Marked implements [approval.Keys].
func (f Fleet) Marked(ctx context.Context, org approval.OrgID) ([]approval.Found, error) {
	k, err := f.in(org)
	if err != nil {
		return nil, err
	}
	return k.Marked(ctx, org)
}

// Unlisted implements [approval.Keys].
func (f Fleet) Unlisted(ctx context.Context, org approval.OrgID, since time.Time) (bool, error) {
	k, err := f.in(org)
	if err != nil {
		return false, err
	}
	return k.Unlisted(ctx, org, since)
}

// Inspect implements [approval.Keys].
func (f Fleet) Inspect(ctx context.Context, o approval.Order, keyID string) (approval.Drift, error) {
	k, err := f.in(o.Org)
	if err != nil {
		return approval.Drift{}, err
	}
	return k.Inspect(ctx, o, keyID)
}

// Projects implements [approval.Keys].
func (f Fleet) Projects(ctx context.Context, org approval.OrgID) ([]approval.Project, error) {
	k, err := f.in(org)
	if err != nil {
		return nil, err
	}
	return k.Projects(ctx, org)
}

// Used implements [approval.Keys].
func (f Fleet) Used(ctx context.Context, org approval.OrgID, keyID string) (bool, error) {
	k, err := f.in(org)
	if err != nil {
		return false, err
	}
	return k.Used(ctx, org, keyID)
}
