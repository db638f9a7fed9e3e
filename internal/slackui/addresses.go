package slackui

import (
	"context"
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// addressesForm asks for another access list. What it will do is said before it
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
func addressesForm(k liveKey, o outlook) slack.ModalViewRequest {
	blocks := []slack.Block{
		section(say("This is the whole access list of the key%s of request %s. :warning: *A change counts wherever the key is used*, in every project it belongs to: what you take away stops working from there.", keyName(k.r), k.r.ID)),
		section("If you only take addresses away, nobody has to approve it and it happens at once. Anything else waits for approval; until then the list stays as it is."),
	}
	has := formOf(stillNamed(k.r.Access, k.org.Policy))
	byName, text := networkFields(addressesBlocks, k.org.Policy, has.Named, has.Networks)
	if byName != nil {
		blocks = append(blocks, live(byName))
	}
	blocks = append(blocks, text,
		ask(blockAddressesReason, "Why?", "Approvers read this.", lines(blockAddressesReason, "", approval.MaxReason)),
		slack.NewDividerBlock())
	blocks = append(blocks, foreseen(o.Problems)...)
	m := modal(viewAddresses, "Change addresses", append(blocks, section(o.route("What has to be approved goes to")))...)
	m.Submit = plain("Send")
	m.PrivateMetadata = k.metadata
	return m
}

func newAddresses(v sentView) approval.AddressesForm {
	return approval.AddressesForm{
		Origin:   v.ID,
		Named:    picked[string](v.input(blockAddressesNamed)),
		Networks: v.input(blockAddressesNetworks).text(),
		Reason:   v.input(blockAddressesReason).text(),
	}
}

// readdress opens the form for another access list.
func (a *App) readdress(ctx context.Context, p press, answer ack) {
	a.openChange(ctx, p, answer, a.service.MayReaddress, func(k liveKey) slack.ModalViewRequest {
		return a.addressesView(ctx, p.who, k, approval.AddressesForm{})
	})
}

// addressesAgain is the form after a choice in it.
func (a *App) addressesAgain(ctx context.Context, i interaction) (slack.ModalViewRequest, error) {
	k, err := a.liveKeyOf(ctx, i, a.service.MayReaddress)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return a.addressesView(ctx, i.who(), k, newAddresses(i.View)), nil
}

// addressesView looks at what another list would come to; before there is one,
// at whose approval is usual.
func (a *App) addressesView(ctx context.Context, who approval.Actor, k liveKey, wanted approval.AddressesForm) slack.ModalViewRequest {
	f := formOf(k.r.Access)
	f.Org, f.Named, f.Networks = k.org.ID, wanted.Named, wanted.Networks
	o := a.outlook(ctx, who, f, lookLimit)
	o.Problems = slices.DeleteFunc(o.Problems, func(p approval.Problem) bool {
		return p.Field != approval.FieldNamed && p.Field != approval.FieldNetworks
	})
	return addressesForm(k, o)
}
