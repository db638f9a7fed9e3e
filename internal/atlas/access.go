package atlas

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"
)

// An Entry is one line of a key's access list, with what is known of its use.
type Entry struct {
	From     netip.Prefix
	Count    int        // requests that came from it
	LastUsed time.Time  // zero: never
	LastFrom netip.Addr // where the last request came from; invalid: never used
}

// Used reports whether a request ever came from the entry.
func (e Entry) Used() bool { return e.Count > 0 || !e.LastUsed.IsZero() || e.LastFrom.IsValid() }

// entryBody is an entry as Atlas writes it. A single address comes with both
// fields, whichever of the two it was made with.
type entryBody struct {
	IPAddress       string    `json:"ipAddress"`
	CIDRBlock       string    `json:"cidrBlock"`
	Count           int       `json:"count"`
	LastUsed        time.Time `json:"lastUsed"`
	LastUsedAddress string    `json:"lastUsedAddress"`
}

func (b entryBody) entry() (Entry, error) {
	from, err := readAddress(b.IPAddress, b.CIDRBlock)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{From: from, Count: b.Count, LastUsed: b.LastUsed}
	if last, err := netip.ParseAddr(b.LastUsedAddress); err == nil {
		e.LastFrom = last.Unmap()
	}
	return e, nil
}

// ListAccess returns the access list of a key. An empty one means that the key
// works from anywhere or from nowhere, as [Settings] say.
func (c *Client) ListAccess(ctx context.Context, keyID string) ([]Entry, error) {
	call := call{op: "reading an access list", method: http.MethodGet, path: c.accessPath(keyID)}
	if !isID(keyID) {
		return nil, notAnID(call.op)
	}
	bodies, err := pages[entryBody](ctx, c.session(), call)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(bodies))
	for i, b := range bodies {
		if entries[i], err = b.entry(); err != nil {
			return nil, &Error{Op: call.op, Kind: NotNow, Status: http.StatusOK, Err: err}
		}
	}
	return entries, nil
}

// DeleteAccessEntry takes one entry off a key's access list. That there is none
// is a success. Without its last entry a key may work from anywhere.
func (c *Client) DeleteAccessEntry(ctx context.Context, keyID string, from netip.Prefix) error {
	call := call{
		op:     "deleting an access list entry",
		method: http.MethodDelete,
		path:   c.accessPath(keyID) + "/" + url.PathEscape(pathAddress(from)),
	}
	if !isID(keyID) {
		return notAnID(call.op)
	}
	_, err := c.session().do(ctx, call)
	return unlessGone(err)
}

// AddAccess puts more entries on the access list of a key that has one.
func (c *Client) AddAccess(ctx context.Context, keyID string, from []netip.Prefix) error {
	if !isID(keyID) {
		return notAnID(opAccess)
	}
	got, err := c.session().postAccess(ctx, keyID, from)
	if err != nil {
		return err
	}
	for _, p := range canonical(from) {
		if !slices.Contains(got, p) {
			return &Error{Op: opAccess, Kind: Mismatch, Status: http.StatusOK, Err: errors.New("the access list lacks what was added")}
		}
	}
	return nil
}

const opAccess = "putting the access list on an API key"

// addAccess puts from on a key that has no list yet, and compares the list that
// Atlas answers with: all of it, whatever was there before.
func (s *session) addAccess(ctx context.Context, keyID string, from []netip.Prefix) error {
	got, err := s.postAccess(ctx, keyID, from)
	if err != nil {
		return err
	}
	if !slices.Equal(got, canonical(from)) {
		return &Error{Op: opAccess, Kind: Mismatch, Status: http.StatusOK, Err: errors.New("the access list is another one")}
	}
	return nil
}

// postAccess adds from and returns the list that Atlas answers with.
func (s *session) postAccess(ctx context.Context, keyID string, from []netip.Prefix) ([]netip.Prefix, error) {
	body, err := json.Marshal(writeAddresses(from))
	if err != nil {
		return nil, &Error{Op: opAccess, Kind: Refused, Err: errors.New("it cannot be written as JSON")}
	}
	answer, err := s.do(ctx, call{op: opAccess, method: http.MethodPost, path: s.client.accessPath(keyID), body: body})
	if err != nil {
		return nil, err
	}
	got, err := readAccess(answer)
	if err != nil {
		return nil, &Error{Op: opAccess, Kind: Unknown, Status: http.StatusOK, Err: err}
	}
	return got, nil
}

// readAccess returns the networks of an answered list, in canonical order.
func readAccess(body []byte) ([]netip.Prefix, error) {
	var list struct {
		Results []entryBody `json:"results"`
	}
	if json.Unmarshal(body, &list) != nil || list.Results == nil {
		return nil, errNotUnderstood
	}
	var got []netip.Prefix
	for _, b := range list.Results {
		e, err := b.entry()
		if err != nil {
			return nil, err
		}
		got = append(got, e.From)
	}
	return canonical(got), nil
}
