package model_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// A transition is one change of a request as it was stored, looked at in the moment
// when it was: who is who cannot have changed since.
type transition struct {
	run     *run
	was, is approval.Request
	e       approval.AuditEntry
}

// promises are what holds of every move.
var promises = []struct {
	name string
	kept func(m transition) bool
}{
	{"what is over stays over", func(m transition) bool {
		isNote := m.e.Event == approval.EventOrphanSearch || m.e.Event == approval.EventReview || m.e.Event == approval.EventCascaded
		return !m.was.State.Final() || isNote && m.is.State == m.was.State && m.is.Outcome == m.was.Outcome && m.is.Key == m.was.Key
	}},
	{"what people do has a person, and what the bot does has none", transition.hasItsPerson},
	{"the caller is an active member, or the operator who revokes", func(m transition) bool {
		isOperator := m.e.By == service.Operator && m.e.Event == approval.EventRevoke
		return m.e.By == "" || isOperator || m.run.spec.isMember(m.e.By)
	}},
	{"only the owner at that time does what is the owner's to do", func(m transition) bool {
		return !slices.Contains(ofOwners, m.e.Event) || m.e.By == "" || m.e.By == m.was.Requester
	}},
	{"one approver's denial is enough, and only an approver denies", func(m transition) bool {
		return m.e.Event != approval.EventDeny || m.run.spec.mayDecide(m.e.By, m.was) && m.isNotOwn()
	}},
	{"a yes is one person's, who may give it, and the last one is given when all are there", transition.isYes},
	{"a key's end is later by a granted extension, nearer by a successor in use, and else where it was", transition.keepsEnd},
	{"a successor in use has told its predecessor to end", func(m transition) bool {
		old := m.run.rows[m.is.ParentID]
		isLate := old.State == approval.StateActive && old.Requester == m.is.Requester && old.KeyExpiresAt.After(m.at().Add(overlap)) &&
			!m.run.scheduled["by "+string(m.is.ID)] // an extension can come between
		return m.e.Event != approval.EventPredecessorScheduled || !isLate
	}},
	{"the access is what it was, or less, or what a change of addresses says", transition.keepsAccess},
	{"a key is another's only if its owner is gone, by an approver of that access, to an active member who could ask for it", transition.keepsOwner},
	{"an owner is noted as gone when they are, and as back when they are", func(m transition) bool {
		isGone := m.run.spec.memberStatus(m.was.Requester) == policy.Deactivated
		return (m.e.Event != approval.EventOwnerDeactivated || isGone) && (m.e.Event != approval.EventOwnerReactivated || !isGone)
	}},
	{"nothing that was shown is taken back, but what a former owner was shown", transition.keepsMessages},
	{"every notice that is numbered is there once", transition.keepsNumbers},
	{"break-glass is reviewed once, by an approver who never had the key", func(m transition) bool {
		isReview := m.e.Event == approval.EventReview && m.was.BreakGlass && m.run.spec.oversees(m.e.By, m.is.Org) &&
			!m.run.hadIt(m.e.By, m.is) && m.was.Review.By == "" && m.is.Review.By == m.e.By
		return m.is.Review == m.was.Review || isReview
	}},
	{"the requester asks once more once", func(m transition) bool {
		return m.e.Event != approval.EventNudge || m.was.NudgedAt.IsZero() && !m.is.NudgedAt.IsZero()
	}},
	{"a second group is asked once, and in its time", func(m transition) bool {
		return m.e.Event != approval.EventEscalate || m.is.Org == org && m.was.EscalatedAt.IsZero() && !m.at().Before(m.was.RequestedAt.Add(escalates))
	}},
	{"the approvers of a pending request are reminded in time", func(m transition) bool {
		times := []time.Duration{prodOne, prodTwo}
		return m.e.Event != approval.EventRemindApprovers || m.is.Org == org && m.is.ApproverReminders > m.was.ApproverReminders && m.is.ApproverReminders <= len(times) &&
			!m.at().Before(m.was.RequestedAt.Add(times[m.is.ApproverReminders-1]))
	}},
	{"nothing expires before its time", transition.isTime},
	{"an owner is told of the end shortly before it", func(m transition) bool {
		left, life := m.is.KeyExpiresAt.Sub(m.at()), m.is.KeyExpiresAt.Sub(m.is.Key.MadeAt)
		return m.e.Event != approval.EventRemind || m.was.State != approval.StateActive || left <= min(time.Hour, life/4)
	}},
	{"where nothing goes wrong, an owner was told before their key's time is over", func(m transition) bool {
		last := m.was.KeyExpiresAt.Add(-min(soon, m.was.KeyExpiresAt.Sub(m.was.Key.MadeAt)/4))
		isEnd := m.is.Outcome.Cause == approval.CauseKeyExpired && m.was.State == approval.StateActive && m.run.isCalm
		return !isEnd || m.run.reminded[m.is.ID] > 0 || m.run.endSince[m.is.ID].After(last.Add(-time.Minute))
	}},
	{"a key is ended by its owner, an approver or the operator, who stands there", func(m transition) bool {
		may := m.e.By == m.was.Requester || m.run.spec.oversees(m.e.By, m.is.Org) || m.e.By == service.Operator
		return m.e.Event != approval.EventRevoke || may && m.is.Outcome.By == m.e.By
	}},
}

