package cli

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/store"
)

// requestStates are the states of requests.
var requestStates = []approval.State{
	approval.StatePending, approval.StateApproved, approval.StateIssuing, approval.StateDelivered, approval.StateActive,
	approval.StateApplying, approval.StateRevoking, approval.StateDenied, approval.StateWithdrawn, approval.StateExpired,
	approval.StateFailed, approval.StateEnded, approval.StateApplied,
}

func newRequestsCommand(env Env) *cobra.Command {
	return newListCommand(env, &cobra.Command{
		Use:   "requests",
		Short: "List requests, newest first",
		Long: "List requests, newest first, beside a running bot. Filters pick requests; a request has to match all of\n" +
			"them. The expiry is that of the request while it waits for people, and then that of its key.\n" +
			"With --output json each line is an object.",
		Example: example("requests --state pending,approved", "requests --requester U012ABCDEF", "requests --ticket OPS-123 --output json"),
	}, "requester", requestStates, listRequests)
}

// A requestRecord is a request, as JSON. The reason is left out: it is free text that
// the requester wrote for approvers.
type requestRecord struct {
	Request     policy.ID      `json:"request"`
	Type        string         `json:"type"`
	Parent      policy.ID      `json:"parent,omitempty"` // the request whose key it is about
	State       approval.State `json:"state"`
	Requester   policy.UserID  `json:"requester"`
	Org         policy.OrgID   `json:"org"`
	Details     policy.Details `json:"details,omitempty"`
	RequestedAt time.Time      `json:"requested_at"`
	ExpiresAt   time.Time      `json:"expires_at,omitzero"` // of the request, or of its key
	accessRecord
	Lifetime   string `json:"lifetime,omitempty"`
	BreakGlass bool   `json:"break_glass,omitempty"` // the key was issued without approval
	Key        string `json:"key,omitempty"`         // its public key
	KeyID      string `json:"key_id,omitempty"`      // in Atlas
}

func recordOfRequest(r approval.Request) requestRecord {
	record := requestRecord{
		Request: r.ID, Type: requestType(r), Parent: r.ParentID, State: r.State, Requester: r.Requester, Org: r.Org,
		Details: r.Details, RequestedAt: r.RequestedAt, ExpiresAt: expiresAt(r), accessRecord: recordOfAccess(r.Access),
		BreakGlass: r.BreakGlass, Key: r.Key.PublicKey, KeyID: r.Key.ID,
	}
	if r.Access.Lifetime > 0 {
		record.Lifetime = policyfile.FormatDuration(r.Access.Lifetime)
	}
	return record
}

func requestType(r approval.Request) string {
	return string(cmp.Or(r.Type, "new_key"))
}

func listRequests(ctx context.Context, env Env, s *store.Store, filter *listFilter, output *outputFormat) error {
	ids, err := s.Select(ctx, filter.Selection)
	if err != nil {
		return fmt.Errorf("listing requests: %w", err)
	}
	orgs := labelOrganizations(env)
	list := newListWriter(env.Stdout, output, column{"REQUEST", 9}, column{"STATE", 9}, column{"TYPE", 11}, column{"REQUESTER", 11},
		column{"REQUESTED (UTC)", 16}, column{"EXPIRES (UTC)", 16}, column{"TICKET", 8}, column{"ORGANIZATION", orgs.width}, column{"ROLES", 0})
	unreadable, err := s.ReadEach(ctx, ids, func(r approval.Request) error {
		if !filter.matches(r) {
			return nil
		}
		cells := []string{
			string(r.ID), string(r.State), requestType(r), cmp.Or(string(r.Requester), "-"), cellTime(r.RequestedAt),
			cellTime(expiresAt(r)), cellTicket(r), orgs.label(r.Org), cellRoles(r.Access),
		}
		return list.add(cells, recordOfRequest(r))
	})
	if err != nil {
		return fmt.Errorf("listing requests: %w", err)
	}
	return list.end(env, "There are no such requests.", unreadable)
}
