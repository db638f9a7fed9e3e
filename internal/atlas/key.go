package atlas

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A Key is the public part of an organization API key.
type Key struct {
	ID          string // 24 hexadecimal digits; not the public key
	PublicKey   string // the user name of a login
	Description string
	Roles       []string // those on the client's organization, sorted

	// Projects are its roles in single projects, sorted, by the project's id.
	Projects map[string][]string
}

// keyBody is a key as Atlas writes it. newKeyBody reads the private half, which is
// masked everywhere but in the response to a create.
type keyBody struct {
	ID        string `json:"id"`
	PublicKey string `json:"publicKey"`
	Desc      string `json:"desc"`
	Roles     []struct {
		OrgID    string `json:"orgId"`
		GroupID  string `json:"groupId"`
		RoleName string `json:"roleName"`
	} `json:"roles"`
}

// key returns b as a Key, if it has what identifies one.
func (b keyBody) key(org string) (Key, error) {
	if !isID(b.ID) || name(b.PublicKey) == "" {
		return Key{}, errors.New("the response lacks the key's id or its public key")
	}
	k := Key{ID: b.ID, PublicKey: b.PublicKey, Description: b.Desc}
	for _, r := range b.Roles {
		switch {
		case r.GroupID != "":
			if k.Projects == nil {
				k.Projects = map[string][]string{}
			}
			k.Projects[r.GroupID] = set(append(k.Projects[r.GroupID], r.RoleName))
		case r.OrgID == org:
			k.Roles = append(k.Roles, r.RoleName)
		}
	}
	k.Roles = set(k.Roles)
	return k, nil
}

// isForeign reports whether the key has a role in another organization than org.
func (b keyBody) isForeign(org string) bool {
	for _, r := range b.Roles {
		if r.GroupID == "" && r.OrgID != org {
			return true
		}
	}
	return false
}

// madeAt returns when Atlas created the key with an id; zero if it is not an id. A key
// has no field for that time, but its id is a MongoDB ObjectID, which begins with the
// second of its creation: in the recorded answers that is the second of the key's
// API_KEY_CREATED event.
func madeAt(id string) time.Time {
	if !isID(id) {
		return time.Time{}
	}
	seconds, err := strconv.ParseUint(id[:8], 16, 32)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// ListKeys returns all keys of the organization. Atlas's list is eventually
// consistent: it may lag behind creates, and behind deletes by minutes.
func (c *Client) ListKeys(ctx context.Context) ([]Key, error) {
	return c.session().listKeys(ctx)
}

func (s *session) listKeys(ctx context.Context) ([]Key, error) {
	call := call{op: "listing the API keys", method: http.MethodGet, path: s.client.keysPath()}
	bodies, err := pages[json.RawMessage](ctx, s, call)
	if err != nil {
		return nil, err
	}
	var keys []Key
	for _, raw := range bodies {
		var b keyBody
		key, err := Key{}, json.Unmarshal(raw, &b)
		if err == nil {
			key, err = b.key(s.client.org)
		}
		if err != nil { // one malformed key must not hide all others
			s.client.log.WarnContext(ctx, "leaving out an API key that is not as documented", "key", idOrNothing(b.ID), "org", s.client.org)
			continue
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 && len(bodies) > 0 { // the bot's own key is always listed
		return nil, &Error{Op: call.op, Kind: Transient, Status: http.StatusOK, Err: errNotUnderstood}
	}
	return keys, nil
}

// idOrNothing returns s if it is an id, so that nothing else is logged as one.
func idOrNothing(s string) string {
	if !isID(s) {
		return ""
	}
	return s
}

// GetKey returns one key. A key that does not exist is an Error of Kind Gone.
func (c *Client) GetKey(ctx context.Context, id string) (Key, error) {
	call := call{op: "reading an API key", method: http.MethodGet, path: c.keyPath(id)}
	if !isID(id) {
		return Key{}, errInvalidID(call.op)
	}
	var b keyBody
	if err := c.session().read(ctx, call, &b); err != nil {
		return Key{}, err
	}
	k, err := b.key(c.org)
	if err == nil && k.ID != id {
		err = errors.New("the response is about another key")
	}
	if err != nil {
		return Key{}, &Error{Op: call.op, Kind: Transient, Status: http.StatusOK, Err: err}
	}
	return k, nil
}

// DeleteKey deletes a key. It succeeds if there is none. Lists may show the key for
// some minutes, and Atlas does not document how soon it stops working. DeleteKey
// refuses the bot's own key, once [Client.Status] has identified it.
func (c *Client) DeleteKey(ctx context.Context, id string) error {
	call := call{op: "deleting an API key", method: http.MethodDelete, path: c.keyPath(id)}
	if c.isOwn(Key{ID: id}) {
		return &Error{Op: call.op, Kind: Permanent, Err: errors.New("it is the bot's own key")}
	}
	if !isID(id) {
		return errInvalidID(call.op)
	}
	_, err := c.session().do(ctx, call)
	return ignoreNotFound(err)
}

// isOwn reports whether k is known to be the bot's own key.
func (c *Client) isOwn(k Key) bool {
	own := c.ownKey.Load()
	return own != nil && *own == k.ID || k.PublicKey != "" && k.PublicKey == c.login.Name()
}

// errInvalidID is for a string that could change the path if it were put in it.
func errInvalidID(op string) error {
	return &Error{Op: op, Kind: Permanent, Err: errors.New("this is not the id of a key")}
}

func ignoreNotFound(err error) error {
	if KindOf(err) == Gone {
		return nil
	}
	return err
}

func (c *Client) orgPath() string            { return "/api/atlas/v2/orgs/" + c.org }
func (c *Client) keysPath() string           { return c.orgPath() + "/apiKeys" }
func (c *Client) keyPath(id string) string   { return c.keysPath() + "/" + url.PathEscape(id) }
func (c *Client) accessPath(k string) string { return c.keyPath(k) + "/accessList" }
