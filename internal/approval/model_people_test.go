package approval_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// A press is one kind of click: an action of somebody on a request.
type press struct {
	ID  approval.ID
	On  approval.Event
	Who approval.UserID
}

// with does it.
func (p press) with(s *approval.Service) (err error) {
	who, ctx := as(p.Who), context.Background()
	switch p.On {
	case approval.Approve:
		_, err = s.Approve(ctx, who, p.ID)
	case approval.Deny:
		_, err = s.Deny(ctx, who, p.ID, "not this week")
	case approval.Withdraw:
		_, err = s.Withdraw(ctx, who, p.ID)
	case approval.Collect:
		_, err = s.Collect(ctx, who, p.ID)
	case approval.Confirm:
		_, err = s.Confirm(ctx, who, p.ID)
	case approval.Replace:
		_, err = s.Replace(ctx, who, p.ID)
	case approval.Revoke:
		_, err = s.Revoke(ctx, who, p.ID, "")
	}
	return err
}

// An account is what people were told of their presses of one kind.
type account struct {
	accepted int // told that it was done
	refused  int // told why not
	unclear  int // told that something went wrong: it may have been done, or refused
}

var (
	people    = []approval.UserID{alice, bob, carol, dana, gil, eve}
	approvers = []approval.UserID{alice, bob, dana} // alice and dana through a group
	clicks    = []approval.Event{approval.Approve, approval.Deny, approval.Withdraw, approval.Collect, approval.Confirm, approval.Replace, approval.Revoke}
)

// possible says by hand in which states people can do what.
var possible = map[approval.Event][]approval.State{
	approval.Approve:  {approval.Pending},
	approval.Deny:     {approval.Pending},
	approval.Withdraw: {approval.Pending, approval.Approved},
	approval.Collect:  {approval.Approved},
	approval.Confirm:  {approval.Delivered},
	approval.Replace:  {approval.Delivered},
	approval.Revoke:   {approval.Delivered, approval.Active},
}

// verdict says by hand what somebody has to be told, if nothing goes wrong.
func (tr *trial) verdict(p press, r approval.Request) error {
	isOwner, isApprover := p.Who == r.Requester, slices.Contains(approvers, p.Who)
	stranger := map[approval.Standing]error{
		approval.Guest: approval.ErrGuest, approval.Deactivated: approval.ErrDeactivated, approval.Outsider: approval.ErrOutsider,
	}[tr.standings[p.Who]]
	switch p.On {
	case approval.Approve, approval.Deny:
		switch {
		case stranger != nil:
			return stranger
		case isOwner:
			return approval.ErrOwnRequest
		case !isApprover:
			return approval.ErrNotApprover
		}
	case approval.Revoke:
		switch {
		case stranger != nil:
			return stranger
		case !isOwner && !isApprover:
			return approval.ErrNotOwner
		}
	default:
		switch {
		case !isOwner:
			return approval.ErrNotOwner
		case stranger != nil:
			return stranger
		}
	}
	if !slices.Contains(possible[p.On], r.State) {
		return approval.ErrNotAllowed
	}
	return nil
}

// press lets somebody press a button, and notes what they are told.
func (tr *trial) press(p press) error {
	err := p.with(tr.process.service)
	tr.write("%s presses %s on %s: %v", p.Who, p.On, p.ID, err)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	a := tr.told[p]
	switch {
	case err == nil:
		a.accepted++
	case errors.Is(err, errCrashed), errors.Is(err, errDisk):
		a.unclear++
	case isRefusal(err):
		a.refused++
	default:
		tr.wrong = append(tr.wrong, fmt.Sprintf("%+v was answered with an error for which there is no sentence: %v", p, err))
	}
	tr.told[p] = a
	return err
}

var sentinels = []error{
	approval.ErrNotAllowed, approval.ErrOwnRequest, approval.ErrNotApprover, approval.ErrNotOwner,
	approval.ErrGuest, approval.ErrDeactivated, approval.ErrRobot, approval.ErrOutsider, approval.ErrCannotCheck,
}

func isRefusal(err error) bool {
	return slices.ContainsFunc(sentinels, func(s error) bool { return errors.Is(err, s) })
}

// pressNow presses at a moment when nothing else happens, so that it is known
// beforehand what has to be the answer.
func (tr *trial) pressNow(p press) {
	before := tr.get(p.ID)
	isForeseen := tr.isQuiet()
	err := tr.press(p)
	if isForeseen {
		want := tr.verdict(p, before)
		if want == nil {
			require.NoError(tr.t, err, "%+v on a request that is %s", p, before.State)
		} else {
			require.ErrorIs(tr.t, err, want, "%+v on a request that is %s", p, before.State)
		}
	}
	if isForeseen && err != nil {
		require.Equal(tr.t, before.Version, tr.get(p.ID).Version, "%+v was refused and changed something", p)
	}
}

// submit sends the n-th form. Of one form there is one request, however often
// it is sent.
func (tr *trial) submit(n int) {
	who := tr.forms[n]
	isForeseen := tr.isQuiet()
	r, err := tr.process.service.Submit(context.Background(), as(who), form(func(f *approval.Form) {
		f.Origin = fmt.Sprintf("V%d", n)
		f.Lifetime = tr.policy.Lifetimes[n%2]
	}))
	switch {
	case err == nil:
		require.Contains(tr.t, []approval.ID{"", r.ID}, tr.asked[n], "one form made two requests")
		require.Equal(tr.t, who, r.Requester)
		tr.asked[n] = r.ID
	case isForeseen:
		require.NotEqual(tr.t, approval.Member, tr.standings[who], "a form was not taken: %v", err)
	}
}
