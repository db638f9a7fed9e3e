package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

// keyStates are the states of requests with a key that their owner may have had.
// Keys that were deleted are listed only if they are asked for.
var keyStates = []approval.State{approval.StateDelivered, approval.StateActive, approval.StateRevoking, approval.StateEnded}

func newKeysCommand(env Env) *cobra.Command {
	return newListCommand(env, &cobra.Command{
		Use:   "keys",
		Short: "List keys, those that expire soonest first",
		Long: "List the keys that exist, those that expire soonest first, beside a running bot. Filters pick keys; a\n" +
			"key has to match all of them. --state ended lists keys that were deleted.\n" +
			"With --output json each line is an object. No private key is in the database.",
		Example: example("keys", "keys --expires-within 7d", "keys --owner U012ABCDEF --role ORG_OWNER --output json"),
	}, "owner", keyStates, listKeys)
}

// A keyRecord is a key, as JSON.
type keyRecord struct {
	Key       string         `json:"key"`    // its public key
	KeyID     string         `json:"key_id"` // in Atlas
	Request   policy.ID      `json:"request"`
	State     approval.State `json:"state"`
	Owner     policy.UserID  `json:"owner"`
	Org       policy.OrgID   `json:"org"`
	CreatedAt time.Time      `json:"created_at"`
	Details   policy.Details `json:"details,omitempty"`
	ExpiresAt time.Time      `json:"expires_at,omitzero"` // left out: no expiry is known, or it was deleted
	EndedAt   time.Time      `json:"ended_at,omitzero"`
	accessRecord
	BreakGlass         bool      `json:"break_glass,omitempty"` // it was issued without approval
	OwnerDeactivatedAt time.Time `json:"owner_deactivated_at,omitzero"`
}

func recordOfKey(r approval.Request) keyRecord {
	record := keyRecord{
		Key: r.Key.PublicKey, KeyID: r.Key.ID, Request: r.ID, State: r.State, Owner: r.Requester, Org: r.Org,
		Details: r.Details, CreatedAt: r.Key.MadeAt, ExpiresAt: expiresAt(r), accessRecord: recordOfAccess(r.Access),
		BreakGlass: r.BreakGlass, OwnerDeactivatedAt: r.OwnerDeactivatedAt,
	}
	if r.State == approval.StateEnded {
		record.EndedAt = r.Outcome.At
	}
	return record
}

func listKeys(ctx context.Context, env Env, s *store.Store, filter *listFilter, output *outputFormat) error {
	if len(filter.States) == 0 {
		filter.States = slices.DeleteFunc(slices.Clone(keyStates), approval.State.Final)
	}
	ids, unreadable, err := keysByExpiry(ctx, s, filter)
	if err != nil {
		return fmt.Errorf("listing keys: %w", err)
	}
	orgs := labelOrganizations(env)
	list := newListWriter(env.Stdout, output, column{"KEY", 8}, column{"REQUEST", 9}, column{"STATE", 9}, column{"OWNER", 11},
		column{"EXPIRES (UTC)", 16}, column{"TICKET", 8}, column{"ORGANIZATION", orgs.width}, column{"ROLES", 0})
	_, err = s.ReadEach(ctx, ids, func(r approval.Request) error {
		cells := []string{
			r.Key.PublicKey, string(r.ID), string(r.State), cmp.Or(string(r.Requester), "-"),
			cellTime(expiresAt(r)), cellTicket(r), orgs.label(r.Org), cellRoles(r.Access),
		}
		return list.add(cells, recordOfKey(r))
	})
	if err != nil {
		return fmt.Errorf("listing keys: %w", err)
	}
	return list.end(env, "There are no such keys.", unreadable)
}

// keysByExpiry returns the requests whose keys match, by the expiry of the key; keys
// without one are last. It reads every request that the selection picks, and keeps
// no more of it than its ID and the time.
func keysByExpiry(ctx context.Context, s *store.Store, filter *listFilter) (ids, unreadable []policy.ID, err error) {
	selected, err := s.Select(ctx, filter.Selection)
	if err != nil {
		return nil, nil, err
	}
	expiry := map[policy.ID]int64{}
	unreadable, err = s.ReadEach(ctx, selected, func(r approval.Request) error {
		if r.Key.PublicKey != "" && filter.matches(r) {
			ids = append(ids, r.ID)
			if at := expiresAt(r); !at.IsZero() {
				expiry[r.ID] = at.UnixMilli()
			}
		}
		return nil
	})
	slices.SortStableFunc(ids, func(a, b policy.ID) int {
		x, hasX := expiry[a]
		y, hasY := expiry[b]
		if hasX != hasY {
			return map[bool]int{true: -1, false: 1}[hasX]
		}
		return cmp.Compare(x, y)
	})
	return ids, unreadable, err
}
