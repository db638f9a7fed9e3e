package atlas

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"net/netip"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Keys is [approval.Keys] in one organization of Atlas.
type Keys struct {
	api *Client
	bot string // for the tags
}

var _ approval.Keys = (*Keys)(nil)

// NewKeys returns the keys behind api. identity is constant for one installation of
// the bot and unique to it: keys with the tag of another installation are ignored.
func NewKeys(api *Client, identity string) *Keys {
	sum := sha256.Sum256([]byte(identity))
	return &Keys{api: api, bot: base32.StdEncoding.EncodeToString(sum[:])[:6]}
}

func (k *Keys) tag(request policy.ID, attempt int) Tag {
	return Tag{Request: string(request), Attempt: attempt, Bot: k.bot}
}

// Create implements [approval.Keys]. Atlas shows a private key once and creates a
// new key with every call, so a lost response leaves an unknown key that cannot be
// used. [Keys.FindTagged] finds it by the tag in its description.
func (k *Keys) Create(ctx context.Context, o approval.KeySpec, created func(approval.Key) error) (approval.Credential, error) {
	wanted := KeySpec{
		Description: Describe(o.Access.Description, k.tag(o.Request, o.Attempt)),
		Roles:       names(o.Access.Roles),
		From:        o.Access.Networks,
		Projects:    projectRoles(o.Access),
	}
	var public approval.Key
	key, err := k.api.Create(ctx, wanted, func(key Key) error {
		public = k.public(key)
		public.MadeAt = k.api.now()
		return created(public)
	})
	if err != nil {
		return approval.Credential{}, domainError(err)
	}
	return approval.Credential{Key: public, PrivateKey: key.Private}, nil
}

// AddAccess implements [approval.Keys].
func (k *Keys) AddAccess(ctx context.Context, keyID string, networks []netip.Prefix) error {
	return ignoreMissingKey(k.api.AddAccess(ctx, keyID, networks))
}

// KeepAccess implements [approval.Keys].
func (k *Keys) KeepAccess(ctx context.Context, keyID string, keep, drop []netip.Prefix) error {
	return ignoreMissingKey(k.api.KeepAccess(ctx, keyID, keep, drop))
}

// ignoreMissingKey translates the error of a call about a key that must exist.
func ignoreMissingKey(err error) error {
	if KindOf(err) == Gone {
		return &approval.CallError{Class: approval.Permanent, Cause: approval.CauseKeyNotActive, Err: err}
	}
	return domainError(err)
}

// Delete implements [approval.Keys].
func (k *Keys) Delete(ctx context.Context, keyID string) error {
	return domainError(k.api.DeleteKey(ctx, keyID))
}

// FindTagged implements [approval.Keys]. It compares whole tags, because the id of
// one request may be a prefix of another's.
func (k *Keys) FindTagged(ctx context.Context, id policy.ID) ([]approval.TaggedKey, error) {
	all, err := k.ListTagged(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(f approval.TaggedKey) bool { return f.Request != id }), nil
}

// ListTagged implements [approval.Keys].
func (k *Keys) ListTagged(ctx context.Context) ([]approval.TaggedKey, error) {
	keys, err := k.api.ListKeys(ctx)
	if err != nil {
		return nil, domainError(err)
	}
	var found []approval.TaggedKey
	for _, key := range keys {
		m, ok := parseTag(key.Description)
		if !ok || m.Bot != k.bot {
			continue
		}
		// Any user of the organization can write a tag. One without a valid request
		// id is not the bot's.
		if id, ok := approval.ParseID(m.Request); ok && !k.api.isOwn(key) {
			public := k.public(key)
			public.MadeAt = madeAt(key.ID)
			found = append(found, approval.TaggedKey{Key: public, Request: id, Attempt: m.Attempt})
		}
	}
	return found, nil
}

// CreatedButUnlisted implements [approval.Keys]. An event names a key only by its
// public half, so it compares everything that the bot created with what is listed
// or deleted.
func (k *Keys) CreatedButUnlisted(ctx context.Context, since time.Time) (bool, error) {
	events, err := k.api.Events(ctx, since, EventKeyCreated, EventKeyDeleted)
	if err != nil {
		return false, domainError(err)
	}
	keys, err := k.api.ListKeys(ctx)
	if err != nil {
		return false, domainError(err)
	}
	explained := map[string]bool{}
	for _, key := range keys {
		explained[key.PublicKey] = true
	}
	for _, e := range events {
		if e.Type == EventKeyDeleted {
			explained[e.Target] = true
		}
	}
	return slices.ContainsFunc(events, func(e Event) bool {
		return e.Type == EventKeyCreated && e.Actor == k.api.login.Name() && !explained[e.Target]
	}), nil
}

// Inspect implements [approval.Keys].
func (k *Keys) Inspect(ctx context.Context, o approval.KeySpec, keyID string) (approval.Drift, error) {
	key, err := k.api.GetKey(ctx, keyID)
	if err != nil {
		return approval.Drift{}, k.missing(err)
	}
	entries, err := k.api.ListAccess(ctx, keyID)
	if err != nil {
		return approval.Drift{}, k.missing(err)
	}
	return k.drift(o, key, entries, k.owned(ctx, o, key)), nil
}

// missing translates the error of a key that does not exist.
func (k *Keys) missing(err error) error {
	if KindOf(err) == Gone {
		return approval.ErrNoKey
	}
	return domainError(err)
}

// Projects implements [approval.Keys], sorted without regard to case.
func (k *Keys) Projects(ctx context.Context) ([]policy.Project, error) {
	all, err := k.api.ListProjects(ctx)
	if err != nil {
		return nil, domainError(err)
	}
	projects := make([]policy.Project, len(all))
	for i, p := range all {
		projects[i] = policy.Project{ID: policy.ProjectID(p.ID), Name: p.Name}
	}
	slices.SortFunc(projects, func(a, b policy.Project) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(string(a.ID), string(b.ID)))
	})
	return projects, nil
}

// WasUsed implements [approval.Keys]. It returns false for a key that does not exist.
func (k *Keys) WasUsed(ctx context.Context, keyID string) (bool, error) {
	entries, err := k.api.ListAccess(ctx, keyID)
	if err := ignoreNotFound(err); err != nil {
		return false, domainError(err)
	}
	for _, e := range entries {
		if e.WasUsed() {
			return true, nil
		}
	}
	return false, nil
}

func (k *Keys) public(key Key) approval.Key {
	return approval.Key{ID: key.ID, PublicKey: key.PublicKey}
}
