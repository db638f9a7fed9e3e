package atlas

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
)

// Changing the access list of a key that is in use. Atlas has no call that
// replaces a list: entries are added by one call and deleted one by one. Reads
// lag behind writes, so what a read shows is never taken as proof that a write
// was done: a write says so itself, by its success or by "already there" and
// "not found".

// AddAccess puts networks on a key's access list. After a nil error all of them
// are on it, whichever were there before. Repeating it does no harm.
func (c *Client) AddAccess(ctx context.Context, keyID string, networks []netip.Prefix) error {
	if !isID(keyID) {
		return errInvalidID(opAccess)
	}
	return c.session().ensureAccess(ctx, keyID, canonical(networks))
}

// KeepAccess takes everything off a key's access list but keep, and drop even
// if no read shows it. What a read does not show of keep it adds first, so that
// the key is never without an entry: it may work from everywhere then. Only a
// write is believed that there is no such key. Repeating it does no harm.
func (c *Client) KeepAccess(ctx context.Context, keyID string, keep, drop []netip.Prefix) error {
	switch {
	case !isID(keyID):
		return errInvalidID(opDropAccess)
	case len(keep) == 0:
		return &Error{Op: opDropAccess, Kind: Permanent, Err: errors.New("nothing would be left of the list")}
	}
	s := c.session()
	keep = canonical(keep)
	listed, err := s.listNetworks(ctx, keyID)
	if err != nil && KindOf(err) != Gone { // a key can be too new to be read: the write says whether it is gone
		return err
	}
	if err := s.ensureAccess(ctx, keyID, without(keep, listed)); err != nil {
		return err
	}
	// What is listed goes first, so that repeated tries get on.
	extra := without(listed, keep)
	for _, n := range append(extra, without(without(canonical(drop), keep), extra)...) {
		if err := s.deleteEntry(ctx, keyID, n); err != nil {
			return err
		}
	}
	return nil
}

const opDropAccess = "deleting an access list entry"

// ensureAccess adds networks. Atlas refuses a whole list of which one entry is
// there already, as after an answer that was lost: then they are added one by
// one.
func (s *session) ensureAccess(ctx context.Context, keyID string, networks []netip.Prefix) error {
	if len(networks) == 0 {
		return nil
	}
	got, isPart, err := s.postAccess(ctx, keyID, networks)
	switch {
	case isThereAlready(err) && len(networks) == 1:
		return nil
	case isThereAlready(err):
		for _, n := range networks {
			if err := s.ensureAccess(ctx, keyID, []netip.Prefix{n}); err != nil {
				return err
			}
		}
		return nil
	case err != nil:
		return err
	case isPart && len(without(networks, got)) > 0:
		if got, err = s.listNetworks(ctx, keyID); err != nil {
			return err
		}
	}
	if len(without(networks, got)) > 0 {
		return &Error{Op: opAccess, Kind: Mismatch, Status: http.StatusOK, Err: errors.New("the access list lacks what was added")}
	}
	return nil
}

// deleteEntry takes one entry off a key's access list. That it is not there is a
// success.
func (s *session) deleteEntry(ctx context.Context, keyID string, network netip.Prefix) error {
	path := s.client.accessPath(keyID) + "/" + url.PathEscape(pathAddress(network))
	_, err := s.do(ctx, call{op: opDropAccess, method: http.MethodDelete, path: path})
	if e, ok := errors.AsType[*Error](err); ok && slices.Contains(entryGoneCodes, e.Code) {
		return nil
	}
	return err
}

// isThereAlready reports whether err is Atlas's refusal to add an entry twice.
func isThereAlready(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == Permanent && (slices.Contains(entryThereCodes, e.Code) || e.Status == http.StatusConflict)
}

// without returns what of all is not in others.
func without(all, others []netip.Prefix) []netip.Prefix {
	var left []netip.Prefix
	for _, p := range all {
		if !slices.Contains(others, p) {
			left = append(left, p)
		}
	}
	return left
}
