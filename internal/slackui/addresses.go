package slackui

import (
	"strings"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// addressesForm asks for another access list. What it will do is said before it
// is sent: the list belongs to the key, not to a project.
//
//	┌──────────────────────────────────────────────┐
//	│ Change addresses                             │
//	│ The whole list of the key … It counts …      │
//	│ From which addresses?  [ 203.0.113.7       ] │
//	│ Why?                   [                   ] │
//	│                        [ Cancel ] [ Send ]   │
//	└──────────────────────────────────────────────┘
func addressesForm(p approval.Policy, r approval.Request, metadata string) slack.ModalViewRequest {
	m := modal(viewAddresses, "Change addresses",
		section(say("This is the whole access list of the key%s of request %s. :warning: *A change counts wherever the key is used*, in every project it belongs to: what you take away stops working from there.", keyName(r), r.ID)),
		section("If you only take addresses away, nobody has to approve it and it happens at once. Anything else waits for an approver; until then the list stays as it is."),
		ask(blockAddressesNetworks, "From which addresses?", networksHint(p), lines(blockAddressesNetworks, typed(r.Access), approval.MaxNetworks)),
		ask(blockAddressesReason, "Why?", "Approvers read this.", lines(blockAddressesReason, "", approval.MaxReason)),
	)
	m.Submit = plain("Send")
	m.PrivateMetadata = metadata
	return m
}

func newAddresses(v sentView) approval.AddressesForm {
	return approval.AddressesForm{Origin: v.ID, Networks: v.input(blockAddressesNetworks).text(), Reason: v.input(blockAddressesReason).text()}
}

// typed lists addresses as somebody would type them, one a line.
func typed(a approval.Access) string { return strings.ReplaceAll(addresses(a), ", ", "\n") }
