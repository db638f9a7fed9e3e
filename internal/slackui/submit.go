package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// submit answers a modal that was sent. It is not remembered what was sent
// before: the same modal sent again gets the same answer from the store.
func (a *App) submit(ctx context.Context, i interaction, answer ack) {
	switch i.View.CallbackID {
	case viewForm:
		a.submitForm(ctx, i, answer, formHandler{formBlocks, "Send", a.service.Submit})
	case viewBreakGlass:
		a.submitForm(ctx, i, answer, formHandler{breakGlassBlocks, "Take the key", a.service.BreakGlass})
	case viewPartial:
		a.submitPartial(ctx, i, answer)
	case viewDeny:
		a.submitDenial(ctx, i, answer)
	case viewExtend:
		a.submitChange(ctx, i, answer, change{extendBlocks, func(ctx context.Context, id approval.ID) (approval.Request, error) {
			return a.service.Extend(ctx, i.who(), id, extension(i.View))
		}})
	case viewAddresses:
		a.submitChange(ctx, i, answer, change{addressesBlocks, func(ctx context.Context, id approval.ID) (approval.Request, error) {
			return a.service.ReplaceAccessList(ctx, i.who(), id, accessListChange(i.View))
		}})
	case viewRevoke:
		a.submitRevocation(ctx, i, answer)
	default:
		a.log.Warn("a modal that is not ours was sent", "user", i.User.ID)
		answer(nil)
	}
}

// submitDenial denies a request. Sent twice by one person it is one denial.
func (a *App) submitDenial(ctx context.Context, i interaction, answer ack) {
	id, home, ok := requestOf(i.View)
	if !ok {
		a.submittedNothing(i, answer)
		return
	}
	who := i.who()
	if a.sentInHurry(i, answer) {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := a.service.Deny(bounded, who, id, denialReasonGiven(i.View))
	sentAgain := errors.Is(err, approval.ErrNotAllowed) && r.State == approval.StateDenied && r.Decision.By == who.User
	switch {
	case err == nil || sentAgain:
		answer(nil)
	case errors.Is(err, approval.ErrNotAllowed):
		answer(replaceView(tooLateToDecide(r, who.User)))
	case isPermanent(err):
		answer(replaceView(userError(err, r)))
	default:
		answer(notRecorded(blockDenyReason, "Deny", err))
	}
	if err != nil && !sentAgain {
		a.logRefusal("denying", who, r, err)
	}
	a.publishHomeTo(ctx, who, home)
}

// submittedNothing answers a modal that is about no request: none of ours.
func (a *App) submittedNothing(i interaction, answer ack) {
	a.log.Warn("a modal about no request was sent", "user", i.User.ID)
	answer(replaceView(userError(approval.ErrNotFound, approval.Request{})))
}

// replaceView is the answer to a form that cannot be sent any more.
func replaceView(said mrkdwn) *slack.ViewSubmissionResponse {
	return slack.NewUpdateViewSubmissionResponse(viewOf(notice("Nothing was changed", said)))
}

// notRecorded is the answer to a form that may be sent again.
func notRecorded(block, button string, err error) *slack.ViewSubmissionResponse {
	return slack.NewErrorsViewSubmissionResponse(map[string]string{
		block: "This could not be recorded just now. Nothing was changed: press " + button + " again " + soon(err) + ".",
	})
}

// isPermanent reports whether sending the same again would be refused again.
func isPermanent(err error) bool {
	for _, w := range userErrors {
		if errors.Is(err, w.err) {
			return !errors.Is(err, approval.ErrCannotCheck) && !errors.Is(err, approval.ErrConflict)
		}
	}
	return false
}

func viewOf(v slack.ModalViewRequest) *slack.ModalViewRequest { return &v }

// openView opens a modal while its trigger lives.
func (a *App) openView(ctx context.Context, trigger string, v slack.ModalViewRequest) error {
	ctx, cancel := context.WithTimeout(ctx, viewLimit)
	defer cancel()
	res, err := a.slack.API.OpenViewContext(ctx, trigger, v)
	if err != nil {
		return callError(err)
	}
	if res.View.ID == "" {
		return malformedResponse("views.open")
	}
	return nil
}
