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

// submitPartial approves a part of a request. Sent twice by one person it is one
// approval.
func (a *App) submitPartial(ctx context.Context, i payload.Interaction, answer payload.Ack) {
	id, home, ok := requestOf(i.View)
	if !ok {
		a.submittedNothing(i, answer)
		return
	}
	who, n := i.Who(), view.PartialApproval(i.View)
	if a.sentInHurry(i, answer) {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := a.service.ApprovePartially(bounded, who, id, n)
	if err != nil && view.IsApprovedAs(r, who.User, n) {
		err = nil
	}
	mistakes, wrong := errors.AsType[*policy.FormError](err)
	switch {
	case err == nil && view.StillMissing(r) != "":
		answer(slack.NewUpdateViewSubmissionResponse(viewOf(view.Notice("Approval recorded", view.StillMissing(r)))))
	case err == nil:
		answer(nil)
	case wrong:
		answer(slack.NewErrorsViewSubmissionResponse(view.FormErrors(mistakes.Problems, view.PartialBlocks.Of(i.View))))
		return
	case errors.Is(err, approval.ErrNotAllowed):
		answer(replaceView(view.TooLateToDecide(r, who.User)))
	case isPermanent(err):
		answer(replaceView(view.UserError(err, r)))
	default:
		answer(notRecorded(view.BlockLessRoles, "Approve", err))
	}
	if err != nil {
		a.logRefusal("approving less", who, r, err)
	}
	a.publishHomeTo(ctx, who, home)
}
