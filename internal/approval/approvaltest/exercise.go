package approvaltest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A contract is one promise of [approval.Store], checked on a fresh store.
type contract func(t *testing.T, s approval.Store)

// A Damager can make one of its requests unreadable, as a disk would.
type Damager interface {
	approval.Store
	Damage(ctx context.Context, id policy.ID) error
}

// ExerciseStore checks newStore's stores against the contract in
// [approval.Store]. newStore returns an empty store and cleans up after it.
func ExerciseStore(t *testing.T, newStore func(t *testing.T) Damager) {
	for topic, clauses := range map[string]map[string]contract{
		"Create": creating, "Move": moving, "Work": working, "Pages": paging, "Sync": syncing,
		"NextDue": waiting, "Audit": auditing, "Chain": chaining, "Reading": reading, "Counting": counting, "Damage": damaging, "Context": cancelling,
	} {
		for name, check := range clauses {
			t.Run(topic+"/"+name, func(t *testing.T) {
				t.Parallel()
				check(t, newStore(t))
			})
		}
	}
}

// racers is how many goroutines try one thing at once.
const racers = 16

// asked is a request as it is submitted. It is due for work an hour later.
func asked(edit ...func(*approval.Request)) approval.Request {
	r := approval.Request{
		ID: "AKR-00001", Org: "5f1f2a3b4c5d6e7f8a9b0c1d", Kind: approval.APIKey, State: approval.StatePending,
		Requester: "U_bo", IdempotencyKey: "form-1", Reason: "backfill of invoices, TICKET-12",
		RequestedAt: Epoch, ExpiresAt: Epoch.Add(time.Hour),
		Messages: []approval.MessageName{approval.CardMessage, approval.RequestedMessage},
	}
	for _, e := range edit {
		e(&r)
	}
	return r
}

// named is an edit: another request, of another form.
func named(id policy.ID) func(*approval.Request) {
	return func(r *approval.Request) { r.ID, r.IdempotencyKey = id, "form-of-"+string(id) }
}

// due is an edit: the time at which the worker is due.
func due(at time.Time) func(*approval.Request) {
	return func(r *approval.Request) { r.ExpiresAt = at }
}

// submitted is the audit line that belongs to a new request.
func submitted(r approval.Request) approval.AuditEntry {
	return approval.AuditEntry{At: r.RequestedAt, Org: r.Org, Request: r.ID, Event: approval.EventSubmit, To: r.State, By: r.Requester}
}

// create stores the asked-for request.
func create(t *testing.T, s approval.Store, edit ...func(*approval.Request)) approval.Request {
	t.Helper()
	r := asked(edit...)
	stored, err := s.Create(t.Context(), r, submitted(r))
	require.NoError(t, err)
	return stored
}

// approve is an approver's yes to r, a minute after it was asked.
func approve(r approval.Request) (approval.Request, approval.AuditEntry) {
	at := Epoch.Add(time.Minute)
	e := approval.AuditEntry{At: at, Org: r.Org, Request: r.ID, Event: approval.EventApprove, From: r.State, To: approval.StateApproved, By: "U_ana"}
	r.State = approval.StateApproved
	r.Decision = approval.Decision{By: "U_ana", At: at}
	r.ExpiresAt = at.Add(24 * time.Hour)
	return r, e
}

// move stores the approval of r.
func move(t *testing.T, s approval.Store, r approval.Request) approval.Request {
	t.Helper()
	next, e := approve(r)
	moved, err := s.Move(t.Context(), next, e)
	require.NoError(t, err)
	return moved
}

// trail reads the whole audit trail.
func trail(t *testing.T, s approval.Store) []approval.AuditEntry {
	t.Helper()
	var all []approval.AuditEntry
	require.NoError(t, s.Audit(t.Context(), func(e approval.AuditEntry) error {
		all = append(all, e)
		return nil
	}))
	return all
}

// markSynced ends what is due of r's messages, so that only work is due.
func markSynced(t *testing.T, s approval.Store, r approval.Request) {
	t.Helper()
	require.NoError(t, s.ReleaseSync(t.Context(), r.ID, r.Version, time.Time{}, nil))
}
