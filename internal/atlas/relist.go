package atlas

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
)

// This file changes the access list of a key in use. Atlas has no call that
// replaces a list: one call adds entries, others delete them one by one. Reads are
// eventually consistent, so a read never proves that a write was done. The write
// itself does, by its success or by "already there" or "not found".

// AddAccess adds networks to a key's access list, in which some may be already. It
// is idempotent.
func (c *Client) AddAccess(ctx context.Context, keyID string, networks []netip.Prefix) error {
	if !isID(keyID) {
		return errInvalidID(opAccess)
	}
	return c.session().ensureAccess(ctx, keyID, canonical(networks))
}

// KeepAccess removes everything but keep from a key's access list, and removes drop
// even if no read shows it. It first adds what a read lacks of keep, so that the
// list is never empty: the key might then work from everywhere. Only a write
// proves that the key does not exist. KeepAccess is idempotent.
func (c *Client) KeepAccess(ctx context.Context, keyID string, keep, drop []netip.Prefix) error {
	switch {
	case !isID(keyID):
		return errInvalidID(opDropAccess)
	case len(keep) == 0:
		return &Error{Op: opDropAccess, Kind: Permanent, Err: errors.New("the list would be empty")}
	}
	s := c.session()
	keep = canonical(keep)
	listed, err := s.listNetworks(ctx, keyID)
	if err != nil && KindOf(err) != Gone { // a new key may not be readable yet; the write decides
		return err
	}
	if err := s.ensureAccess(ctx, keyID, without(keep, listed)); err != nil {
		return err
	}
	// Listed entries go first, so that repeated tries make progress.
	extra := without(listed, keep)
	for _, n := range append(extra, without(without(canonical(drop), keep), extra)...) {
		if err := s.deleteEntry(ctx, keyID, n); err != nil {
			return err
		}
	}
	return nil
}

const opDropAccess = "deleting an access list entry"

// ensureAccess adds networks. Atlas refuses a whole list if one entry is there
// already, as after a lost response: then it adds them one by one.
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

// deleteEntry deletes one entry of a key's access list. It succeeds if there is
// none.
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

// without returns the elements of all that are not in others.
func without(all, others []netip.Prefix) []netip.Prefix {
	var left []netip.Prefix
	for _, p := range all {
		if !slices.Contains(others, p) {
			left = append(left, p)
		}
	}
	return left
}
