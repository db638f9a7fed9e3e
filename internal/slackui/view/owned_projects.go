package view

import (
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// ownsNotice tells of projects that an active key owns because it created them.
// That is no alarm: its role lets it. Where Atlas's events do not tell who
// created a project, the notice says so, and the key can be revoked from here.
func (v Screens) ownsNotice(r approval.Request) mrkdwn.Message {
	created, unknown := split(r.Owns)
	var pressable []*slack.ButtonBlockElement
	var news, doubt mrkdwn.Text
	switch {
	case !hasKey(r):
		status := statusForApprovers(r)
		return mrkdwn.NewMessage(status, mrkdwn.Section(status))
	case len(r.Owns) == 0:
		news = mrkdwn.Textf("The key%s of request %s owns no projects any more beside what was approved.", KeyName(r), r.ID)
	case len(created) > 0:
		news = mrkdwn.Textf(":information_source: The key%s of request %s created projects and owns them, as its role allows: %s.", KeyName(r), r.ID, projectNames(created))
	}
	if len(unknown) > 0 {
		doubt = mrkdwn.Textf(":grey_question: The key%s of request %s is *Project Owner* in projects that weren't approved: %s. Its role lets it create projects, and it owns those; "+
			"Atlas's events don't show (yet) that it created these. If it did not, it was given that role manually: put it right in Atlas, or revoke it here.", KeyName(r), r.ID, projectNames(unknown))
		pressable = append(pressable, revokeButton(r))
	}
	status := mrkdwn.JoinedBy("\n", news, doubt)
	return mrkdwn.NewMessage(status, mrkdwn.Section(status), buttonsIn(approval.OwnsNotice, r, pressable...))
}

// split returns the projects that Atlas's events say were created by the key,
// and the others.
func split(owns []approval.OwnedProject) (created, unknown []approval.OwnedProject) {
	for _, p := range owns {
		if p.Proven {
			created = append(created, p)
		} else {
			unknown = append(unknown, p)
		}
	}
	return created, unknown
}

// maxOwned bounds the projects that are named in a message.
const maxOwned = 15

func projectNames(owns []approval.OwnedProject) mrkdwn.Text {
	var names []mrkdwn.Text
	for _, p := range owns[:min(len(owns), maxOwned)] {
		name := p.Name
		if name == "" {
			name = string(p.ID)
		}
		names = append(names, mrkdwn.Code(mrkdwn.Truncate(name, 64)))
	}
	if more := len(owns) - maxOwned; more > 0 {
		names = append(names, mrkdwn.Textf("and %s more", more))
	}
	return mrkdwn.JoinedBy(", ", names...)
}

// leavesBehind says, of a successor, which projects the key before it owns and
// this one does not.
func leavesBehind(r approval.Request) mrkdwn.Text {
	waits := slices.Contains([]approval.State{approval.StatePending, approval.StateApproved, approval.StateDelivered, approval.StateActive}, r.State)
	if !waits || len(r.Change.Left) == 0 {
		return ""
	}
	return mrkdwn.Textf("The key before it owns projects that it created (%s); *this one doesn't*. Before the earlier key goes, have it, or an Organization Owner, give this one a role there.", projectNames(r.Change.Left))
}
