package service

import (
	"context"
	"errors"
	"slices"
	"sync"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var voidReasons = []struct {
	err    error
	reason policy.VoidReason
}{
	{approval.ErrDeactivated, policy.VoidDeactivated}, {approval.ErrGuest, policy.VoidGuest}, {approval.ErrExternal, policy.VoidExternal}, {approval.ErrBot, policy.VoidBot},
	{policy.ErrNotApprover, policy.VoidNotApprover}, {policy.ErrOwnRequest, policy.VoidOwnRequest},
}

// recheckApprovals returns r's approvals, marked by whether they count now. It fails
// with [ErrCannotCheck] if Slack does not say in time who somebody is. A giver
// whose group cannot be listed is not marked, and [ResolvedPolicy.maxMatching] does not
// count them.
func (s *Service) recheckApprovals(ctx context.Context, caller policy.Actor, rd policy.ResolvedPolicy, r approval.Request) ([]approval.Approval, error) {
	approvals := slices.Clone(r.Approvals)
	standings := make([]error, len(approvals))
	var all sync.WaitGroup
	for i, a := range approvals {
		all.Go(func() {
			standings[i] = s.requireMember(ctx, policy.Actor{User: a.By, Team: caller.Team, Enterprise: caller.Enterprise})
		})
	}
	all.Wait()
	if r.ReducedBy != "" {
		r.Access = r.Requested // who approved something that was taken away since still may decide
	}
	for i, err := range standings {
		if errors.Is(err, policy.ErrCannotCheck) {
			return nil, err
		}
		if err == nil {
			err = rd.MayDecide(r.Requester, r.Access, r.IsEscalated(), approvals[i].By)
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
