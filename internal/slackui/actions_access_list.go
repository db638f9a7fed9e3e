package slackui

import (
	"context"
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// replaceAccessList opens the form for another access list.
func (a *App) replaceAccessList(ctx context.Context, p action, answer payload.Ack) {
	a.openChange(ctx, p, answer, a.service.MayReplaceAccessList, func(k view.KeyTarget) slack.ModalViewRequest {
		return a.accessListView(ctx, p.by, k, service.AccessListForm{})
	})
}

// refreshAccessList is the form after a choice in it.
func (a *App) refreshAccessList(ctx context.Context, i payload.Interaction) (slack.ModalViewRequest, error) {
	k, err := a.keyTargetOf(ctx, i, a.service.MayReplaceAccessList)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return a.accessListView(ctx, i.Who(), k, view.AccessListChange(i.View)), nil
}

// accessListView looks at what another list would come to; before there is one,
// at whose approval is usual.
func (a *App) accessListView(ctx context.Context, who policy.Actor, k view.KeyTarget, wanted service.AccessListForm) slack.ModalViewRequest {
	f := view.FormOf(k.Request.Access)
	f.Org, f.NetworkPresets, f.Networks = k.Org.ID, wanted.NetworkPresets, wanted.Networks
	o := a.previewOf(ctx, who, f, previewTimeout)
	o.Problems = slices.DeleteFunc(o.Problems, func(p policy.Problem) bool {
		return p.Field != policy.FieldNetworkPresets && p.Field != policy.FieldNetworks
	})
	return view.AccessListForm(k, o)
}
