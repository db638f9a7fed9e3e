package slackui

import (
	"context"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// A route says what a button does and in which message it is.
type route struct {
	in approval.MessageName // empty: in an ephemeral message; see also [inEnding], [inTransfer] and [inHome]
	do func(*App, context.Context, action, payload.Ack)
}

// verbs are what the buttons do, by the end of their names: each is refused as
// that event in the audit trail.
var verbs = map[string]approval.Event{
	"approve": approval.EventApprove, "less": approval.EventApprove, "deny": approval.EventDeny,
	"withdraw": approval.EventWithdraw, "create": approval.EventIssue, "saved": approval.EventConfirm, "unseen": approval.EventReplace,
	"revoke": approval.EventRevoke, "oversee": approval.EventRevoke, "switched": approval.EventRevoke, "again": approval.EventSubmit,
	"extend": approval.EventExtend, "rotate": approval.EventRotate, "addresses": approval.EventReplaceAccessList,
	"nudge": approval.EventNudge, "sign": approval.EventReview, "check": approval.EventRetry, "handto": approval.EventTransfer,
}

// eventOf is what a button does; empty if it is none of ours.
func eventOf(action string) approval.Event {
	if _, known := routes[action]; !known {
		return ""
	}
	_, verb, _ := strings.Cut(action, ".")
	return verbs[verb]
}

// routes lists every button there is. One short method each.
var routes = map[string]route{
	view.ActionCardApprove:    {approval.CardMessage, (*App).approve},
	view.ActionCardDeny:       {approval.CardMessage, (*App).deny},
	view.ActionAskedWithdraw:  {approval.RequestedMessage, (*App).withdraw},
	view.ActionReadyCreate:    {approval.ReadyMessage, (*App).create},
	view.ActionReadyWithdraw:  {approval.ReadyMessage, (*App).withdraw},
	view.ActionReadyCheck:     {approval.ReadyMessage, (*App).check},
	view.ActionStuckCheck:     {approval.DeletionOverdueMessage, (*App).check},
	view.ActionCheckedCreate:  {"", (*App).create},
	view.ActionReadySaved:     {approval.ReadyMessage, (*App).confirm},
	view.ActionReadyUnseen:    {approval.ReadyMessage, (*App).replace},
	view.ActionReadyRevoke:    {approval.ReadyMessage, (*App).revoke},
	view.ActionReminderSaved:  {approval.ReminderMessage, (*App).confirm},
	view.ActionReminderUnseen: {approval.ReminderMessage, (*App).replace},
	view.ActionOutcomeAgain:   {approval.OutcomeMessage, (*App).requestAgain},
	view.ActionDriftRevoke:    {approval.DriftNotice, (*App).revokeAsApprover},
	view.ActionFoundRevoke:    {approval.UnknownKeyNotice, (*App).revokeAsApprover},
	view.ActionNoteSaved:      {"", (*App).confirm},
	view.ActionNoteUnseen:     {"", (*App).replace},
	view.ActionListRevoke:     {"", (*App).revokeListed},
	view.ActionListWithdraw:   {"", (*App).withdrawListed},

	view.ActionCardRevoke:     {approval.CardMessage, (*App).askWhyRevoke},
	view.ActionReadyExtend:    {approval.ReadyMessage, (*App).extend},
	view.ActionReadyRotate:    {approval.ReadyMessage, (*App).rotate},
	view.ActionReadyAddresses: {approval.ReadyMessage, (*App).changeAccessList},
	view.ActionReadySwitched:  {approval.ReadyMessage, (*App).retirePredecessor},
	view.ActionEndingExtend:   {view.InEnding, (*App).extend},
	view.ActionEndingRotate:   {view.InEnding, (*App).rotate},
	view.ActionEndingRevoke:   {view.InEnding, (*App).revoke},
	view.ActionListExtend:     {"", (*App).extend},
	view.ActionListRotate:     {"", (*App).rotateListed},
	view.ActionListAddresses:  {"", (*App).changeAccessList},
	view.ActionListSwitched:   {"", (*App).retirePredecessorListed},
	view.ActionSureRevoke:     {"", (*App).revokeOrAskWhy},

	view.ActionHomeApprove:   {inHome, (*App).approve},
	view.ActionHomeDeny:      {inHome, (*App).deny},
	view.ActionHomeWithdraw:  {inHome, (*App).withdraw},
	view.ActionHomeExtend:    {inHome, (*App).extend},
	view.ActionHomeRotate:    {inHome, (*App).rotate},
	view.ActionHomeAddresses: {inHome, (*App).changeAccessList},
	view.ActionHomeSwitched:  {inHome, (*App).retirePredecessor},
	view.ActionHomeRevoke:    {inHome, (*App).revoke},
	view.ActionHomeOversee:   {inHome, (*App).askWhyRevoke},

	view.ActionCardLess:          {approval.CardMessage, (*App).approvePartially},
	view.ActionHomeLess:          {inHome, (*App).approvePartially},
	view.ActionAskedNudge:        {approval.RequestedMessage, (*App).nudge},
	view.ActionListNudge:         {"", (*App).nudgeListed},
	view.ActionHomeNudge:         {inHome, (*App).nudge},
	view.ActionReviewSign:        {approval.ReviewNotice, (*App).markReviewed},
	view.ActionHomeSign:          {inHome, (*App).markReviewed},
	view.ActionOwnerGoneRevoke:   {view.InOwnerGone, (*App).askWhyRevoke},
	view.ActionOwnerGoneHandTo:   {view.InOwnerGone, (*App).transfer},
	view.ActionTransferExtend:    {view.InTransfer, (*App).extend},
	view.ActionTransferRotate:    {view.InTransfer, (*App).rotate},
	view.ActionTransferAddresses: {view.InTransfer, (*App).changeAccessList},
	view.ActionTransferSwitched:  {view.InTransfer, (*App).retirePredecessor},
	view.ActionTransferRevoke:    {view.InTransfer, (*App).revoke},
	view.ActionListCreate:        {"", (*App).createListed},
	view.ActionHomeCreate:        {inHome, (*App).createAtHome},
}
