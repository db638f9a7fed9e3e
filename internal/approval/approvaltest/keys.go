package approvaltest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/secret"
)

// Calls of Keys beside those of [CallCreate] and the like.
const (
	CallAssign   Call = "assign"   // Keys.Create, the roles in one project; once for each
	CallProjects Call = "projects" // Keys.Projects
)

// Keys are the keys of every organization of an Atlas in memory; see [Keys.Of]. The
// zero value is empty and ready.
type Keys struct {
	Script

	// Now gives keys their time of making. Without it they are made at [Epoch].
	Now func() time.Time

	// Lag is for how long Find misses a new key, and still lists a deleted one,
	// as Atlas's lists do.
	Lag time.Duration

	held     sync.Mutex // guards what follows
	undying  string     // see Undying
	all      []*madeKey
	projects map[policy.OrgID][]policy.Project // by name; see Have
}

// A LiveKey is a key that exists in Atlas.
type LiveKey struct {
	approval.Key
	Org     policy.OrgID
	Request policy.ID // with Attempt, the tag
	Attempt int
	Access  policy.Access // as ordered

	// Restricted is whether the access list is on the key. Without it the key
	// works from anywhere.
	Restricted bool

	// Assigned is what the key has of Access.Projects.
	Assigned []policy.ProjectAccess
	Used     bool
	Drift    approval.Drift // what was changed manually
}

type madeKey struct {
	LiveKey
	goneAt time.Time // zero: alive
}

// OrgKeys are the keys of one organization.
type OrgKeys struct {
	*Keys
	org policy.OrgID
}

var _ approval.Keys = OrgKeys{}

// Of returns the keys of an organization; it is an [approval.KeysOf].
func (k *Keys) Of(org policy.OrgID) approval.Keys { return OrgKeys{k, org} }

// Create implements [approval.Keys]. Its failures are those of [CallCreate],
// [CallRestrict] and, once for every project, [CallAssign].
func (k OrgKeys) Create(ctx context.Context, o approval.KeySpec, made func(approval.Key) error) (approval.Credential, error) {
	var key *madeKey
	if err := k.call(ctx, CallCreate, func() { key = k.create(o) }); err != nil {
		return approval.Credential{}, fmt.Errorf("creating the key: %w", err)
	}
	if err := made(key.Key); err != nil {
		return approval.Credential{}, err
	}
	if err := k.call(ctx, CallRestrict, func() { key.Restricted = true }); err != nil {
		return approval.Credential{}, fmt.Errorf("putting the access list on the key: %w", err)
	}
	for _, p := range o.Access.Projects {
		if err := k.assign(ctx, key, p); err != nil {
			return approval.Credential{}, fmt.Errorf("giving the key its roles in project %s: %w", p.ID, err)
		}
	}
	return approval.Credential{Key: key.Key, PrivateKey: PrivateKey(key.ID)}, nil
}

// assign gives key its roles in a project, if the organization has that.
func (k *Keys) assign(ctx context.Context, key *madeKey, p policy.ProjectAccess) error {
	missing := false
	err := k.call(ctx, CallAssign, func() {
		if missing = !k.has(key.Org, p.ID); !missing {
			key.Assigned = append(key.Assigned, copyProjects([]policy.ProjectAccess{p})...)
		}
	})
	if err == nil && missing {
		err = &approval.CallError{Class: approval.Permanent, Cause: approval.CauseBadProject, Err: errors.New("no such project")}
	}
	return err
}

// PrivateKey is the private half of the key that [Keys] made with that id.
func PrivateKey(keyID string) secret.Secret { return secret.New("private-half-of-" + keyID) }

// create adds a key whose id and public half follow from how many there were.
func (k OrgKeys) create(o approval.KeySpec) *madeKey {
	n := len(k.all) + 1
	o.Access.Roles = slices.Clone(o.Access.Roles)
	o.Access.Networks = slices.Clone(o.Access.Networks)
	o.Access.Projects = copyProjects(o.Access.Projects)
	key := &madeKey{LiveKey: LiveKey{
		Key: approval.Key{ID: fmt.Sprintf("%024x", n), PublicKey: fmt.Sprintf("pub%05d", n), MadeAt: k.now()},
		Org: k.org, Request: o.Request, Attempt: o.Attempt, Access: o.Access,
	}}
	k.all = append(k.all, key)
	return key
}

