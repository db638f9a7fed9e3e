package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// An approval counts if its giver is, at the moment of the last approval, still
// an active full member and one of those who may decide. Between two approvals
// lie hours: accounts are taken over, people leave, groups change.

// A VoidReason says why an approval does not count any more. The names are
// stored.
type VoidReason string

const (
	VoidDeactivated VoidReason = "deactivated"  // the account is
	VoidGuest       VoidReason = "guest"        // not a full member any more
	VoidExternal    VoidReason = "outsider"     // not of this workspace any more
	VoidBot         VoidReason = "robot"        // no person
	VoidNotApprover VoidReason = "not_approver" // not among the approvers any more
	VoidOwnRequest  VoidReason = "own_request"  // the requester's, and self-approval is off by now
)

var voidReasons = []struct {
	err    error
	reason VoidReason
}{
	{ErrDeactivated, VoidDeactivated}, {ErrGuest, VoidGuest}, {ErrExternal, VoidExternal}, {ErrBot, VoidBot},
	{ErrNotApprover, VoidNotApprover}, {ErrOwnRequest, VoidOwnRequest},
}

// Counted lists who gave the approvals that count, as far as is known.
func (r Request) Counted() []UserID {
	var all []UserID
	for _, a := range r.Approvals {
		if a.Void == "" {
			all = append(all, a.By)
		}
	}
	return all
}

// recheckApprovals returns r's approvals, marked by whether they count now. It fails
// with [ErrCannotCheck] if Slack does not say in time who somebody is. A giver
// whose group cannot be listed is not marked, and [ResolvedPolicy.maxMatching] does not
// count them.
func (s *Service) recheckApprovals(ctx context.Context, who Actor, rd ResolvedPolicy, r Request) ([]Approval, error) {
	approvals := slices.Clone(r.Approvals)
	standings := make([]error, len(approvals))
	var all sync.WaitGroup
	for i, a := range approvals {
		all.Go(func() {
			standings[i] = requireMember(ctx, s.Directory, Actor{User: a.By, Team: who.Team, Enterprise: who.Enterprise})
		})
	}
	all.Wait()
	if r.ReducedBy != "" {
		r.Access = r.Requested // who approved something that was taken away since still may decide
	}
	for i, err := range standings {
		if errors.Is(err, ErrCannotCheck) {
			return nil, err
		}
		if err == nil {
			err = rd.mayDecide(r.Requester, r.Access, r.isEscalated(), approvals[i].By)
		}
		approvals[i].Void = voidReason(err)
	}
	return approvals, nil
}

func voidReason(err error) VoidReason {
	for _, v := range voidReasons {
		if errors.Is(err, v.err) {
			return v.reason
		}
	}
	return ""
}

// describeVoid says for the audit trail whose approvals do not count.
func describeVoid(approvals []Approval) string {
	var all []string
	for _, a := range approvals {
		if a.Void != "" {
			all = append(all, fmt.Sprintf("approval of %s does not count (%s)", a.By, a.Void))
		}
	}
	return strings.Join(all, ", ")
}
