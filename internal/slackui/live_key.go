package slackui

import (
	"context"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// A liveKey is a key whose owner asks for a change of it in a modal.
type liveKey struct {
	r        approval.Request
	org      approval.Org
	metadata string // of the modal: see [aboutRequest]
}

// A mayChange is [approval.Service.MayReaddress] or [approval.Service.MayExtend].
type mayChange func(context.Context, approval.Actor, approval.ID) (approval.Request, approval.Org, error)

// openChange opens a modal about a live key for its owner.
func (a *App) openChange(ctx context.Context, p press, answer ack, may mayChange, modal func(liveKey) slack.ModalViewRequest) {
	k := liveKey{metadata: aboutRequest(p)}
	r, err := a.act(ctx, p, answer, func(ctx context.Context, who approval.Actor, id approval.ID) (approval.Request, error) {
		var err error
		k.r, k.org, err = may(ctx, who, id)
		return k.r, err
	})
	if err != nil {
		a.tellOwner(ctx, p, r, err)
		return
	}
	a.openAbout(ctx, p, modal(k))
}

// liveKeyOf is the key that an open modal is about, if it still is.
func (a *App) liveKeyOf(ctx context.Context, i interaction, may mayChange) (liveKey, error) {
	id, _, ok := about(i.View)
	if !ok {
		return liveKey{}, approval.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, org, err := may(ctx, i.who(), id)
	return liveKey{r, org, i.View.Metadata}, err
}
