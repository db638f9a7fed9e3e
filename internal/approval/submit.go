package approval

import (
	"strconv"
	"strings"
	"time"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
)

// NewRequest returns a request for a new key that no one has approved yet.
func NewRequest(org policy.Org, by policy.UserID, f policy.Form, access policy.Access, now time.Time) Request {
	p := org.Policy
	r := Request{
		Org: org.ID, Kind: APIKey, IdempotencyKey: f.IdempotencyKey, State: StatePending, Requester: by,
		Access: access, Reason: plaintext.Lines(f.Reason), Details: p.DetailsOf(f),
		RequestedAt: now, ExpiresAt: now.Add(p.ExpireAfter),
		Messages: []MessageName{CardMessage, RequestedMessage},
	}
	r.planApproverReminder(p)
	if p.EscalateAfter > 0 && !p.EscalateTo.IsZero() {
		r.EscalateAt = now.Add(p.EscalateAfter)
	}
	return r
}

// NewChildRequest returns a request about the key of parent.
func NewChildRequest(org policy.Org, parent Request, of RequestType, idempotencyKey, reason string, now time.Time) Request {
	r := NewRequest(org, parent.Requester, policy.Form{IdempotencyKey: idempotencyKey, Reason: reason}, parent.Access.Clone(), now)
	r.Type, r.ParentID, r.Details = of, parent.ID, parent.Details.Clone()
	return r
}

// ApprovedByRule returns r as one that a rule of the policy approves by itself.
func (r Request) ApprovedByRule(rule string, p policy.Policy) Request {
	r.Decision = Decision{At: r.RequestedAt, Rule: rule}
	return r.withoutApprovers(p)
}

// ApprovedAsReduction returns r, a change that only takes access away, as one that
// needs no approval.
func (r Request) ApprovedAsReduction(p policy.Policy) Request {
	r.Decision = Decision{At: r.RequestedAt}
	return r.withoutApprovers(p)
}

// ApprovedLike returns r, the successor of a key with the same access and owner,
// as approved by the decision on that key.
func (r Request) ApprovedLike(predecessor Request, p policy.Policy) Request {
	r.Decision, r.CarriesDecision = predecessor.Decision, true
	return r.withoutApprovers(p)
}

// withoutApprovers returns r as approved. Its requester has nothing to wait for: one
// message says what comes next.
func (r Request) withoutApprovers(p policy.Policy) Request {
	r.Messages = []MessageName{CardMessage}
	if r.State = StateApproved; r.isChange() {
		r.State = StateApplying
	}
	r.finishApproval(r.RequestedAt, p)
	return r
}

// TakenByBreakGlass returns r as one whose key can be issued at once, without
// approval, and is reviewed afterwards. It is issued when its requester presses "Show
// my key": the press proves that they are where the key is shown. An emergency that
// lasts no longer than the key would is over without one.
func (r Request) TakenByBreakGlass(p policy.Policy) Request {
	r.State, r.BreakGlass = StateApproved, true
	r.ExpiresAt = r.RequestedAt.Add(min(p.IssueWithin, r.Access.Lifetime))
	r.NextApproverReminderAt, r.EscalateAt = time.Time{}, time.Time{}
	r.Decision = Decision{At: r.RequestedAt}
	r.Messages = []MessageName{CardMessage, ReadyMessage, ReviewNotice}
	return r
}

// Submit returns the step that stores r, a new request with an id.
func (r Request) Submit() Step { return r.created(EventSubmit, r.Requester, r.origin()) }

// origin says for the audit trail what a new request is, unless it is a plain
// one.
func (r Request) origin() string {
	switch {
	case r.BreakGlass:
		return NoteBreakGlass
	case r.Decision.Rule != "":
		return strings.TrimSpace(string(r.Type) + " approved by the rule " + strconv.Quote(r.Decision.Rule))
	}
	return string(r.Type)
}

// NoteBreakGlass is the note of break-glass in the audit trail.
const NoteBreakGlass = "break-glass"
