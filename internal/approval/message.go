package approval

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A MessageName names one message that shows a request to people. Those that end in
// ".channel" go to the approvers.
type MessageName string

// The messages of which a request has at most one.
const (
	CardMessage            MessageName = "card"                     // to the approvers
	RequestedMessage       MessageName = "requested"                // to the requester: what happens next
	ReadyMessage           MessageName = "ready"                    // to the requester: the key can be issued
	ReminderMessage        MessageName = "reminder"                 // to the requester: did you save it?
	OutcomeMessage         MessageName = "outcome"                  // to the requester: how it ended
	DeletionOverdueMessage MessageName = "deletion_overdue"         // to the requester: the key cannot be deleted yet
	DeletionOverdueNotice  MessageName = "deletion_overdue.channel" // the same, in the thread of the card
	UnresolvedMessage      MessageName = "unresolved"               // to the requester: there may be a key that cannot be searched for
	UnresolvedNotice       MessageName = "unresolved.channel"       // the same, in the thread of the card
	LeftoverMessage        MessageName = "leftover"                 // to the requester: the key came back after its deletion
	LeftoverNotice         MessageName = "leftover.channel"         // the same, in the thread of the card
	FailedNotice           MessageName = "failed.channel"           // in the thread of the card: no key was issued
	UnknownKeyNotice       MessageName = "unknown_key.channel"      // to the approvers: an unknown key
	UnknownKeysNotice      MessageName = "unknown_keys.channel"     // to the approvers: several unknown keys
	OwnsNotice             MessageName = "owned_projects.channel"   // in the thread: projects that the key created
	DeniedNotice           MessageName = "denied.channel"           // in the thread: who denied it, and why
	KeyCreatedNotice       MessageName = "key_created.channel"      // in the thread: there is a key; see also [KeyCreatedAgainNotice]
	ClosedNotice           MessageName = "closed.channel"           // in the thread: how it ended
	NudgedNotice           MessageName = "nudged.channel"           // in the thread: the requester reminds the approvers
	EscalatedNotice        MessageName = "escalated.channel"        // in the thread, to the second group of approvers
	ReviewNotice           MessageName = "review.channel"           // to the approvers: a key taken by break-glass, to be reviewed
)

// ExpiryReminderMessage names the n-th reminder, from 1, to the owner that their key
// expires soon.
func ExpiryReminderMessage(n int) MessageName { return numbered("expiry_reminder.%d", n) }

// TransferMessage names the message to the n-th new owner, from 1, about their key.
func TransferMessage(n int) MessageName { return numbered("transfer.%d", n) }

// ApprovalAddedNotice names the notice in the thread of the n-th approval, from 1, that was
// not the last one.
func ApprovalAddedNotice(n int) MessageName { return numbered("approval_added.%d.channel", n) }

// KeyCreatedAgainNotice names the notice in the thread of the n-th key, from 1, that was
// shown: each but the first replaced one that was not seen.
func KeyCreatedAgainNotice(n int) MessageName {
	if n <= 1 {
		return KeyCreatedNotice
	}
	return numbered("key_created.%d.channel", n)
}

// isKeyCreated reports whether m tells of a key that was shown.
func (m MessageName) isKeyCreated() bool {
	_, isAgain := m.Number("key_created")
	return m == KeyCreatedNotice || isAgain
}

// OwnerDeactivatedNotice names the n-th notice to the approvers, from 1, that the owner of
// the key was deactivated.
func OwnerDeactivatedNotice(n int) MessageName { return numbered("owner_deactivated.%d.channel", n) }

// DriftNotice names the notice to the approvers that the key was changed in Atlas, for the
// n-th time, from 1.
func DriftNotice(n int) MessageName { return numbered("drift.%d.channel", n) }

// ApproverReminderNotice names the n-th reminder in the thread, from 1, to the approvers.
func ApproverReminderNotice(n int) MessageName { return numbered("approver_reminder.%d.channel", n) }

func numbered(format string, n int) MessageName { return MessageName(fmt.Sprintf(format, n)) }

// Number returns the n of a numbered message of the given kind, as in "expiry_reminder",
// and whether m is one.
func (m MessageName) Number(kind string) (int, bool) {
	rest, isKind := strings.CutPrefix(string(m), kind+".")
	n, err := strconv.Atoi(strings.TrimSuffix(rest, ".channel"))
	return n, isKind && err == nil
}

// ToApprovers reports whether m goes to the approvers' channel. All other messages go to
// the requester.
func (m MessageName) ToApprovers() bool {
	return m == CardMessage || strings.HasSuffix(string(m), ".channel")
}

