package approval

import (
	"fmt"
	"slices"
)

// A State says where a request stands. The names are stored and logged.
type State string

// The closed list of states. Each comment says who ends a state that can last.
const (
	StatePending   State = "pending"   // waits for an approver; ended by a click or at ExpiresAt
	StateApproved  State = "approved"  // waits for "Create my key"; ended by it or at ExpiresAt
	StateIssuing   State = "issuing"   // a key is being issued; the worker ends it, also after a crash
	StateDelivered State = "delivered" // the private key was shown; ended by a click, by use, or at ConfirmBy
	StateActive    State = "active"    // the owner has the key; ended by a click or at KeyExpiresAt
	StateApplying  State = "applying"  // an approved change of an active key is being made; the worker ends it
	StateRevoking  State = "revoking"  // the key is being deleted; the worker tries until it is gone

	StateDenied    State = "denied"    // by an approver
	StateWithdrawn State = "withdrawn" // by the requester
	StateExpired   State = "expired"   // not decided, or no key issued, in time
	StateFailed    State = "failed"    // Atlas refused for good; there is no key
	StateEnded     State = "ended"     // the key existed and is deleted
	StateApplied   State = "applied"   // the change was made
)

// Final reports whether nothing can follow s.
func (s State) Final() bool {
	return slices.Contains([]State{StateDenied, StateWithdrawn, StateExpired, StateFailed, StateEnded, StateApplied}, s)
}

// ShortWaits lists the states in which the worker's next try is never further ahead than
// [MaxWait]: no date is waited for.
var ShortWaits = []State{StateIssuing, StateApplying, StateRevoking, StateDenied, StateWithdrawn, StateExpired, StateFailed, StateEnded, StateApplied}

// OpenStates are the states of a request that waits for people, or for what was approved.
var OpenStates = []State{StatePending, StateApproved, StateIssuing, StateApplying}

// HasKey reports whether a key of a request in s may exist in Atlas.
func (s State) HasKey() bool {
	return slices.Contains([]State{StateIssuing, StateDelivered, StateActive, StateRevoking}, s)
}

// An Event moves a request. The names are stored and logged.
type Event string

// What people do.
const (
	EventSubmit        Event = "submit"         // creates the request; not in Transitions
	EventApprovalAdded Event = "approval_added" // an approval that is not the last one needed
	EventApprove       Event = "approve"
	EventDeny          Event = "deny"
	EventNudge         Event = "nudge" // the requester reminds the approvers
	EventWithdraw      Event = "withdraw"
	EventIssue         Event = "issue"   // "Create my key"
	EventConfirm       Event = "confirm" // "I saved it", or the key was seen in use
	EventReplace       Event = "replace" // "I did not see it"
	EventRevoke        Event = "revoke"
	EventRetry         Event = "retry"    // makes the next try of a deletion due now
	EventRotate        Event = "rotate"   // of an active key: it has a successor
	EventTransfer      Event = "transfer" // of an active key: it has another owner
	EventReview        Event = "review"   // a second person reviewed a key taken by break-glass
	EventView          Event = "view"     // of a list; only ever refused
)

// What the worker does. The events that stay in their state record what must be on disk
// before the next step is taken.
const (
	EventExpire           Event = "expire"
	EventRemindApprovers  Event = "remind_approvers" // reminds the approvers of a pending request
	EventEscalate         Event = "escalate"         // asks a second group of approvers as well
	EventCreateStarted    Event = "create_started"   // the attempt's call to Atlas comes next
	EventKeyCreated       Event = "key_created"      // Atlas created a key: its id, so that clean-up needs no search
	EventRetryLater       Event = "retry_later"      // nothing happened; try again at RetryAt
	EventRollback         Event = "rollback"         // delete the key, if there is one; then Issuance.NextEvent
	EventDeliver          Event = "deliver"
	EventReturnToApproved Event = "return_to_approved"
	EventFail             Event = "fail"
	EventRemind           Event = "remind"
	EventDeleteFailed     Event = "delete_failed" // the key could not be deleted yet
	EventDeleted          Event = "deleted"
	EventOrphanSearch     Event = "orphan_search" // searched for the key of a create call without an answer

	EventApproveChange        Event = "approve_change"        // approves a change of an active key, which the worker makes
	EventApply                Event = "apply"                 // the change was made
	EventChangeAccessList     Event = "change_access_list"    // the next call to Atlas changes the access list of an active key
	EventExtend               Event = "extend"                // of an active key: it expires later
	EventReplaceAccessList    Event = "replace_access_list"   // of an active key: it has another access list
	EventScheduleRetirement   Event = "schedule_retirement"   // of an active key: its successor is in use, so it expires soon
	EventCascaded             Event = "cascaded"              // the other keys of its rotations were ended with it
	EventPredecessorScheduled Event = "predecessor_scheduled" // of a successor: its predecessor's end is scheduled

	EventAdopt             Event = "adopt"              // creates a request for an unknown key with our tag; not in Transitions
	EventDriftDetected     Event = "drift_detected"     // the key was changed in Atlas, or changed back
	EventOwnsProjects      Event = "owns_projects"      // the key owns other projects by now
	EventDeletedExternally Event = "deleted_externally" // the key was deleted in Atlas, not by the bot

	EventOwnerDeactivated Event = "owner_deactivated" // the owner of an active key was deactivated
	EventOwnerReactivated Event = "owner_reactivated" // the owner is active again
)

