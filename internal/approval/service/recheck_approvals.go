package service

import (
	"context"
	"errors"
	"slices"
	"sync"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// voidReasons names the refusals for which an earlier approval does not count any more.
var voidReasons = []struct {
	err    error
	reason policy.VoidReason
}{
	{approval.ErrDeactivated, policy.VoidDeactivated}, {approval.ErrGuest, policy.VoidGuest}, {approval.ErrExternal, policy.VoidExternal}, {approval.ErrBot, policy.VoidBot},
	{policy.ErrNotApprover, policy.VoidNotApprover}, {policy.ErrOwnRequest, policy.VoidOwnRequest},
}

// recheckApprovals returns r's approvals, each marked by whether it counts now. It fails
// with [policy.ErrCannotCheck] if Slack does not answer in time. An approver whose group
// cannot be listed is not marked, and [policy.ResolvedPolicy.MaxMatching] does not count
// them.
func (s *Service) recheckApprovals(ctx context.Context, caller policy.Actor, resolved policy.ResolvedPolicy, r approval.Request) ([]approval.Approval, error) {
	approvals := slices.Clone(r.Approvals)
	refusals := make([]error, len(approvals))
	var all sync.WaitGroup
	for i, a := range approvals {
		all.Go(func() {
			refusals[i] = s.requireMember(ctx, policy.Actor{User: a.By, Team: caller.Team, Enterprise: caller.Enterprise})
		})
	}
	all.Wait()
	if r.ReducedBy != "" {
		r.Access = r.Requested // an approver of access that was reduced since may still decide
	}
	for i, err := range refusals {
		if errors.Is(err, policy.ErrCannotCheck) {
			return nil, err
		}
		if err == nil {
			err = resolved.MayDecide(r.Requester, r.Access, r.IsEscalated(), approvals[i].By)
		}
		approvals[i].Void = voidReason(err)
	}
	return approvals, nil
}

func voidReason(err error) policy.VoidReason {
	for _, v := range voidReasons {
		if errors.Is(err, v.err) {
			return v.reason
		}
	}
	return ""
}
