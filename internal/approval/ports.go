package approval

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"atlaskeybot/internal/secret"
)

// Store keeps requests and the audit trail. Every implementation passes
// approvaltest.ExerciseStore. What it returned from survives a crash. Times
// are kept to the millisecond.
type Store interface {
	// Create adds r, with Version 1, and e. If a request of the same Origin
	// exists it changes nothing and returns that one with ErrDuplicate; if the
	// ID is taken by another it returns ErrIDTaken.
	Create(ctx context.Context, r Request, e Entry) (Request, error)

	// Get returns ErrNotFound if there is no such request.
	Get(ctx context.Context, id ID) (Request, error)

	// Move stores next and adds e to the audit trail, together, if the stored
	// request still is in e.From and has next's Version; the stored version is
	// one higher, and every message is owed again. Of any number of concurrent
	// Moves of one version exactly one succeeds; the others change nothing and
	// get the request as it now is, with ErrConflict. Places are not touched.
	Move(ctx context.Context, next Request, e Entry) (Request, error)

	// Record adds e to the audit trail without a change: a refused decision.
	Record(ctx context.Context, e Entry) error

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
	ReleaseWork(ctx context.Context, id ID, version int64, at time.Time) error

	// ClaimDrawing leases a request whose drawing is owed and due at now. Every
	// Create and Move makes it owed, until ReleaseDrawing says otherwise.
	// ErrNothingDue if there is none.
	ClaimDrawing(ctx context.Context, now, until time.Time) (Request, error)

	// Drawn notes where a message is and what it shows.
	Drawn(ctx context.Context, id ID, name MessageName, at Place) error

	// ReleaseDrawing ends the lease. If the request still has the given version,
	// drawing is due again at the given time, or not owed if that is zero. If it
	// changed since, drawing stays due as the change made it.
	ReleaseDrawing(ctx context.Context, id ID, version int64, at time.Time) error

	// NextDue returns when ClaimWork or ClaimDrawing next has something to give;
	// what is leased comes due when its lease ends. Zero if nothing will come
	// due by itself.
	NextDue(ctx context.Context) (time.Time, error)

	// ByOrigin returns the request that a form made, or ErrNotFound.
	ByOrigin(ctx context.Context, origin string) (Request, error)

	// Tally counts a person's requests, reading no more than what it counts:
	// Recent are those of org since then.
	Tally(ctx context.Context, user UserID, org OrgID, since time.Time) (Tally, error)

	// The lists of people's, live, waiting and unsigned requests leave out what
	// cannot be read, so that one damaged row hides no other. Everything else that
	// meets it fails with ErrUnreadable.

	// OpenByRequester lists those of a person's requests that are not over, newest
	// first; at most [MaxListed].
	OpenByRequester(ctx context.Context, user UserID) ([]Request, error)

	// ByRequester lists a person's newest [MaxListed] requests, newest first.
	ByRequester(ctx context.Context, user UserID) ([]Request, error)

	// PageByRequester lists at most limit of a person's requests, newest first, and
	// by ID where they were asked for at one time: those that come next after the
	// cursor, or before it if it is Newer. It reads no others, and reports whether
	// there are more in that direction. What cannot be read is left out.
	PageByRequester(ctx context.Context, user UserID, at Cursor, limit int) ([]Request, bool, error)

	// Successors lists the requests for a key that takes over from the key of the
	// given request, whatever their state and whoever's, oldest first: all of them,
	// or ErrUnreadable.
	Successors(ctx context.Context, id ID) ([]Request, error)

	// Live lists the requests that are delivered or active, oldest first.
	Live(ctx context.Context) ([]Request, error)

	// Waiting lists the requests that are pending, oldest first.
	Waiting(ctx context.Context) ([]Request, error)

	// Unsigned lists the requests that are an Emergency and have no Review, oldest
	// first, whatever their state.
	Unsigned(ctx context.Context) ([]Request, error)

	// Audit calls yield for every entry, oldest first, until it returns an error.
	// The entries are one unbroken [Chain], however many wrote at once: an entry
	// takes its place in it together with what it records.
	Audit(ctx context.Context, yield func(Entry) error) error
}

