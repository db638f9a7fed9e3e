package approval

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/secret"
)

// Store keeps requests and the audit trail. Every implementation passes
// approvaltest.ExerciseStore. What it returned from survives a crash. Times
// are kept to the millisecond.
type Store interface {
	// Create adds r, with Version 1, and e. If a request of the same Origin
	// exists it changes nothing and returns that one with ErrDuplicate; if the
	// ID is taken by another it returns ErrIDTaken.
	Create(ctx context.Context, r Request, e AuditEntry) (Request, error)

	// Get returns ErrNotFound if there is no such request.
	Get(ctx context.Context, id policy.ID) (Request, error)

	// Move stores next and adds e to the audit trail, together, if the stored
	// request still is in e.From and has next's Version; the stored version is
	// one higher, and every message is owed again. Of any number of concurrent
	// Moves of one version exactly one succeeds; the others change nothing and
	// get the request as it now is, with ErrConflict. Places are not touched.
	Move(ctx context.Context, next Request, e AuditEntry) (Request, error)

	// Record adds e to the audit trail without a change: a refused decision.
	Record(ctx context.Context, e AuditEntry) error

	// ClaimWork leases, until the given time, the request whose WorkAt is the
	// longest past at now and that nobody else has leased for work; only one in
	// the given states, if there are any. ErrNothingDue if there is none. One
	// that cannot be read is leased all the same, and the error is ErrUnreadable.
	//
	// A time that is further ahead than [MaxWait] where no wait is that long was
	// written before the clock went back, and counts as past: the WorkAt of a
	// request in one of the states of [ShortWaits], the time of a drawing, and every
	// lease.
	ClaimWork(ctx context.Context, now, until time.Time, in ...State) (Request, error)

	// ReleaseWork ends the lease. A non-zero at replaces the row's WorkAt if
	// the request still has the given version.
	ReleaseWork(ctx context.Context, id policy.ID, version int64, at time.Time) error

	// ClaimSync leases a request whose drawing is owed and due at now. Every
	// Create and Move makes it owed, until ReleaseSync says otherwise.
	// ErrNothingDue if there is none.
	ClaimSync(ctx context.Context, now, until time.Time) (Request, error)

	// SaveMessageRef notes where a message is and what it shows.
	SaveMessageRef(ctx context.Context, id policy.ID, name MessageName, at MessageRef) error

	// ReleaseSync ends the lease. If the request still has the given version,
	// drawing is due again at the given time, or not owed if that is zero. If it
	// changed since, drawing stays due as the change made it.
	ReleaseSync(ctx context.Context, id policy.ID, version int64, at time.Time) error

	// NextDue returns when ClaimWork or ClaimSync next has something to give;
	// what is leased comes due when its lease ends. Zero if nothing will come
	// due by itself.
	NextDue(ctx context.Context) (time.Time, error)

	// ByOrigin returns the request that a form made, or ErrNotFound.
	ByOrigin(ctx context.Context, origin string) (Request, error)

	// Usage counts a person's requests, reading no more than what it counts:
	// Recent are those of org since then.
	Usage(ctx context.Context, user policy.UserID, org policy.OrgID, since time.Time) (policy.Usage, error)

	// The lists of people's, live, waiting and unsigned requests leave out what
	// cannot be read, so that one damaged row hides no other. Everything else that
	// meets it fails with ErrUnreadable.

	// OpenByRequester lists those of a person's requests that are not over, newest
	// first; at most [MaxListed].
	OpenByRequester(ctx context.Context, user policy.UserID) ([]Request, error)

	// ListByRequester lists a person's newest [MaxListed] requests, newest first.
	ListByRequester(ctx context.Context, user policy.UserID) ([]Request, error)

	// PageByRequester lists at most limit of a person's requests, newest first, and
	// by ID where they were asked for at one time: those that come next after the
	// cursor, or before it if it is Newer. It reads no others, and reports whether
	// there are more in that direction. What cannot be read is left out.
	PageByRequester(ctx context.Context, user policy.UserID, at Cursor, limit int) ([]Request, bool, error)

	// Successors lists the requests for a key that takes over from the key of the
	// given request, whatever their state and whoever's, oldest first: all of them,
	// or ErrUnreadable.
	Successors(ctx context.Context, id policy.ID) ([]Request, error)

	// ListActive lists the requests that are delivered or active, oldest first.
	ListActive(ctx context.Context) ([]Request, error)

	// ListPending lists the requests that are pending, oldest first.
	ListPending(ctx context.Context) ([]Request, error)

	// AwaitingReview lists the requests that are an Emergency and have no Review, oldest
	// first, whatever their state.
	AwaitingReview(ctx context.Context) ([]Request, error)

	// Audit calls yield for every entry, oldest first, until it returns an error.
	// The entries are one unbroken [Chain], however many wrote at once: an entry
	// takes its place in it together with what it records.
	Audit(ctx context.Context, yield func(AuditEntry) error) error
}

// A KeySpec is a key to be made.
type KeySpec struct {
	Org     policy.OrgID
	Request policy.ID
	Attempt int
	Access  policy.Access

	// MadeAt and Owns are of a key that exists: when it was made, and what it was
	// last known to own. Inspect looks for what is new.
	MadeAt time.Time
	Owns   []OwnedProject
}

// A Credential is a key with its private half, in memory only.
type Credential struct {
	Key
	PrivateKey secret.Secret
}

// A TaggedKey key carries the mark of a request. Its MadeAt is not known.
type TaggedKey struct {
	Key
	Request policy.ID
	Attempt int
}