// InThread reports whether m goes to the thread of the card.
func (m MessageName) InThread() bool {
	_, ownerGone := m.Number("owner_deactivated")
	_, drifted := m.Number("drift")
	return m.ToApprovers() && m != CardMessage && m != UnknownKeyNotice && m != UnknownKeysNotice && m != ReviewNotice && !ownerGone && !drifted
}

// A MessageRef is where a message is and what it shows.
type MessageRef struct {
	Channel string
	TS      string // empty: not posted yet
	Digest  string // of the content, so that an unchanged message is not sent again; empty: not known
}

// IsPosted reports whether r's message m was posted.
func (r Request) IsPosted(m MessageName) bool { return r.MessageRefs[m].TS != "" }

// IsOutOfDate reports whether r's message m was not posted, or its last update failed.
func (r Request) IsOutOfDate(m MessageName) bool {
	return !r.IsPosted(m) || r.MessageRefs[m].Digest == ""
}

// syncDelay is how long messages wait that show a state which may last only a moment.
const syncDelay = 300 * time.Millisecond

// SyncAt returns when r's messages are due after r was changed at the given time; zero if
// it has none. New messages are due at once. Those that are there wait a moment if r will
// change again by itself: the next change replaces this one, and each update counts
// against Slack's limits.
func (r Request) SyncAt(changed time.Time) time.Time {
	isNew := func(m MessageName) bool { return !r.IsPosted(m) }
	switch {
	case len(r.Messages) == 0:
		return time.Time{}
	case r.isBrief() && !slices.ContainsFunc(r.Messages, isNew):
		return changed.Add(syncDelay)
	}
	return changed
}

// isBrief reports whether the worker is about to change r, unless a call fails.
func (r Request) isBrief() bool {
	isUnderWay := slices.Contains([]State{StateIssuing, StateApplying, StateRevoking}, r.State)
	return isUnderWay && r.Issuance.Tries == 0 && r.Deletion.Tries == 0
}

// addMessage adds a message to those that people are to be shown of r. An adopted
// request has no requester to show anything to.
func (r *Request) addMessage(m MessageName) {
	if r.IsAdopted() && !m.ToApprovers() {
		return
	}
	if !slices.Contains(r.Messages, m) {
		r.Messages = append(r.Messages, m)
	}
}

// An event post says once what happened, with the facts of that moment. Every
// other message says how things stand, and is updated whenever that changes.

// IsEvent reports whether m is an event post.
func (m MessageName) IsEvent() bool {
	_, isApprovalAdded := m.Number("approval_added")
	return isApprovalAdded || m.isKeyCreated() || slices.Contains([]MessageName{DeniedNotice, FailedNotice, ClosedNotice, NudgedNotice, EscalatedNotice}, m)
}

// keepEvents keeps r as it is now for each event post that has just become due.
// What was posted is kept no longer: it is never updated.
func (r *Request) keepEvents() {
	var kept map[MessageName]string
	for _, m := range r.Messages {
		if !m.IsEvent() || r.IsPosted(m) {
			continue
		}
		if kept == nil {
			kept = map[MessageName]string{}
		}
		kept[m] = cmp.Or(r.Events[m], r.asJSON())
	}
	r.Events = kept
}

// asJSON returns r without the fields that no event post shows.
func (r Request) asJSON() string {
	r.Messages, r.UnresolvedCreates, r.Events = nil, nil, nil
	encoded, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("encoding a request: %v", err)) // every field of it has a form in JSON
	}
	return string(encoded)
}

// AtEvent returns r as it was when the event of m happened, with its present
// MessageRefs.
func (r Request) AtEvent(m MessageName) (Request, error) {
	kept, isKept := r.Events[m]
	if !isKept {
		return r, nil
	}
	var then Request
	if err := json.Unmarshal([]byte(kept), &then); err != nil {
		return r, fmt.Errorf("reading request %s as it was for %s: %w", r.ID, m, err)
	}
	then.MessageRefs = r.MessageRefs
	return then, nil
}

// Messenger shows people the messages of a request.
type Messenger interface {
	// SyncMessage posts the named message of r, or updates the one at r.MessageRefs
	// to show r as it is now, and returns where it is. Syncing twice is harmless.
	// A *[CallError] says whether to try again.
	SyncMessage(ctx context.Context, r Request, name MessageName) (MessageRef, error)

	// RevealKey shows the private key to r's requester, once. After any error the
	// key counts as both seen and not seen: the caller deletes it.
	RevealKey(ctx context.Context, r Request, c Credential) error
}
