package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// check is behind the button of a message that says that something takes a
// moment. It tries at once what waits for its next try, and answers what is so,
// with the buttons that go with it: the message itself may be old, if Slack does
// not let it be changed.
func (a *App) check(ctx context.Context, p action, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.TryAgain)
	if err != nil {
		a.respondToOwner(ctx, p, r, err)
		return
	}
	if err := a.responses.post(ctx, p.responseURL, ephemeral(checkedMessage(r))); err != nil {
		a.log.Warn("answering a press", "user", p.by.User, "request", p.id, "error", err)
	}
}

func checkedMessage(r approval.Request) message {
	story := checked(r)
	return newMessage(story, section(story), buttons(checkedButtons(r)...))
}

// checked says where r stands.
func checked(r approval.Request) mrkdwn {
	switch {
	case r.State == approval.StateIssuing && r.Issuance.Stage != approval.StageRollingBack:
		return "Your key is still being made. It appears in this conversation, or I say here why it could not be made."
	case r.IsDeleting() && r.Deletion.Tries > 0:
		return joinSentences(statusForRequester(r), "I try again right now.")
	}
	return statusForRequester(r)
}

// checkedButtons are those of the message about the key, for an ephemeral one.
func checkedButtons(r approval.Request) []*slack.ButtonBlockElement {
	switch r.State {
	case approval.StateApproved:
		return []*slack.ButtonBlockElement{button(actionCheckedCreate, string(r.ID), "Create my key", slack.StylePrimary)}
	case approval.StateDelivered:
		return confirmOrReplace(r, actionNoteSaved, actionNoteUnseen)
	}
	return nil
}

// undoneForOwner answers a press under a key that was made and is not handed
// over: its owner may hold it.
func undoneForOwner(r approval.Request) mrkdwn {
	return joinSentences(whyNotMade(r.Issuance.Cause), undoingStory(r), "I say in the message about the key when you can create another.")
}

// isUndone reports whether a press was refused because its key is not handed
// over.
func isUndone(r approval.Request, err error) bool {
	return errors.Is(err, approval.ErrNotAllowed) && r.State == approval.StateIssuing && r.Issuance.Stage == approval.StageRollingBack
}
