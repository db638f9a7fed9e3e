package slackui

import (
	"context"
	"errors"

	"atlaskeybot/internal/approval"
)

// The buttons under what approvers look after without having been asked.

// sign needs no words when it works: the notice is drawn again.
func (a *App) sign(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Sign)
	switch {
	case err == nil && r.Review.By == p.who.User:
	case err == nil: // somebody signed in the same moment
		a.answer(ctx, p, signedAlready(r))
	default:
		a.answer(ctx, p, signRefusal(r, err))
	}
}

func signRefusal(r approval.Request, err error) mrkdwn {
	switch {
	case errors.Is(err, approval.ErrOwnRequest):
		return "You took this key yourself, so somebody else has to review that. Nothing was changed."
	case errors.Is(err, approval.ErrNotApprover):
		return "Only approvers can review this. Nothing was changed."
	}
	return refusal(err, r)
}

// handTo gives the key of somebody who is gone to whoever was chosen. It needs
// no words when it works.
func (a *App) handTo(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, func(ctx context.Context, who approval.Actor, id approval.ID) (approval.Request, error) {
		return a.service.HandTo(ctx, who, id, p.chosen)
	})
	switch {
	case errors.Is(err, approval.ErrNotEligible):
		a.answer(ctx, p, say("%s cannot hold a key: only an active full member of this workspace can. Nothing was changed; choose somebody else.", mention(p.chosen)))
	case errors.Is(err, approval.ErrNotApprover):
		a.answer(ctx, p, "Only approvers can hand a key over. Nothing was changed.")
	case errors.Is(err, approval.ErrOwnerBack) && !r.OwnerGone.IsZero() && p.chosen != r.Requester:
		a.answer(ctx, p, stillActive(r)) // and I have not noticed yet
	case err != nil:
		a.answer(ctx, p, refusal(err, r))
	}
}
