package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// A formHandler is a form in which a key is asked for: its inputs, what its button
// says, and how it is recorded.
type formHandler struct {
	blocks blockIDs
	button string
	record func(context.Context, approval.Actor, approval.Form) (approval.Request, error)
}

// submitForm records a request, or shows what to correct with everything typed
// still there.
func (a *App) submitForm(ctx context.Context, i interaction, answer ack, f formHandler) {
	sent, blocks := f.blocks.read(i.View), f.blocks.shown(i.View).of(i.View)
	if i.View.ID == "" || blocks[""] == "" { // a request without an origin could be made twice
		a.log.Warn("a form that is not complete was sent", "user", i.User.ID)
		answer(replaceView("This form is not complete. Close it and open a new one."))
		return
	}
	if org := f.blocks.chosenOrg(i.View); org != "" && org != sent.Org {
		a.notYetThere(ctx, i, answer, blocks)
		return
	}
	if a.sentInHurry(i, answer) {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	_, err := f.record(bounded, i.who(), sent.Form)
	if mistakes, ok := errors.AsType[*approval.FormError](err); ok {
		answer(slack.NewErrorsViewSubmissionResponse(formErrors(mistakes.Problems, blocks)))
		return
	}
	if err == nil {
		answer(nil)
		return
	}
	a.logRefusal("submitting a form", i.who(), approval.Request{}, err)
	switch {
	case errors.Is(err, approval.ErrNoProjects):
		answer(formRefused(blocks, approval.FieldProjects, "Atlas did not tell me its projects just now, so I could not look yours up. Nothing that you typed is lost: press "+f.button+" again in a minute."))
	case errors.Is(err, approval.ErrBreakGlassNotAllowed):
		answer(replaceView(a.breakGlassRefusal(err)))
	case isPermanent(err):
		answer(replaceView(userError(err, approval.Request{})))
	default:
		answer(formRefused(blocks, "", "This could not be recorded just now. Nothing that you typed is lost: press "+f.button+" again "+soon(err)+"."))
	}
}

// notYetThere answers a form that was sent before it followed a choice of
// another organization: what was chosen below was not meant for that one.
func (a *App) notYetThere(ctx context.Context, i interaction, answer ack, blocks blockIDs) {
	answer(formRefused(blocks, approval.FieldOrg, "Below was still what another organization offers. Look at it again, choose what is needed here, then send it."))
	a.refreshView(ctx, i, "")
}

// formRefused says something under one field.
func formRefused(blocks blockIDs, f approval.Field, said string) *slack.ViewSubmissionResponse {
	block, ok := blocks[f]
	if !ok {
		block = blocks[""]
	}
	return slack.NewErrorsViewSubmissionResponse(map[string]string{block: said})
}
