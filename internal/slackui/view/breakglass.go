package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// An breakGlassViewFor is the modal in which somebody takes a key without
// approval, at one moment.
type BreakGlassView struct {
	Orgs    policy.Orgs // in which they may
	Org     policy.Org  // the one that it is about
	Channel string      // its approvers'
	Filled  FormState
}

// breakGlassForm is the modal for break-glass. What it does is said first: it
// asks nobody. Its id at Slack becomes the request's origin.
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
		mrkdwn.Section(mrkdwn.Mrkdwnf(":rotating_light: *This makes a key at once, without anybody's approval.*\n"+
			"• It appears in our conversation, visible to you alone, lives %s and is deleted then.\n"+
			"• <#%s> reads at once that you took it, what it may do, and your reason.\n"+
			"• Somebody else has to look at that and sign it there.\n"+
			"If it can wait for an approver, close this and ask in the normal way.", mrkdwn.BotText(mrkdwn.HumanDuration(rule.Lifetime)), mrkdwn.BotText(s.Channel))),
	}
	blocks = append(blocks, orgBlock(s.Orgs, s.Org.ID)...)
	blocks = append(blocks, in.block(policy.FieldDescription), in.block(policy.FieldRoles, asking("What may it do?", "Organization roles. As few as will do.")))
	blocks = append(blocks, in.networkBlocks()...)
	blocks = append(blocks, in.block(policy.FieldReason, asking("What is the emergency?", "Everybody in the approvers' channel reads this, and whoever signs it.")))
	m := mrkdwn.Modal(ViewBreakGlass, "Break-glass key", append(blocks, in.detailBlocks()...)...)
	m.Submit = mrkdwn.PlainText("Take the key")
	m.PrivateMetadata = FormMetadata{s.Org.ID, in.orgIndex}.Encode()
	return m
}
