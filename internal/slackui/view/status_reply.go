package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// StatusReply is the answer to [ActionRetry]: where r stands, with the buttons
// that go with it. The message that the button is in may be old, if Slack does
// not let it be changed.
func StatusReply(r approval.Request) mrkdwn.Message {
	status := statusNow(r)
	return mrkdwn.NewMessage(status, mrkdwn.Section(status), buttonsIn(StatusSurface, r, statusButtons(r)...))
}

func statusNow(r approval.Request) mrkdwn.Text {
	switch {
	case r.State == approval.StateIssuing && r.Issuance.Stage != approval.StageRollingBack:
		return "Your key is still being made. It appears in this conversation, or I say here why it could not be made."
	case r.IsDeleting() && r.Deletion.Tries > 0:
		return mrkdwn.JoinSentences(StatusForRequester(r), "I try again right now.")
	}
	return StatusForRequester(r)
}

// statusButtons are those of the message about the key, for an ephemeral one.
func statusButtons(r approval.Request) []*slack.ButtonBlockElement {
	switch r.State {
	case approval.StateApproved:
		return []*slack.ButtonBlockElement{button(ActionIssue, r, "Create my key", slack.StylePrimary)}
	case approval.StateDelivered:
		return confirmOrReplace(r)
	}
	return nil
}
