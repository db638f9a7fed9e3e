package approval

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// isAdopted reports whether nothing is known of r but its key.
func (r Request) IsAdopted() bool { return r.Requester == "" }

// approve notes a yes. Of one person there is one approval: a second yes takes
// the place of one that did not count for a while.
func (r *Request) Approve(by policy.UserID, now time.Time, access policy.Access, isLess bool) {
	i := slices.IndexFunc(r.Approvals, func(a Approval) bool { return a.By == by })
	if i < 0 {
		i = len(r.Approvals)
		r.Approvals = append(r.Approvals, Approval{By: by})
	}
	yes := &r.Approvals[i]
	yes.At, yes.Void = now, ""
	if !isLess {
		return
	}
	if !yes.IsPartial() {
		yes.Before = r.Access.Clone()
	}
	yes.After = access
	r.reduceTo(access, by)
}

// IsChange reports whether r is about a key that lives, and makes none.
func (r Request) IsChange() bool { return r.Type == Extension || r.Type == AccessListChange }

// finishApproval says what follows from the last approval that was needed.
func (r *Request) FinishApproval(now time.Time, p policy.Policy) {
	r.NextApproverReminderAt, r.EscalateAt = time.Time{}, time.Time{}
	r.AddMessage(DecidedNotice)
	if r.IsChange() {
		r.ExpiresAt = time.Time{}
		r.AddMessage(OutcomeMessage)
		return
	}
	r.ExpiresAt = now.Add(p.IssueWithin)
	r.AddMessage(ReadyMessage)
}

func (r *Request) reduceTo(a policy.Access, by policy.UserID) {
	if r.ReducedBy == "" {
		r.Requested = r.Access
	}
	r.Access, r.ReducedBy = a, by
}

// cascadeTo makes the ending of others due with this one, if r may have any.
func (r *Request) CascadeTo(scope CascadeScope) {
	if r.Type == Rotation || r.Successor != "" || len(r.Transfers) > 0 {
		r.Cascade = scope
	}
}

// revokedBy says what a revocation of r by that person ends beside r's key: all
// of the access, unless the owner ends only this key.
func (r *Request) RevokedBy(by policy.UserID) {
	if by == r.Requester {
		r.CascadeTo(CascadeUnshown)
		return
	}
	r.CascadeTo(CascadeAll)
}

// addMessage adds a message to what people are to be shown of r. An adopted request
// has no requester to show anything to.
func (r *Request) AddMessage(m MessageName) {
	if r.Requester == "" && !m.ToApprovers() {
		return
	}
	if !slices.Contains(r.Messages, m) {
		r.Messages = append(r.Messages, m)
	}
}

// startIssuing opens an attempt. Its number is on disk before Atlas hears of
// it, and so is the key that it replaces.
func (r *Request) StartIssuing(now time.Time) {
	r.Attempt++
	r.Issuance = Issuance{Stage: StageQueued, ClickedAt: now}
	r.Confirmation = Confirmation{}
}

// startDeletion makes the key's removal due now.
func (r *Request) StartDeletion(now time.Time, why Outcome) {
	r.Outcome = why
	r.Deletion = Deletion{Since: now, RetryAt: now}
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

// orphanSearchSchedule is when, after a create whose answer was lost, Atlas is searched
// for what it may have made. One empty look proves nothing: lists lag.
var OrphanSearchSchedule = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute}

// recordUnresolvedCreate notes that the present attempt's create may have made a key that nobody
// was shown. It was called after the press, and if the bot was stopped
// meanwhile, long before now.
func (r *Request) RecordUnresolvedCreate(now time.Time) {
	r.UnresolvedCreates = append(r.UnresolvedCreates, UnresolvedCreate{Attempt: r.Attempt, At: r.Issuance.ClickedAt, SearchAt: now.Add(OrphanSearchSchedule[0])})
}

