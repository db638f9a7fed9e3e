package slackui

import (
	"cmp"

	"atlaskeybot/internal/approval"
)

// Screens draws the messages: pure functions of a request and of these settings.
type Screens struct {
	orgs      approval.Orgs
	channels  map[approval.OrgID]string // the approvers'
	keysPages map[approval.OrgID]string // URLs
	command   string
	troubles  *troubles // nil: none are known
}

// channel is the approvers' of r's organization.
func (v Screens) channel(r approval.Request) string { return v.channels[r.Org] }

// policy is that of r's organization; the zero one if it is not configured any
// more.
func (v Screens) policy(r approval.Request) approval.Policy {
	org, _ := v.orgs.Find(r.Org)
	return org.Policy
}

// message draws the named message of r as r is now.
func (v Screens) message(r approval.Request, name approval.MessageName) message {
	switch name {
	case approval.CardMessage:
		return v.card(r)
	case approval.RequestedMessage:
		return v.requested(r)
	case approval.ReadyMessage:
		return v.ready(r)
	case approval.ReminderMessage:
		return v.reminder(r)
	case approval.OutcomeMessage:
		return v.outcome(r)
	case approval.DeletionOverdueMessage:
		return v.deletionOverdue(r)
	case approval.DeletionOverdueNotice:
		return v.deletionOverdueNotice(r)
	case approval.UnresolvedMessage:
		return v.unresolved(r)
	case approval.UnresolvedNotice:
		return v.unresolvedNotice(r)
	case approval.LeftoverMessage:
		return v.leftover(r)
	case approval.LeftoverNotice:
		return v.leftoverNotice(r)
	case approval.FailedNotice:
		return v.failedNotice(r)
	case approval.DriftNotice:
		return v.driftNotice(r)
	case approval.UnknownKeyNotice:
		return v.unknownKeyNotice(r)
	case approval.OwnsNotice:
		return v.ownsNotice(r)
	case approval.UnknownKeysNotice:
		return v.foundManyNotice(r)
	case approval.DecidedNotice:
		return v.decidedNotice(r)
	case approval.KeyCreatedNotice:
		return v.keyCreatedNotice(r, 1)
	case approval.ClosedNotice:
		return v.closedNotice(r)
	case approval.NudgedNotice:
		return v.nudgedNotice(r)
	case approval.EscalatedNotice:
		return v.escalatedNotice(r)
	case approval.ReviewNotice:
		return v.reviewNotice(r)
	}
	return v.numbered(r, name)
}

// numbered draws a message of which there can be several.
func (v Screens) numbered(r approval.Request, name approval.MessageName) message {
	for kind, draw := range map[string]func(approval.Request, int) message{
		"ending": v.expiryReminder, "transfer": v.transfer, "endorsed": v.approvalAddedNotice, "prod": v.approverReminderNotice,
		"ownergone": v.ownerDeactivatedNotice, "made": v.keyCreatedNotice,
	} {
		if n, ok := numberOf(name, kind); ok {
			return draw(r, n)
		}
	}
	return sentence(mrkdwnf("Request %s", r.ID))
}

// numberOf is which of its kind name is, from 1, if it is one.
func numberOf(name approval.MessageName, kind string) (int, bool) {
	n, ok := name.Number(kind)
	return n, ok && n > 0
}

// orgName is empty if there is only one organization.
func (v Screens) orgName(r approval.Request) string {
	if len(v.orgs) < 2 {
		return ""
	}
	org, _ := v.orgs.Find(r.Org)
	return truncate(cmp.Or(org.Name, string(org.ID)), maxName)
}

// org is a sentence of nothing but the name.
func (v Screens) org(r approval.Request) mrkdwn {
	name := v.orgName(r)
	if name == "" {
		return ""
	}
	return mrkdwnf("%s.", orgText(name))
}

// forOrgID goes on from what is somewhere, if there are several places.
func (v Screens) inOrg(r approval.Request) mrkdwn {
	org := v.orgName(r)
	if org == "" {
		return ""
	}
	return mrkdwnf(" in %s", orgText(org))
}
