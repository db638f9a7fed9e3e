package slackui

import (
	"context"
	"errors"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// rotate opens a successor, which appears in a message of its own.
func (a *App) rotate(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Rotate)
	a.respondWithOutcome(ctx, p, rotated(r, err))
}

func rotated(r approval.Request, err error) mrkdwn.Text {
	if err != nil {
		return ownerRefusal(r, err)
	}
	if r.State == approval.StatePending {
		return mrkdwn.Textf("Request %s asks for a successor: the key was transferred to you, so approvers decide before you see a private key of it. The key you have keeps working meanwhile.", r.ID)
	}
	return mrkdwn.Textf("The successor is request %s: press *Create my key* in its message in our conversation, by %s. The key you have keeps working meanwhile.", r.ID, mrkdwn.Date(r.ExpiresAt))
}

// retirePredecessor ends the predecessor of the key that the button is about.
func (a *App) retirePredecessor(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.RetirePredecessorNow)
	a.respondWithOutcome(ctx, p, predecessorRetired(r, err))
}

// predecessorRetired tells of the predecessor, which is the request that is returned.
func predecessorRetired(r approval.Request, err error) mrkdwn.Text {
	switch {
	case err == nil:
		return mrkdwn.Textf("The earlier key%s, of request %s, is being deleted.", view.KeyName(r), r.ID)
	case errors.Is(err, approval.ErrNotAllowed):
		return view.AlreadyDone(r)
	}
	return ownerRefusal(r, err)
}

// revoke deletes the key at once. Owners give no reason, and a notice that asks
// approvers for it is reason enough.
func (a *App) revoke(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, func(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
		return a.service.Revoke(ctx, who, id, "")
	})
	switch {
	case p.message.ToApprovers():
		a.respondToKeyAdmin(ctx, p, r, err)
	case p.on == view.ConfirmRevokeSurface && err == nil:
		a.respondToAction(ctx, p, view.AlreadyDone(r))
	default:
		a.respondToOwner(ctx, p, r, err)
	}
}

// revokeWithReason opens the form for a reason; the key is revoked when that is
// sent.
func (a *App) revokeWithReason(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.MayRevoke)
	if err != nil {
		a.respondToKeyAdmin(ctx, p, r, err)
		return
	}
	a.openAbout(ctx, p, view.RevokeForm(r, requestMetadata(p)))
}

// respondToKeyAdmin says why a key was not revoked to a user who need not be its
// owner.
func (a *App) respondToKeyAdmin(ctx context.Context, p action, r approval.Request, err error) {
	if err != nil {
		a.respondToAction(ctx, p, keyAdminRefusal(r, err))
	}
}

func keyAdminRefusal(r approval.Request, err error) mrkdwn.Text {
	switch {
	case errors.Is(err, approval.ErrNotOwner), errors.Is(err, policy.ErrNotApprover):
		return view.NotYourKey
	case errors.Is(err, approval.ErrNotAllowed) && !hasEnded(r):
		return mrkdwn.Textf("Request %s has no key that could be revoked at the moment. Nothing was changed.", r.ID)
	}
	return view.UserError(err, r)
}

func hasEnded(r approval.Request) bool {
	return r.State == approval.StateRevoking || r.State == approval.StateEnded
}