// ofOwners are the events that only a request's owner brings about.
var ofOwners = []approval.Event{approval.EventNudge, approval.EventWithdraw, approval.EventIssue, approval.EventConfirm, approval.EventReplace, approval.EventRotate}

// ofOthers are those that other people do.
var ofOthers = []approval.Event{approval.EventApprove, approval.EventApprovalAdded, approval.EventApproveChange, approval.EventDeny, approval.EventRevoke, approval.EventTransfer, approval.EventReview}

func (m transition) at() time.Time { return m.e.At.Truncate(time.Millisecond) }

func (m transition) isNotOwn() bool { return m.e.By != m.was.Requester || m.is.Org == org2 }

func (m transition) hasItsPerson() bool {
	if m.e.Event == approval.EventConfirm && m.e.By == "" {
		return m.is.Confirmation.ByUse
	}
	return (m.e.By != "") == (slices.Contains(ofOwners, m.e.Event) || slices.Contains(ofOthers, m.e.Event))
}

func (m transition) isYes() bool {
	if !slices.Contains([]approval.Event{approval.EventApprove, approval.EventApprovalAdded, approval.EventApproveChange}, m.e.Event) {
		return len(m.is.Approvals) == len(m.was.Approvals)
	}
	had, has := yeses(m.was), yeses(m.is)
	others := m.run.spec.counted(m.was, m.e.By)
	needed, isEsc := slots(m.is.Org, m.is.Access), isEscalated(m.was)
	filled := m.run.spec.filled(needed, append(others, m.e.By), isEsc)
	isNoted := slices.Equal(has, union(had, []policy.UserID{m.e.By}))
	isLast := m.e.Event != approval.EventApprovalAdded
	counts := isLast || filled > m.run.spec.filled(needed, others, isEsc) && !slices.Contains(m.was.Counted(), m.e.By)
	return isNoted && counts && m.isNotOwn() && m.run.spec.mayDecide(m.e.By, m.was) && isLast == (filled == len(needed))
}

// hasChild reports whether there is such a request about m's key, by the person
// who has it.
func (m transition) hasChild(p approval.RequestType, is func(approval.Request) bool) bool {
	for _, r := range m.run.rows {
		if r.ParentID == m.is.ID && r.Type == p && r.Requester == m.was.Requester && is(r) {
			return true
		}
	}
	return false
}

