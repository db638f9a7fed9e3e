package approval

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/secret"
)

// A KeySpec says which key is to be created, or how an existing one should be.
type KeySpec struct {
	Request policy.ID
	Attempt int
	Access  policy.Access

	// MadeAt and Owns are of an existing key: when it was made, and the projects
	// that it was last known to own. Inspect looks for new ones.
	MadeAt time.Time
	Owns   []OwnedProject
}

// A Credential is a key with its private half, in memory only.
type Credential struct {
	Key
	PrivateKey secret.Secret
}

// A TaggedKey is a key that carries the tag of a request. Its MadeAt is the time at
// which Atlas created it; zero if that is not known.
type TaggedKey struct {
	Key
	Request policy.ID
	Attempt int

	// Claimed is the request that the tag names, if that did not create the key:
	// Request is then one of the key's own. Keys leaves it empty.
	Claimed policy.ID
}

// ErrNoKey says that a key does not exist, as far as Atlas knows at that moment.
var ErrNoKey = errors.New("no such key")

// Keys creates and deletes keys in one organization of Atlas. Its errors are or
// wrap a *[CallError].
type Keys interface {
	// Create creates the key, calls created with its public part as soon as Atlas
	// has answered, then puts the whole access list on it, gives it its roles in
	// projects and compares all that Atlas says with the spec. An error of created
	// ends Create. After an error that came later than created the key may exist
	// and is the caller's to delete. An Indeterminate CallError before created was
	// called means that there may be a key whose private half is lost.
	Create(ctx context.Context, spec KeySpec, created func(Key) error) (Credential, error)

	// AddAccess puts networks on the key's access list. After a nil error all of
	// them are on it; after any other some may be. Repeating it is harmless.
	AddAccess(ctx context.Context, keyID string, networks []netip.Prefix) error

	// KeepAccess takes everything off the key's access list but keep, and drop
	// even if Atlas does not list it: lists lag. The key is never without an
	// entry. After an error some may still be there. Repeating it is harmless.
	KeepAccess(ctx context.Context, keyID string, keep, drop []netip.Prefix) error

	// Delete deletes a key. A key that does not exist is a success.
	Delete(ctx context.Context, keyID string) error

	// FindTagged lists the keys that carry exactly the tag of the given request,
	// of every attempt. Atlas's lists lag: one empty result is not conclusive.
	FindTagged(ctx context.Context, id policy.ID) ([]TaggedKey, error)

	// ListTagged lists the keys that carry a tag of this bot, as FindTagged does.
	ListTagged(ctx context.Context) ([]TaggedKey, error)

	// CreatedButUnlisted reports whether Atlas's event feed tells of a key that the
	// bot created since then and that is neither listed nor deleted: the list lags.
	CreatedButUnlisted(ctx context.Context, since time.Time) (bool, error)

	// Inspect reports how the key differs from the spec that it was created for, or
	// ErrNoKey.
	Inspect(ctx context.Context, spec KeySpec, keyID string) (Drift, error)

	// Projects lists the organization's projects, by name.
	Projects(ctx context.Context) ([]policy.Project, error)

	// WasUsed reports whether the key's access list shows a use.
	WasUsed(ctx context.Context, keyID string) (bool, error)
}

// KeysOf returns the keys of an organization. It never returns nil: see [KeysByOrg].
type KeysOf func(policy.OrgID) Keys

// KeysByOrg holds the keys of each organization that the bot has a credential for.
type KeysByOrg map[policy.OrgID]Keys

// Of returns the keys of an organization. Without a credential for it, every call
// is refused.
func (k KeysByOrg) Of(org policy.OrgID) Keys {
	if keys := k[org]; keys != nil {
		return keys
	}
	return noKeys{}
}

// noKeys is [Keys] of an organization that the bot has no credential for.
type noKeys struct{}

var errNoCredential = &CallError{
	Class: Permanent, Cause: CauseNotPermitted, Err: errors.New("the bot has no credential for this organization"),
}

func (noKeys) Create(context.Context, KeySpec, func(Key) error) (Credential, error) {
	return Credential{}, errNoCredential
}

func (noKeys) AddAccess(context.Context, string, []netip.Prefix) error { return errNoCredential }

func (noKeys) KeepAccess(context.Context, string, []netip.Prefix, []netip.Prefix) error {
	return errNoCredential
}

func (noKeys) Delete(context.Context, string) error { return errNoCredential }

func (noKeys) FindTagged(context.Context, policy.ID) ([]TaggedKey, error) {
	return nil, errNoCredential
}

func (noKeys) ListTagged(context.Context) ([]TaggedKey, error) { return nil, errNoCredential }

func (noKeys) CreatedButUnlisted(context.Context, time.Time) (bool, error) {
	return false, errNoCredential
}

func (noKeys) Inspect(context.Context, KeySpec, string) (Drift, error) {
	return Drift{}, errNoCredential
}

func (noKeys) Projects(context.Context) ([]policy.Project, error) { return nil, errNoCredential }

func (noKeys) WasUsed(context.Context, string) (bool, error) { return false, errNoCredential }
