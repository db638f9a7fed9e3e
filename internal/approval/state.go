package approval

import (
	"fmt"
	"slices"
)

// A State says where a request stands. The names are stored and logged.
type State string

// The closed list of states. Each comment says who ends a state that can last.
const (
	Pending   State = "pending"   // waits for an approver; ended by a click or at LapsesAt
	Approved  State = "approved"  // waits for the requester's press; ended by it or at LapsesAt
	Minting   State = "minting"   // a key is being made; the worker ends it, also after a crash
	Delivered State = "delivered" // the private key was shown; ended by a click, by use, or at ConfirmBy
	Active    State = "active"    // the requester holds the key; ended by a click or at EndsAt
	Applying  State = "applying"  // an approved change of a live key; the worker ends it
	Revoking  State = "revoking"  // the key has to go; the worker tries until it is gone

	Denied    State = "denied"    // an approver said no
	Withdrawn State = "withdrawn" // the requester took it back
	Expired   State = "expired"   // nobody decided, or nobody collected, in time
	Failed    State = "failed"    // Atlas refused for good; no key stayed
	Ended     State = "ended"     // the key existed and is gone
	Done      State = "done"      // the change was made
)

// Final reports whether nothing can follow s.
func (s State) Final() bool {
	return slices.Contains([]State{Denied, Withdrawn, Expired, Failed, Ended, Done}, s)
}

// ShortWaits lists the states in which nothing that the worker waits for is ever
// further ahead than [MaxWait]: it tries until it is done, or only clears up.
var ShortWaits = []State{Minting, Applying, Revoking, Denied, Withdrawn, Expired, Failed, Ended, Done}

// OpenStates are those of a request that waits: for people, or for what was
// approved.
var OpenStates = []State{Pending, Approved, Minting, Applying}

// HasKey reports whether a key of a request in s may be alive in Atlas.
func (s State) HasKey() bool {
	return slices.Contains([]State{Minting, Delivered, Active, Revoking}, s)
}

// An Event moves a request. The names are stored and logged.
type Event string

// What people do.
const (
	Submit   Event = "submit"  // creates the row; not in Transitions
	Endorse  Event = "endorse" // an approval that is not the last one needed
	Approve  Event = "approve"
	Deny     Event = "deny"
	Nudge    Event = "nudge" // asks once more for a decision
	Withdraw Event = "withdraw"
	Collect  Event = "collect" // "Create my key"
	Confirm  Event = "confirm" // "I saved it", or the key was seen in use
	Replace  Event = "replace" // "I did not see it"
	Revoke   Event = "revoke"
	Retry    Event = "retry"    // has a deletion tried at once that waits for its next try
	Rotate   Event = "rotate"   // of a live key: a successor is on its way
	HandTo   Event = "transfer" // of a live key: it has another owner
	Sign     Event = "sign"     // somebody else looked at a key taken by break-glass
	View     Event = "view"     // of a list; only ever refused
)

// What the worker does. The events that stay in their state are notes that must
// be on disk before the next step may be taken.
const (
	Lapse    Event = "lapse"
	Prod     Event = "prod"     // brings an undecided request up again
	Escalate Event = "escalate" // asks the second group as well
	Begin    Event = "begin"    // the attempt's call to Atlas comes next
	Made     Event = "made"     // Atlas made a key: its id, so that clean-up needs no search
	Pause    Event = "pause"    // nothing happened; try again at RetryAt
	Undo     Event = "undo"     // take back what may have been made, then Mint.Then
	HandOver Event = "hand_over"
	PutBack  Event = "put_back"
	GiveUp   Event = "give_up"
	Remind   Event = "remind"
	Delay    Event = "delay" // the key could not be removed yet
	Gone     Event = "gone"
	Look     Event = "look" // searched for what an unanswered create may have left

	Grant     Event = "grant"     // approves a change of a live key, which the worker makes
	Apply     Event = "apply"     // the change was made
	Relist    Event = "relist"    // the next call to Atlas changes the access list of a live key
	Extend    Event = "extend"    // of a live key: it has a later end
	Readdress Event = "readdress" // of a live key: it has another access list
	Supersede Event = "supersede" // of a live key: its successor is in use, so it ends soon
	Cascaded  Event = "cascaded"  // the other keys of its rotations were ended with it
	Settle    Event = "settle"    // of a successor: its predecessor has been told to end

	Adopt  Event = "adopt"  // creates a row for a marked key that none knew; not in Transitions
	Differ Event = "differ" // somebody changed the key in Atlas, or changed it back
	Own    Event = "own"    // the key owns other projects by now, which it created
	Vanish Event = "vanish" // somebody deleted the key in Atlas

	Orphan Event = "orphan" // the owner of a live key was deactivated
	Return Event = "return" // and is active again
)

