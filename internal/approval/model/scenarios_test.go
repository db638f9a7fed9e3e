package model_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A scenario is where a run begins, so that it need not get there by chance.
type scenario struct {
	name string
	set  func(tr *run)
}

// GoString is what a failed run prints.
func (s scenario) GoString() string { return s.name }

var scenarios = []scenario{
	{"nothing", func(*run) {}},
	{"nothing", func(*run) {}},
	{"a request waits for a second approval", func(tr *run) {
		tr.clicked(click{ID: tr.submitted(alice, "all"), On: approval.EventApprove, Who: grace})
	}},
	{"a request waits for long", func(tr *run) {
		tr.submitted(carol, "admin")
		tr.advance(100 * time.Minute)
	}},
	{"a key", func(tr *run) { tr.active(alice, "wide", bob) }},
	{"a key with projects", func(tr *run) { tr.active(carol, "projects", bob) }},
	{"a key by rule", func(tr *run) { tr.active(alice, "ci") }},
	{"a key of staging", func(tr *run) { tr.active(alice, "staging", alice, bob) }},
	{"a key taken by break-glass", func(tr *run) { tr.active(dana, "emergency") }},
	{"a key that waits for another end", func(tr *run) {
		tr.clicked(click{ID: tr.active(alice, "wide", bob), On: approval.EventExtend, Who: alice, How: "a lot"})
	}},
	{"a key that waits for other addresses", func(tr *run) {
		tr.clicked(click{ID: tr.active(alice, "wide", bob), On: approval.EventReplaceAccessList, Who: alice, How: "one more"})
	}},
	{"a key with a successor that waits", func(tr *run) { tr.rotated() }},
	{"a key with a successor", func(tr *run) { tr.confirmedSuccessor() }},
	{"a key with a successor in use", func(tr *run) {
		tr.clicked(click{ID: tr.confirmedSuccessor(), On: approval.EventConfirm, Who: alice})
	}},
	{"a key of carol's, for which alice waits for other addresses", func(tr *run) {
		id := tr.active(alice, "wide", bob)
		tr.clicked(click{ID: id, On: approval.EventReplaceAccessList, Who: alice, How: "another"})
		tr.loseOwner(alice, id)
	}},
	{"a member of both groups approved", func(tr *run) {
		tr.clicked(click{ID: tr.submitted(alice, "owner"), On: approval.EventApprove, Who: heidi})
	}},
	{"a key whose owner is gone", func(tr *run) {
		tr.active(alice, "wide", bob)
		tr.spec.setStatus(alice, policy.Deactivated)
		tr.advance(noticed)
	}},
	{"a key with a successor, whose owner is gone", func(tr *run) {
		tr.rotated()
		tr.spec.setStatus(alice, policy.Deactivated)
		tr.advance(noticed)
	}},
	{"a key of carol's, with a successor of alice's", func(tr *run) {
		next := tr.rotated()
		tr.loseOwner(alice, tr.get(next).ParentID)
		tr.spec.setStatus(alice, policy.Member)
		tr.clicked(click{ID: next, On: approval.EventIssue, Who: alice})
	}},
}

// submitted sends a wish that is taken.
func (tr *run) submitted(who policy.UserID, name string) policy.ID {
	tr.forms = append(tr.forms, sentForm{who, name})
	r := tr.submit(len(tr.forms) - 1)
	tr.advance(10 * time.Second)
	return r.ID
}

// clicked presses something that is taken, and returns what it makes or changes.
func (tr *run) clicked(p click) policy.ID {
	tr.changes++
	p.Nth = tr.changes
	r := tr.clickNow(p)
	tr.advance(20 * time.Second)
	return r.ID
}

// active is a key that its owner has, after these approvals.
func (tr *run) active(who policy.UserID, name string, by ...policy.UserID) policy.ID {
	id := tr.submitted(who, name)
	for _, u := range by {
		tr.clicked(click{ID: id, On: approval.EventApprove, Who: u})
	}
	if tr.get(id).State == approval.StateApproved {
		tr.clicked(click{ID: id, On: approval.EventIssue, Who: who})
	}
	tr.advance(20 * time.Second)
	tr.clicked(click{ID: id, On: approval.EventConfirm, Who: who})
	require.Equal(tr.t, approval.StateActive, tr.get(id).State)
	return id
}

func (tr *run) rotated() policy.ID {
	return tr.clicked(click{ID: tr.active(alice, "wide", bob), On: approval.EventRotate, Who: alice})
}

func (tr *run) confirmedSuccessor() policy.ID {
	id := tr.clicked(click{ID: tr.rotated(), On: approval.EventIssue, Who: alice})
	tr.advance(20 * time.Second)
	return id
}

// loseOwner deactivates a user for so long that the bot notices, and gives their key
// to carol, by an approver whom any access takes.
func (tr *run) loseOwner(who policy.UserID, id policy.ID) {
	tr.spec.setStatus(who, policy.Deactivated)
	tr.advance(noticed)
	tr.clicked(click{ID: id, On: approval.EventTransfer, Who: heidi, How: string(carol)})
}
