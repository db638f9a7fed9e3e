package slackui

import (
	"context"
	"errors"
	"slices"

	"atlaskeybot/internal/approval"
)

// The buttons under what approvers look after without having been asked.

// markReviewed needs no words when it works: the notice is drawn again.
func (a *App) markReviewed(ctx context.Context, p action, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Review)
	switch {
	case err == nil && r.Review.By == p.by.User:
	case err == nil: // somebody signed in the same moment
		a.respondToAction(ctx, p, reviewedAlready(r))
	default:
		a.respondToAction(ctx, p, reviewRefusal(r, err))
	}
}

func reviewRefusal(r approval.Request, err error) mrkdwn {
	switch {
	case errors.Is(err, approval.ErrOwnRequest):
		return "You took this key yourself, so somebody else has to review that. Nothing was changed."
	case errors.Is(err, approval.ErrNotApprover):
		return "Only approvers can review this. Nothing was changed."
	}
	return userError(err, r)
}

// transfer gives the key of somebody who is gone to whoever was chosen. It needs
// no words when it works.
func (a *App) transfer(ctx context.Context, p action, answer ack) {
	r, err := a.act(ctx, p, answer, func(ctx context.Context, who approval.Actor, id approval.ID) (approval.Request, error) {
		return a.service.Transfer(ctx, who, id, p.chosen)
	})
	role, ofRole := errors.AsType[*approval.RoleError](err)
	switch {
	case ofRole:
		a.respondToAction(ctx, p, cannotReceive(p.chosen, role))
	case hasTooManyKeys(err):
		a.respondToAction(ctx, p, mrkdwnf("%s has as many live keys as one person may have, so this one can't be theirs. Nothing was changed; choose another person, or revoke the key if nothing needs it.", mention(p.chosen)))
	case errors.Is(err, approval.ErrNotEligible):
		a.respondToAction(ctx, p, mrkdwnf("%s cannot hold a key: only an active full member of this workspace can. Nothing was changed; choose somebody else.", mention(p.chosen)))
	case errors.Is(err, approval.ErrNotApprover):
		a.respondToAction(ctx, p, mrkdwnf("Only approvers can hand a key over, and only those whose approval its access takes: %s. Nothing was changed; ask one of them.", botText(truncate(titles(allRoles(r.Access)), 300))))
	case errors.Is(err, approval.ErrOwnerActive) && !r.OwnerDeactivatedAt.IsZero() && p.chosen != r.Requester:
		a.respondToAction(ctx, p, stillActive(r)) // and I have not noticed yet
	case err != nil:
		a.respondToAction(ctx, p, userError(err, r))
	}
}

// hasTooManyKeys reports whether a transfer was refused because the new owner is
// at their limit.
func hasTooManyKeys(err error) bool {
	form, ok := errors.AsType[*approval.FormError](err)
	return ok && slices.ContainsFunc(form.Problems, func(p approval.Problem) bool { return p.Code == approval.TooManyKeys })
}

// cannotReceive says which role of a key keeps it from a new owner.
func cannotReceive(to approval.UserID, e *approval.RoleError) mrkdwn {
	role := botText(titles([]approval.Role{e.Role}))
	switch {
	case errors.Is(e, approval.ErrRoleNotOffered):
		return mrkdwnf("The role %s of this key can't be asked for here any more, so no one can take the key over. Nothing was changed; revoke it when nothing needs it.", role)
	case errors.Is(e, approval.ErrRoleNotTheirs):
		return mrkdwnf("%s may not ask for the role %s of this key, so it can't be theirs. Nothing was changed; choose another person.", mention(to), role)
	}
	return mrkdwnf("A key with the role %s lives at most %s in all by now, and this one lives longer, so no one can take it over. Nothing was changed; revoke it when nothing needs it.", role, botText(humanDuration(e.Most)))
}