// isSearchDue reports whether it is time to search for the key of a lost create.
func (r Request) IsSearchDue(now time.Time) bool {
	return r.Leftover.IsOpen() && IsPast(r.Leftover.SearchAt, now) ||
		slices.ContainsFunc(r.UnresolvedCreates, func(d UnresolvedCreate) bool { return IsPast(d.SearchAt, now) })
}

// resolveCreates drops the debts that were paid and those that were looked for often
// enough, and plans the next look of the rest. In doubt the last look is
// repeated.
func (r *Request) ResolveCreates(now time.Time, removed []int, doubt bool) {
	var open []UnresolvedCreate
	for _, d := range r.UnresolvedCreates {
		if slices.Contains(removed, d.Attempt) {
			continue
		}
		if IsPast(d.SearchAt, now) {
			if d.Searches++; d.Searches == len(OrphanSearchSchedule) && doubt {
				d.Searches--
			}
			d.SearchAt = now.Add(OrphanSearchSchedule[min(d.Searches, len(OrphanSearchSchedule)-1)] - OrphanSearchSchedule[d.Searches-1])
		}
		if d.Searches < len(OrphanSearchSchedule) {
			open = append(open, d)
		}
	}
	r.UnresolvedCreates = open
}

// byBreakGlass is the note of break-glass in the audit trail.
const ByBreakGlass = "break-glass"

// ByBreakGlass reports whether the key, or the key at the start of its
// rotations, was taken without approval.
func (r Request) ByBreakGlass() bool { return r.BreakGlass || r.BreakGlassOf != "" }

// started is when the access of r's key began: when the first key of its
// rotations was made.
func (r Request) Started() time.Time {
	if r.Since.IsZero() {
		return r.Key.MadeAt
	}
	return r.Since
}

// LifeUntil is how long the access of r's key lasts in all, with the keys before
// it, if the key ends then.
func (r Request) LifeUntil(end time.Time) time.Duration { return end.Sub(r.Started()) }

// addKeyCreatedNotice adds the post of a key that was shown: each showing has its own.
func (r *Request) AddKeyCreatedNotice() {
	shown := 0
	for _, m := range r.Messages {
		if m.isMade() {
			shown++
		}
	}
	r.AddMessage(KeyCreatedAgainNotice(shown + 1))
}

// keepEvents keeps r as it is now for each event post that has just become due.
// What was posted is kept no longer: it is never drawn again.
func (r *Request) KeepEvents() {
	var kept map[MessageName]string
	for _, m := range r.Messages {
		if !m.IsEvent() || r.MessageRefs[m].TS != "" {
			continue
		}
		if kept == nil {
			kept = map[MessageName]string{}
		}
		kept[m] = cmp.Or(r.Events[m], r.asJSON())
	}
	r.Events = kept
}

// asJSON is r without what no event post tells of.
func (r Request) asJSON() string {
	r.Messages, r.UnresolvedCreates, r.Events = nil, nil, nil
	encoded, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("encoding a request: %v", err)) // it holds nothing that JSON has not
	}
	return string(encoded)
}

// atEvent is r as it was when the event of m happened; its places are today's.
func (r Request) AtEvent(m MessageName) (Request, error) {
	kept, isKept := r.Events[m]
	if !isKept {
		return r, nil
	}
	var of Request
	if err := json.Unmarshal([]byte(kept), &of); err != nil {
		return r, fmt.Errorf("reading request %s as it was for %s: %w", r.ID, m, err)
	}
	of.MessageRefs = r.MessageRefs
	return of, nil
}

// planExpiryReminder says when the owner is next told of the key's end.
func (r *Request) PlanExpiryReminder(now time.Time, p policy.Policy) {
	r.RemindAt = time.Time{}
	for _, before := range p.RemindBefore {
		at := r.KeyExpiresAt.Add(-min(before, r.KeyExpiresAt.Sub(r.Key.MadeAt)/4))
		if at.After(now) {
			r.RemindAt = Earliest(r.RemindAt, at)
		}
	}
}

