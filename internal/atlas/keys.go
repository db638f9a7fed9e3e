package atlas

import (
	"context"
	"errors"

	"atlaskeybot/internal/approval"
)

// Keys is [approval.Keys] in one organization of Atlas.
type Keys struct{ api *Client }

var _ approval.Keys = (*Keys)(nil)

// NewKeys makes keys through api.
func NewKeys(api *Client) *Keys { return &Keys{api: api} }

// Make implements [approval.Keys]. Atlas shows a private key once and makes a
// new key for every call, so a lost answer leaves a key that nobody can use and
// nobody knows of. The mark in the description is how [Keys.Find] finds it.
func (k *Keys) Make(ctx context.Context, o approval.Order, made func(approval.Key) error) (approval.Credential, error) {
	if err := k.here(o.Org); err != nil {
		return approval.Credential{}, err
	}
	wanted := Wanted{
		Description: Describe(o.Access.Description, string(o.Request), o.Attempt),
		From:        o.Access.Networks,
	}
	for _, r := range o.Access.Roles {
		wanted.Roles = append(wanted.Roles, string(r))
	}
	var public approval.Key
	key, err := k.api.Create(ctx, wanted, func(key Key) error {
		public = k.public(key)
		public.MadeAt = k.api.now()
		return made(public)
	})
	if err != nil {
		return approval.Credential{}, fault(err)
	}
	return approval.Credential{Key: public, PrivateKey: key.Private}, nil
}

// Remove implements [approval.Keys].
func (k *Keys) Remove(ctx context.Context, org approval.OrgID, keyID string) error {
	if err := k.here(org); err != nil {
		return err
	}
	return fault(k.api.DeleteKey(ctx, keyID))
}

// Find implements [approval.Keys]. Marks are compared whole: a request's id may
// be the beginning of another's.
func (k *Keys) Find(ctx context.Context, org approval.OrgID, id approval.ID) ([]approval.Found, error) {
	if err := k.here(org); err != nil {
		return nil, err
	}
	keys, err := k.api.ListKeys(ctx)
	if err != nil {
		return nil, fault(err)
	}
	var found []approval.Found
	for _, key := range keys {
		if request, attempt, ok := parseMark(key.Description); ok && request == string(id) {
			found = append(found, approval.Found{Key: k.public(key), Attempt: attempt})
		}
	}
	return found, nil
}

// Used implements [approval.Keys]. A key that does not exist was not used.
func (k *Keys) Used(ctx context.Context, org approval.OrgID, keyID string) (bool, error) {
	if err := k.here(org); err != nil {
		return false, err
	}
	entries, err := k.api.ListAccess(ctx, keyID)
	if err := unlessGone(err); err != nil {
		return false, fault(err)
	}
	for _, e := range entries {
		if e.Used() {
			return true, nil
		}
	}
	return false, nil
}

func (k *Keys) public(key Key) approval.Key {
	return approval.Key{ID: key.ID, PublicKey: key.PublicKey}
}

// here refuses what is meant for another organization than the client's.
func (k *Keys) here(org approval.OrgID) error {
	if string(org) == k.api.org {
		return nil
	}
	return &approval.Fault{
		Verdict: approval.NotNow,
		Cause:   approval.CauseBadLogin,
		Err:     errors.New("the bot is set up for another organization"),
	}
}