// An Order is a key to be made.
type Order struct {
	Org     OrgID
	Request ID
	Attempt int
	Access  Access

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

// A Found key carries the mark of a request. Its MadeAt is not known.
type Found struct {
	Key
	Request ID
	Attempt int
}

// ErrNoKey says that a key does not exist, as far as Atlas knows at that moment.
var ErrNoKey = errors.New("no such key")

// Keys makes and removes keys in Atlas. Its errors are or wrap a *[Fault].
type Keys interface {
	// Make creates the key, calls made with its public part as soon as Atlas
	// has answered, then puts the whole access list on it, gives it its roles in
	// projects and compares all that Atlas says with the order. An error of made ends Make. After an error
	// that came later than made the key may be alive and is the caller's to
	// remove. A Fault with Verdict Unknown before made was called means that
	// there may be a key whose private half nobody has.
	Make(ctx context.Context, o Order, made func(Key) error) (Credential, error)

	// AddAccess puts networks on the key's access list. After a nil error all of
	// them are on it; after any other some may be. Repeating it is harmless.
	AddAccess(ctx context.Context, org OrgID, keyID string, networks []netip.Prefix) error

	// KeepAccess takes everything off the key's access list but keep, and drop
	// even if Atlas does not list it: lists lag. The key is never without an
	// entry. After an error some may still be there. Repeating it is harmless.
	KeepAccess(ctx context.Context, org OrgID, keyID string, keep, drop []netip.Prefix) error

	// Remove deletes a key. A key that is not there is a success.
	Remove(ctx context.Context, org OrgID, keyID string) error

	// Find lists the keys that carry exactly the mark of the given request,
	// whatever their attempt. Atlas's lists lag: that nothing is found once
	// proves nothing.
	Find(ctx context.Context, org OrgID, id ID) ([]Found, error)

	// Marked lists the keys that carry a mark of this bot, as Find does.
	Marked(ctx context.Context, org OrgID) ([]Found, error)

	// Unlisted reports whether Atlas's feed of events tells of a key that the
	// bot made since then and that is neither listed nor deleted: the list lags.
	Unlisted(ctx context.Context, org OrgID, since time.Time) (bool, error)

	// Inspect reports how the key differs from the order it was made for, or
	// ErrNoKey.
	Inspect(ctx context.Context, o Order, keyID string) (Drift, error)

	// Projects lists the organization's projects, by name.
	Projects(ctx context.Context, org OrgID) ([]Project, error)

	// Used reports whether the key's access list shows a use.
	Used(ctx context.Context, org OrgID, keyID string) (bool, error)
}

// Screens shows people what they are owed.
type Screens interface {
	// Draw posts the named message of r, or makes the one at r.Places look as
	// r is now, and returns where it is. Drawing twice is harmless.
	// A *[Fault] says whether to try again.
	Draw(ctx context.Context, r Request, name MessageName) (Place, error)

	// Reveal shows the private key to r's requester, once. Any error means that
	// it must be taken as both seen and not seen: the caller removes the key.
	Reveal(ctx context.Context, r Request, c Credential) error
}

// An Actor is who pressed, as the signed payload says.
type Actor struct {
	User UserID
	Team string // the workspace the person belongs to

	// Enterprise is the organization of an Enterprise workspace, or empty.
	Enterprise string
}

// A Standing is what somebody is to this workspace.
type Standing string

const (
	Member      Standing = "member" // full and active
	Guest       Standing = "guest"
	Deactivated Standing = "deactivated"
	Robot       Standing = "robot"
	Outsider    Standing = "outsider" // of another workspace, or unknown
)

// Directory knows people. Its errors mean that it could not be asked.
type Directory interface {
	// Standing looks the actor up, now: nothing is remembered.
	Standing(ctx context.Context, who Actor) (Standing, error)

	// Deactivated reports whether the account of user was switched off or does
	// not exist any more.
	Deactivated(ctx context.Context, user UserID) (bool, error)

	// Members lists a group. The answer may be a few minutes old.
	Members(ctx context.Context, g GroupID) ([]UserID, error)
}

// A Verdict says what a failed call leaves behind.
type Verdict string

const (
	Refused Verdict = "refused" // for good; nothing happened
	NotNow  Verdict = "not_now" // nothing happened; a later try may work
	Unknown Verdict = "unknown" // it may have happened
)

// A Fault is why a call to Atlas or Slack did not work. Its text is for the log.
type Fault struct {
	Verdict    Verdict
	Cause      Cause
	Code       string        // the other side's own word for it
	RetryAfter time.Duration // zero: it was not said; never more than [MaxWait]
	Err        error
}

func (f *Fault) Error() string {
	text := string(f.Verdict)
	for _, word := range []string{string(f.Cause), f.Code} {
		if word != "" {
			text += ", " + word
		}
	}
	return fmt.Sprintf("%s: %v", text, f.Err)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// faultOf makes a Fault of any error. An error nobody foresaw is Unknown: the
// careful reading.
func faultOf(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return &Fault{Verdict: Unknown, Cause: CauseUnknown, Err: err}
}

// An Entry is one line of the audit trail.
type Entry struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Org     OrgID     `json:"org"`
	Request ID        `json:"request"`
	Event   Event     `json:"event"`
	From    State     `json:"from"`
	To      State     `json:"to"`
	By      UserID    `json:"by"` // empty: the bot itself
	Note    string    `json:"note,omitempty"`

	// Refused names why an attempt changed nothing; From and To are equal then.
	Refused string `json:"refused,omitempty"`

	// Key and KeyID are the public key and Atlas's id of the key that the line
	// is about; empty if the request has none.
	Key   string `json:"key,omitempty"`
	KeyID string `json:"key_id,omitempty"`

	// Prev is the Hash of the line before; Hash is over all of this one. The
	// store fills in both, and Seq: see [Entry.Chained] and [Chain].
	Prev string `json:"prev"`
	Hash string `json:"hash"`
}

var (
	ErrNotFound   = errors.New("no such request")
	ErrDuplicate  = errors.New("this form was sent before")
	ErrIDTaken    = errors.New("the id is taken")
	ErrConflict   = errors.New("the request has changed meanwhile")
	ErrNothingDue = errors.New("nothing is due")
	ErrUnreadable = errors.New("the stored request cannot be read")

	ErrNotAllowed  = errors.New("not possible in this state")
	ErrOwnRequest  = errors.New("own request")
	ErrNotApprover = errors.New("not an approver")
	ErrNotOwner    = errors.New("not the requester")
	ErrGuest       = errors.New("guest")
	ErrDeactivated = errors.New("deactivated")
	ErrRobot       = errors.New("not a person")
	ErrOutsider    = errors.New("not of this workspace")
	ErrCannotCheck = errors.New("the person could not be checked")
)
