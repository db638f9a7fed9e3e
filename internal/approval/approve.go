package approval

import (
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// A NewApproval is one more approval of a pending request.
type NewApproval struct {
	By           policy.UserID
	Access       policy.Access        // what By approves: all of the request's access, or less
	Earlier      []Approval           // the approvals before it, each marked by whether it still counts
	Requirements []policy.Requirement // of Access, by the current policy
	Missing      []policy.Requirement // of Requirements, with this approval
	IsLast       bool                 // no other approval is needed
	Note         string               // of a partial approval, to the requester
}

// Approve adds an approval. After the last one needed a new key can be issued,
// and a change of an active key is made by the worker.
func (r Request) Approve(a NewApproval, now time.Time, p policy.Policy) (Step, error) {
	reduction := describeReduction(r.Access, a.Access)
	return r.step(r.ApprovalEvent(a.IsLast), a.By, now, joinNotes(reduction, describeVoid(a.Earlier), a.Note), func(next *Request) {
		next.Requirements, next.Missing, next.Approvals = a.Requirements, a.Missing, slices.Clone(a.Earlier)
		next.addApproval(a, now, reduction != "")
		if !a.IsLast {
			next.addMessage(ApprovalAddedNotice(len(next.Approvals)))
			return
		}
		next.Decision = Decision{By: a.By, At: now}
		next.finishApproval(now, p)
	})
}

// ApprovalEvent is the event of one more approval of r.
func (r Request) ApprovalEvent(isLast bool) Event {
	switch {
	case !isLast:
		return EventApprovalAdded
	case r.isChange():
		return EventApproveChange
	}
	return EventApprove
}

// addApproval records an approval. One person has one approval: a second one
// replaces one that did not count for a while.
func (r *Request) addApproval(n NewApproval, now time.Time, isPartial bool) {
	i := slices.IndexFunc(r.Approvals, func(a Approval) bool { return a.By == n.By })
	if i < 0 {
		i = len(r.Approvals)
		r.Approvals = append(r.Approvals, Approval{By: n.By})
	}
	added := &r.Approvals[i]
	added.At, added.Void = now, ""
	if !isPartial {
		return
	}
	if !added.IsPartial() {
		added.Before = r.Access.Clone()
	}
	added.After, added.Note = n.Access, n.Note
	if r.ReducedBy == "" {
		r.Requested = r.Access
	}
	r.Access, r.ReducedBy = n.Access, n.By
}

// finishApproval plans what follows the last approval that was needed.
func (r *Request) finishApproval(now time.Time, p policy.Policy) {
	r.NextApproverReminderAt, r.EscalateAt = time.Time{}, time.Time{}
	if r.isChange() {
		r.ExpiresAt = time.Time{}
		r.addMessage(OutcomeMessage)
		return
	}
	r.ExpiresAt = now.Add(p.IssueWithin)
	r.addMessage(ReadyMessage)
}

// Deny refuses a pending request. One denial is enough. The requester reads the
// reason, which may be empty.
func (r Request) Deny(by policy.UserID, now time.Time, reason string) (Step, error) {
	return r.step(EventDeny, by, now, reason, func(next *Request) {
		next.Decision = Decision{By: by, At: now, Reason: reason}
		next.Outcome = Outcome{By: by, At: now}
		next.addMessage(DeniedNotice)
		next.addMessage(OutcomeMessage)
	})
}

// Withdraw ends a request before a key is issued for it. After a partial
// approval it declines what was approved.
func (r Request) Withdraw(by policy.UserID, now time.Time) (Step, error) {
	return r.step(EventWithdraw, by, now, "", func(next *Request) {
		cause := CauseNone
		if r.ReducedBy != "" && r.Decision.By != "" {
			cause = CauseDeclined
		}
		next.Outcome = Outcome{Cause: cause, By: by, At: now}
		next.addMessage(ClosedNotice)
	})
}

// Nudge is the requester's one reminder to the approvers.
func (r Request) Nudge(by policy.UserID, now time.Time) (Step, error) {
	if r.State == StatePending && !r.NudgedAt.IsZero() {
		return Step{}, ErrAlreadyNudged
	}
	return r.step(EventNudge, by, now, "", func(next *Request) {
		next.NudgedAt = now
		next.addMessage(NudgedNotice)
	})
}

// RemindApprovers posts one reminder under the card of a pending request, however
// many came due while the bot was down.
func (r Request) RemindApprovers(now time.Time, p policy.Policy) (Step, error) {
	return r.step(EventRemindApprovers, "", now, "", func(next *Request) {
		next.planApproverReminder(p)
		for !next.NextApproverReminderAt.IsZero() && !next.NextApproverReminderAt.After(now) {
			next.ApproverReminders++
			next.planApproverReminder(p)
		}
		next.addMessage(ApproverReminderNotice(max(next.ApproverReminders, 1)))
	})
}

// planApproverReminder plans the next reminder of a request that is still pending
// by then.
func (r *Request) planApproverReminder(p policy.Policy) {
	r.NextApproverReminderAt = time.Time{}
	if r.ApproverReminders < len(p.RemindApproversAfter) {
		r.NextApproverReminderAt = r.RequestedAt.Add(p.RemindApproversAfter[r.ApproverReminders])
	}
}

// Escalate asks a second group of approvers as well.
func (r Request) Escalate(to policy.Principals, now time.Time) (Step, error) {
	return r.step(EventEscalate, "", now, "", func(next *Request) {
		next.EscalateAt, next.EscalatedAt, next.EscalatedTo = time.Time{}, now, to
		next.addMessage(EscalatedNotice)
	})
}

// IsEscalated reports whether a second group of approvers was asked as well.
func (r Request) IsEscalated() bool { return !r.EscalatedAt.IsZero() }

// AwaitedApprovers are the principals whose approval a pending request waits for.
func (r Request) AwaitedApprovers() policy.Principals {
	if r.State != StatePending {
		return policy.Principals{}
	}
	missing := r.Missing
	if len(r.Counted()) == 0 {
		missing = r.Requirements
	}
	return policy.FromAll(missing).Union(r.EscalatedTo)
}

// Counted lists who gave the approvals that count, as far as is known.
func (r Request) Counted() []policy.UserID {
	var all []policy.UserID
	for _, a := range r.Approvals {
		if a.Void == "" {
			all = append(all, a.By)
		}
	}
	return all
}

// ApprovedBy reports whether user gave an approval that counts.
func (r Request) ApprovedBy(user policy.UserID) bool { return slices.Contains(r.Counted(), user) }

// describeReduction lists for the audit trail what approved leaves out of the
// requested access; empty if they are equal.
func describeReduction(requested, approved policy.Access) string {
	var left []string
	for _, role := range requested.Roles {
		if !slices.Contains(approved.Roles, role) {
			left = append(left, "without "+string(role))
		}
	}
	for _, p := range requested.Projects {
		if !slices.ContainsFunc(approved.Projects, func(kept policy.ProjectAccess) bool { return kept.ID == p.ID }) {
			left = append(left, "without project "+string(p.ID))
		}
	}
	if !policy.EqualNetworks(requested.Networks, approved.Networks) {
		left = append(left, "fewer addresses")
	}
	if requested.Lifetime != approved.Lifetime {
		left = append(left, approved.Lifetime.String()+" instead of "+requested.Lifetime.String())
	}
	return strings.Join(left, ", ")
}

// describeVoid lists for the audit trail whose approvals do not count.
func describeVoid(approvals []Approval) string {
	var all []string
	for _, a := range approvals {
		if a.Void != "" {
			all = append(all, "approval of "+string(a.By)+" does not count ("+string(a.Void)+")")
		}
	}
	return strings.Join(all, ", ")
}

// joinNotes joins the notes that are not empty.
func joinNotes(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(n string) bool { return n == "" }), ", ")
}
