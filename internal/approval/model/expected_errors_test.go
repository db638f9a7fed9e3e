package model_test

import (
	"errors"
	"slices"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// errMistake stands for any *[approval.FormError].
var errMistake = errors.New("the form has mistakes")

// possible says by hand in which states people can do what.
var possible = map[approval.Event][]approval.State{
	approval.EventApprove:           {approval.StatePending},
	approvePartially:                {approval.StatePending},
	approval.EventDeny:              {approval.StatePending},
	approval.EventNudge:             {approval.StatePending},
	approval.EventWithdraw:          {approval.StatePending, approval.StateApproved},
	approval.EventIssue:             {approval.StateApproved},
	approval.EventConfirm:           {approval.StateDelivered},
	approval.EventReplace:           {approval.StateDelivered},
	approval.EventRevoke:            {approval.StateDelivered, approval.StateActive},
	asOperator:                      {approval.StateDelivered, approval.StateActive},
	approval.EventExtend:            {approval.StateActive},
	approval.EventReplaceAccessList: {approval.StateActive},
	approval.EventRotate:            {approval.StateActive},
	switchedOver:                    {approval.StateActive},
	approval.EventTransfer:          {approval.StateActive},
	approval.EventReview: {approval.StateApproved, approval.StateIssuing, approval.StateDelivered, approval.StateActive, approval.StateRevoking,
		approval.StateWithdrawn, approval.StateExpired, approval.StateFailed, approval.StateEnded},
}

// whyNot lists by hand everything that speaks against a press, if nothing goes
// wrong. It is taken if there is nothing, and else refused for one of these.
func (tr *run) whyNot(p click, r approval.Request) []error {
	var all []error
	against := func(is bool, why error) {
		if is {
			all = append(all, why)
		}
	}
	against(!slices.Contains(possible[p.On], r.State), approval.ErrNotAllowed)
	if p.On == asOperator {
		return all
	}
	all = append(all, tr.whyNotMember(p.Who)...)
	isOwner := p.Who == r.Requester
	switch p.On {
	case approval.EventApprove, approvePartially, approval.EventDeny:
		against(isOwner && r.Org == org, policy.ErrOwnRequest)
		against(!tr.spec.mayDecide(p.Who, r), policy.ErrNotApprover)
		if p.On != approval.EventDeny {
			all = append(all, tr.whyNotApprove(p, r)...)
		}
	case approval.EventRevoke:
		against(!isOwner && !tr.spec.oversees(p.Who, r.Org), approval.ErrNotOwner)
	case approval.EventReview:
		against(!tr.spec.oversees(p.Who, r.Org), policy.ErrNotApprover)
		against(tr.owned(p.Who, r), policy.ErrOwnRequest)
		against(!r.BreakGlass, approval.ErrNotAllowed)
		against(r.Review.By != "", approval.ErrAlreadyReviewed)
	case approval.EventTransfer:
		to := policy.UserID(p.How)
		against(!tr.spec.approvesAccess(p.Who, r.Org, r.Access), policy.ErrNotApprover)
		against(to == p.Who, service.ErrToSelf)
		if why := tr.spec.whyNotHave(to, r, tr.root(r), r.KeyExpiresAt); why != nil {
			against(true, why)
		}
		against(r.OwnerDeactivatedAt.IsZero() || to == r.Requester || tr.spec.memberStatus(r.Requester) != policy.Deactivated, service.ErrOwnerActive)
		against(!tr.spec.isMember(to), service.ErrNotEligible)
	default:
		against(!isOwner, approval.ErrNotOwner)
		all = append(all, tr.whyNotOwn(p, r)...)
	}
	return all
}

// whyNotMember says why a user may do nothing at all.
func (tr *run) whyNotMember(u policy.UserID) []error {
	why := map[policy.MemberStatus]error{
		policy.Guest: approval.ErrGuest, policy.Deactivated: approval.ErrDeactivated, policy.External: approval.ErrExternal,
	}[tr.spec.memberStatus(u)]
	if why == nil {
		return nil
	}
	return []error{why}
}

// whyNotApprove says why an approval would not be taken.
func (tr *run) whyNotApprove(p click, r approval.Request) []error {
	var all []error
	left := r.Access
	if p.On == approvePartially {
		_, want, mistaken := reductions[p.How](r.Access)
		left = want
		if mistaken {
			all = append(all, errMistake)
		}
		if r.Type != approval.NewKey {
			all = append(all, approval.ErrNotAllowed)
		}
	}
	others := tr.spec.counted(r, p.Who)
	needed := slots(r.Org, left)
	is, was := tr.spec.filled(needed, append(slices.Clone(others), p.Who), isEscalated(r)), tr.spec.filled(needed, others, isEscalated(r))
	switch {
	case is == len(needed):
	case slices.Contains(r.Counted(), p.Who):
		all = append(all, service.ErrAlreadyApproved)
	case is == was:
		all = append(all, service.ErrNotNeeded)
	}
	return all
}

func yeses(r approval.Request) []policy.UserID {
	var all []policy.UserID
	for _, a := range r.Approvals {
		all = append(all, a.By)
	}
	return all
}

// whyNotOwn says why an owner could not do that with what is theirs.
func (tr *run) whyNotOwn(p click, r approval.Request) []error {
	switch p.On {
	case approval.EventNudge:
		if !r.NudgedAt.IsZero() {
			return []error{approval.ErrAlreadyNudged}
		}
	case approval.EventExtend:
		if why := tr.spec.whyNotMore(r, tr.root(r)); why != nil {
			return []error{why}
		}
		if extras[p.How] != shortLife && extras[p.How] != longLife {
			return []error{errMistake}
		}
	case approval.EventReplaceAccessList:
		f, want := addresses[p.How](r.Access)
		if areMistaken(r.Org, f, r.Access.Networks, want) {
			return []error{errMistake}
		}
		if why := tr.spec.whyNotHave(r.Requester, r, tr.root(r), r.KeyExpiresAt); why != nil && !reaches(r.Access.Networks, want) {
			return []error{why}
		}
	case approval.EventConfirm:
		if r.Type == approval.Rotation && tr.about(r.ParentID).Cascade == approval.CascadeAll {
			return []error{approval.ErrPredecessorRevoked}
		}
	case approval.EventIssue, approval.EventReplace:
		if old := tr.about(r.ParentID); r.Type == approval.Rotation && (old.State != approval.StateActive || old.Requester != r.Requester) {
			return []error{approval.ErrPredecessorNotActive}
		}
	case approval.EventRotate:
		if next := tr.about(r.Successor); next.ID != "" && !next.State.Final() {
			return []error{approval.ErrRotationUnderway}
		}
		if why := tr.spec.whyNotHave(r.Requester, r, tr.root(r), r.KeyExpiresAt); why != nil {
			return []error{why}
		}
	case switchedOver:
		var all []error
		old := tr.about(r.ParentID)
		if r.Type != approval.Rotation || !slices.Contains(possible[approval.EventRevoke], old.State) {
			all = append(all, approval.ErrNotAllowed)
		}
		if old.Requester != p.Who {
			all = append(all, approval.ErrNotOwner)
		}
		return all
	}
	return nil
}

// clickNow presses at a moment when nothing else happens, so that it is known
// beforehand what has to be the answer.
func (tr *run) clickNow(p click) approval.Request {
	before, many := tr.get(p.ID), len(tr.known())
	isForeseen := tr.isQuiet()
	against := tr.whyNot(p, before)
	wasSent := tr.wasSent(p)
	r, err := tr.perform(p)
	switch {
	case !isForeseen:
	case len(against) == 0:
		require.NoError(tr.t, err, "%+v on a request that is %s", p, before.State)
		if !wasSent {
			tr.checkOutcome(p, before, r)
		}
	default:
		require.Error(tr.t, err, "%+v on a request that is %s, against which there is %v", p, before.State, against)
		require.True(tr.t, isFor(err, against), "%+v on a request that is %s: %v, and not %v", p, before.State, against, err)
		require.Equal(tr.t, before.Version, tr.get(p.ID).Version, "%+v was refused and changed something", p)
		require.Len(tr.t, tr.known(), many, "%+v was refused and made a request", p)
	}
	if wasSent && isForeseen {
		require.Len(tr.t, tr.known(), many, "%+v: one form made two requests", p)
	}
	return r
}

func isFor(err error, against []error) bool {
	_, isMistake := errors.AsType[*policy.FormError](err)
	return isOneOf(err, against) || isMistake && slices.Contains(against, errMistake)
}

// checkOutcome asserts, where the answer is known beforehand, what came of a
// press with a form.
func (tr *run) checkOutcome(p click, before, r approval.Request) {
	switch p.On {
	case approvePartially:
		_, want, _ := reductions[p.How](before.Access)
		require.True(tr.t, isWithin(want, r.Access) && isWithin(r.Access, want), "%+v left %+v", p, r.Access)
	case approval.EventExtend:
		require.Equal(tr.t, before.KeyExpiresAt.Add(extras[p.How]), r.Change.NewEnd)
	case approval.EventReplaceAccessList:
		_, want := addresses[p.How](before.Access)
		require.True(tr.t, isSame(want, r.Access.Networks), "%+v asks for %v", p, r.Access.Networks)
	}
}
