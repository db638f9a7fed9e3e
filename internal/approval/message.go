package approval

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A MessageName names one message that people are shown of a request.
type MessageName string

const (
	CardMessage            MessageName = "card"                     // to the approvers
	RequestedMessage       MessageName = "requested"                // to the requester: what happens next
	ReadyMessage           MessageName = "ready"                    // to the requester: the key can be collected
	ReminderMessage        MessageName = "reminder"                 // to the requester: did you save it?
	OutcomeMessage         MessageName = "outcome"                  // to the requester: how it ended
	DeletionOverdueMessage MessageName = "deletion_overdue"         // to the requester: the key cannot be deleted yet
	DeletionOverdueNotice  MessageName = "deletion_overdue.channel" // the same to the approvers, under the card
	UnresolvedMessage      MessageName = "unresolved"               // to the requester: there may be a key that cannot be looked for
	UnresolvedNotice       MessageName = "unresolved.channel"       // the same to the approvers, under the card
	LeftoverMessage        MessageName = "leftover"                 // to the requester: the key came back after its deletion
	LeftoverNotice         MessageName = "leftover.channel"         // the same to the approvers, under the card
	FailedNotice           MessageName = "failed.channel"           // to the approvers, under the card: no key was made
	DriftNotice            MessageName = "drift.channel"            // to the approvers, under the card: changed by hand
	UnknownKeyNotice       MessageName = "unknown_key.channel"      // to the approvers: a key that no row knew
	UnknownKeysNotice      MessageName = "unknown_keys.channel"     // to the approvers: several at once
	OwnsNotice             MessageName = "owned_projects.channel"   // to the approvers, under the card: projects that the key created
	DecidedNotice          MessageName = "decided.channel"          // under the card: who decided, and what
	KeyCreatedNotice       MessageName = "key_created.channel"      // under the card: there is a key; see also [KeyCreatedAgainNotice]
	ClosedNotice           MessageName = "closed.channel"           // under the card: how it ended
	NudgedNotice           MessageName = "nudged.channel"           // under the card: the requester asks once more
	EscalatedNotice        MessageName = "escalated.channel"        // under the card, to the second group
	ReviewNotice           MessageName = "review.channel"           // to the approvers: a key taken by break-glass, to be signed
)

// ExpiryReminderMessage names the n-th message, from 1, that tells the requester of a
// key's coming end.
func ExpiryReminderMessage(n int) MessageName { return numbered("expiry_reminder.%d", n) }

// TransferMessage names the message by which the n-th new owner, from 1, learns
// of their key.
func TransferMessage(n int) MessageName { return numbered("transfer.%d", n) }

// ApprovalAddedNotice names the notice under the card of the n-th approval, from 1,
// that was not the last one.
func ApprovalAddedNotice(n int) MessageName { return numbered("approval_added.%d.channel", n) }

// KeyCreatedAgainNotice names the notice under the card of the n-th key, from 1, that
// was shown: each but the first took over from one that was not seen.
func KeyCreatedAgainNotice(n int) MessageName {
	if n <= 1 {
		return KeyCreatedNotice
	}
	return numbered("key_created.%d.channel", n)
}

func (m MessageName) isMade() bool {
	_, isAgain := m.Number("key_created")
	return m == KeyCreatedNotice || isAgain
}

// OwnerDeactivatedNotice names the n-th notice to the approvers, from 1, that the key's
// owner was deactivated.
func OwnerDeactivatedNotice(n int) MessageName { return numbered("owner_deactivated.%d.channel", n) }

// ApproverReminderNotice names the n-th notice under the card, from 1, that nobody has
// decided yet.
func ApproverReminderNotice(n int) MessageName { return numbered("approver_reminder.%d.channel", n) }

func numbered(format string, n int) MessageName { return MessageName(fmt.Sprintf(format, n)) }

// Number returns which of its kind m is, if it is one that [ExpiryReminderMessage] or
// its like names with kind, as in "expiry_reminder".
func (m MessageName) Number(kind string) (int, bool) {
	rest, isKind := strings.CutPrefix(string(m), kind+".")
	n, err := strconv.Atoi(strings.TrimSuffix(rest, ".channel"))
	return n, isKind && err == nil
}

// ToApprovers reports whether m goes to the approvers' channel. Everything else
// goes to the requester.
func (m MessageName) ToApprovers() bool {
	return m == CardMessage || strings.HasSuffix(string(m), ".channel")
}

// InThread reports whether m stands under the card.
func (m MessageName) InThread() bool {
	_, ownerGone := m.Number("owner_deactivated")
	return m.ToApprovers() && m != CardMessage && m != UnknownKeyNotice && m != UnknownKeysNotice && m != ReviewNotice && !ownerGone
}

// A MessageRef is where a message is and what it shows.
type MessageRef struct {
	Channel string
	TS      string // empty: not posted yet
	Shown   int64  // the request's version that it shows
	Digest  string // of the content, so that an unchanged message is not sent again
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
