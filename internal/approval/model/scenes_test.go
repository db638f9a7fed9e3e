package model_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A scene is where a trial begins, so that it need not get there by chance.
type scene struct {
	name string
	set  func(tr *run)
}

// GoString is what a failed trial prints.
func (s scene) GoString() string { return s.name }

var scenes = []scene{
	{"nothing", func(*run) {}},
	{"nothing", func(*run) {}},
	{"a request waits for a second approval", func(tr *run) {
		tr.takes(click{ID: tr.asks(alice, "all"), On: approval.EventApprove, Who: grace})
	}},
	{"a request waits for long", func(tr *run) {
		tr.asks(carol, "admin")
		tr.pass(100 * time.Minute)
	}},
	{"a key", func(tr *run) { tr.active(alice, "wide", bob) }},
	{"a key with projects", func(tr *run) { tr.active(carol, "projects", bob) }},
	{"a key by rule", func(tr *run) { tr.active(alice, "ci") }},
	{"a key of staging", func(tr *run) { tr.active(alice, "staging", alice, bob) }},
	{"a key taken by break-glass", func(tr *run) { tr.active(dana, "emergency") }},
	{"a key that waits for another end", func(tr *run) {
		tr.takes(click{ID: tr.active(alice, "wide", bob), On: approval.EventExtend, Who: alice, How: "a lot"})
	}},
	{"a key that waits for other addresses", func(tr *run) {
		tr.takes(click{ID: tr.active(alice, "wide", bob), On: approval.EventReplaceAccessList, Who: alice, How: "one more"})
	}},
	{"a key with a successor that waits", func(tr *run) { tr.rotated() }},
	{"a key with a successor", func(tr *run) { tr.succeeded() }},
	{"a key with a successor in use", func(tr *run) {
		tr.takes(click{ID: tr.succeeded(), On: approval.EventConfirm, Who: alice})
	}},
	{"a key of carol's, for which alice waits for other addresses", func(tr *run) {
		id := tr.active(alice, "wide", bob)
		tr.takes(click{ID: id, On: approval.EventReplaceAccessList, Who: alice, How: "another"})
		tr.lose(alice, id)
	}},
	{"a member of both groups approved", func(tr *run) {
		tr.takes(click{ID: tr.asks(alice, "owner"), On: approval.EventApprove, Who: heidi})
	}},
	{"a key whose owner is gone", func(tr *run) {
		tr.active(alice, "wide", bob)
		tr.house.stand(alice, policy.Deactivated)
		tr.pass(noticed)
	}},
	{"a key with a successor, whose owner is gone", func(tr *run) {
		tr.rotated()
		tr.house.stand(alice, policy.Deactivated)
		tr.pass(noticed)
	}},
	{"a key of carol's, with a successor of alice's", func(tr *run) {
		next := tr.rotated()
		tr.lose(alice, tr.get(next).ParentID)
		tr.house.stand(alice, policy.Member)
		tr.takes(click{ID: next, On: approval.EventIssue, Who: alice})
	}},
}

// asks sends a wish that is taken.
func (tr *run) asks(who policy.UserID, name string) policy.ID {
	tr.forms = append(tr.forms, sent{who, name})
	r := tr.submit(len(tr.forms) - 1)
	tr.pass(10 * time.Second)
	return r.ID
}

// takes presses something that is taken, and returns what it makes or changes.
func (tr *run) takes(p click) policy.ID {
	tr.changes++
	p.Nth = tr.changes
	r := tr.pressNow(p)
	tr.pass(20 * time.Second)
	return r.ID
}

// active is a key that its owner has, after these approvals.
func (tr *run) active(who policy.UserID, name string, by ...policy.UserID) policy.ID {
	id := tr.asks(who, name)
	for _, u := range by {
		tr.takes(click{ID: id, On: approval.EventApprove, Who: u})
	}
	if tr.get(id).State == approval.StateApproved {
		tr.takes(click{ID: id, On: approval.EventIssue, Who: who})
	}
	tr.pass(20 * time.Second)
	tr.takes(click{ID: id, On: approval.EventConfirm, Who: who})
	require.Equal(tr.t, approval.StateActive, tr.get(id).State)
	return id
}

func (tr *run) rotated() policy.ID {
	return tr.takes(click{ID: tr.active(alice, "wide", bob), On: approval.EventRotate, Who: alice})
}

func (tr *run) succeeded() policy.ID {
	id := tr.takes(click{ID: tr.rotated(), On: approval.EventIssue, Who: alice})
	tr.pass(20 * time.Second)
	return id
}

// lose deactivates a user for so long that the bot notices, and gives their key
// to carol, by an approver whom any access takes.
func (tr *run) lose(who policy.UserID, id policy.ID) {
	tr.house.stand(who, policy.Deactivated)
	tr.pass(noticed)
	tr.takes(click{ID: id, On: approval.EventTransfer, Who: heidi, How: string(carol)})
}
