package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// A formHandler is a form in which a key is asked for: its inputs, what its button
// says, and how it is recorded.
type formHandler struct {
	blocks view.BlockIDs
	button string
	record func(context.Context, policy.Actor, policy.Form) (approval.Request, error)
}

// submitForm records a request, or shows what to correct with everything typed
// still there.
func (a *App) submitForm(ctx context.Context, i payload.Interaction, answer payload.Ack, f formHandler) {
	sent, blocks := f.blocks.Read(i.View), f.blocks.Shown(i.View).Of(i.View)
	if i.View.ID == "" || blocks[""] == "" { // a request without an origin could be made twice
		a.log.Warn("a form that is not complete was sent", "user", i.User.ID)
		answer(replaceView("This form is not complete. Close it and open a new one."))
		return
	}
	if org := f.blocks.ChosenOrg(i.View); org != "" && org != sent.Org {
		a.notYetThere(ctx, i, answer, blocks)
		return
	}
	if a.sentInHurry(i, answer) {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	_, err := f.record(bounded, i.Who(), sent.Form)
	if mistakes, ok := errors.AsType[*policy.FormError](err); ok {
		answer(slack.NewErrorsViewSubmissionResponse(view.FormErrors(mistakes.Problems, blocks)))
		return
	}
	if err == nil {
		answer(nil)
		return
	}
	a.logRefusal("submitting a form", i.Who(), approval.Request{}, err)
	switch {
	case errors.Is(err, service.ErrNoProjects):
		answer(formRefused(blocks, policy.FieldProjects, "Atlas did not tell me its projects just now, so I could not look yours up. Nothing that you typed is lost: press "+f.button+" again in a minute."))
	case errors.Is(err, service.ErrBreakGlassNotAllowed):
		answer(replaceView(a.breakGlassRefusal(err)))
	case isPermanent(err):
		answer(replaceView(view.UserError(err, approval.Request{})))
	default:
		answer(formRefused(blocks, "", "This could not be recorded just now. Nothing that you typed is lost: press "+f.button+" again "+soon(err)+"."))
	}
}

// notYetThere answers a form that was sent before it followed a choice of
// another organization: what was chosen below was not meant for that one.
func (a *App) notYetThere(ctx context.Context, i payload.Interaction, answer payload.Ack, blocks view.BlockIDs) {
	answer(formRefused(blocks, policy.FieldOrg, "Below was still what another organization offers. Look at it again, choose what is needed here, then send it."))
	a.refreshView(ctx, i, "")
}

// formRefused says something under one field.
func formRefused(blocks view.BlockIDs, f policy.Field, said string) *slack.ViewSubmissionResponse {
	block, ok := blocks[f]
	if !ok {
		block = blocks[""]
	}
	return slack.NewErrorsViewSubmissionResponse(map[string]string{block: said})
}