// A Transition says where an event leads from a state.
type Transition struct {
	From State
	On   Event
	To   State
}

// Transitions is the whole machine. What is not listed is refused.
// docs/state-machine.md is generated from it; TestStateDiagramIsCurrent keeps them equal.
var Transitions = []Transition{
	{StatePending, EventApprovalAdded, StatePending},
	{StatePending, EventNudge, StatePending},
	{StatePending, EventRemindApprovers, StatePending},
	{StatePending, EventEscalate, StatePending},
	{StatePending, EventApprove, StateApproved},
	{StatePending, EventDeny, StateDenied},
	{StatePending, EventWithdraw, StateWithdrawn},
	{StatePending, EventExpire, StateExpired},

	{StateApproved, EventIssue, StateIssuing},
	{StateApproved, EventWithdraw, StateWithdrawn},
	{StateApproved, EventExpire, StateExpired},

	{StateIssuing, EventCreateStarted, StateIssuing},
	{StateIssuing, EventKeyCreated, StateIssuing},
	{StateIssuing, EventRetryLater, StateIssuing},
	{StateIssuing, EventRollback, StateIssuing},
	{StateIssuing, EventDeliver, StateDelivered},
	{StateIssuing, EventRetry, StateIssuing},
	{StateIssuing, EventReturnToApproved, StateApproved},
	{StateIssuing, EventFail, StateFailed},

	{StatePending, EventApproveChange, StateApplying},
	{StateApplying, EventApply, StateApplied},
	{StateApplying, EventChangeAccessList, StateApplying},
	{StateApplying, EventRetryLater, StateApplying},
	{StateApplying, EventRollback, StateApplying},
	{StateApplying, EventFail, StateFailed},

	{StateDelivered, EventRemind, StateDelivered},
	{StateDelivered, EventConfirm, StateActive},
	{StateDelivered, EventReplace, StateIssuing},
	{StateDelivered, EventRevoke, StateRevoking},
	{StateDelivered, EventExpire, StateRevoking},

	{StateActive, EventRemind, StateActive},
	{StateActive, EventRotate, StateActive},
	{StateActive, EventExtend, StateActive},
	{StateActive, EventChangeAccessList, StateActive},
	{StateActive, EventReplaceAccessList, StateActive},
	{StateActive, EventScheduleRetirement, StateActive},
	{StateActive, EventPredecessorScheduled, StateActive},
	{StateActive, EventTransfer, StateActive},
	{StateActive, EventRevoke, StateRevoking},
	{StateActive, EventExpire, StateRevoking},

	{StateActive, EventCascaded, StateActive},
	{StateRevoking, EventCascaded, StateRevoking},
	{StateEnded, EventCascaded, StateEnded},

	{StateRevoking, EventDeleteFailed, StateRevoking},
	{StateRevoking, EventRetry, StateRevoking},
	{StateRevoking, EventDeleted, StateEnded},

	{StateDelivered, EventDriftDetected, StateDelivered},
	{StateDelivered, EventOwnsProjects, StateDelivered},
	{StateDelivered, EventDeletedExternally, StateEnded},
	{StateActive, EventDriftDetected, StateActive},
	{StateActive, EventOwnsProjects, StateActive},
	{StateActive, EventDeletedExternally, StateEnded},
	{StateActive, EventOwnerDeactivated, StateActive},
	{StateActive, EventOwnerReactivated, StateActive},

	{StateApproved, EventReview, StateApproved},
	{StateIssuing, EventReview, StateIssuing},
	{StateDelivered, EventReview, StateDelivered},
	{StateActive, EventReview, StateActive},
	{StateRevoking, EventReview, StateRevoking},
	{StateWithdrawn, EventReview, StateWithdrawn},
	{StateExpired, EventReview, StateExpired},
	{StateFailed, EventReview, StateFailed},
	{StateEnded, EventReview, StateEnded},

	{StateApproved, EventOrphanSearch, StateApproved},
	{StateIssuing, EventOrphanSearch, StateIssuing},
	{StateDelivered, EventOrphanSearch, StateDelivered},
	{StateActive, EventOrphanSearch, StateActive},
	{StateRevoking, EventOrphanSearch, StateRevoking},
	{StateWithdrawn, EventOrphanSearch, StateWithdrawn},
	{StateExpired, EventOrphanSearch, StateExpired},
	{StateFailed, EventOrphanSearch, StateFailed},
	{StateEnded, EventOrphanSearch, StateEnded},
}

// Next returns where on leads from s, or s itself and [ErrNotAllowed].
func (s State) Next(on Event) (State, error) {
	i := slices.IndexFunc(Transitions, func(t Transition) bool { return t.From == s && t.On == on })
	if i < 0 {
		return s, fmt.Errorf("%w: %s a request that is %s", ErrNotAllowed, on, s)
	}
	return Transitions[i].To, nil
}
