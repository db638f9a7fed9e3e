package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// The buttons of a key that lives.

// openAbout opens a modal about a request, or says that it could not be opened.
func (a *App) openAbout(ctx context.Context, p press, v slack.ModalViewRequest) {
	if err := a.openView(ctx, p.trigger, v); err != nil {
		a.log.Warn("opening a form about a request", "action", p.action, "user", p.who.User, "request", p.id, "error", err)
		a.answer(ctx, p, notOpened(err, "The form could not be opened: Slack gives me three seconds for it, and they were over. Nothing was changed; press the button once more."))
	}
}

// rotate opens a successor, which appears in a message of its own.
func (a *App) rotate(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Rotate)
	a.answer(ctx, p, rotated(r, err))
}

func (a *App) rotateListed(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Rotate)
	a.sendPage(ctx, p.who, p.responseURL, rotated(r, err), true, a.pageOf(ctx, p))
}

func rotated(r approval.Request, err error) mrkdwn {
	if err != nil {
		return ownerRefusal(r, err)
	}
	if r.State == approval.Pending {
		return say("Request %s asks for a successor: the key was handed to you, so approvers decide before you see a private key of it. The key you have keeps working meanwhile.", r.ID)
	}
	return say("The successor is request %s: press *Create my key* in its message in our conversation, by %s. The key you have keeps working meanwhile.", r.ID, when(r.LapsesAt))
}

// switched ends the predecessor of the key that the button is about.
func (a *App) switched(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.SwitchedOver)
	a.answer(ctx, p, switchedOver(r, err))
}

func (a *App) switchedListed(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.SwitchedOver)
	a.sendPage(ctx, p.who, p.responseURL, switchedOver(r, err), true, a.pageOf(ctx, p))
}

// switchedOver tells of the predecessor, which is the request that is returned.
func switchedOver(r approval.Request, err error) mrkdwn {
	switch {
	case err == nil:
		return say("The earlier key%s, of request %s, is being deleted.", keyName(r), r.ID)
	case errors.Is(err, approval.ErrNotAllowed):
		return tooLate(r)
	}
	return ownerRefusal(r, err)
}

// askWhyRevoke opens the form for a reason; the key is revoked when that is
// sent.
func (a *App) askWhyRevoke(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.MayRevoke)
	if err != nil {
		a.tellOverseer(ctx, p, r, err)
		return
	}
	a.openAbout(ctx, p, revokeForm(r, aboutRequest(p)))
}

// revokeOrAskWhy is behind the command's question, which owners answered by
// confirming it.
func (a *App) revokeOrAskWhy(ctx context.Context, p press, answer ack) {
	r, err := a.service.Get(ctx, p.id)
	if err == nil && r.Requester == p.who.User {
		r, err = a.act(ctx, p, answer, a.revokeNow)
		a.answer(ctx, p, revoked(r, err))
		return
	}
	a.askWhyRevoke(ctx, p, answer)
}

func revoked(r approval.Request, err error) mrkdwn {
	if err != nil {
		return ownerRefusal(r, err)
	}
	return tooLate(r)
}

// tellOverseer says why a key was not revoked to somebody who need not be its
// owner.
func (a *App) tellOverseer(ctx context.Context, p press, r approval.Request, err error) {
	if err != nil {
		a.answer(ctx, p, overseerRefusal(r, err))
	}
}

func overseerRefusal(r approval.Request, err error) mrkdwn {
	switch {
	case errors.Is(err, approval.ErrNotOwner), errors.Is(err, approval.ErrNotApprover):
		return notYours
	case errors.Is(err, approval.ErrNotAllowed) && !hasEnded(r):
		return say("Request %s has no key that could be revoked at the moment. Nothing was changed.", r.ID)
	}
	return refusal(err, r)
}

func hasEnded(r approval.Request) bool {
	return r.State == approval.Revoking || r.State == approval.Ended
}
