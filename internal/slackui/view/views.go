package view

import (
	"cmp"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// Screens draws the messages: pure functions of a request and of these settings.
type Screens struct {
	Orgs      policy.Orgs
	Channels  map[policy.OrgID]string // the approvers'
	KeysPages map[policy.OrgID]string // URLs
	Command   string
	TabIsOff  func() bool // whether Slack refuses messages to people; nil: not known
}

// Channel is the approvers' of r's organization.
func (v Screens) Channel(r approval.Request) string { return v.Channels[r.Org] }

// Policy is that of r's organization; the zero one if it is not configured any
// more.
func (v Screens) Policy(r approval.Request) policy.Policy {
	org, _ := v.Orgs.Find(r.Org)
	return org.Policy
}

// Message draws the named message of r as r is now.
func (v Screens) Message(r approval.Request, name approval.MessageName) mrkdwn.Message {
	switch name {
	case approval.CardMessage:
		return v.Card(r)
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
		return v.DriftNotice(r)
	case approval.UnknownKeyNotice:
		return v.UnknownKeyNotice(r)
	case approval.OwnsNotice:
		return v.ownsNotice(r)
	case approval.UnknownKeysNotice:
		return v.UnknownKeysNotice(r)
	case approval.DecidedNotice:
		return v.DecidedNotice(r)
	case approval.KeyCreatedNotice:
		return v.keyCreatedNotice(r, 1)
	case approval.ClosedNotice:
		return v.ClosedNotice(r)
	case approval.NudgedNotice:
		return v.NudgedNotice(r)
	case approval.EscalatedNotice:
		return v.EscalatedNotice(r)
	case approval.ReviewNotice:
		return v.ReviewNotice(r)
	}
	return v.numbered(r, name)
}

// numbered draws a message of which there can be several.
func (v Screens) numbered(r approval.Request, name approval.MessageName) mrkdwn.Message {
	for kind, draw := range map[string]func(approval.Request, int) mrkdwn.Message{
		"expiry_reminder": v.expiryReminder, "transfer": v.Transfer, "approval_added": v.approvalAddedNotice, "approver_reminder": v.ApproverReminderNotice,
		"owner_deactivated": v.OwnerDeactivatedNotice, "key_created": v.keyCreatedNotice,
	} {
		if n, ok := NumberOf(name, kind); ok {
			return draw(r, n)
		}
	}
	return mrkdwn.Sentence(mrkdwn.Textf("Request %s", r.ID))
}

// NumberOf is which of its kind name is, from 1, if it is one.
func NumberOf(name approval.MessageName, kind string) (int, bool) {
	n, ok := name.Number(kind)
	return n, ok && n > 0
}

// orgName is empty if there is only one organization.
func (v Screens) orgName(r approval.Request) string {
	if len(v.Orgs) < 2 {
		return ""
	}
	org, _ := v.Orgs.Find(r.Org)
	return mrkdwn.Truncate(cmp.Or(org.Name, string(org.ID)), maxName)
}

// org is a sentence of nothing but the name.
func (v Screens) org(r approval.Request) mrkdwn.Text {
	name := v.orgName(r)
	if name == "" {
		return ""
	}
	return mrkdwn.Textf("%s.", mrkdwn.OrgText(name))
}

// inOrg goes on from what is somewhere, if there are several places.
func (v Screens) inOrg(r approval.Request) mrkdwn.Text {
	org := v.orgName(r)
	if org == "" {
		return ""
	}
	return mrkdwn.Textf(" in %s", mrkdwn.OrgText(org))
}

// MessagesTabIsOff reports whether Slack refuses messages to people because the
// app's Messages tab is off, as far as is known.
func (v Screens) MessagesTabIsOff() bool { return v.TabIsOff != nil && v.TabIsOff() }
