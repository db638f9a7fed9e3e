package slackui

import (
	"context"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// openChange opens a modal about an active key for its owner.
func (a *App) openChange(ctx context.Context, p action, answer payload.Ack, may view.MayChange, modal func(view.KeyTarget) slack.ModalViewRequest) {
	k := view.KeyTarget{Metadata: requestMetadata(p)}
	r, err := a.act(ctx, p, answer, func(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
		var err error
		k.Request, k.Org, err = may(ctx, who, id)
		return k.Request, err
	})
	if err != nil {
		a.respondToOwner(ctx, p, r, err)
		return
	}
	a.openAbout(ctx, p, modal(k))
}

// keyTargetOf is the key that an open modal is about, if it still is.
func (a *App) keyTargetOf(ctx context.Context, i payload.Interaction, may view.MayChange) (view.KeyTarget, error) {
	id, _, ok := requestOf(i.View)
	if !ok {
		return view.KeyTarget{}, approval.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, org, err := may(ctx, i.Who(), id)
	return view.KeyTarget{Request: r, Org: org, Metadata: i.View.Metadata}, err
}
