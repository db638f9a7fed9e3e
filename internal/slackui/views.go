package slackui

import (
	"cmp"

	"atlaskeybot/internal/approval"
)

// views draws the messages: pure functions of a request and of these settings.
type views struct {
	orgs      approval.Orgs
	channels  map[approval.OrgID]string // the approvers'
	keysPages map[approval.OrgID]string // URLs
	command   string
	troubles  *troubles // nil: none are known
}

// channel is the approvers' of r's organization.
func (v views) channel(r approval.Request) string { return v.channels[r.Org] }

// policy is that of r's organization; the zero one if it is not configured any
// more.
func (v views) policy(r approval.Request) approval.Policy {
	org, _ := v.orgs.Find(r.Org)
	return org.Policy
}

// message draws the named message of r as r is now.
func (v views) message(r approval.Request, name approval.MessageName) message {
	switch name {
	case approval.CardMessage:
		return v.card(r)
	case approval.AskedMessage:
		return v.asked(r)
	case approval.ReadyMessage:
		return v.ready(r)
	case approval.ReminderMessage:
		return v.reminder(r)
	case approval.OutcomeMessage:
		return v.outcome(r)
	case approval.StuckMessage:
		return v.stuck(r)
	case approval.StuckNotice:
		return v.stuckNotice(r)
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
	case approval.FoundNotice:
		return v.foundNotice(r)
	case approval.OwnsNotice:
		return v.ownsNotice(r)
	case approval.FoundManyNotice:
		return v.foundManyNotice(r)
	case approval.DecidedNotice:
		return v.decidedNotice(r)
	case approval.MadeNotice:
		return v.madeNotice(r, 1)
	case approval.OverNotice:
		return v.overNotice(r)
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
func (v views) numbered(r approval.Request, name approval.MessageName) message {
	for kind, draw := range map[string]func(approval.Request, int) message{
		"ending": v.ending, "transfer": v.transfer, "endorsed": v.endorsedNotice, "prod": v.prodNotice,
		"ownergone": v.ownerGoneNotice, "made": v.madeNotice,
	} {
		if n, ok := numberOf(name, kind); ok {
			return draw(r, n)
		}
	}
	return sentence(say("Request %s", r.ID))
}

// numberOf is which of its kind name is, from 1, if it is one.
func numberOf(name approval.MessageName, kind string) (int, bool) {
	n, ok := name.Number(kind)
	return n, ok && n > 0
}

// orgName is empty if there is only one organization.
func (v views) orgName(r approval.Request) string {
	if len(v.orgs) < 2 {
		return ""
	}
	org, _ := v.orgs.Find(r.Org)
	return clip(cmp.Or(org.Name, string(org.ID)), maxName)
}

// org is a sentence of nothing but the name.
func (v views) org(r approval.Request) mrkdwn {
	name := v.orgName(r)
	if name == "" {
		return ""
	}
	return say("%s.", orgText(name))
}

// inOrg goes on from what is somewhere, if there are several places.
func (v views) inOrg(r approval.Request) mrkdwn {
	org := v.orgName(r)
	if org == "" {
		return ""
	}
	return say(" in %s", orgText(org))
}