// deletionOverdueAfter is how long a key that should be gone may live in silence.
const DeletionOverdueAfter = 15 * time.Minute

func (r Request) ApprovedBy(user policy.UserID) bool { return slices.Contains(r.Counted(), user) }

// planApproverReminder says when r is next brought up again, if it is by then undecided.
func (r *Request) PlanApproverReminder(p policy.Policy) {
	r.NextApproverReminderAt = time.Time{}
	if r.ApproverReminders < len(p.RemindApproversAfter) {
		r.NextApproverReminderAt = r.RequestedAt.Add(p.RemindApproversAfter[r.ApproverReminders])
	}
}

// isLeftover reports whether k, listed before r was read, should not exist. What
// is in motion is the worker's, and what has just ended may only be listed still.
func (r Request) IsLeftover(k TaggedKey, now time.Time) bool {
	switch {
	case r.State == StateIssuing, r.State == StateRevoking, len(r.UnresolvedCreates) > 0:
		return false
	case r.Leftover.IsOpen() && r.Leftover.Key.ID == k.ID:
		return false
	case r.State.Final():
		return !IsWithin(r.Outcome.At, now, ListLagGrace)
	}
	return k.ID != r.Key.ID && !r.IsAdopted() // what was adopted is told of, no more
}

// listLagGrace is how long a request must not have been in motion, and a key be
// missing, before Atlas's lists are believed: they lag by minutes.
const ListLagGrace = 3 * time.Minute

func (r *Request) NotifyDeletionOverdue() {
	r.Deletion.Notified = true
	r.AddMessage(DeletionOverdueMessage)
	r.AddMessage(DeletionOverdueNotice)
}

// lateToTell reports whether people have to be told that the removal takes long.
func (m Deletion) LateToTell(now time.Time) bool {
	return !m.Notified && !m.Since.IsZero() && now.Sub(m.Since) >= DeletionOverdueAfter
}

// isEscalated reports whether r was escalated to the second group of approvers.
func (r Request) IsEscalated() bool { return !r.EscalatedAt.IsZero() }

// origin says for the audit trail what a new request is, unless it is a plain
// one.
func (r Request) Origin() string {
	switch {
	case r.BreakGlass:
		return ByBreakGlass
	case r.Decision.Rule != "":
		return strings.TrimSpace(string(r.Type) + " approved by the rule " + strconv.Quote(r.Decision.Rule))
	}
	return string(r.Type)
}

// step asks the machine and returns the request in its next state with the
// line for the audit trail.
func Step(r Request, on Event, by policy.UserID, now time.Time, note string) (Request, AuditEntry, error) {
	to, err := r.State.Next(on)
	if err != nil {
		return r, AuditEntry{}, err
	}
	e := AuditEntry{At: now, Org: r.Org, Request: r.ID, Event: on, From: r.State, To: to, By: by, Note: note}
	next := r.Clone()
	next.State = to
	return next, e, nil
}

// ownedBefore reports whether user has or had r's key.
func (r Request) OwnedBefore(user policy.UserID) bool {
	return user == r.Requester || slices.ContainsFunc(r.Transfers, func(t OwnershipTransfer) bool { return t.From == user })
}

// IsDeleting reports whether r's key has to go and is not known to be gone.
func (r Request) IsDeleting() bool {
	return r.State == StateRevoking || r.State == StateIssuing && r.Issuance.Stage == StageRollingBack && r.Key.ID != ""
}

// waitsToDelete reports whether the next try to delete r's key is still ahead.
func (r Request) WaitsToDelete(now time.Time) bool {
	return r.IsDeleting() && r.Deletion.Tries > 0 && r.Deletion.RetryAt.After(now)
}

// isUncollectedSuccessor reports whether r is a successor that no key was made
// for.
func (r Request) IsUncollectedSuccessor() bool {
	return r.Type == Rotation && (r.State == StatePending || r.State == StateApproved)
}
