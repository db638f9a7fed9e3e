package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// The buttons of a key that lives.

// openAbout opens a modal about a request, or says that it could not be opened.
func (a *App) openAbout(ctx context.Context, p action, v slack.ModalViewRequest) {
	if err := a.openView(ctx, p.trigger, v); err != nil {
		a.log.Warn("opening a form about a request", "action", p.actionID, "user", p.by.User, "request", p.id, "error", err)
		a.respondToAction(ctx, p, notOpened(err, "The form could not be opened: Slack gives me three seconds for it, and they were over. Nothing was changed; press the button once more."))
	}
}

// rotate opens a successor, which appears in a message of its own.
func (a *App) rotate(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Rotate)
	a.respondToAction(ctx, p, rotated(r, err))
}

func (a *App) rotateListed(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Rotate)
	a.sendPage(ctx, p.by, p.responseURL, rotated(r, err), true, a.pageOf(ctx, p))
}

func rotated(r approval.Request, err error) mrkdwn.Mrkdwn {
	if err != nil {
		return ownerRefusal(r, err)
	}
	if r.State == approval.StatePending {
		return mrkdwn.Mrkdwnf("Request %s asks for a successor: the key was handed to you, so approvers decide before you see a private key of it. The key you have keeps working meanwhile.", r.ID)
	}
	return mrkdwn.Mrkdwnf("The successor is request %s: press *Create my key* in its message in our conversation, by %s. The key you have keeps working meanwhile.", r.ID, mrkdwn.SlackDate(r.ExpiresAt))
}

// retirePredecessor ends the predecessor of the key that the button is about.
func (a *App) retirePredecessor(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.RetirePredecessorNow)
	a.respondToAction(ctx, p, predecessorRetired(r, err))
}

func (a *App) retirePredecessorListed(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.RetirePredecessorNow)
	a.sendPage(ctx, p.by, p.responseURL, predecessorRetired(r, err), true, a.pageOf(ctx, p))
}

// predecessorRetired tells of the predecessor, which is the request that is returned.
func predecessorRetired(r approval.Request, err error) mrkdwn.Mrkdwn {
	switch {
	case err == nil:
		return mrkdwn.Mrkdwnf("The earlier key%s, of request %s, is being deleted.", view.KeyName(r), r.ID)
	case errors.Is(err, approval.ErrNotAllowed):
		return view.TooLate(r)
	}
	return ownerRefusal(r, err)
}

// askWhyRevoke opens the form for a reason; the key is revoked when that is
// sent.
func (a *App) askWhyRevoke(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.MayRevoke)
	if err != nil {
		a.respondToKeyAdmin(ctx, p, r, err)
		return
	}
	a.openAbout(ctx, p, view.RevokeForm(r, requestMetadata(p)))
}

// revokeOrAskWhy is behind the command's question, which owners answered by
// confirming it.
func (a *App) revokeOrAskWhy(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.service.Get(ctx, p.id)
	if err == nil && r.Requester == p.by.User {
		r, err = a.act(ctx, p, answer, a.revokeNow)
		a.respondToAction(ctx, p, revoked(r, err))
		return
	}
	a.askWhyRevoke(ctx, p, answer)
}

func revoked(r approval.Request, err error) mrkdwn.Mrkdwn {
	if err != nil {
		return ownerRefusal(r, err)
	}
	return view.TooLate(r)
}

// respondToKeyAdmin says why a key was not revoked to somebody who need not be its
// owner.
func (a *App) respondToKeyAdmin(ctx context.Context, p action, r approval.Request, err error) {
	if err != nil {
		a.respondToAction(ctx, p, keyAdminRefusal(r, err))
	}
}

func keyAdminRefusal(r approval.Request, err error) mrkdwn.Mrkdwn {
	switch {
	case errors.Is(err, approval.ErrNotOwner), errors.Is(err, policy.ErrNotApprover):
		return view.NotYours
	case errors.Is(err, approval.ErrNotAllowed) && !hasEnded(r):
		return mrkdwn.Mrkdwnf("Request %s has no key that could be revoked at the moment. Nothing was changed.", r.ID)
	}
	return view.UserError(err, r)
}

func hasEnded(r approval.Request) bool {
	return r.State == approval.StateRevoking || r.State == approval.StateEnded
}
