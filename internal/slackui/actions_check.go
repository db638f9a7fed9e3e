package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// check is behind the button of a message that says that something takes a
// moment. It tries at once what waits for its next try, and answers what is so,
// with the buttons that go with it: the message itself may be old, if Slack does
// not let it be changed.
func (a *App) check(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.TryAgain)
	if err != nil {
		a.respondToOwner(ctx, p, r, err)
		return
	}
	if err := a.responses.Post(ctx, p.responseURL, client.Ephemeral(checkedMessage(r))); err != nil {
		a.log.Warn("answering a press", "user", p.by.User, "request", p.id, "error", err)
	}
}

func checkedMessage(r approval.Request) mrkdwn.Message {
	story := checked(r)
	return mrkdwn.NewMessage(story, mrkdwn.Section(story), mrkdwn.Buttons(checkedButtons(r)...))
}

// checked says where r stands.
func checked(r approval.Request) mrkdwn.Mrkdwn {
	switch {
	case r.State == approval.StateIssuing && r.Issuance.Stage != approval.StageRollingBack:
		return "Your key is still being made. It appears in this conversation, or I say here why it could not be made."
	case r.IsDeleting() && r.Deletion.Tries > 0:
		return mrkdwn.JoinSentences(view.StatusForRequester(r), "I try again right now.")
	}
	return view.StatusForRequester(r)
}

// checkedButtons are those of the message about the key, for an ephemeral one.
func checkedButtons(r approval.Request) []*slack.ButtonBlockElement {
	switch r.State {
	case approval.StateApproved:
		return []*slack.ButtonBlockElement{mrkdwn.Button(view.ActionCheckedCreate, string(r.ID), "Create my key", slack.StylePrimary)}
	case approval.StateDelivered:
		return view.ConfirmOrReplace(r, view.ActionNoteSaved, view.ActionNoteUnseen)
	}
	return nil
}

// isUndone reports whether a press was refused because its key is not handed
// over.
func isUndone(r approval.Request, err error) bool {
	return errors.Is(err, approval.ErrNotAllowed) && r.State == approval.StateIssuing && r.Issuance.Stage == approval.StageRollingBack
}
