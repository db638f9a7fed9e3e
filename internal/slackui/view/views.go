package view

import (
	"cmp"
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
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
	case approval.UnknownKeyNotice:
		return v.UnknownKeyNotice(r)
	case approval.OwnsNotice:
		return v.ownsNotice(r)
	case approval.UnknownKeysNotice:
		return v.UnknownKeysNotice(r)
	case approval.DeniedNotice:
		return v.DeniedNotice(r)
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
		"owner_deactivated": v.OwnerDeactivatedNotice, "drift": v.DriftNotice, "key_created": v.keyCreatedNotice,
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

// approversChannels names where approvers are asked, one channel or several, each
// once.
func (v Screens) approversChannels() mrkdwn.Text {
	var all []mrkdwn.Text
	for _, org := range v.Orgs {
		channel := mrkdwn.Textf("<#%s>", mrkdwn.BotText(v.Channels[org.ID]))
		if !slices.Contains(all, channel) {
			all = append(all, channel)
		}
	}
	return mrkdwn.JoinedBy(", ", all...)
}

// A HelpReader is what a user who reads the help may do.
type HelpReader struct {
	Guest, Approver bool
}

// Help explains the command, as far as its reader can use it.
func (v Screens) Help(first mrkdwn.Text, reader HelpReader) mrkdwn.Message {
	if reader.Guest {
		return mrkdwn.Sentence("Guests can't use this bot. Ask a full member of this workspace to request the key.")
	}
	var approvers mrkdwn.Text
	whose := mrkdwn.Text("your key")
	if reader.Approver {
		approvers = mrkdwn.Textf("• `%s pending`: requests that wait for you\n", mrkdwn.BotText(v.Command))
		whose = "any key"
	}
	how := mrkdwn.Textf("*MongoDB Atlas API keys, with approval*\n"+
		"• `%[1]s`: request a key\n"+
		"• `%[1]s list`: your requests and keys\n"+
		"• `%[1]s revoke AKR-7F3K2`: revoke %[2]s, by its request or public key\n"+
		"%[3]s%[4]s"+
		"Approvers decide in %[5]s. Then press *Create my key* in our messages: only you see it, once. My *Home* tab has it all.",
		mrkdwn.BotText(v.Command), whose, approvers, v.helpBreakGlass(), v.approversChannels())
	return mrkdwn.NewMessage(mrkdwn.JoinSentences(first, how), mrkdwn.Present([]slack.Block{optional(first), mrkdwn.Section(how)})...)
}

// helpBreakGlass is empty if the policy allows no break-glass.
func (v Screens) helpBreakGlass() mrkdwn.Text {
	for _, org := range v.Orgs {
		if !org.Policy.BreakGlass.AllowedRequesters.IsZero() {
			return mrkdwn.Textf("• `%s emergency`: a short-lived key at once, if you're on the emergency list; reviewed afterwards\n", mrkdwn.BotText(v.Command))
		}
	}
	return ""
}

// Mention names a user in a way that Slack shows with their name. A user who
// runs the bot acts beside Slack, which does not know them.
func Mention(u policy.UserID) mrkdwn.Text {
	if u == service.Operator {
		return "the operator"
	}
	return mrkdwn.Textf("<@%s>", u)
}

// maxNamed people and groups are named in one breath; the rest is counted.
const maxNamed = 8

// people names principals, as in "@atlas-approvers, @bob". A message
// that is posted with it notifies them; one that is changed does not.
func people(who policy.Principals) mrkdwn.Text {
	if who.Everyone {
		return "all members of this workspace"
	}
	var all []mrkdwn.Text
	for _, g := range who.Groups {
		all = append(all, mrkdwn.Textf("<!subteam^%s>", g))
	}
	for _, u := range who.Users {
		all = append(all, Mention(u))
	}
	return mrkdwn.JoinedBy(", ", atMost(all)...)
}

// enumerated lists a few with a word before the last: "a, b and c".
func enumerated(all []mrkdwn.Text, last mrkdwn.Text) mrkdwn.Text {
	if all = atMost(all); len(all) < 2 {
		return mrkdwn.JoinedBy("", all...)
	}
	return mrkdwn.JoinedBy(", ", all[:len(all)-1]...) + " " + last + " " + all[len(all)-1]
}

func atMost(all []mrkdwn.Text) []mrkdwn.Text {
	more := len(all) - maxNamed
	if more <= 0 {
		return all
	}
	return append(all[:maxNamed:maxNamed], mrkdwn.Textf("%s more", more))
}
