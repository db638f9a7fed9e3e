package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// card is the message approvers see, in every state of its life.
//
//	┌───────────────────────────────────────────────┐
//	│ API key request AKR-7F3K2                     │
//	│ @alice asks for a MongoDB Atlas API key.      │
//	│ Description: invoices                         │
//	│ Role: Organization Read Only. Reads …         │
//	│ May be used from: 203.0.113.7                 │
//	│ Lifetime: 7 days from …                       │
//	│ ▏backfill of invoices, TICKET-12              │
//	│ ⚠ Powerful: Organization Owner. …             │
//	│ Waits for an approver until …                 │
//	│ [ Approve ]  [ Deny ]                         │
//	│ Request AKR-7F3K2 · asked …                   │
//	└───────────────────────────────────────────────┘
func (v views) card(r approval.Request) message {
	intro := say("%s asks for a MongoDB Atlas API key.", mention(r.Requester))
	story := approversStory(r)
	return newMessage(
		sentences(intro, story, powerWarning(r), say("Request %s.", r.ID), accessText(r)), // the story first: long texts are cut
		header("API key request "+string(r.ID)),
		section(intro),
		facts(accessFacts(r.Access)...),
		quote(r.Reason),
		optional(powerWarning(r)),
		section(story),
		denialReason(r),
		v.decisionButtons(r),
		footnote(sentences(say("Request %s, asked %s.", r.ID, when(r.AskedAt)), v.selfApprovalNote(r))),
	)
}

// optional is a section, unless there is nothing to say.
func optional(m mrkdwn) slack.Block {
	if m == "" {
		return nil
	}
	return section(m)
}

func powerWarning(r approval.Request) mrkdwn {
	roles := powers(r.Access.Roles)
	if roles == "" {
		return ""
	}
	return say(":warning: *Powerful:* %s. Such roles can spend money, reach every project's data, or make more keys.", roles)
}

func denialReason(r approval.Request) slack.Block {
	if r.State != approval.Denied || r.Decision.Reason == "" {
		return nil
	}
	return quote(r.Decision.Reason)
}

func (v views) selfApprovalNote(r approval.Request) mrkdwn {
	if !v.selfApproval || r.State != approval.Pending {
		return ""
	}
	return "Here people may approve their own requests."
}

func (v views) decisionButtons(r approval.Request) slack.Block {
	if r.State != approval.Pending {
		return nil
	}
	grant := plain(confirmGrant(r))
	return buttons(
		sure(button(actionCardApprove, string(r.ID), "Approve", slack.StylePrimary), "Approve this key?", grant, "Approve", "Not yet"),
		button(actionCardDeny, string(r.ID), "Deny", slack.StyleDanger),
	)
}

// confirmGrant repeats what is granted in the little room of a dialog, the
// weightiest first.
func confirmGrant(r approval.Request) string {
	warning := ""
	if powers(r.Access.Roles) != "" {
		warning = "POWERFUL: "
	}
	from := clip(addresses(r.Access), 100)
	if hosts := reach(r.Access); hosts != "" {
		from += " (" + hosts + ")"
	}
	return warning + clip(titles(r.Access.Roles), 110) + ", for " + span(r.Access.Lifetime) + ", from " + from + "."
}
