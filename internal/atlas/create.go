package atlas

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"atlaskeybot/internal/secret"
)

// A KeySpec describes a key to create.
type KeySpec struct {
	Description string         // of this key alone, as [Describe] makes it
	Roles       []string       // organization roles, at least one
	From        []netip.Prefix // where the key may be used from, at least one

	// Projects are the roles in single projects, at least one in each, by the
	// project's id.
	Projects map[string][]string
}

// A NewKey is a key just created, with its private half, which Atlas shows once.
type NewKey struct {
	Key
	Private secret.Secret

	hasForeignRoles bool // it has a role outside the organization
}

// Create creates a key, calls created, sets its access list, and assigns its
// project roles. That takes three requests (a challenge, the key, the list) and
// one for each project.
//
// It calls created as soon as a key is known to exist, even if something is wrong
// with it; an error of created ends Create and is returned wrapped. After that
// call, an error leaves the key active, possibly without its access list or with
// roles in only some of its projects: delete it. Before that call, an Error of
// Kind Indeterminate means that an unknown key may exist, and any other error that
// none was created.
func (c *Client) Create(ctx context.Context, w KeySpec, created func(Key) error) (NewKey, error) {
	if len(w.Roles) == 0 || len(w.From) == 0 {
		return NewKey{}, &Error{Op: opCreate, Kind: Permanent, Err: errors.New("it has no role or no address")}
	}
	if err := w.checkProjects(); err != nil {
		return NewKey{}, err
	}
	s := c.session()
	body, err := s.postKey(ctx, w)
	if err != nil {
		return NewKey{}, err
	}
	key, err := readNewKey(body, c.org)
	if err != nil {
		return NewKey{}, &Error{Op: opCreate, Kind: Indeterminate, Status: http.StatusOK, Err: err}
	}
	if err := created(key.Key); err != nil {
		return NewKey{}, fmt.Errorf("recording the new API key: %w", err)
	}
	if err := key.compare(w); err != nil {
		return NewKey{}, &Error{Op: opCreate, Kind: Mismatch, Status: http.StatusOK, Err: err}
	}
	if err := s.addAccess(ctx, key.ID, w.From); err != nil {
		return NewKey{}, err
	}
	for _, project := range slices.Sorted(maps.Keys(w.Projects)) {
		if err := s.assign(ctx, key.ID, project, w); err != nil {
			return NewKey{}, err
		}
	}
	return key, nil
}

const opCreate = "creating an API key"

// postKey creates the key. After a spurious 401 it lists the keys before it tries
// again, because the origin of such a response is not known.
func (s *session) postKey(ctx context.Context, w KeySpec) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"desc": w.Description, "roles": set(w.Roles)})
	if err != nil {
		return nil, &Error{Op: opCreate, Kind: Permanent, Err: errors.New("it cannot be written as JSON")}
	}
	call := call{op: opCreate, method: http.MethodPost, path: s.client.keysPath(), body: body, noRetry: true}
	answer, err := s.do(ctx, call)
	refused, ok := errors.AsType[*Error](err)
	if !ok || !refused.spurious401() {
		return answer, err
	}
	keys, listErr := s.listKeys(ctx)
	same := func(k Key) bool { return k.Description == w.Description }
	if listErr != nil || slices.ContainsFunc(keys, same) {
		refused.Kind = Indeterminate
		return nil, refused
	}
	return s.do(ctx, call)
}

// newKeyBody reads the private half straight into a Secret.
type newKeyBody struct {
	PrivateKey secret.Secret `json:"privateKey"`
}

// readNewKey reads the response to a create. It fails if the response does not
// identify the key; compare finds a missing private half.
func readNewKey(body []byte, org string) (NewKey, error) {
	var public keyBody
	var private newKeyBody
	if json.Unmarshal(body, &public) != nil {
		return NewKey{}, errNotUnderstood
	}
	key, err := public.key(org)
	if err != nil {
		return NewKey{}, err
	}
	if json.Unmarshal(body, &private) != nil {
		private.PrivateKey = secret.Secret{}
	}
	return NewKey{Key: key, Private: private.PrivateKey, hasForeignRoles: len(public.Roles) != len(key.Roles)}, nil
}

// compare returns an error if k differs from w.
func (k NewKey) compare(w KeySpec) error {
	switch {
	case k.Private.IsZero() || strings.Contains(k.Private.Reveal(), "*"):
		return errors.New("the response lacks the private key")
	case k.Description != w.Description:
		return errors.New("the key has another description")
	case k.hasForeignRoles || !slices.Equal(set(k.Roles), set(w.Roles)):
		return errors.New("the key has other roles")
	}
	return nil
}

// set returns each name once, sorted.
func set(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}
