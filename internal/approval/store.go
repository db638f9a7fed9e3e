package approval

import (
	"context"
	"slices"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// Store keeps requests and the audit trail: all ports of the database together,
// for those who implement it. Callers take the ports that they need. Every
// implementation passes approvaltest.ExerciseStore. What a method returned from
// survives a crash. Times are kept to the millisecond.
type Store interface {
	Requests
	Lists
	Work
	Messages
	AuditTrail
}

// Requests creates and changes requests.
type Requests interface {
	// Create adds r, with Version 1, and e. If a request with the same
	// IdempotencyKey exists it changes nothing and returns that one with
	// ErrDuplicate; if the ID is taken by another it returns ErrIDTaken.
	Create(ctx context.Context, r Request, e AuditEntry) (Request, error)

	// Get returns ErrNotFound if there is no such request.
	Get(ctx context.Context, id policy.ID) (Request, error)

	// ByIdempotencyKey returns the request with the given IdempotencyKey, or ErrNotFound.
	ByIdempotencyKey(ctx context.Context, idempotencyKey string) (Request, error)

	// Move stores next and adds e to the audit trail, together, if the stored
	// request still is in e.From and has next's Version; the stored version is
	// one higher, and every message has to be synced again. Of any number of
	// concurrent Moves of one version exactly one succeeds; the others change
	// nothing and get the request as it now is, with ErrConflict. MessageRefs stay,
	// but for messages that next no longer lists: a former owner keeps theirs, and
	// the new owner gets a message of their own under the same name.
	Move(ctx context.Context, next Request, e AuditEntry) (Request, error)
}

// Lists finds requests. OpenByRequester, ListByRequester, PageByRequester,
// ListActive, PageActive, ListPending, PagePending and AwaitingReview leave out rows that cannot be read, so
// that a damaged row hides no other. Everything else that meets one fails with
// ErrUnreadable.
type Lists interface {
	// OpenByRequester lists those of a user's requests that are not over, newest
	// first; at most [MaxListed].
	OpenByRequester(ctx context.Context, user policy.UserID) ([]Request, error)

	// ListByRequester lists a user's newest [MaxListed] requests, newest first.
	ListByRequester(ctx context.Context, user policy.UserID) ([]Request, error)

	// PageByRequester lists at most limit of a user's requests, newest first, and
	// by ID where they were requested at one time: those after the cursor, or
	// before it if it is Newer. It reads no others, and reports whether there are
	// more in that direction.
	PageByRequester(ctx context.Context, user policy.UserID, at Cursor, limit int) ([]Request, bool, error)

	// Successors lists the requests for a key that takes over from the key of the
	// given request, of every state and requester, oldest first: all of them, or
	// ErrUnreadable.
	Successors(ctx context.Context, id policy.ID) ([]Request, error)

	// ListActive lists the requests that are delivered or active, oldest first.
	ListActive(ctx context.Context) ([]Request, error)

	// PageActive lists the requests that are delivered or active and that which
	// finds, oldest first: at most limit of them, after the first skip. It reads no
	// others, and counts all, also those that cannot be read.
	PageActive(ctx context.Context, which KeySearch, skip, limit int) ([]Request, int, error)

	// ListPending lists the requests that are pending, oldest first.
	ListPending(ctx context.Context) ([]Request, error)

	// PagePending lists at most limit of the requests that are pending, oldest first
	// and by ID where they were requested at one time, after the cursor, and reports
	// whether there are more.
	PagePending(ctx context.Context, after Cursor, limit int) ([]Request, bool, error)

	// AwaitingReview lists the requests taken by break-glass that have no Review,
	// oldest first, of every state.
	AwaitingReview(ctx context.Context) ([]Request, error)

	// Usage counts a user's requests, reading no more than it counts: Recent are
	// those of org since then.
	Usage(ctx context.Context, user policy.UserID, org policy.OrgID, since time.Time) (policy.Usage, error)
}

// Work hands out requests that are due, each to one worker at a time.
type Work interface {
	// ClaimWork leases, until the given time, the request whose WorkAt is the
	// longest past at now and that no other worker has leased for work; only one
	// in the given states, if there are any. ErrNothingDue if there is none. One
	// that cannot be read is leased all the same, and the error is ErrUnreadable.
	//
	// A time further ahead than [MaxWait] where no wait is that long was written
	// before the clock went back, and counts as past: the WorkAt of a request in
	// one of the states of [ShortWaits], the time of a sync, and every lease.
	ClaimWork(ctx context.Context, now, until time.Time, in ...State) (Request, error)

	// ReleaseWork ends the lease. A non-zero at replaces the row's WorkAt if
	// the request still has the given version.
	ReleaseWork(ctx context.Context, id policy.ID, version int64, at time.Time) error

	// ClaimSync leases a request whose messages have to be synced and are due at
	// now. Every Create and Move makes them due, at [Request.SyncAt] of the time of its
	// entry, until ReleaseSync says otherwise.
	// ErrNothingDue if there is none.
	ClaimSync(ctx context.Context, now, until time.Time) (Request, error)

	// ReleaseSync ends the lease. If the request still has the given version, its
	// messages are due again at the given time, or in sync if that is zero. If it
	// changed since, they stay due as the change made them. In either case it records
	// the Digests of messages that were updated; of those that the request no longer
	// lists, nothing.
	ReleaseSync(ctx context.Context, id policy.ID, version int64, at time.Time, updated map[MessageName]string) error

	// NextDue returns when ClaimWork or ClaimSync next has something to give;
	// what is leased comes due when its lease ends. Zero if nothing will come
	// due by itself.
	NextDue(ctx context.Context) (time.Time, error)
}

// Messages remembers the messages that show requests.
type Messages interface {
	// SaveMessageRef records at once where a message was posted and what it shows, as
	// what is not recorded is posted again after a crash. It does nothing if the request
	// no longer lists the message: it was given to a former owner.
	SaveMessageRef(ctx context.Context, id policy.ID, name MessageName, at MessageRef) error
}

// A Recorder adds entries to the audit trail.
type Recorder interface {
	// Record adds e to the audit trail without a change: a refused attempt.
	Record(ctx context.Context, e AuditEntry) error
}

// AuditTrail is the record of every change and every refusal.
type AuditTrail interface {
	Recorder
	AuditReader
}

// An AuditReader reads the audit trail.
type AuditReader interface {
	// Audit calls yield for every entry, oldest first, until it returns an error.
	// The entries are one unbroken [Chain], however many wrote at once: an entry
	// takes its place in it together with what it records.
	Audit(ctx context.Context, yield func(AuditEntry) error) error
}

// A KeySearch picks active keys. What is zero picks all, but no organization picks none.
type KeySearch struct {
	Orgs      []policy.OrgID
	Owner     policy.UserID
	Role      policy.Role // in the organization, or in a project
	ExpiresBy time.Time   // leaves out keys without a known expiry
}

// Finds reports whether s picks r.
func (s KeySearch) Finds(r Request) bool {
	if !slices.Contains(s.Orgs, r.Org) || s.Owner != "" && r.Requester != s.Owner {
		return false
	}
	if !s.ExpiresBy.IsZero() && (r.KeyExpiresAt.IsZero() || r.KeyExpiresAt.After(s.ExpiresBy)) {
		return false
	}
	return s.Role == "" || slices.Contains(r.Access.Roles, s.Role) ||
		slices.ContainsFunc(r.Access.Projects, func(p policy.ProjectAccess) bool { return slices.Contains(p.Roles, s.Role) })
}

// A Cursor is a place in the list of one user's requests, newest first: at the
// request with ID that was requested at RequestedAt, whether or not it is theirs or
// exists any more. The zero Cursor is the beginning.
type Cursor struct {
	RequestedAt time.Time // to the millisecond
	ID          policy.ID
	Newer       bool // the requests before the place are meant, not those after it
}

// A Page is a part of the list of one user's requests, newest first.
type Page struct {
	Requests []Request
	Newer    bool // there are newer ones than these
	Older    bool // there are older ones than these
}
