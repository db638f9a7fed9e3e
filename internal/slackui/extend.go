package slackui

import (
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// extendForm asks how much longer a key should live, and why.
//
//	┌──────────────────────────────────────────────┐
//	│ More time                                    │
//	│ The key abcdefgh of AKR-7F3K2 ends …         │
//	│ How much longer?   [ 8 hours             ▾ ] │
//	│ Why?               [                       ] │
//	│                        [ Cancel ] [ Send ]   │
//	└──────────────────────────────────────────────┘
func extendForm(p approval.Policy, r approval.Request, metadata string) slack.ModalViewRequest {
	m := modal(viewExtend, "More time",
		section(say("The key%s of request %s (%s) ends %s. Approvers decide whether it gets more time; no new key is made.", keyName(r), r.ID, r.Access.Description, when(r.EndsAt))),
		ask(blockExtendLifetime, "How much longer?", "Added to the present end.", spansMenu(blockExtendLifetime, p.Lifetimes, 0)),
		ask(blockExtendReason, "Why?", "Approvers read this.", lines(blockExtendReason, "", approval.MaxReason)),
	)
	m.Submit = plain("Send")
	m.PrivateMetadata = metadata
	return m
}

func extension(v sentView) approval.ExtensionForm {
	f := approval.ExtensionForm{Origin: v.ID, Reason: v.input(blockExtendReason).text()}
	if o := v.input(blockExtendLifetime).Selected; o != nil {
		f.Extra, _ = time.ParseDuration(o.Value) // zero is none that a policy allows
	}
	return f
}
