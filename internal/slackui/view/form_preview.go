package view

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// A FormPreview is what sending a form would come to, as far as it is filled in.
type FormPreview struct {
	policy.Preview
	Unknown bool // the rules could not be evaluated in time
}

// maxPreviewProblems problems are told before a form is sent; the rest is counted.
const maxPreviewProblems = 5

// blocks is what stands below a form.
//
//	┌──────────────────────────────────────────────┐
//	│ ⚠ This cannot be sent as it is:              │
//	│ • A key with … is valid at most 8 hours …       │
//	│ This will go to 1 of @platform and 1 of …    │
//	│ This follows what you choose; …              │
//	└──────────────────────────────────────────────┘
func (o FormPreview) blocks() []slack.Block {
	blocks := []slack.Block{slack.NewDividerBlock()}
	blocks = append(blocks, previewProblems(o.Problems)...)
	return append(blocks, mrkdwn.Section(o.route("This will go to")), mrkdwn.Footnote("This follows what you choose above. Addresses that you type are looked at when you send."))
}

// route says whose approval it would take, after "This will go to".
func (o FormPreview) route(goesTo mrkdwn.Text) mrkdwn.Text {
	switch {
	case o.Unknown:
		return "Who will be asked I could not find out just now. You can send this all the same."
	case o.Rule != "":
		return mrkdwn.Textf(":zap: *No approval is needed*: rule %s. It is recorded, and the approvers are told.", o.Rule)
	}
	return mrkdwn.JoinSentences(mrkdwn.Textf("%s %s.", goesTo, approvalsNeeded(o.Requirements)), o.noEligibleApprover())
}

func (o FormPreview) noEligibleApprover() mrkdwn.Text {
	if !o.NoEligibleApprover {
		return ""
	}
	who := mrkdwn.Textf("you are the only one who could approve this, and your own request is not yours to decide")
	if needed(approval.Request{Requirements: o.Requirements}) > 1 {
		who = "there are too few people beside you who could approve this, and your own request is not yours to decide"
	}
	return mrkdwn.Textf(":warning: As far as I can see %s. You can send it; tell the operator of this bot that it needs other approvers.", who)
}

// isLimit reports whether a problem is about what the person has already, and
// nothing in the form.
func isLimit(p policy.Problem) bool {
	return p.Code == policy.TooManyOpen || p.Code == policy.TooManyKeys || p.Code == policy.TooManyPerHour
}

// previewProblems tells of what is wrong with what was chosen. What was typed can be
// in the middle of being typed; only what a role says about it is told.
func previewProblems(problems []policy.Problem) []slack.Block {
	var told []string
	for _, p := range problems {
		isTyped := p.Field == policy.FieldNetworks || p.Field == policy.FieldDescription || p.Field == policy.FieldReason || p.Label != ""
		if !isTyped || p.Code == policy.TooWide || isLimit(p) {
			told = append(told, "• "+ProblemText(p))
		}
	}
	if len(told) == 0 {
		return nil
	}
	if more := len(told) - maxPreviewProblems; more > 0 {
		told = append(told[:maxPreviewProblems], fmt.Sprintf("• And %d more.", more))
	}
	return []slack.Block{mrkdwn.Section(":warning: *This cannot be sent as it is:*"), mrkdwn.PlainSection(strings.Join(told, "\n"))}
}