// A Transition says where an event leads from a state.
type Transition struct {
	From State
	On   Event
	To   State
}

// Transitions is the whole machine. What is not listed is refused.
// docs/state-machine.md is generated from it; TestDiagram keeps them equal.
var Transitions = []Transition{
	{Pending, Endorse, Pending},
	{Pending, Nudge, Pending},
	{Pending, Prod, Pending},
	{Pending, Escalate, Pending},
	{Pending, Approve, Approved},
	{Pending, Deny, Denied},
	{Pending, Withdraw, Withdrawn},
	{Pending, Lapse, Expired},

	{Approved, Collect, Minting},
	{Approved, Withdraw, Withdrawn},
	{Approved, Lapse, Expired},

	{Minting, Begin, Minting},
	{Minting, Made, Minting},
	{Minting, Pause, Minting},
	{Minting, Undo, Minting},
	{Minting, HandOver, Delivered},
	{Minting, Retry, Minting},
	{Minting, PutBack, Approved},
	{Minting, GiveUp, Failed},

	{Pending, Grant, Applying},
	{Applying, Apply, Done},
	{Applying, Relist, Applying},
	{Applying, Pause, Applying},
	{Applying, Undo, Applying},
	{Applying, GiveUp, Failed},

	{Delivered, Remind, Delivered},
	{Delivered, Confirm, Active},
	{Delivered, Replace, Minting},
	{Delivered, Revoke, Revoking},
	{Delivered, Lapse, Revoking},

	{Active, Remind, Active},
	{Active, Rotate, Active},
	{Active, Extend, Active},
	{Active, Relist, Active},
	{Active, Readdress, Active},
	{Active, Supersede, Active},
	{Active, Settle, Active},
	{Active, HandTo, Active},
	{Active, Revoke, Revoking},
	{Active, Lapse, Revoking},

	{Active, Cascaded, Active},
	{Revoking, Cascaded, Revoking},
	{Ended, Cascaded, Ended},

	{Revoking, Delay, Revoking},
	{Revoking, Retry, Revoking},
	{Revoking, Gone, Ended},

	{Delivered, Differ, Delivered},
	{Delivered, Own, Delivered},
	{Delivered, Vanish, Ended},
	{Active, Differ, Active},
	{Active, Own, Active},
	{Active, Vanish, Ended},
	{Active, Orphan, Active},
	{Active, Return, Active},

	{Approved, Sign, Approved},
	{Minting, Sign, Minting},
	{Delivered, Sign, Delivered},
	{Active, Sign, Active},
	{Revoking, Sign, Revoking},
	{Withdrawn, Sign, Withdrawn},
	{Expired, Sign, Expired},
	{Failed, Sign, Failed},
	{Ended, Sign, Ended},

	{Approved, Look, Approved},
	{Minting, Look, Minting},
	{Delivered, Look, Delivered},
	{Active, Look, Active},
	{Revoking, Look, Revoking},
	{Withdrawn, Look, Withdrawn},
	{Expired, Look, Expired},
	{Failed, Look, Failed},
	{Ended, Look, Ended},
}

// Next returns where on leads from s, or s itself and [ErrNotAllowed].
func (s State) Next(on Event) (State, error) {
	i := slices.IndexFunc(Transitions, func(t Transition) bool { return t.From == s && t.On == on })
	if i < 0 {
		return s, fmt.Errorf("%w: %s a request that is %s", ErrNotAllowed, on, s)
	}
	return Transitions[i].To, nil
}
