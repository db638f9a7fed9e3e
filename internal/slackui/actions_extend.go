package slackui

import (
	"context"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/isolate"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// extend opens the form for more time.
func (a *App) extend(ctx context.Context, p action, answer payload.Ack) {
	a.openChange(ctx, p, answer, a.service.MayExtend, func(k view.KeyTarget) slack.ModalViewRequest { return a.extendViewFor(ctx, p.by, k, 0) })
}

// refreshExtend is the form after a choice in it.
func (a *App) refreshExtend(ctx context.Context, i payload.Interaction) (slack.ModalViewRequest, error) {
	k, err := a.keyTargetOf(ctx, i, a.service.MayExtend)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return a.extendViewFor(ctx, i.Who(), k, view.Extension(i.View).ExtendBy), nil
}

// extendViewFor looks at what an extension would come to.
func (a *App) extendViewFor(ctx context.Context, who policy.Actor, k view.KeyTarget, extra time.Duration) slack.ModalViewRequest {
	s := view.ExtendView{KeyTarget: k, Preview: a.previewChange(ctx, who, k, view.TotalLifetime(k.Request, extra))}
	s.MaxLifetime, s.MaxLifetimeRole = k.Org.Policy.MostLife(k.Request.Access)
	return view.ExtendForm(s)
}

// previewChange is what a key with the same access and that lifetime would come to.
// If the rules of now do not allow its addresses, no rule is known to approve
// it.
func (a *App) previewChange(ctx context.Context, who policy.Actor, k view.KeyTarget, lifetime time.Duration) (o view.FormPreview) {
	o.Unknown = true
	defer isolate.LogPanic(a.log, "looking at what an extension would come to panicked")
	f := view.FormOf(view.WithOfferedPresets(k.Request.Access, k.Org.Policy))
	f.Org, f.Lifetime = k.Org.ID, lifetime
	o = a.previewOf(ctx, who, f, previewTimeout)
	o.Unknown = o.Unknown || o.Rule != "" && slices.ContainsFunc(o.Problems, func(p policy.Problem) bool { return p.Field == policy.FieldNetworks })
	return o
}
