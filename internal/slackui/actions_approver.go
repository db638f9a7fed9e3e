package slackui

import (
	"context"
	"errors"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// The buttons under what approvers look after without having been asked.

// review says nothing when it works: the notice is updated.
func (a *App) review(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Review)
	switch {
	case err == nil && r.Review.By == p.by.User:
	case err == nil: // another approver reviewed it in the same moment
		a.respondToAction(ctx, p, view.AlreadyReviewed(r))
	default:
		a.respondToAction(ctx, p, reviewRefusal(r, err))
	}
}

func reviewRefusal(r approval.Request, err error) mrkdwn.Text {
	switch {
	case errors.Is(err, policy.ErrOwnRequest):
		return "You created this key yourself, so another person has to review it. Nothing was changed."
	case errors.Is(err, policy.ErrNotApprover):
		return "Only approvers can review this. Nothing was changed."
	}
	return view.UserError(err, r)
}

// transfer gives the key of a deactivated owner to the chosen user. It says
// nothing when it works.
func (a *App) transfer(ctx context.Context, p action, answer payload.Ack) {
	to := policy.UserID(p.chosen)
	r, err := a.act(ctx, p, answer, func(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
		return a.service.Transfer(ctx, who, id, to)
	})
	role, ofRole := errors.AsType[*policy.RoleError](err)
	switch {
	case ofRole:
		a.respondToAction(ctx, p, cannotReceive(to, role))
	case hasTooManyKeys(err):
		a.respondToAction(ctx, p, mrkdwn.Textf("%s has as many active keys as one person may have, so this one can't be theirs. Nothing was changed; choose another person, or revoke the key if nothing needs it.", view.Mention(to)))
	case errors.Is(err, service.ErrNotEligible):
		a.respondToAction(ctx, p, mrkdwn.Textf("%s can't own a key: only an active full member of this workspace can. Nothing was changed. Choose another person.", view.Mention(to)))
	case errors.Is(err, policy.ErrNotApprover):
		a.respondToAction(ctx, p, mrkdwn.Textf("Only approvers can transfer a key, and only those whose approval its access takes: %s. Nothing was changed; ask one of them.", mrkdwn.BotText(mrkdwn.Truncate(view.Titles(view.AllRoles(r.Access)), 300))))
	case errors.Is(err, service.ErrOwnerActive) && !r.OwnerDeactivatedAt.IsZero() && to != r.Requester:
		a.respondToAction(ctx, p, view.OwnerStillActive(r)) // and I have not noticed yet
	case err != nil:
		a.respondToAction(ctx, p, view.UserError(err, r))
	}
}

// hasTooManyKeys reports whether a transfer was refused because the new owner is
// at their limit.
func hasTooManyKeys(err error) bool {
	form, ok := errors.AsType[*policy.FormError](err)
	return ok && slices.ContainsFunc(form.Problems, func(p policy.Problem) bool { return p.Code == policy.TooManyKeys })
}

// cannotReceive says which role of a key keeps it from a new owner.
func cannotReceive(to policy.UserID, e *policy.RoleError) mrkdwn.Text {
	role := mrkdwn.BotText(view.Titles([]policy.Role{e.Role}))
	switch {
	case errors.Is(e, policy.ErrRoleNotOffered):
		return mrkdwn.Textf("The role %s of this key can't be asked for here any more, so no one can take the key over. Nothing was changed; revoke it when nothing needs it.", role)
	case errors.Is(e, policy.ErrRoleNotTheirs):
		return mrkdwn.Textf("%s may not ask for the role %s of this key, so it can't be theirs. Nothing was changed; choose another person.", view.Mention(to), role)
	}
	return mrkdwn.Textf("A key with the role %s is valid at most %s in all by now, and this one is valid longer, so no one can take it over. Nothing was changed; revoke it when nothing needs it.", role, mrkdwn.BotText(mrkdwn.Duration(e.Most)))
}
