package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// A BreakGlassView is the modal in which a user takes a key without
// approval, at one moment.
type BreakGlassView struct {
	Orgs    policy.Orgs // in which they may
	Org     policy.Org  // the one that it is about
	Channel string      // its approvers'
	Filled  FormState
}

// BreakGlassForm is the modal for break-glass. What it does is said first: it
// asks no approver. Its view id becomes the request's idempotency key.
//
//	┌──────────────────────────────────────────────┐
//	│ Break-glass key                              │
//	│ 🚨 A key at once, without approval …         │
//	│ In which organization?  [ Production      ▾ ]│
//	│ What is the key for?    [                   ]│
//	│ What may it do?         [ roles           ▾ ]│
//	│ From which networks?    [ office          ▾ ]│
//	│ From which addresses?   [                   ]│
//	│ What is the emergency?  [                   ]│
//	│                      [ Cancel ] [ Take key ] │
//	└──────────────────────────────────────────────┘
func BreakGlassForm(s BreakGlassView) slack.ModalViewRequest {
	rule := s.Org.Policy.BreakGlass
	in := inputs{orgIndex: orgIndex(s.Org.ID, s.Orgs), policy: s.Org.Policy, roles: rule.Roles, filled: s.Filled}
	blocks := []slack.Block{
		mrkdwn.Section(mrkdwn.Textf(":rotating_light: *This makes a key at once, without approval.*\n"+
			"• It appears in our conversation, visible to you alone, is valid for %s and is deleted then.\n"+
			"• <#%s> reads at once that you took it, what it may do, and your reason.\n"+
			"• Another person has to review it there.\n"+
			"If it can wait for an approver, close this and ask in the normal way.", mrkdwn.BotText(mrkdwn.Duration(rule.Lifetime)), mrkdwn.BotText(s.Channel))),
	}
	blocks = append(blocks, orgBlock(s.Orgs, s.Org.ID)...)
	blocks = append(blocks, in.block(policy.FieldDescription), in.block(policy.FieldRoles, asking("What may it do?", "Organization roles. As few as will do.")))
	blocks = append(blocks, in.networkBlocks()...)
	blocks = append(blocks, in.block(policy.FieldReason, asking("What is the emergency?", "Everyone in the approvers' channel reads this, and the person who reviews it.")))
	m := mrkdwn.Modal(ViewBreakGlass, "Break-glass key", append(blocks, in.detailBlocks()...)...)
	m.Submit = mrkdwn.PlainText("Take the key")
	m.PrivateMetadata = FormMetadata{s.Org.ID, in.orgIndex}.Encode()
	return m
}
