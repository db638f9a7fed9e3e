package approval

import (
	"net/netip"
	"slices"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// APIKey is an organization API key: a public and a private half, used as user
// name and password of HTTP Digest.
const APIKey policy.Kind = "api_key"

// A Request is everything known about one wish for a key. It never holds the
// private half.
type Request struct {
	ID        policy.ID     `json:"id"`
	Org       policy.OrgID  `json:"org"`
	Kind      policy.Kind   `json:"kind"`
	State     State         `json:"state"`
	Version   int64         `json:"version"` // counts its changes; the store checks and raises it
	Requester policy.UserID `json:"requester"`

	// Type says what is asked for. Of names the request whose live key is
	// concerned, unless a new key is asked for.
	Type     RequestType   `json:"type,omitempty"`
	ParentID policy.ID     `json:"parent_id,omitempty"`
	Change   ChangeDetails `json:"change,omitzero"`

	// IdempotencyKey is unique to one filled-in form, so that a form sent twice makes
	// one request.
	IdempotencyKey string `json:"idempotency_key"`

	Access      policy.Access `json:"access"`
	Reason      string        `json:"reason"`
	RequestedAt time.Time     `json:"requested_at"`

	// Requested is what was asked for, if ReducedBy approved less of it.
	Requested policy.Access `json:"requested,omitzero"`
	ReducedBy policy.UserID `json:"reduced_by,omitempty"`

	RequesterHistory RequesterHistory `json:"requester_history,omitzero"`

	// BreakGlass says that the key was taken without approval, by break-glass.
	// Review is then somebody else's signature under it.
	BreakGlass bool   `json:"break_glass,omitempty"`
	Review     Review `json:"review,omitzero"`

	// ExpiresAt ends the wait of a pending request for a decision and of an
	// approved one for its collection.
	ExpiresAt time.Time `json:"expires_at,omitzero"`

	// Requirements are the approvals that it takes, as the rules were when it was last
	// decided on, and Approvals those that it has.
	Requirements []policy.Requirement `json:"requirements,omitempty"`
	Approvals    []Approval           `json:"approvals,omitempty"`

	// NextApproverReminderAt is when an undecided request is next brought up again, and Prods
	// counts how often it was. EscalateAt is when it goes to the second group;
	// EscalatedAt when it did, and EscalatedTo is who that was. NudgedAt is when
	// the requester asked once more.
	NextApproverReminderAt time.Time         `json:"next_approver_reminder_at,omitzero"`
	ApproverReminders      int               `json:"approver_reminders,omitempty"`
	EscalateAt             time.Time         `json:"escalate_at,omitzero"`
	EscalatedAt            time.Time         `json:"escalated_at,omitzero"`
	EscalatedTo            policy.Principals `json:"escalated_to,omitzero"`
	NudgedAt               time.Time         `json:"nudged_at,omitzero"`

	// CarriesDecision says of a rotation that it took no approval: its decision is
	// the one on the key before it.
	Decision        Decision `json:"decision,omitzero"`
	CarriesDecision bool     `json:"carries_decision,omitempty"`

	// Attempt counts the keys that Atlas was, or was about to be, asked for.
	Attempt           int                `json:"attempt,omitempty"`
	Issuance          Issuance           `json:"issuance,omitzero"`
	UnresolvedCreates []UnresolvedCreate `json:"unresolved_creates,omitempty"`
	Key               Key                `json:"key,omitzero"`

	// KeyExpiresAt is when the key is deleted. It is set when the first key has been
	// shown and does not move when a key is replaced: only an approved extension
	// moves it, and a successor in use brings it nearer.
	KeyExpiresAt time.Time `json:"key_expires_at,omitzero"`

	// Since is when the access began: when the first key was made, or for a
	// successor the first key of its rotations. BreakGlassOf names the request of
	// that key if it was taken by break-glass.
	Since        time.Time `json:"since,omitzero"`
	BreakGlassOf policy.ID `json:"break_glass_of,omitempty"`

	// RemindAt is when the owner of an active key is next told of its end, and
	// Endings counts how often they were.
	RemindAt        time.Time `json:"remind_at,omitzero"`
	ExpiryReminders int       `json:"expiry_reminders,omitempty"`

	// Successor is the request of the key that is to take over from this one,
	// and Settled says of a successor that its predecessor knows.
	Successor            policy.ID `json:"successor,omitempty"`
	PredecessorScheduled bool      `json:"predecessor_scheduled,omitempty"`

	// Cascade says which requests of the same rotations have yet to be ended with
	// this one. Empty: none.
	Cascade CascadeScope `json:"cascade,omitempty"`

	// OwnerDeactivatedAt is when the owner's account was found deactivated, and Orphaned
	// counts how often one was. Transfers lists whom the key was handed to; the
	// last of them is Requester.
	OwnerDeactivatedAt time.Time           `json:"owner_deactivated_at,omitzero"`
	OwnerDeactivations int                 `json:"owner_deactivations,omitempty"`
	Transfers          []OwnershipTransfer `json:"transfers,omitempty"`

	Confirmation Confirmation `json:"confirmation,omitzero"`
	Changing     ListChange   `json:"changing,omitzero"`
	Drift        Drift        `json:"drift,omitzero"`

	// Leftover is the key that came back after its deletion, if one did.
	Leftover Leftover `json:"leftover,omitzero"`

	Deletion Deletion `json:"deletion,omitzero"`
	Outcome  Outcome  `json:"outcome,omitzero"`

	// Owns are the projects that the live key owns because it created them, by id.
	Owns []OwnedProject `json:"owns,omitempty"`

	// UnknownKeys are, of an adopted key, those that are told of together with it.
	UnknownKeys UnknownKeys `json:"unknown_keys,omitzero"`

	// Messages lists what people are to be shown of this request, in the order
	// in which it is drawn. It grows, until the key gets another owner: what the
	// former one was shown is theirs.
	Messages []MessageName `json:"messages"`

	// Events keeps, for each event post that is still to be posted, the request as
	// it was when that happened, in JSON.
	Events map[MessageName]string `json:"events,omitempty"`

	// MessageRefs says where those messages are. The store keeps it beside the
	// request: drawing changes no version.
	MessageRefs map[MessageName]MessageRef `json:"-"`
}

// A RequestType is what is asked for.
type RequestType string

const (
	NewKey           RequestType = ""            // a key
	Extension        RequestType = "extension"   // more time for a live key
	Rotation         RequestType = "rotation"    // a key that takes over from a live one
	AccessListChange RequestType = "access_list" // another access list for a live key
)

// ChangeDetails is what an extension or new addresses would do to a live key.
type ChangeDetails struct {
	OldEnd      time.Time      `json:"old_key_expires_at,omitzero"`
	NewEnd      time.Time      `json:"new_key_expires_at,omitzero"`
	OldNetworks []netip.Prefix `json:"old_networks,omitempty"` // the list as it was when asked

	// Left are the projects that the key before this one owns, and this one will
	// not: those who create a project own it.
	Left []OwnedProject `json:"left_projects,omitempty"`

	// Added says that the new entries are all on the key's access list, and that
	// the former ones may be going.
	Added bool `json:"added,omitempty"`
}

// A Decision is the last approver's, or a rule's.
type Decision struct {
	By     policy.UserID `json:"by"`
	At     time.Time     `json:"at"`
	Reason string        `json:"reason,omitempty"` // of a denial; what the requester reads
	Rule   string        `json:"rule,omitempty"`   // the name of the rule by which nobody had to approve
}

// An Approval is one person's yes.
type Approval struct {
	By policy.UserID `json:"by"`
	At time.Time     `json:"at"`

	// Before and After are the access before and after it, if By approved less.
	Before policy.Access `json:"before,omitzero"`
	After  policy.Access `json:"after,omitzero"`

	// Void says why it does not count any more, as was found when somebody else
	// approved; empty: it counts.
	Void policy.VoidReason `json:"void,omitempty"`
}

// IsPartial reports whether By approved less than there was.
func (a Approval) IsPartial() bool { return a.After.Lifetime != 0 }

// A RequesterHistory is what is known of a requester when they ask.
type RequesterHistory struct {
	ActiveKeys   int  `json:"active_keys,omitempty"`   // live keys of theirs
	FirstRequest bool `json:"first_request,omitempty"` // they never asked before
}

// A Review is the signature under a key taken by break-glass.
type Review struct {
	By policy.UserID `json:"by"`
	At time.Time     `json:"at"`
}

// An OwnershipTransfer is a key handed to another owner.
type OwnershipTransfer struct {
	From policy.UserID `json:"from"`
	To   policy.UserID `json:"to"`
	By   policy.UserID `json:"by"`
	At   time.Time     `json:"at"`

	// Approved says that By alone gave every approval that the access takes.
	Approved bool `json:"approved,omitempty"`
}

// A Key is the part of an Atlas key that may be known.
type Key struct {
	ID        string    `json:"id"` // 24 hexadecimal digits
	PublicKey string    `json:"public_key"`
	MadeAt    time.Time `json:"created_at"`
}

// A Stage is how far the making of a key has come.
type Stage string

const (
	StageQueued      Stage = "queued"       // nothing was sent to Atlas
	StageStarted     Stage = "started"      // something may have been sent
	StageRollingBack Stage = "rolling_back" // what was made has to go first
)

// Issuance is the making of one key, while it lasts.
type Issuance struct {
	Stage     Stage     `json:"stage"`
	ClickedAt time.Time `json:"clicked_at"` // when the requester pressed
	Tries     int       `json:"tries,omitempty"`
	RetryAt   time.Time `json:"retry_at,omitzero"`

	// NextEvent is EventReturnToApproved or EventFail: what follows once nothing is left in Atlas.
	NextEvent Event  `json:"next_event,omitempty"`
	Cause     Cause  `json:"cause,omitempty"`
	Code      string `json:"code,omitempty"` // Atlas's or Slack's own, for the log and the audit
}

// An UnresolvedCreate is a create call whose answer was lost. There may be a key that nobody
// was shown; several looks over minutes decide, since lists lag.
type UnresolvedCreate struct {
	Attempt  int       `json:"attempt"`
	At       time.Time `json:"at"` // of the press that the call followed
	Searches int       `json:"searches"`
	SearchAt time.Time `json:"search_at"`
	Notified bool      `json:"notified,omitempty"` // owner and channel know that it cannot be looked for
}

// Drift is how a live key differs in Atlas from what was approved. Somebody did
// that by hand; it is told and not repaired.
type Drift struct {
	RolesChanged bool          `json:"roles_changed,omitempty"`
	Roles        []policy.Role `json:"roles,omitempty"` // as they are, if changed

	NetworksChanged bool           `json:"networks_changed,omitempty"`
	Networks        []netip.Prefix `json:"networks,omitempty"` // as they are, if changed; none: no access list

	ProjectsChanged bool                   `json:"projects_changed,omitempty"`
	Projects        []policy.ProjectAccess `json:"projects,omitempty"` // as they are, if changed; names as far as they are known

	// Owns is no difference: see [Request.Owns], where it is kept.
	Owns []OwnedProject `json:"owns,omitempty"`

	Renamed bool `json:"renamed,omitempty"` // and so cannot be found by its mark any more
}

// IsZero reports whether the key is as it was approved.
func (d Drift) IsZero() bool {
	return !d.RolesChanged && !d.NetworksChanged && !d.ProjectsChanged && !d.Renamed
}

// Equal reports whether the same is different.
func (d Drift) Equal(o Drift) bool {
	return d.RolesChanged == o.RolesChanged && slices.Equal(d.Roles, o.Roles) &&
		d.NetworksChanged == o.NetworksChanged && slices.Equal(d.Networks, o.Networks) && d.Renamed == o.Renamed &&
		d.ProjectsChanged == o.ProjectsChanged && slices.EqualFunc(d.Projects, o.Projects, policy.ProjectAccess.Equal)
}

// Confirmation is the time between showing a private key and knowing that its owner
// has it.
type Confirmation struct {
	ShownAt   time.Time `json:"shown_at"`
	RemindAt  time.Time `json:"remind_at"`
	ConfirmBy time.Time `json:"confirm_by"`
	Reminded  bool      `json:"reminded,omitempty"`
	ByUse     bool      `json:"by_use,omitempty"` // nobody said so, but the key was seen in use
}

// Deletion is the deleting of a key, while it lasts.
type Deletion struct {
	Since    time.Time `json:"since"`
	Tries    int       `json:"tries,omitempty"`
	RetryAt  time.Time `json:"retry_at"`
	Notified bool      `json:"notified,omitempty"` // owner and channel know that it takes long
	Cause    Cause     `json:"cause,omitempty"`    // why the last try did not work
	Code     string    `json:"code,omitempty"`     // Atlas's own word for it
}

// Outcome says why a request is over, or why its key has to go.
type Outcome struct {
	Cause Cause         `json:"cause"`
	By    policy.UserID `json:"by,omitempty"` // empty: nobody, it was time
	At    time.Time     `json:"at"`
	Code  string        `json:"code,omitempty"` // Atlas's own, when it refused
	Note  string        `json:"note,omitempty"` // why, in the words of whoever revoked
}

// WorkAt is when the worker has to look at r next; zero is never.
func (r Request) WorkAt() time.Time {
	at := r.StateDueAt()
	for _, d := range r.UnresolvedCreates {
		at = Earliest(at, d.SearchAt)
	}
	at = Earliest(at, r.Leftover.SearchAt)
	return at
}

func (r Request) StateDueAt() time.Time {
	if r.Cascade != "" {
		return atOnce
	}
	switch r.State {
	case StatePending:
		return Earliest(Earliest(r.ExpiresAt, r.KeyExpiresAt), Earliest(r.NextApproverReminderAt, r.EscalateAt))
	case StateApproved:
		return Earliest(r.ExpiresAt, r.KeyExpiresAt)
	case StateIssuing:
		return latest(r.Issuance.ClickedAt, r.Issuance.RetryAt)
	case StateDelivered:
		if !r.Confirmation.Reminded {
			return Earliest(r.Confirmation.RemindAt, r.KeyExpiresAt)
		}
		return Earliest(r.Confirmation.ConfirmBy, r.KeyExpiresAt)
	case StateActive:
		if r.Type == Rotation && !r.PredecessorScheduled {
			return atOnce // the predecessor has to know
		}
		return Earliest(r.KeyExpiresAt, r.RemindAt)
	case StateApplying:
		return latest(r.Decision.At, r.Issuance.RetryAt)
	case StateRevoking:
		return r.Deletion.RetryAt
	}
	return time.Time{}
}

// atOnce is the time of what is due at once, whatever the clock says: it may be
// moved between the press and the work.
var atOnce = time.UnixMilli(1)

// Earliest returns the earlier of two times, where zero is never.
func Earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// latest returns the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
