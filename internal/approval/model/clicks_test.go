package model_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// A click is one kind of click: an action of a user on a request.
type click struct {
	ID  policy.ID
	On  approval.Event
	Who policy.UserID
	How string // of an action with a form: which; of a hand-over: to whom
	Nth int    // of a form that can be sent twice: which
}

// Actions that are not called like their event.
const (
	approvePartially approval.Event = "approve partially"
	switchedOver     approval.Event = "switched over"
	asOperator       approval.Event = "revoke as operator"
)

// with does it. What a form starts from is what its reader sees.
func (p click) with(s *service.Service) (r approval.Request, err error) {
	who, ctx := as(p.Who), context.Background()
	switch p.On {
	case approval.EventApprove:
		return s.Approve(ctx, who, p.ID)
	case approval.EventDeny:
		return s.Deny(ctx, who, p.ID, "not this week")
	case approval.EventNudge:
		return s.Nudge(ctx, who, p.ID)
	case approval.EventWithdraw:
		return s.Withdraw(ctx, who, p.ID)
	case approval.EventIssue:
		return s.Issue(ctx, who, p.ID)
	case approval.EventConfirm:
		return s.Confirm(ctx, who, p.ID)
	case approval.EventReplace:
		return s.Replace(ctx, who, p.ID)
	case approval.EventRevoke:
		return s.Revoke(ctx, who, p.ID, "")
	case asOperator:
		return s.RevokeAsOperator(ctx, p.ID, "seen in a log")
	case approval.EventReview:
		return s.Review(ctx, who, p.ID)
	case approval.EventTransfer:
		return s.Transfer(ctx, who, p.ID, policy.UserID(p.How))
	case approval.EventRotate:
		return s.Rotate(ctx, who, p.ID)
	case switchedOver:
		return s.RetirePredecessorNow(ctx, who, p.ID)
	}
	return p.withForm(s)
}

func (p click) withForm(s *service.Service) (approval.Request, error) {
	who, ctx := as(p.Who), context.Background()
	r, err := s.Get(ctx, p.ID)
	if err != nil {
		return approval.Request{}, err
	}
	switch p.On {
	case approvePartially:
		n, _, _ := reductions[p.How](r.Access)
		return s.ApprovePartially(ctx, who, p.ID, n)
	case approval.EventExtend:
		return s.Extend(ctx, who, p.ID, service.ExtensionForm{IdempotencyKey: p.origin(), ExtendBy: extras[p.How], Reason: "not done yet"})
	case approval.EventReplaceAccessList:
		f, _ := addresses[p.How](r.Access)
		f.IdempotencyKey, f.Reason = p.origin(), "moved"
		return s.ReplaceAccessList(ctx, who, p.ID, f)
	}
	panic("no button for " + p.On)
}

func (p click) origin() string { return fmt.Sprintf("%s of %s by %s, %d", p.On, p.ID, p.Who, p.Nth) }

// makes reports whether the press makes a request of its own.
func (p click) makes() bool {
	return p.On == approval.EventExtend || p.On == approval.EventReplaceAccessList || p.On == approval.EventRotate
}

// counts reports whether the press is counted against a limit of a person.
func (p click) counts() bool { return p.makes() || p.On == approval.EventTransfer }

// A snapshot is what a press leaves in the audit trail.
type snapshot struct {
	ID policy.ID
	On approval.Event
	By policy.UserID
}

// snapshotOf takes the three ways to say yes for one, and what refuses a change of
// a live key for what that calls it.
func snapshotOf(id policy.ID, on approval.Event, by policy.UserID) snapshot {
	switch on {
	case approval.EventApprovalAdded, approval.EventApproveChange, approvePartially:
		on = approval.EventApprove
	case switchedOver:
		on = approval.EventRevoke
	case asOperator:
		on, by = approval.EventRevoke, service.Operator
	}
	return snapshot{id, on, by}
}

