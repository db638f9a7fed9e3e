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
		a.submitForm(ctx, i, answer)
	case viewDeny:
		a.submitDenial(ctx, i, answer)
	default:
		a.log.Warn("a modal that is not ours was sent", "user", i.User.ID)
		answer(nil)
	}
}

// submitForm records a request, or shows what to correct with everything typed
// still there.
func (a *App) submitForm(ctx context.Context, i interaction, answer ack) {
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	if i.View.ID == "" { // a request without an origin could be made twice
		a.log.Warn("a form without an id was sent", "user", i.User.ID)
		answer(slack.NewUpdateViewSubmissionResponse(viewOf(notice("This form is not complete. Close it and open a new one."))))
		return
	}
	_, err := a.service.Submit(ctx, i.who(), filledIn(i.View))
	if mistakes, ok := errors.AsType[*approval.FormError](err); ok {
		answer(slack.NewErrorsViewSubmissionResponse(formErrors(mistakes.Problems)))
		return
	}
	if err == nil {
		answer(nil)
		return
	}
	a.logRefusal("submitting a form", i.who(), approval.Request{}, err)
	if isForGood(err) {
		answer(slack.NewUpdateViewSubmissionResponse(viewOf(notice(refusal(err, approval.Request{})))))
		return
	}
	answer(slack.NewErrorsViewSubmissionResponse(map[string]string{
		blockFormDescription: "This could not be recorded just now. Nothing that you typed is lost: press Send again in a minute.",
	}))
}

// submitDenial denies a request. Sent twice by one person it is one denial.
func (a *App) submitDenial(ctx context.Context, i interaction, answer ack) {
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	id, reason, ok := denied(i.View)
	if !ok {
		a.log.Warn("a denial of no request was sent", "user", i.User.ID)
		answer(slack.NewUpdateViewSubmissionResponse(viewOf(notice(refusal(approval.ErrNotFound, approval.Request{})))))
		return
	}
	who := i.who()
	r, err := a.service.Deny(ctx, who, id, reason)
	sentAgain := errors.Is(err, approval.ErrNotAllowed) && r.State == approval.Denied && r.Decision.By == who.User
	switch {
	case err == nil || sentAgain:
		answer(nil)
		return
	case errors.Is(err, approval.ErrNotAllowed):
		answer(slack.NewUpdateViewSubmissionResponse(viewOf(notice(tooLateToDecide(r, who.User)))))
	case isForGood(err):
		answer(slack.NewUpdateViewSubmissionResponse(viewOf(notice(refusal(err, r)))))
	default:
		answer(slack.NewErrorsViewSubmissionResponse(map[string]string{
			blockDenyReason: "This could not be recorded just now. Nothing was changed: press Deny again in a minute.",
		}))
	}
	a.logRefusal("denying", who, r, err)
}

// isForGood reports whether sending the same again would be refused again.
func isForGood(err error) bool {
	for _, w := range refusals {
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
	res, err := a.slack.api.OpenViewContext(ctx, trigger, v)
	if err != nil {
		return fault(err)
	}
	if res.View.ID == "" {
		return unclear("views.open")
	}
	return nil
}