// ErrNoKey says that a key does not exist, as far as Atlas knows at that moment.
var ErrNoKey = errors.New("no such key")

// Keys makes and removes keys in Atlas. Its errors are or wrap a *[CallError].
type Keys interface {
	// Create creates the key, calls made with its public part as soon as Atlas
	// has answered, then puts the whole access list on it, gives it its roles in
	// projects and compares all that Atlas says with the order. An error of made ends Make. After an error
	// that came later than made the key may be alive and is the caller's to
	// remove. A Fault with Verdict Unknown before made was called means that
	// there may be a key whose private half nobody has.
	Create(ctx context.Context, o KeySpec, made func(Key) error) (Credential, error)

	// AddAccess puts networks on the key's access list. After a nil error all of
	// them are on it; after any other some may be. Repeating it is harmless.
	AddAccess(ctx context.Context, org policy.OrgID, keyID string, networks []netip.Prefix) error

	// KeepAccess takes everything off the key's access list but keep, and drop
	// even if Atlas does not list it: lists lag. The key is never without an
	// entry. After an error some may still be there. Repeating it is harmless.
	KeepAccess(ctx context.Context, org policy.OrgID, keyID string, keep, drop []netip.Prefix) error

	// Delete deletes a key. A key that is not there is a success.
	Delete(ctx context.Context, org policy.OrgID, keyID string) error

	// FindTagged lists the keys that carry exactly the mark of the given request,
	// whatever their attempt. Atlas's lists lag: that nothing is found once
	// proves nothing.
	FindTagged(ctx context.Context, org policy.OrgID, id policy.ID) ([]TaggedKey, error)

	// ListTagged lists the keys that carry a mark of this bot, as Find does.
	ListTagged(ctx context.Context, org policy.OrgID) ([]TaggedKey, error)

	// CreatedButUnlisted reports whether Atlas's feed of events tells of a key that the
	// bot made since then and that is neither listed nor deleted: the list lags.
	CreatedButUnlisted(ctx context.Context, org policy.OrgID, since time.Time) (bool, error)

	// Inspect reports how the key differs from the order it was made for, or
	// ErrNoKey.
	Inspect(ctx context.Context, o KeySpec, keyID string) (Drift, error)

	// Projects lists the organization's projects, by name.
	Projects(ctx context.Context, org policy.OrgID) ([]policy.Project, error)

	// WasUsed reports whether the key's access list shows a use.
	WasUsed(ctx context.Context, org policy.OrgID, keyID string) (bool, error)
}

// Messenger shows people what they are owed.
type Messenger interface {
	// SyncMessage posts the named message of r, or makes the one at r.Places look as
	// r is now, and returns where it is. Drawing twice is harmless.
	// A *[CallError] says whether to try again.
	SyncMessage(ctx context.Context, r Request, name MessageName) (MessageRef, error)

	// RevealKey shows the private key to r's requester, once. Any error means that
	// it must be taken as both seen and not seen: the caller removes the key.
	RevealKey(ctx context.Context, r Request, c Credential) error
}

// A FailureClass says what a failed call leaves behind.
type FailureClass string

const (
	Permanent     FailureClass = "refused" // for good; nothing happened
	Transient     FailureClass = "not_now" // nothing happened; a later try may work
	Indeterminate FailureClass = "unknown" // it may have happened
)

// A CallError is why a call to Atlas or Slack did not work. Its text is for the log.
type CallError struct {
	Class      FailureClass
	Cause      Cause
	Code       string        // the other side's own word for it
	RetryAfter time.Duration // zero: it was not said; never more than [MaxWait]
	Err        error
}

func (f *CallError) Error() string {
	text := string(f.Class)
	for _, word := range []string{string(f.Cause), f.Code} {
		if word != "" {
			text += ", " + word
		}
	}
	return fmt.Sprintf("%s: %v", text, f.Err)
}

// Note describes the failure for the audit trail, in words of closed lists only.
func (f *CallError) Note() string { return strings.TrimSpace(string(f.Cause) + " " + f.Code) }

// Unwrap returns the cause.
func (f *CallError) Unwrap() error { return f.Err }

// CallErrorOf returns the *CallError in err's chain. Any other error counts as
// Indeterminate, which is the careful reading.
func CallErrorOf(err error) *CallError {
	if f, ok := errors.AsType[*CallError](err); ok {
		return f
	}
	return &CallError{Class: Indeterminate, Cause: CauseUnknown, Err: err}
}

// An AuditEntry is one line of the audit trail.
type AuditEntry struct {
	Seq     int64         `json:"seq"`
	At      time.Time     `json:"at"`
	Org     policy.OrgID  `json:"org"`
	Request policy.ID     `json:"request"`
	Event   Event         `json:"event"`
	From    State         `json:"from"`
	To      State         `json:"to"`
	By      policy.UserID `json:"by"` // empty: the bot itself
	Note    string        `json:"note,omitempty"`

	// Refused names why an attempt changed nothing; From and To are equal then.
	Refused string `json:"refused,omitempty"`

	// Key and KeyID are the public key and Atlas's id of the key that the line
	// is about; empty if the request has none.
	Key   string `json:"key,omitempty"`
	KeyID string `json:"key_id,omitempty"`

	// Prev is the Hash of the line before; Hash is over all of this one. The
	// store fills in both, and Seq: see [AuditEntry.Linked] and [Chain].
	Prev string `json:"prev"`
	Hash string `json:"hash"`
}
