package atlas

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A MultiOrg is [approval.Keys] in several organizations of Atlas. Each has a
// client with a credential of its own; what is meant for another is refused.
type MultiOrg map[policy.OrgID]*Keys

var _ approval.Keys = MultiOrg(nil)

func (f MultiOrg) keysOf(org policy.OrgID) (*Keys, error) {
	if k := f[org]; k != nil {
		return k, nil
	}
	return nil, &approval.CallError{
		Class: approval.Permanent,
		Cause: approval.CauseNotPermitted,
		Err:   errors.New("the bot has no credential for this organization"),
	}
}

// Create implements [approval.Keys].
func (f MultiOrg) Create(ctx context.Context, o approval.KeySpec, made func(approval.Key) error) (approval.Credential, error) {
	k, err := f.keysOf(o.Org)
	if err != nil {
		return approval.Credential{}, err
	}
	return k.Create(ctx, o, made)
}

// AddAccess implements [approval.Keys].
func (f MultiOrg) AddAccess(ctx context.Context, org policy.OrgID, keyID string, networks []netip.Prefix) error {
	k, err := f.keysOf(org)
	if err != nil {
		return err
	}
	return k.AddAccess(ctx, org, keyID, networks)
}

// KeepAccess implements [approval.Keys].
func (f MultiOrg) KeepAccess(ctx context.Context, org policy.OrgID, keyID string, keep, drop []netip.Prefix) error {
	k, err := f.keysOf(org)
	if err != nil {
		return err
	}
	return k.KeepAccess(ctx, org, keyID, keep, drop)
}

// Delete implements [approval.Keys].
func (f MultiOrg) Delete(ctx context.Context, org policy.OrgID, keyID string) error {
	k, err := f.keysOf(org)
	if err != nil {
		return err
	}
	return k.Delete(ctx, org, keyID)
}

// FindTagged implements [approval.Keys].
func (f MultiOrg) FindTagged(ctx context.Context, org policy.OrgID, id policy.ID) ([]approval.TaggedKey, error) {
	k, err := f.keysOf(org)
	if err != nil {
		return nil, err
	}
	return k.FindTagged(ctx, org, id)
}

// ListTagged implements [approval.Keys].
func (f MultiOrg) ListTagged(ctx context.Context, org policy.OrgID) ([]approval.TaggedKey, error) {
	k, err := f.keysOf(org)
	if err != nil {
		return nil, err
	}
	return k.ListTagged(ctx, org)
}

// CreatedButUnlisted implements [approval.Keys].
func (f MultiOrg) CreatedButUnlisted(ctx context.Context, org policy.OrgID, since time.Time) (bool, error) {
	k, err := f.keysOf(org)
	if err != nil {
		return false, err
	}
	return k.CreatedButUnlisted(ctx, org, since)
}

// Inspect implements [approval.Keys].
func (f MultiOrg) Inspect(ctx context.Context, o approval.KeySpec, keyID string) (approval.Drift, error) {
	k, err := f.keysOf(o.Org)
	if err != nil {
		return approval.Drift{}, err
	}
	return k.Inspect(ctx, o, keyID)
}

// Projects implements [approval.Keys].
func (f MultiOrg) Projects(ctx context.Context, org policy.OrgID) ([]policy.Project, error) {
	k, err := f.keysOf(org)
	if err != nil {
		return nil, err
	}
	return k.Projects(ctx, org)
}

// WasUsed implements [approval.Keys].
func (f MultiOrg) WasUsed(ctx context.Context, org policy.OrgID, keyID string) (bool, error) {
	k, err := f.keysOf(org)
	if err != nil {
		return false, err
	}
	return k.WasUsed(ctx, org, keyID)
}
