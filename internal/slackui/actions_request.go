package slackui

import (
	"context"
	"errors"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// What the requester does with a request, until the key is saved. These say
// nothing when they work: the message is updated.

func (a *App) withdraw(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Withdraw)
	a.respondToOwner(ctx, p, r, err)
}

func (a *App) nudge(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Nudge)
	a.respondToOwner(ctx, p, r, err)
}

// issue has the key created. In the Home tab and in the list the button is there
// while the message that holds it could not be posted: the Messages tab can be
// off. What came of the click is said there, since nothing else may reach the
// requester.
func (a *App) issue(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Issue)
	if err == nil && (p.on == view.HomeSurface || p.on == view.ListSurface) {
		a.respondWithOutcome(ctx, p, a.issued(a.awaitIssued(ctx, r)))
		return
	}
	a.respondToOwner(ctx, p, r, err)
}

const (
	issueWait = 15 * time.Second // for the outcome
	issuePoll = 250 * time.Millisecond
)

// awaitIssued returns r once its key was shown or rolled back, or as it is after
// [issueWait].
func (a *App) awaitIssued(ctx context.Context, r approval.Request) approval.Request {
	ctx, cancel := context.WithTimeout(ctx, issueWait)
	defer cancel()
	poll := time.NewTicker(issuePoll)
	defer poll.Stop()
	for r.State == approval.StateIssuing {
		select {
		case <-ctx.Done():
			return r
		case <-poll.C:
		}
		if now, err := a.service.Get(ctx, r.ID); err == nil {
			r = now
		}
	}
	return r
}

func (a *App) issued(r approval.Request) mrkdwn.Text {
	switch {
	case r.State == approval.StateIssuing:
		return mrkdwn.Textf("The key of request %s is being made. If I can write to you, it appears in our conversation, in the *Messages* tab of this app.", r.ID)
	case r.State == approval.StateDelivered:
		return mrkdwn.Textf("The key%s of request %s is in our conversation, in the *Messages* tab of this app. It is shown there once.", view.KeyName(r), r.ID)
	case r.State == approval.StateApproved && a.screens.MessagesTabIsOff():
		return mrkdwn.JoinSentences(mrkdwn.Textf("No key stayed of request %s: it can be shown to you in our conversation only, and the *Messages* tab is still off.", r.ID),
			"Once it is on, press *Create my key* again.")
	}
	return mrkdwn.JoinSentences(mrkdwn.Textf("Request %s:", r.ID), view.StatusForRequester(r))
}

// confirm records that the key is saved. The message that shows the key is
// deleted, also when the key in it is no longer the one that works.
func (a *App) confirm(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Confirm)
	switch {
	case err == nil && !p.on.IsEphemeral():
		a.respondToAction(ctx, p, mrkdwn.Textf("Thank you. The key%s is yours until %s.", view.KeyName(r), mrkdwn.Date(r.KeyExpiresAt)))
	case err != nil && r.State == approval.StateActive && r.Requester == p.by.User:
		a.respondToAction(ctx, p, "Thank you, it is noted already. There is nothing else to do.")
	case isRollingBack(r, err):
		a.respondToAction(ctx, p, view.RolledBackForOwner(r))
	case err != nil && r.State == approval.StateIssuing:
		a.respondToAction(ctx, p, "I am not quite done with this key. Press that once more in a moment.")
	default:
		a.respondToOwner(ctx, p, r, err)
	}
	a.dismissKeyMessage(ctx, p, r, err)
}

// isRollingBack reports whether an action was refused because its key is not
// delivered.
func isRollingBack(r approval.Request, err error) bool {
	return errors.Is(err, approval.ErrNotAllowed) && r.State == approval.StateIssuing && r.Issuance.Stage == approval.StageRollingBack
}

// replace has another key issued for one that was not seen.
func (a *App) replace(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Replace)
	a.respondToOwner(ctx, p, r, err)
	a.dismissKeyMessage(ctx, p, r, err)
}

// dismissKeyMessage deletes the ephemeral message with a key once its owner is
// done with it. It stays while the key in it may be the one that works: a user
// can click before the delivery is recorded.
func (a *App) dismissKeyMessage(ctx context.Context, p action, r approval.Request, err error) {
	mayWork := r.State == approval.StateDelivered || r.State == approval.StateIssuing
	done := err == nil || errors.Is(err, approval.ErrNotAllowed) && !mayWork
	if !p.on.IsEphemeral() || !done {
		return
	}
	if err := a.responses.DeleteOriginal(ctx, p.responseURL); err != nil {
		a.log.Warn("deleting an ephemeral message with a key", "request", p.id, "error", err)
	}
}

// retry has what waits for its next try tried at once, and answers where the
// request stands.
func (a *App) retry(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.TryAgain)
	if err != nil {
		a.respondToOwner(ctx, p, r, err)
		return
	}
	if err := a.responses.Post(ctx, p.responseURL, client.Ephemeral(view.StatusReply(r))); err != nil {
		a.log.Warn("answering an action", "user", p.by.User, "error", err)
	}
}

// requestAgain opens the form filled in from a request of the user's own.
func (a *App) requestAgain(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.MayRequestAgain)
	if err != nil {
		a.respondToOwner(ctx, p, r, err)
		return
	}
	a.openForm(ctx, p.by, p.trigger, view.FormToRequestAgain(a.screens.Policy(r), r), func(said mrkdwn.Text) { a.respondToAction(ctx, p, said) })
}
