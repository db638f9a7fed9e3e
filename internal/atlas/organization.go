package atlas

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
)

// An Organization is an Atlas organization.
type Organization struct {
	ID      string
	Name    string
	Deleted bool
}

// Organization reads the client's organization.
func (c *Client) Organization(ctx context.Context) (Organization, error) {
	var b struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		IsDeleted bool   `json:"isDeleted"`
	}
	call := call{op: "reading the organization", method: http.MethodGet, path: c.orgPath()}
	if err := c.session().read(ctx, call, &b); err != nil {
		return Organization{}, err
	}
	if b.ID != c.org {
		return Organization{}, &Error{Op: call.op, Kind: Transient, Status: http.StatusOK, Err: errNotUnderstood}
	}
	return Organization{ID: b.ID, Name: b.Name, Deleted: b.IsDeleted}, nil
}

// Settings are the settings of an organization that affect its keys.
type Settings struct {
	// AccessListRequired means that a key without an access list does not work.
	// Otherwise such a key works from the whole internet.
	AccessListRequired bool
}

// Settings reads the organization's settings. Atlas allows ten such calls and
// five more a minute, so read them once, at start.
func (c *Client) Settings(ctx context.Context) (Settings, error) {
	var b struct {
		APIAccessListRequired bool `json:"apiAccessListRequired"`
	}
	call := call{op: "reading the organization's settings", method: http.MethodGet, path: c.orgPath() + "/settings"}
	if err := c.session().read(ctx, call, &b); err != nil {
		return Settings{}, err
	}
	return Settings{AccessListRequired: b.APIAccessListRequired}, nil
}

// A Status is the identity of the bot at Atlas.
type Status struct {
	App       string // "MongoDB Atlas"
	Build     string
	KeyID     string   // of the bot's own key
	PublicKey string   // of the bot's own key
	Roles     []string // of the bot's own key, on the client's organization
}

// Status returns the bot's identity. It is the cheapest check of its credential.
// From then on the client refuses to delete the bot's own key.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var b struct {
		AppName string  `json:"appName"`
		Build   string  `json:"build"`
		APIKey  keyBody `json:"apiKey"`
	}
	call := call{op: "asking Atlas for its status", method: http.MethodGet, path: "/api/atlas/v2"}
	if err := c.session().read(ctx, call, &b); err != nil {
		return Status{}, err
	}
	if b.AppName == "" {
		return Status{}, &Error{Op: call.op, Kind: Transient, Status: http.StatusOK, Err: errNotUnderstood}
	}
	s := Status{App: b.AppName, Build: b.Build}
	if own, err := b.APIKey.key(c.org); err == nil {
		s.KeyID, s.PublicKey, s.Roles = own.ID, own.PublicKey, own.Roles
		c.ownKey.Store(&own.ID)
	}
	return s, nil
}

// CallerAddress returns the bot's address as Atlas sees it, IPv4 only. The call is
// undocumented, so nothing may depend on its success.
func (c *Client) CallerAddress(ctx context.Context) (netip.Addr, error) {
	var b struct {
		CurrentIPv4Address string `json:"currentIpv4Address"`
	}
	call := call{op: "asking Atlas for the bot's address", method: http.MethodGet, path: "/api/private/ipinfo"}
	if err := c.session().read(ctx, call, &b); err != nil {
		return netip.Addr{}, err
	}
	a, err := netip.ParseAddr(b.CurrentIPv4Address)
	if err != nil {
		return netip.Addr{}, &Error{Op: call.op, Kind: Transient, Status: http.StatusOK, Err: errors.New("the response holds no address")}
	}
	return a, nil
}
