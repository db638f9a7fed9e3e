package model_test

import (
	"maps"
	"slices"

	"pgregory.net/rapid"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// clicks are all actions on a request.
var clicks = slices.Sorted(maps.Keys(possible))

// next is what leads a request on, mostly.
var next = map[approval.State][]approval.Event{
	approval.StatePending:   {approval.EventApprove, approval.EventApprove, approval.EventApprove, approvePartially, approvePartially, approval.EventDeny, approval.EventWithdraw, approval.EventNudge},
	approval.StateApproved:  {approval.EventIssue, approval.EventIssue, approval.EventIssue, approval.EventIssue, approval.EventWithdraw},
	approval.StateIssuing:   {approval.EventIssue, approval.EventWithdraw},
	approval.StateDelivered: {approval.EventConfirm, approval.EventConfirm, approval.EventConfirm, approval.EventReplace, approval.EventRevoke},
	approval.StateActive: {approval.EventExtend, approval.EventExtend, approval.EventReplaceAccessList, approval.EventReplaceAccessList, approval.EventReplaceAccessList, approval.EventRotate, approval.EventRotate,
		approval.EventRevoke, asOperator, approval.EventTransfer},
	approval.StateApplying: {approval.EventWithdraw, approval.EventApprove},
	approval.StateRevoking: {approval.EventRevoke},
}

// drawNext draws a click, mostly by a user who may.
func (tr *run) drawNext(t *rapid.T) click {
	r := tr.one(t, isOpen)
	p := tr.drawHow(t, r, pick(t, "button", tr.nextOf(r)))
	if number(t, "fit", 8) == 1 {
		p.Who = pick(t, "who", people)
	}
	return p
}

func (tr *run) nextOf(r approval.Request) []approval.Event {
	if !r.OwnerDeactivatedAt.IsZero() {
		return []approval.Event{approval.EventTransfer, approval.EventTransfer, approval.EventTransfer, approval.EventRevoke}
	}
	all := slices.Clone(next[r.State])
	if r.State == approval.StateActive && r.Type == approval.Rotation {
		all = append(all, switchedOver, switchedOver, switchedOver)
	}
	return all
}

// drawHow draws a click by a user who may, if there is one.
func (tr *run) drawHow(t *rapid.T, r approval.Request, on approval.Event) click {
	p := click{ID: r.ID, On: on, Who: r.Requester}
	tr.drawForm(t, &p)
	if slices.Contains(ofOthers, on) || on == approvePartially {
		able := slices.DeleteFunc(slices.Clone(people), func(u policy.UserID) bool {
			by := p
			by.Who = u
			return slices.ContainsFunc(tr.whyNot(by, r), func(err error) bool { return err != errMistake && err != service.ErrNotEligible })
		})
		p.Who = bob
		if len(able) > 0 {
			p.Who = pick(t, "who", able)
		}
	}
	return p
}

// drawForm fills in what goes with a button.
func (tr *run) drawForm(t *rapid.T, p *click) {
	switch p.On {
	case approvePartially:
		p.How = pick(t, "partial", append(slices.Sorted(maps.Keys(reductions)), "one role", "one role", "one network", "shorter"))
	case approval.EventExtend:
		p.How = pick(t, "extra", append(slices.Sorted(maps.Keys(extras)), "a little", "a lot"))
	case approval.EventReplaceAccessList:
		p.How = pick(t, "addresses", slices.Sorted(maps.Keys(addresses)))
	case approval.EventTransfer:
		p.How = string(pick(t, "to", []policy.UserID{carol, alice, dana, bob, gil, eve, ""}))
	default:
		return
	}
	if tr.changes == 0 || number(t, "form", 5) > 1 {
		tr.changes++
	}
	p.Nth = tr.changes
}

func (tr *run) clickNext(t *rapid.T) { tr.clickNow(tr.drawNext(t)) }

func (tr *run) clickAnything(t *rapid.T) {
	p := click{ID: tr.one(t, isAny).ID, On: pick(t, "button", clicks), Who: pick(t, "who", people)}
	tr.drawForm(t, &p)
	tr.clickNow(p)
}

// clickLater presses something in the middle of what the bot does next.
func (tr *run) clickLater(t *rapid.T) {
	r := tr.one(t, isOpen)
	p := click{ID: r.ID, On: pick(t, "button", clicks)}
	if flip(t, "useful") {
		p = tr.drawHow(t, r, pick(t, "button", tr.nextOf(r)))
	} else {
		p.Who = pick(t, "who", []policy.UserID{r.Requester, r.Requester, bob, heidi})
		tr.drawForm(t, &p)
	}
	calls := number(t, "calls", 12)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.waiting = append(tr.waiting, &concurrentAction{calls, p.counts(), func() { tr.perform(p) }})
}

// review draws a review, now and then by a user who may not.
func (tr *run) review(t *rapid.T) {
	p := tr.drawHow(t, tr.one(t, isAwaitingReview), approval.EventReview)
	if number(t, "own", 4) == 1 {
		p.Who = tr.breakGlassRequester(p.ID)
	}
	tr.clickNow(p)
}