func (m transition) keepsEnd() bool {
	was, is := m.was.KeyExpiresAt, m.is.KeyExpiresAt
	switch {
	case is.Equal(was):
		return true
	case was.IsZero():
		return m.e.Event == approval.EventDeliver && is.Equal(m.is.Key.MadeAt.Add(m.is.Access.Lifetime))
	case is.After(was):
		granted := m.hasChild(approval.Extension, func(r approval.Request) bool {
			return r.State == approval.StateApplying && m.run.allowed[r.ID] != "" && r.Change.NewEnd.Equal(is)
		})
		return m.e.Event == approval.EventExtend && granted
	}
	inUse := m.hasChild(approval.Rotation, func(r approval.Request) bool { // or was, a moment ago
		return slices.Contains([]approval.State{approval.StateActive, approval.StateRevoking, approval.StateEnded}, r.State)
	})
	return m.e.Event == approval.EventScheduleRetirement && inUse && is.Equal(m.at().Add(overlap))
}

func (m transition) keepsAccess() bool {
	was, is := m.was.Access, m.is.Access
	if fmt.Sprint(was) == fmt.Sprint(is) {
		return true
	}
	switch m.e.Event {
	case approval.EventApprove, approval.EventApprovalAdded:
		return m.is.Type == approval.NewKey && isWithin(is, was) && m.is.ReducedBy == m.e.By && isWithin(is, m.is.Requested) &&
			isWithin(m.is.Requested, m.run.wanted[m.is.ID]) && isWithin(m.run.wanted[m.is.ID], m.is.Requested)
	case approval.EventReplaceAccessList:
		granted := m.hasChild(approval.AccessListChange, func(r approval.Request) bool {
			return r.State == approval.StateApplying && isSame(r.Access.Networks, is.Networks) && (m.run.allowed[r.ID] != "" || reaches(r.Change.OldNetworks, is.Networks))
		})
		is.Networks, is.NetworkPresets = was.Networks, was.NetworkPresets
		return granted && fmt.Sprint(was) == fmt.Sprint(is)
	}
	return false
}

func (m transition) keepsOwner() bool {
	if m.is.Requester == m.was.Requester {
		return true
	}
	h, last := m.run.spec, m.is.Transfers[len(m.is.Transfers)-1]
	isTold := last.From == m.was.Requester && last.To == m.is.Requester && last.By == m.e.By && m.is.OwnerDeactivatedAt.IsZero()
	return m.e.Event == approval.EventTransfer && h.memberStatus(m.was.Requester) == policy.Deactivated && !m.was.OwnerDeactivatedAt.IsZero() &&
		h.approvesAccess(m.e.By, m.is.Org, m.is.Access) && m.e.By != m.is.Requester && h.isMember(m.is.Requester) &&
		h.whyNotHave(m.is.Requester, m.is, m.run.rootOf(m.is), m.is.KeyExpiresAt) == nil && isTold && m.is.Key == m.was.Key
}

func (m transition) isTime() bool {
	if m.e.Event != approval.EventExpire {
		return true
	}
	is := func(due time.Time) bool { return !due.IsZero() && !m.at().Before(due) }
	if with, isCascade := strings.CutPrefix(m.e.Note, "with "); isCascade {
		return m.run.endsWith(m.was, m.run.rows[policy.ID(with)])
	}
	switch m.was.State {
	case approval.StatePending:
		return is(m.was.RequestedAt.Add(decide)) || is(m.was.KeyExpiresAt)
	case approval.StateApproved:
		isUntouched := m.was.BreakGlass && m.was.Attempt == 0
		return is(m.run.openSince[m.is.ID].Add(issueWithin)) || isUntouched && is(m.was.RequestedAt.Add(min(issueWithin, glassLife))) || is(m.was.KeyExpiresAt)
	case approval.StateDelivered:
		return is(m.was.KeyExpiresAt) || m.was.Confirmation.Reminded && is(m.was.Confirmation.ShownAt.Add(confirm))
	}
	return is(m.was.KeyExpiresAt)
}

// union returns a, and what of b is not in it.
func union[T comparable](a, b []T) []T {
	all := slices.Clone(a)
	for _, one := range b {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}
