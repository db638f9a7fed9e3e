package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
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
func AccessListForm(k KeyTarget, o FormPreview) slack.ModalViewRequest {
	blocks := []slack.Block{
		mrkdwn.Section(mrkdwn.Mrkdwnf("This is the whole access list of the key%s of request %s. :warning: *A change counts wherever the key is used*, in every project it belongs to: what you take away stops working from there.", KeyName(k.R), k.R.ID)),
		mrkdwn.Section("If you only take addresses away, nobody has to approve it and it happens at once. Anything else waits for approval; until then the list stays as it is."),
	}
	has := FormOf(StillNamed(k.R.Access, k.Org.Policy))
	byName, text := networkFields(AddressesBlocks, k.Org.Policy, has.NetworkPresets, has.Networks)
	if byName != nil {
		blocks = append(blocks, mrkdwn.DispatchOnChange(byName))
	}
	blocks = append(blocks, text,
		mrkdwn.InputBlock(blockAddressesReason, "Why?", "Approvers read this.", mrkdwn.Lines(blockAddressesReason, "", policy.MaxReason)),
		slack.NewDividerBlock())
	blocks = append(blocks, previewProblems(o.Problems)...)
	m := mrkdwn.Modal(ViewAddresses, "Change addresses", append(blocks, mrkdwn.Section(o.route("What has to be approved goes to")))...)
	m.Submit = mrkdwn.PlainText("Send")
	m.PrivateMetadata = k.Metadata
	return m
}

func AccessListChange(v payload.SentView) service.AccessListForm {
	return service.AccessListForm{
		IdempotencyKey: v.ID,
		NetworkPresets: selectedValues[string](v.Input(blockAddressesNamed)),
		Networks:       v.Input(blockAddressesNetworks).Text(),
		Reason:         v.Input(blockAddressesReason).Text(),
	}
}