// An account is what people were told of their presses of one kind.
type account struct {
	accepted int // told that it was done
	refused  int // told why not
	unclear  int // told that something went wrong, or something that is not recorded: it may have been done, or refused
}

// perform lets a user click a button, and records the answer.
func (tr *run) perform(p click) (approval.Request, error) {
	if p.counts() {
		defer tr.countOne()()
	}
	r, err := p.with(tr.process.service)
	tr.write("%s presses %s (%s) on %s: %v", p.Who, p.On, p.How, p.ID, err)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	m := snapshotOf(p.ID, p.On, p.Who)
	switch {
	case err == nil && p.makes():
		tr.recordAnswer(snapshotOf(r.ID, approval.EventSubmit, p.Who), account{accepted: 1})
		if p.On == approval.EventRotate {
			tr.recordAnswer(m, account{accepted: 1})
		}
	case err == nil:
		tr.recordAnswer(snapshotOf(r.ID, p.On, p.Who), account{accepted: 1})
	case isAccident(err):
		tr.recordAnswer(m, account{unclear: 1})
		if p.On == switchedOver {
			tr.recordAnswer(snapshotOf(tr.rows[p.ID].ParentID, p.On, p.Who), account{unclear: 1})
		}
		if p.makes() {
			tr.recordAnswer(snapshot{On: approval.EventSubmit, By: p.Who}, account{unclear: 1})
		}
	case isRefusal(err):
		on := r.ID
		if p.makes() { // what is returned may be the request that was made already
			on = p.ID
		}
		tr.recordAnswer(snapshotOf(on, p.On, p.Who), account{refused: 1})
		if p.On == approval.EventRotate { // the key was ended while its successor was opened
			tr.recordAnswer(snapshot{On: approval.EventSubmit, By: p.Who}, account{unclear: 1})
		}
	case isSaid(err):
		tr.recordAnswer(m, account{unclear: 1})
	default:
		tr.wrong = append(tr.wrong, fmt.Sprintf("%+v was answered with an error for which there is no sentence: %v", p, err))
	}
	return r, err
}

func (tr *run) recordAnswer(m snapshot, what account) {
	a := tr.told[m]
	tr.told[m] = account{a.accepted + what.accepted, a.refused + what.refused, a.unclear + what.unclear}
}

// isAccident reports whether the outcome of a click is not known.
func isAccident(err error) bool { return errors.Is(err, errCrashed) || errors.Is(err, errDisk) }

var strangers = []error{
	approval.ErrGuest, approval.ErrDeactivated, approval.ErrBot, approval.ErrExternal, policy.ErrCannotCheck,
}

// ofRoles refuse a change of a live key for what the rules say of its access.
var ofRoles = []error{policy.ErrRoleNotOffered, policy.ErrRoleNotTheirs, policy.ErrOutlivesRole, policy.ErrBreakGlassEnds}

var sentinels = append([]error{
	approval.ErrNotAllowed, policy.ErrOwnRequest, policy.ErrNotApprover, approval.ErrNotOwner,
	service.ErrAlreadyApproved, service.ErrNotNeeded, approval.ErrAlreadyNudged, policy.ErrNoOrg, approval.ErrPredecessorNotActive, service.ErrBreakGlassNotAllowed,
	approval.ErrAlreadyReviewed, service.ErrOwnerActive, service.ErrNotEligible, service.ErrToSelf, approval.ErrPredecessorRevoked, approval.ErrRotationUnderway,
}, append(strangers, ofRoles...)...)

func isOneOf(err error, all []error) bool {
	return slices.ContainsFunc(all, func(s error) bool { return errors.Is(err, s) })
}

// isRefusal reports whether an error is one that the audit trail has a name for.
func isRefusal(err error) bool { return isOneOf(err, sentinels) }

// isSaid reports whether people are told something about an error that need not
// be recorded.
func isSaid(err error) bool {
	_, isMistake := errors.AsType[*policy.FormError](err)
	return isMistake || errors.Is(err, service.ErrNoProjects)
}
