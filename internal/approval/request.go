package approval

import (
	"net/netip"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// APIKey is an organization API key: a public and a private half, used as user
// name and password of HTTP Digest.
const APIKey policy.Kind = "api_key"

// A Request is everything known about one request: for a new key, or for a change of an
// active one. It never holds the private half of a key.
type Request struct {
	ID      policy.ID    `json:"id"`
	Org     policy.OrgID `json:"org"`
	Kind    policy.Kind  `json:"kind"`
	State   State        `json:"state"`
	Version int64        `json:"version"` // counts the changes; the store checks and raises it

	// The request itself. ParentID names the request whose key it is about, unless
	// it is for a new key. Of an adopted key it names the known request whose tag the
	// key carries and that did not create it.

	Type             RequestType      `json:"type,omitempty"`
	ParentID         policy.ID        `json:"parent_id,omitempty"`
	Change           ChangeDetails    `json:"change,omitzero"`
	Access           policy.Access    `json:"access"`
	Reason           string           `json:"reason"`
	Details          policy.Details   `json:"details,omitempty"`
	Requester        policy.UserID    `json:"requester"`
	RequestedAt      time.Time        `json:"requested_at"`
	RequesterHistory RequesterHistory `json:"requester_history,omitzero"`

	// IdempotencyKey is unique to one filled-in form, so that a form sent twice
	// makes one request.
	IdempotencyKey string `json:"idempotency_key"`

	// Approval. Requirements are the approvals that the request needs, by the policy
	// when it was last decided on.

	Requirements []policy.Requirement `json:"requirements,omitempty"`
	Approvals    []Approval           `json:"approvals,omitempty"`
	Missing      []policy.Requirement `json:"missing,omitempty"` // of Requirements, since the last approval
	Decision     Decision             `json:"decision,omitzero"`

	// CarriesDecision says of a rotation that it needed no approval: its decision is
	// the one on its predecessor.
	CarriesDecision bool `json:"carries_decision,omitempty"`

	// Requested is the access that was requested, if ReducedBy approved less of it.
	Requested policy.Access `json:"requested,omitzero"`
	ReducedBy policy.UserID `json:"reduced_by,omitempty"`

	// ApprovedNetworks are the networks that were approved with the key, if its IP
	// access list was changed since.
	ApprovedNetworks []netip.Prefix `json:"approved_networks,omitempty"`

	// ExpiresAt ends the wait of a pending request for a decision, and of an approved
	// one for its requester.
	ExpiresAt time.Time `json:"expires_at,omitzero"`

	// NextApproverReminderAt is when the approvers are next reminded, and
	// ApproverReminders counts how often they were. NudgedAt is when the requester
	// reminded them.
	NextApproverReminderAt time.Time `json:"next_approver_reminder_at,omitzero"`
	ApproverReminders      int       `json:"approver_reminders,omitempty"`
	NudgedAt               time.Time `json:"nudged_at,omitzero"`

	// EscalateAt is when a second group of approvers is asked as well; EscalatedAt is
	// when it was, and EscalatedTo is that group.
	EscalateAt  time.Time         `json:"escalate_at,omitzero"`
	EscalatedAt time.Time         `json:"escalated_at,omitzero"`
	EscalatedTo policy.Principals `json:"escalated_to,omitzero"`

	// BreakGlass says that the key was taken without approval. Review is its review
	// afterwards. BreakGlassOf names the request at the start of the key's rotations
	// if that was taken by break-glass.
	BreakGlass   bool      `json:"break_glass,omitempty"`
	Review       Review    `json:"review,omitzero"`
	BreakGlassOf policy.ID `json:"break_glass_of,omitempty"`

	// Issuance. Attempt counts the keys that Atlas was, or was about to be, asked for.

	Attempt           int                `json:"attempt,omitempty"`
	Issuance          Issuance           `json:"issuance,omitzero"`
	UnresolvedCreates []UnresolvedCreate `json:"unresolved_creates,omitempty"`
	Confirmation      Confirmation       `json:"confirmation,omitzero"`

	// The key.

	Key      Key        `json:"key,omitzero"`
	Drift    Drift      `json:"drift,omitzero"`
	Drifts   int        `json:"drifts,omitempty"` // how often it was found changed in Atlas
	Changing ListChange `json:"changing,omitzero"`

	// Owns are the projects that the key owns because it created them, by id.
	Owns []OwnedProject `json:"owns,omitempty"`

	// Leftover is the key that Atlas listed again after its deletion, if it did.
	Leftover Leftover `json:"leftover,omitzero"`

	// UnknownKeys are, of an adopted key, those that the same message reports.
	UnknownKeys UnknownKeys `json:"unknown_keys,omitzero"`

	// Expiry. Since is when the access began: when the first key, or for a successor
	// the first key of its rotations, was created.

	Since time.Time `json:"since,omitzero"`

	// KeyExpiresAt is when the key is deleted. It is set when the first key has been
	// shown and does not move when a key is replaced: only an approved extension moves
	// it, and a successor in use brings it nearer.
	KeyExpiresAt time.Time `json:"key_expires_at,omitzero"`

	// RemindAt is when the owner is next reminded of the expiry, and ExpiryReminders
	// counts how often they were.
	RemindAt        time.Time `json:"remind_at,omitzero"`
	ExpiryReminders int       `json:"expiry_reminders,omitempty"`
	Deletion        Deletion  `json:"deletion,omitzero"`
	Outcome         Outcome   `json:"outcome,omitzero"`

	// Owner: the Requester. OwnerDeactivatedAt is when their account was found
	// deactivated, and OwnerDeactivations counts how often one was. The last of
	// Transfers is to the present owner.

	OwnerDeactivatedAt time.Time           `json:"owner_deactivated_at,omitzero"`
	OwnerDeactivations int                 `json:"owner_deactivations,omitempty"`
	Transfers          []OwnershipTransfer `json:"transfers,omitempty"`

	// Rotation. Successor is the request of the key that takes over from this one, and
	// PredecessorScheduled says of a successor that its predecessor's end is scheduled.
	// Cascade says which requests of the same rotations have yet to end with this one.

	Successor            policy.ID    `json:"successor,omitempty"`
	PredecessorScheduled bool         `json:"predecessor_scheduled,omitempty"`
	Cascade              CascadeScope `json:"cascade,omitempty"`

	// Messages lists what people are to be shown of this request, in the order in which
	// it is synced. It grows, until the key gets another owner: the former owner keeps
	// their messages.
	Messages []MessageName `json:"messages"`

	// Events keeps, for each event post that is still to be posted, the request as it
	// was at that event, in JSON.
	Events map[MessageName]string `json:"events,omitempty"`

	// MessageRefs says where those messages are. The store keeps it beside the request:
	// a sync changes no version.
	MessageRefs map[MessageName]MessageRef `json:"-"`
}

// A RequestType is what a request is for.
type RequestType string

// The types of requests.
const (
	NewKey           RequestType = ""            // a key
	Extension        RequestType = "extension"   // more time for an active key
	Rotation         RequestType = "rotation"    // a key that takes over from an active one
	AccessListChange RequestType = "access_list" // another access list for an active key
)

// ChangeDetails says what a request changes about an active key.
type ChangeDetails struct {
	OldEnd      time.Time      `json:"old_key_expires_at,omitzero"`
	NewEnd      time.Time      `json:"new_key_expires_at,omitzero"`
	OldNetworks []netip.Prefix `json:"old_networks,omitempty"` // the access list when it was requested

	// Left are the projects that the predecessor owns and this key will not: Atlas makes
	// the key that creates a project its owner.
	Left []OwnedProject `json:"left_projects,omitempty"`

	// Added says that the new entries are all on the key's access list, and that the
	// former ones are being deleted.
	Added bool `json:"added,omitempty"`
}

// A Decision is the one that ended the wait: of the last approver, or of a rule.
type Decision struct {
	By     policy.UserID `json:"by"`
	At     time.Time     `json:"at"`
	Reason string        `json:"reason,omitempty"` // of a denial; the requester reads it
	Rule   string        `json:"rule,omitempty"`   // the name of the rule that approved it
}

// An Approval is the approval by one approver.
type Approval struct {
	By policy.UserID `json:"by"`
	At time.Time     `json:"at"`

	// Before and After are the access before and after a partial approval.
	Before policy.Access `json:"before,omitzero"`
	After  policy.Access `json:"after,omitzero"`

	// Note is what By wrote to the requester of a partial approval.
	Note string `json:"note,omitempty"`

	// Void says why it does not count any more, as found at the last approval; empty: it
	// counts.
	Void policy.VoidReason `json:"void,omitempty"`
}

// IsPartial reports whether By approved less than was requested.
func (a Approval) IsPartial() bool { return a.After.Lifetime != 0 }

// RequesterHistory is what is known of a requester at the time of a request.
type RequesterHistory struct {
	ActiveKeys   int  `json:"active_keys,omitempty"`   // their active keys
	FirstRequest bool `json:"first_request,omitempty"` // it is their first request
}

// A Review is the review of a key taken by break-glass.
type Review struct {
	By policy.UserID `json:"by"`
	At time.Time     `json:"at"`
}

// An OwnershipTransfer is the transfer of a key to another owner.
type OwnershipTransfer struct {
	From policy.UserID `json:"from"`
	To   policy.UserID `json:"to"`
	By   policy.UserID `json:"by"`
	At   time.Time     `json:"at"`

	// Approved says that By alone gave every approval that the access needs.
	Approved bool `json:"approved,omitempty"`
}

// A Key is the public part of an Atlas key.
type Key struct {
	ID        string    `json:"id"` // 24 hexadecimal digits
	PublicKey string    `json:"public_key"`
	MadeAt    time.Time `json:"created_at"`
}

// A Stage is the stage of an attempt to issue a key.
type Stage string

// The stages of an attempt.
const (
	StageQueued      Stage = "queued"       // nothing was sent to Atlas
	StageStarted     Stage = "started"      // something may have been sent
	StageRollingBack Stage = "rolling_back" // the key, if there is one, is deleted
)

// Issuance is an attempt to issue a key, while it lasts.
type Issuance struct {
	Stage     Stage     `json:"stage"`
	ClickedAt time.Time `json:"clicked_at"` // when the requester clicked
	Tries     int       `json:"tries,omitempty"`
	RetryAt   time.Time `json:"retry_at,omitzero"`

	// NextEvent is what follows a rollback: EventReturnToApproved or EventFail.
	NextEvent Event  `json:"next_event,omitempty"`
	Cause     Cause  `json:"cause,omitempty"`
	Code      string `json:"code,omitempty"` // Atlas's or Slack's own, for the log and the audit trail
}

// An UnresolvedCreate is a create call with unknown outcome: there may be a key that was
// not shown. Atlas is searched for it several times, since lists lag.
type UnresolvedCreate struct {
	Attempt  int       `json:"attempt"`
	At       time.Time `json:"at"` // of the click that the call followed
	Searches int       `json:"searches"`
	SearchAt time.Time `json:"search_at"`
	Notified bool      `json:"notified,omitempty"` // owner and approvers know that it cannot be searched for
}

// Confirmation is the wait, after a private key was shown, for its owner to confirm that
// they have it.
type Confirmation struct {
	ShownAt   time.Time `json:"shown_at"`
	RemindAt  time.Time `json:"remind_at"`
	ConfirmBy time.Time `json:"confirm_by"`
	Reminded  bool      `json:"reminded,omitempty"`
	ByUse     bool      `json:"by_use,omitempty"` // confirmed by use, not by the owner
}

// Deletion is the deletion of a key, while it lasts.
type Deletion struct {
	Since    time.Time `json:"since"`
	Tries    int       `json:"tries,omitempty"`
	RetryAt  time.Time `json:"retry_at"`
	Notified bool      `json:"notified,omitempty"` // owner and approvers know that it takes long
	Cause    Cause     `json:"cause,omitempty"`    // why the last try failed
	Code     string    `json:"code,omitempty"`     // Atlas's own
}

// Outcome says why a request is over, or why its key is deleted.
type Outcome struct {
	Cause Cause         `json:"cause"`
	By    policy.UserID `json:"by,omitempty"` // empty: the bot
	At    time.Time     `json:"at"`
	Code  string        `json:"code,omitempty"` // Atlas's own, when it refused
	Note  string        `json:"note,omitempty"` // the reason given for a revocation
}
