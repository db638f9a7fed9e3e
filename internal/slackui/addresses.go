package slackui

import (
	"context"
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// accessListForm asks for another access list. What it will do is said before it
// is sent: the list belongs to the key, not to a project.
//
//	┌──────────────────────────────────────────────┐
//	│ Change addresses                             │
//	│ The whole list of the key … It counts …      │
//	│ From which networks?   [ office          ▾ ] │
//	│ From which addresses?  [ 203.0.113.7       ] │
//	│ Why?                   [                   ] │
//	│ This will go to 1 of @platform               │
//	│                        [ Cancel ] [ Send ]   │
//	└──────────────────────────────────────────────┘
func accessListForm(k keyTarget, o formPreview) slack.ModalViewRequest {
	blocks := []slack.Block{
		section(mrkdwnf("This is the whole access list of the key%s of request %s. :warning: *A change counts wherever the key is used*, in every project it belongs to: what you take away stops working from there.", keyName(k.r), k.r.ID)),
		section("If you only take addresses away, nobody has to approve it and it happens at once. Anything else waits for approval; until then the list stays as it is."),
	}
	has := formOf(stillNamed(k.r.Access, k.org.Policy))
	byName, text := networkFields(addressesBlocks, k.org.Policy, has.NetworkPresets, has.Networks)
	if byName != nil {
		blocks = append(blocks, dispatchOnChange(byName))
	}
	blocks = append(blocks, text,
		inputBlock(blockAddressesReason, "Why?", "Approvers read this.", lines(blockAddressesReason, "", approval.MaxReason)),
		slack.NewDividerBlock())
	blocks = append(blocks, previewProblems(o.Problems)...)
	m := modal(viewAddresses, "Change addresses", append(blocks, section(o.route("What has to be approved goes to")))...)
	m.Submit = plainText("Send")
	m.PrivateMetadata = k.metadata
	return m
}

func accessListChange(v sentView) approval.AccessListForm {
	return approval.AccessListForm{
		IdempotencyKey: v.ID,
		NetworkPresets: selectedValues[string](v.input(blockAddressesNamed)),
		Networks:       v.input(blockAddressesNetworks).text(),
		Reason:         v.input(blockAddressesReason).text(),
	}
}

// changeAccessList opens the form for another access list.
func (a *App) changeAccessList(ctx context.Context, p action, answer ack) {
	a.openChange(ctx, p, answer, a.service.MayReplaceAccessList, func(k keyTarget) slack.ModalViewRequest {
		return a.accessListView(ctx, p.by, k, approval.AccessListForm{})
	})
}

// refreshAccessList is the form after a choice in it.
func (a *App) refreshAccessList(ctx context.Context, i interaction) (slack.ModalViewRequest, error) {
	k, err := a.keyTargetOf(ctx, i, a.service.MayReplaceAccessList)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return a.accessListView(ctx, i.who(), k, accessListChange(i.View)), nil
}

// accessListView looks at what another list would come to; before there is one,
// at whose approval is usual.
func (a *App) accessListView(ctx context.Context, who approval.Actor, k keyTarget, wanted approval.AccessListForm) slack.ModalViewRequest {
	f := formOf(k.r.Access)
	f.Org, f.NetworkPresets, f.Networks = k.org.ID, wanted.NetworkPresets, wanted.Networks
	o := a.previewOf(ctx, who, f, previewTimeout)
	o.Problems = slices.DeleteFunc(o.Problems, func(p approval.Problem) bool {
		return p.Field != approval.FieldNetworkPresets && p.Field != approval.FieldNetworks
	})
	return accessListForm(k, o)
}
