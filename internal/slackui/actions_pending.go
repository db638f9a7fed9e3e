package slackui

import (
	"context"
	"errors"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// confirmRevoke answers "revoke AKR-7F3K2": it says what that would do and asks.
func (a *App) confirmRevoke(ctx context.Context, c payload.Command, which string) {
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	id, ok := approval.TypedID(which)
	if publicKey, isKey := approval.TypedPublicKey(which); !ok && isKey {
		found, err := a.service.RequestOfKey(bounded, publicKey)
		if err != nil {
			a.logRefusal("asking to revoke", c.Who, approval.Request{}, err)
			a.respond(ctx, c.ResponseURL, noSuchKey(err, publicKey))
			return
		}
		id, ok = found, true
	}
	if !ok {
		a.respond(ctx, c.ResponseURL, mrkdwn.Textf("Name the key by its request or its public key, as in `%[1]s revoke AKR-7F3K2`; `%[1]s list` shows yours. Nothing was changed.", mrkdwn.BotText(a.screens.Command)))
		return
	}
	r, err := a.service.MayRevoke(bounded, c.Who, id)
	if err != nil {
		a.logRefusal("asking to revoke", c.Who, r, err)
		a.respond(ctx, c.ResponseURL, keyAdminRefusal(r, err))
		return
	}
	if err := a.responses.Post(ctx, c.ResponseURL, client.Ephemeral(view.ConfirmRevoke(r, r.Requester == c.Who.User))); err != nil {
		a.log.Warn("asking whether to revoke", "user", c.Who.User, "request", id, "error", err)
	}
}

// noSuchKey says that no active key has a public key, or that it could not be looked for.
func noSuchKey(err error, publicKey string) mrkdwn.Text {
	if !errors.Is(err, approval.ErrNotFound) {
		return view.UserError(err, approval.Request{})
	}
	return mrkdwn.Textf("I can't find an active key %s. If it still works, revoke it in Atlas. Nothing was changed.", publicKey)
}

// sendPending answers "pending" to an approver.
func (a *App) sendPending(ctx context.Context, c payload.Command) {
	ctx = client.ForRefresh(ctx)
	waiting, err := a.service.ListPending(ctx, c.Who)
	var unsigned []approval.Request
	if err == nil {
		unsigned, err = a.service.AwaitingReview(ctx, c.Who)
	}
	if err != nil {
		err = a.service.RefuseView(ctx, c.Who, "pending", err)
		a.logRefusal("listing what waits", c.Who, approval.Request{}, err)
		said := view.UserError(err, approval.Request{})
		if errors.Is(err, policy.ErrNotApprover) {
			said = mrkdwn.Textf("This is for approvers. Your own requests are in `%s list`.", mrkdwn.BotText(a.screens.Command))
		}
		a.respond(ctx, c.ResponseURL, said)
		return
	}
	if err := a.responses.Post(ctx, c.ResponseURL, client.Ephemeral(a.screens.Pending(waiting, unsigned, a.slack.Config.Now()))); err != nil {
		a.log.Warn("showing what waits", "user", c.Who.User, "error", err)
	}
}
