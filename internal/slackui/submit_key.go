package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// A change is a form about a live key: its fields, and how it is recorded.
type change struct {
	blocks view.BlockIDs
	record func(context.Context, policy.ID) (approval.Request, error)
}

// submitChange records what somebody asks for a live key, or shows what to
// correct. Sent twice it is one request, also if that was made in between.
func (a *App) submitChange(ctx context.Context, i payload.Interaction, answer payload.Ack, c change) {
	id, home, ok := requestOf(i.View)
	if !ok || i.View.ID == "" {
		a.submittedNothing(i, answer)
		return
	}
	who := i.Who()
	if a.sentInHurry(i, answer) {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := c.record(bounded, id)
	if err != nil && a.sentBefore(bounded, who, i.View.ID) {
		err = nil
	}
	mistakes, wrong := errors.AsType[*policy.FormError](err)
	switch {
	case err == nil:
		answer(nil)
	case wrong:
		answer(slack.NewErrorsViewSubmissionResponse(view.FormErrors(mistakes.Problems, c.blocks)))
		return
	case errors.Is(err, approval.ErrNotAllowed), isPermanent(err):
		answer(replaceView(ownerRefusal(r, err)))
	default:
		answer(notRecorded(c.blocks[""], "Send", err))
	}
	if err != nil {
		a.logRefusal("asking for a change", who, r, err)
	}
	a.publishHomeTo(ctx, who, home)
}

// sentBefore reports whether who has a request that came from this form.
func (a *App) sentBefore(ctx context.Context, who policy.Actor, origin string) bool {
	r, err := a.service.ByOrigin(ctx, who, origin)
	return err == nil && r.Requester == who.User
}

// submitRevocation revokes a key. Sent twice by one person it is one
// revocation.
func (a *App) submitRevocation(ctx context.Context, i payload.Interaction, answer payload.Ack) {
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
	r, err := a.service.Revoke(bounded, who, id, view.RevokeReasonGiven(i.View))
	sentAgain := errors.Is(err, approval.ErrNotAllowed) && hasEnded(r) && r.Outcome.By == who.User
	switch {
	case err == nil || sentAgain:
		answer(nil)
	case errors.Is(err, approval.ErrNotAllowed), isPermanent(err):
		answer(replaceView(keyAdminRefusal(r, err)))
	default:
		answer(notRecorded(view.BlockRevokeReason, "Revoke", err))
	}
	if err != nil && !sentAgain {
		a.logRefusal("revoking", who, r, err)
	}
	a.publishHomeTo(ctx, who, home)
}
