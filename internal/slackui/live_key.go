package slackui

import (
	"context"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// A keyTarget is a key whose owner asks for a change of it in a modal.
type keyTarget struct {
	r        approval.Request
	org      approval.Org
	metadata string // of the modal: see [requestMetadata]
}

// A mayChange is [approval.Service.MayReplaceAccessList] or [approval.Service.MayExtend].
type mayChange func(context.Context, approval.Actor, approval.ID) (approval.Request, approval.Org, error)

// openChange opens a modal about a live key for its owner.
func (a *App) openChange(ctx context.Context, p action, answer ack, may mayChange, modal func(keyTarget) slack.ModalViewRequest) {
	k := keyTarget{metadata: requestMetadata(p)}
	r, err := a.act(ctx, p, answer, func(ctx context.Context, who approval.Actor, id approval.ID) (approval.Request, error) {
		var err error
		k.r, k.org, err = may(ctx, who, id)
		return k.r, err
	})
	if err != nil {
		a.respondToOwner(ctx, p, r, err)
		return
	}
	a.openAbout(ctx, p, modal(k))
}

// keyTargetOf is the key that an open modal is about, if it still is.
func (a *App) keyTargetOf(ctx context.Context, i interaction, may mayChange) (keyTarget, error) {
	id, _, ok := requestOf(i.View)
	if !ok {
		return keyTarget{}, approval.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, org, err := may(ctx, i.who(), id)
	return keyTarget{r, org, i.View.Metadata}, err
}
