package slackui

import (
	"context"
	"errors"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// approve says nothing when it works: the card is updated. An approver who meant
// to give the last approval, and did not, is told what is missing.
func (a *App) approve(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Approve)
	if err != nil {
		a.respondToApprover(ctx, p, r, err)
		return
	}
	if said := view.MissingApprovalsNote(r); said != "" {
		a.respondToAction(ctx, p, said)
	}
}

// approvePartially opens the form for a part of what was requested; that is
// approved when it is sent.
func (a *App) approvePartially(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.MayApprovePartially)
	switch {
	case errors.Is(err, approval.ErrNotAllowed) && r.State == approval.StatePending:
		a.respondToAction(ctx, p, "A change of an active key is approved as it is or not at all. Nothing was changed.")
	case err != nil:
		a.respondToApprover(ctx, p, r, err)
	default:
		a.openAbout(ctx, p, view.PartialForm(a.screens.Policy(r), r, requestMetadata(p)))
	}
}

// deny opens the form for a reason; the request is denied when that is sent.
func (a *App) deny(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.MayDeny)
	if err != nil {
		a.respondToApprover(ctx, p, r, err)
		return
	}
	a.openAbout(ctx, p, view.DenyForm(r, requestMetadata(p)))
}

func (a *App) respondToApprover(ctx context.Context, p action, r approval.Request, err error) {
	if errors.Is(err, approval.ErrNotAllowed) {
		a.respondToAction(ctx, p, view.AlreadyDecided(r, p.by.User))
		return
	}
	a.respondToAction(ctx, p, view.UserError(err, r))
}
