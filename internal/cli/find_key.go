package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

var (
	publicKey = regexp.MustCompile(`^[a-z]{8}$`)
	keyID     = regexp.MustCompile(`^[0-9a-f]{24}$`)
)

// A keyName is what names a key on the command line. A word such as akrabcde may be
// both an ID and a public key.
type keyName struct {
	request policy.ID // empty: it is no ID
	key     string    // a public key or the ID of a key in Atlas; empty: it is neither
}

func parseKeyName(word string) (keyName, error) {
	var name keyName
	if id, ok := approval.TypedID(word); ok {
		name.request = id
	}
	if word = strings.TrimSpace(word); publicKey.MatchString(word) || keyID.MatchString(word) {
		name.key = word
	}
	if name == (keyName{}) {
		return name, usagef("a key is named by its request, as in AKR-7F3K2, by its public key, or by its ID in Atlas")
	}
	return name, nil
}

// find returns the ID of the request of the key that is named. Of several requests
// with that key it takes the one whose key may exist.
func (n keyName) find(ctx context.Context, s *store.Store) (policy.ID, error) {
	if n.key == "" {
		return n.request, nil
	}
	found, unreadable, err := requestsOfKey(ctx, s, n.key)
	if err != nil {
		return "", fmt.Errorf("looking for the key %s: %w", n.key, err)
	}
	if n.request != "" {
		switch _, err := s.Get(ctx, n.request); {
		case err == nil:
			found = append(found, n.request)
		case !errors.Is(err, approval.ErrNotFound):
			return "", fmt.Errorf("reading request %s: %w", n.request, err)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", fmt.Errorf("%s may be the key of %s: name the request", n.key, joinedWithOr(found))
	case len(unreadable) > 0:
		return "", fmt.Errorf("no request that can be read has the key %s; %w", n.key, unreadableError{unreadable})
	}
	return "", fmt.Errorf("no request in this database has the key %s", n.key)
}

func joinedWithOr(ids []policy.ID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	return strings.Join(names, " or ")
}

// requestsOfKey returns the requests of a key: those whose key may exist, or if there
// are none those whose key was deleted.
func requestsOfKey(ctx context.Context, s *store.Store, key string) (found, unreadable []policy.ID, err error) {
	for _, states := range [][]approval.State{
		{approval.StateIssuing, approval.StateDelivered, approval.StateActive, approval.StateRevoking},
		{approval.StateEnded},
	} {
		ids, err := s.Select(ctx, store.Selection{States: states})
		if err != nil {
			return nil, nil, err
		}
		damaged, err := s.ReadEach(ctx, ids, func(r approval.Request) error {
			if r.Key.PublicKey == key || r.Key.ID == key {
				found = append(found, r.ID)
			}
			return nil
		})
		unreadable = append(unreadable, damaged...)
		if err != nil || len(found) > 0 {
			return found, unreadable, err
		}
	}
	return nil, unreadable, nil
}
