package atlas

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// An Entry is one entry of a key's access list, with its usage.
type Entry struct {
	From     netip.Prefix
	Count    int        // requests that came from it
	LastUsed time.Time  // zero: never
	LastFrom netip.Addr // where the last request came from; invalid: never used
}

// WasUsed reports whether the key was ever used from this entry.
func (e Entry) WasUsed() bool { return e.Count > 0 || !e.LastUsed.IsZero() || e.LastFrom.IsValid() }

// entryBody is an entry as Atlas writes it. A single address comes with both
// fields, no matter which of them created it.
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
	if !isID(keyID) {
		return nil, errInvalidID(opListAccess)
	}
	return c.session().listAccess(ctx, keyID)
}

const opListAccess = "reading an access list"

func (s *session) listAccess(ctx context.Context, keyID string) ([]Entry, error) {
	call := call{op: opListAccess, method: http.MethodGet, path: s.client.accessPath(keyID)}
	bodies, err := pages[entryBody](ctx, s, call)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(bodies))
	for i, b := range bodies {
		if entries[i], err = b.entry(); err != nil {
			return nil, &Error{Op: call.op, Kind: Transient, Status: http.StatusOK, Err: err}
		}
	}
	return entries, nil
}

// listNetworks returns the networks of a key's list, in canonical order.
func (s *session) listNetworks(ctx context.Context, keyID string) ([]netip.Prefix, error) {
	entries, err := s.listAccess(ctx, keyID)
	if err != nil {
		return nil, err
	}
	var networks []netip.Prefix
	for _, e := range entries {
		networks = append(networks, e.From)
	}
	return canonical(networks), nil
}

const opAccess = "putting the access list on an API key"

// addAccess sets the access list of a new key, and compares the whole list with
// from afterwards.
func (s *session) addAccess(ctx context.Context, keyID string, from []netip.Prefix) error {
	got, isPart, err := s.postAccess(ctx, keyID, from)
	otherwise := error(&Error{Op: opAccess, Kind: Mismatch, Status: http.StatusOK, Err: errors.New("the access list is another one")})
	if isThereAlready(err) { // an earlier try succeeded, and its response was lost
		isPart, otherwise, err = true, err, nil
	}
	for try := 1; err == nil; try++ {
		wanted := canonical(from)
		switch {
		case slices.Equal(got, wanted):
			return nil
		case !isPart, len(without(got, wanted)) > 0, try > maxTries:
			return otherwise
		case try > 1 && s.client.sleep(ctx, minWait<<(try-1)) != nil: // the list may lag
			return &Error{Op: opAccess, Kind: Transient, Err: sanitize(ctx.Err())}
		}
		got, err = s.listNetworks(ctx, keyID)
	}
	return err
}

// postAccess adds from and returns the list in the response, and whether that may
// be a part: the response is a page, of 100 entries by default.
func (s *session) postAccess(ctx context.Context, keyID string, from []netip.Prefix) (got []netip.Prefix, isPart bool, err error) {
	body, err := json.Marshal(writeAddresses(from))
	if err != nil {
		return nil, false, &Error{Op: opAccess, Kind: Permanent, Err: errors.New("it cannot be written as JSON")}
	}
	answer, err := s.do(ctx, call{
		op: opAccess, method: http.MethodPost, path: s.client.accessPath(keyID), body: body,
		query: url.Values{"itemsPerPage": {strconv.Itoa(pageSize)}},
	})
	if err != nil {
		return nil, false, err
	}
	got, isPart, err = readAccess(answer)
	if err != nil {
		return nil, false, &Error{Op: opAccess, Kind: Indeterminate, Status: http.StatusOK, Err: err}
	}
	return got, isPart, nil
}

// readAccess returns the networks of a page in canonical order, and whether the
// list may have more.
func readAccess(body []byte) (got []netip.Prefix, isPart bool, err error) {
	var page struct {
		Results    []entryBody `json:"results"`
		TotalCount int         `json:"totalCount"`
	}
	if json.Unmarshal(body, &page) != nil || page.Results == nil {
		return nil, false, errNotUnderstood
	}
	for _, b := range page.Results {
		e, err := b.entry()
		if err != nil {
			return nil, false, err
		}
		got = append(got, e.From)
	}
	const smallestPage = 100 // Atlas's default, if it ignores the requested size
	return canonical(got), len(got) >= smallestPage || page.TotalCount > len(got), nil
}