// AddAccess implements [approval.Keys]. Its failures are those of
// [CallAddAccess].
func (k OrgKeys) AddAccess(ctx context.Context, keyID string, networks []netip.Prefix) error {
	return k.relist(ctx, CallAddAccess, keyID, func(list []netip.Prefix) []netip.Prefix {
		for _, n := range networks {
			if !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
		return list
	})
}

// KeepAccess implements [approval.Keys]. Its failures are those of [CallKeepAccess].
func (k OrgKeys) KeepAccess(ctx context.Context, keyID string, keep, _ []netip.Prefix) error {
	return k.relist(ctx, CallKeepAccess, keyID, func([]netip.Prefix) []netip.Prefix { return slices.Clone(keep) })
}

func (k OrgKeys) relist(ctx context.Context, call Call, keyID string, to func([]netip.Prefix) []netip.Prefix) error {
	isGone := false
	err := k.call(ctx, call, func() {
		key := k.alive(keyID)
		if isGone = key == nil; !isGone {
			key.Access.Networks = to(slices.Clone(key.Access.Networks))
		}
	})
	if err == nil && isGone {
		err = &approval.CallError{Class: approval.Permanent, Cause: approval.CauseKeyNotActive, Err: errors.New("no such key")}
	}
	return err
}

// Delete implements [approval.Keys].
func (k OrgKeys) Delete(ctx context.Context, keyID string) error {
	return k.call(ctx, CallDelete, func() {
		if key := k.alive(keyID); key != nil && keyID != k.undying {
			key.goneAt = k.now()
		}
	})
}

// Undying makes deletions of the key succeed without an effect; an empty id ends
// that.
func (k *Keys) Undying(keyID string) {
	k.held.Lock()
	defer k.held.Unlock()
	k.undying = keyID
}

// FindTagged implements [approval.Keys].
func (k OrgKeys) FindTagged(ctx context.Context, id policy.ID) ([]approval.TaggedKey, error) {
	var found []approval.TaggedKey
	err := k.call(ctx, CallFindTagged, func() {
		seen := k.now().Add(-k.Lag) // the list is as it was then
		for _, key := range k.all {
			isThere := !key.MadeAt.After(seen) && (key.goneAt.IsZero() || key.goneAt.After(seen))
			if key.Org == k.org && key.Request == id && isThere {
				found = append(found, approval.TaggedKey{Key: key.Key, Request: key.Request, Attempt: key.Attempt})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// ListTagged implements [approval.Keys]. Its failures are those of [CallListTagged].
func (k OrgKeys) ListTagged(ctx context.Context) ([]approval.TaggedKey, error) {
	var found []approval.TaggedKey
	err := k.call(ctx, CallListTagged, func() {
		seen := k.now().Add(-k.Lag)
		for _, key := range k.all {
			isThere := !key.MadeAt.After(seen) && (key.goneAt.IsZero() || key.goneAt.After(seen))
			if key.Org == k.org && isThere && !key.Drift.Renamed {
				found = append(found, approval.TaggedKey{Key: key.Key, Request: key.Request, Attempt: key.Attempt})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// CreatedButUnlisted implements [approval.Keys]. Its failures are those of [CallCreatedButUnlisted].
func (k OrgKeys) CreatedButUnlisted(ctx context.Context, since time.Time) (bool, error) {
	unlisted := false
	err := k.call(ctx, CallCreatedButUnlisted, func() {
		seen := k.now().Add(-k.Lag)
		for _, key := range k.all {
			if key.Org == k.org && !key.MadeAt.Before(since) && key.MadeAt.After(seen) && key.goneAt.IsZero() {
				unlisted = true
			}
		}
	})
	return unlisted && err == nil, err
}

// Inspect implements [approval.Keys]. Its failures are those of [CallInspect].
func (k OrgKeys) Inspect(ctx context.Context, o approval.KeySpec, keyID string) (approval.Drift, error) {
	drift, missing := approval.Drift{}, false
	err := k.call(ctx, CallInspect, func() {
		key := k.alive(keyID)
		if missing = key == nil; !missing {
			drift = key.Drift
		}
	})
	if err == nil && missing {
		err = approval.ErrNoKey
	}
	return drift, err
}

// Change changes a key as a user would, manually.
func (k *Keys) Change(keyID string, d approval.Drift) {
	k.held.Lock()
	defer k.held.Unlock()
	for _, key := range k.all {
		if key.ID == keyID {
			key.Drift = d
		}
	}
}

// Rename gives a key the tag of another request, as a user could.
func (k *Keys) Rename(keyID string, id policy.ID, attempt int) {
	k.held.Lock()
	defer k.held.Unlock()
	for _, key := range k.all {
		if key.ID == keyID {
			key.Request, key.Attempt = id, attempt
		}
	}
}

// Have lets an organization have these projects and no other. Until then it has
// every project that is asked for, and lists none.
func (k *Keys) Have(org policy.OrgID, projects ...policy.Project) {
	k.held.Lock()
	defer k.held.Unlock()
	if k.projects == nil {
		k.projects = map[policy.OrgID][]policy.Project{}
	}
	k.projects[org] = slices.SortedFunc(slices.Values(projects), func(a, b policy.Project) int {
		return strings.Compare(a.Name, b.Name)
	})
}

func (k *Keys) has(org policy.OrgID, id policy.ProjectID) bool {
	projects, told := k.projects[org]
	return !told || slices.ContainsFunc(projects, func(p policy.Project) bool { return p.ID == id })
}

// Projects implements [approval.Keys]. Its failures are those of [CallProjects].
func (k OrgKeys) Projects(ctx context.Context) ([]policy.Project, error) {
	var projects []policy.Project
	err := k.call(ctx, CallProjects, func() { projects = slices.Clone(k.projects[k.org]) })
	if err != nil {
		return nil, err
	}
	return projects, nil
}

// copyProjects shares no memory with projects.
func copyProjects(projects []policy.ProjectAccess) []policy.ProjectAccess {
	projects = slices.Clone(projects)
	for i := range projects {
		projects[i].Roles = slices.Clone(projects[i].Roles)
	}
	return projects
}

// WasUsed implements [approval.Keys]. A key that is gone was not used.
func (k OrgKeys) WasUsed(ctx context.Context, keyID string) (bool, error) {
	var used bool
	err := k.call(ctx, CallWasUsed, func() {
		key := k.alive(keyID)
		used = key != nil && key.Used
	})
	return used && err == nil, err
}

// Use marks the key as used.
func (k *Keys) Use(keyID string) {
	k.held.Lock()
	defer k.held.Unlock()
	for _, key := range k.all {
		if key.ID == keyID && key.goneAt.IsZero() {
			key.Used = true
		}
	}
}

// Alive lists the keys that exist, oldest first.
func (k *Keys) Alive() []LiveKey {
	k.held.Lock()
	defer k.held.Unlock()
	var alive []LiveKey
	for _, key := range k.all {
		if key.goneAt.IsZero() {
			alive = append(alive, key.LiveKey)
		}
	}
	return alive
}

// Made counts the keys that ever existed.
func (k *Keys) Made() int {
	k.held.Lock()
	defer k.held.Unlock()
	return len(k.all)
}

// call does nothing after ctx has ended: whatever is cut is cut before it
// reaches Atlas. happen runs under the lock.
func (k *Keys) call(ctx context.Context, name Call, happen func()) error {
	if err := ctx.Err(); err != nil {
		return &approval.CallError{Class: approval.Transient, Cause: approval.CauseAtlasUnavailable, Err: err}
	}
	return k.do(name, func() {
		k.held.Lock()
		defer k.held.Unlock()
		happen()
	})
}

func (k OrgKeys) alive(keyID string) *madeKey {
	for _, key := range k.all {
		if key.Org == k.org && key.ID == keyID && key.goneAt.IsZero() {
			return key
		}
	}
	return nil
}

func (k *Keys) now() time.Time {
	if k.Now == nil {
		return Epoch
	}
	return k.Now()
}
