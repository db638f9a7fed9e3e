package slackui

import (
	"context"
	"errors"
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// submit answers a modal that was sent. It is not remembered what was sent
// before: the same modal sent again gets the same answer from the store.
func (a *App) submit(ctx context.Context, i payload.Interaction, answer payload.Ack) {
	switch i.View.CallbackID {
	case view.ViewForm:
		a.submitForm(ctx, i, answer, formHandler{view.FormBlocks, "Send", a.service.Submit})
	case view.ViewBreakGlass:
		a.submitForm(ctx, i, answer, formHandler{view.BreakGlassBlocks, "Take the key", a.service.BreakGlass})
	case view.ViewPartial:
		a.submitPartial(ctx, i, answer)
	case view.ViewDeny:
		a.submitDenial(ctx, i, answer)
	case view.ViewExtend:
		a.submitChange(ctx, i, answer, change{view.ExtendBlocks, func(ctx context.Context, id policy.ID) (approval.Request, error) {
			return a.service.Extend(ctx, i.Who(), id, view.Extension(i.View))
		}})
	case view.ViewAddresses:
		a.submitChange(ctx, i, answer, change{view.AddressesBlocks, func(ctx context.Context, id policy.ID) (approval.Request, error) {
			return a.service.ReplaceAccessList(ctx, i.Who(), id, view.AccessListChange(i.View))
		}})
	case view.ViewRevoke:
		a.submitRevocation(ctx, i, answer)
	default:
		a.log.Warn("a modal that is not ours was sent", "user", i.User.ID)
		answer(nil)
	}
}

// submitDenial denies a request. Sent twice by one person it is one denial.
func (a *App) submitDenial(ctx context.Context, i payload.Interaction, answer payload.Ack) {
	id, home, ok := requestOf(i.View)
	if !ok {
		a.submittedNothing(i, answer)
		return
	}
	who := i.Who()
	if a.sentInHurry(i, answer) {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := a.service.Deny(bounded, who, id, view.DenialReasonGiven(i.View))
	sentAgain := errors.Is(err, approval.ErrNotAllowed) && r.State == approval.StateDenied && r.Decision.By == who.User
	switch {
	case err == nil || sentAgain:
		answer(nil)
	case errors.Is(err, approval.ErrNotAllowed):
		answer(replaceView(view.TooLateToDecide(r, who.User)))
	case isPermanent(err):
		answer(replaceView(view.UserError(err, r)))
	default:
		answer(notRecorded(view.BlockDenyReason, "Deny", err))
	}
	if err != nil && !sentAgain {
		a.logRefusal("denying", who, r, err)
	}
	a.publishHomeTo(ctx, who, home)
}

// submittedNothing answers a modal that is about no request: none of ours.
func (a *App) submittedNothing(i payload.Interaction, answer payload.Ack) {
	a.log.Warn("a modal about no request was sent", "user", i.User.ID)
	answer(replaceView(view.UserError(approval.ErrNotFound, approval.Request{})))
}

// replaceView is the answer to a form that cannot be sent any more.
func replaceView(said mrkdwn.Mrkdwn) *slack.ViewSubmissionResponse {
	return slack.NewUpdateViewSubmissionResponse(viewOf(view.Notice("Nothing was changed", said)))
}

// notRecorded is the answer to a form that may be sent again.
func notRecorded(block, button string, err error) *slack.ViewSubmissionResponse {
	return slack.NewErrorsViewSubmissionResponse(map[string]string{
		block: "This could not be recorded just now. Nothing was changed: press " + button + " again " + soon(err) + ".",
	})
}

// isPermanent reports whether sending the same again would be refused again.
func isPermanent(err error) bool {
	for _, w := range view.UserErrors {
		if errors.Is(err, w.Err) {
			return !errors.Is(err, policy.ErrCannotCheck) && !errors.Is(err, approval.ErrConflict)
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
		return client.CallError(err)
	}
	if res.View.ID == "" {
		return client.MalformedResponse("views.open")
	}
	return nil
}

// notOpened is said if a form is known not to be open. If Slack gave no clear
// answer it may be; and if the press was delivered again to a bot that was
// started meanwhile, it may be since the first time.
func notOpened(err error, said mrkdwn.Mrkdwn) mrkdwn.Mrkdwn {
	if slices.Contains([]string{"exchanged_trigger_id", "trigger_exchanged"}, client.CodeOf(err)) {
		return "That opened the form once already. If you see it, go on there; if not, try it once more. Nothing was changed."
	}
	if f, ok := errors.AsType[*approval.CallError](err); ok && f.Class == approval.Indeterminate {
		return "Slack did not say whether the form is open. If you see it, go on there; if not, try it once more. Nothing was changed."
	}
	return said
}
