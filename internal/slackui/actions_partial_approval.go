package slackui

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// approvePartially opens the form for a part of what was asked for; that is approved when
// it is sent.
func (a *App) approvePartially(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.MayApprovePartially)
	switch {
	case errors.Is(err, approval.ErrNotAllowed) && r.State == approval.StatePending:
		a.respondToAction(ctx, p, "A change of a live key is approved as it is or not at all. Nothing was changed.")
	case err != nil:
		a.respondToApprover(ctx, p, r, err)
	case utf8.RuneCountInString(view.WholeList(r.Access)) > policy.MaxNetworks:
		a.respondToAction(ctx, p, "These are too many addresses for a form, so I cannot take single ones away. Nothing was changed: approve it as it is, or deny it and say why.")
	default:
		a.openAbout(ctx, p, view.PartialForm(a.screens.Policy(r), r, requestMetadata(p)))
	}
}

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
