package slackui

import (
	"context"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// The button *Create my key* is in Home and in the list while the message that
// holds it could not be posted: the Messages tab can be off. What came of the
// press is said where it was made, since nothing else may reach the requester.

const (
	// createdLimit is how long the outcome is waited for, and createdPause how
	// long between two looks.
	createdLimit = 15 * time.Second
	createdPause = 250 * time.Millisecond
)

func (a *App) createAtHome(ctx context.Context, p action, answer payload.Ack) {
	a.respondToAction(ctx, p, a.createAside(ctx, p, answer))
}

func (a *App) createListed(ctx context.Context, p action, answer payload.Ack) {
	a.sendList(ctx, p.by, p.responseURL, a.createAside(ctx, p, answer), true)
}

// createAside has the key made and shown in the conversation, and returns what
// came of it.
func (a *App) createAside(ctx context.Context, p action, answer payload.Ack) mrkdwn.Mrkdwn {
	r, err := a.act(ctx, p, answer, a.service.Issue)
	if err != nil {
		return ownerRefusal(r, err)
	}
	return a.created(a.untilMade(ctx, r))
}

// untilMade returns r once its key was shown or put back, or as it is after
// [createdLimit].
func (a *App) untilMade(ctx context.Context, r approval.Request) approval.Request {
	ctx, cancel := context.WithTimeout(ctx, createdLimit)
	defer cancel()
	look := time.NewTicker(createdPause)
	defer look.Stop()
	for r.State == approval.StateIssuing {
		select {
		case <-ctx.Done():
			return r
		case <-look.C:
		}
		if now, err := a.service.Get(ctx, r.ID); err == nil {
			r = now
		}
	}
	return r
}

func (a *App) created(r approval.Request) mrkdwn.Mrkdwn {
	switch {
	case r.State == approval.StateIssuing:
		return mrkdwn.Mrkdwnf("The key of request %s is being made. If I can write to you, it appears in our conversation, in the *Messages* tab of this app.", r.ID)
	case r.State == approval.StateDelivered:
		return mrkdwn.Mrkdwnf("The key%s of request %s is in our conversation, in the *Messages* tab of this app. It is shown there once.", view.KeyName(r), r.ID)
	case r.State == approval.StateApproved && a.screens.CanNotWrite():
		return mrkdwn.JoinSentences(mrkdwn.Mrkdwnf("No key stayed of request %s: it can be shown to you in our conversation only, and the *Messages* tab is still off.", r.ID),
			"Once it is on, press *Create my key* again.")
	}
	return mrkdwn.JoinSentences(mrkdwn.Mrkdwnf("Request %s:", r.ID), view.StatusForRequester(r))
}
