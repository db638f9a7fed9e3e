package slackui

import (
	"context"
	"strings"

	"atlaskeybot/internal/approval"
)

// A route says what a button does and in which message it is.
type route struct {
	in approval.MessageName // empty: in an ephemeral message; see also [inEnding], [inTransfer] and [inHome]
	do func(*App, context.Context, action, ack)
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
	actionCardApprove:    {approval.CardMessage, (*App).approve},
	actionCardDeny:       {approval.CardMessage, (*App).deny},
	actionAskedWithdraw:  {approval.RequestedMessage, (*App).withdraw},
	actionReadyCreate:    {approval.ReadyMessage, (*App).create},
	actionReadyWithdraw:  {approval.ReadyMessage, (*App).withdraw},
	actionReadyCheck:     {approval.ReadyMessage, (*App).check},
	actionStuckCheck:     {approval.DeletionOverdueMessage, (*App).check},
	actionCheckedCreate:  {"", (*App).create},
	actionReadySaved:     {approval.ReadyMessage, (*App).confirm},
	actionReadyUnseen:    {approval.ReadyMessage, (*App).replace},
	actionReadyRevoke:    {approval.ReadyMessage, (*App).revoke},
	actionReminderSaved:  {approval.ReminderMessage, (*App).confirm},
	actionReminderUnseen: {approval.ReminderMessage, (*App).replace},
	actionOutcomeAgain:   {approval.OutcomeMessage, (*App).requestAgain},
	actionDriftRevoke:    {approval.DriftNotice, (*App).revokeAsApprover},
	actionFoundRevoke:    {approval.UnknownKeyNotice, (*App).revokeAsApprover},
	actionNoteSaved:      {"", (*App).confirm},
	actionNoteUnseen:     {"", (*App).replace},
	actionListRevoke:     {"", (*App).revokeListed},
	actionListWithdraw:   {"", (*App).withdrawListed},

	actionCardRevoke:     {approval.CardMessage, (*App).askWhyRevoke},
	actionReadyExtend:    {approval.ReadyMessage, (*App).extend},
	actionReadyRotate:    {approval.ReadyMessage, (*App).rotate},
	actionReadyAddresses: {approval.ReadyMessage, (*App).changeAccessList},
	actionReadySwitched:  {approval.ReadyMessage, (*App).retirePredecessor},
	actionEndingExtend:   {inEnding, (*App).extend},
	actionEndingRotate:   {inEnding, (*App).rotate},
	actionEndingRevoke:   {inEnding, (*App).revoke},
	actionListExtend:     {"", (*App).extend},
	actionListRotate:     {"", (*App).rotateListed},
	actionListAddresses:  {"", (*App).changeAccessList},
	actionListSwitched:   {"", (*App).retirePredecessorListed},
	actionSureRevoke:     {"", (*App).revokeOrAskWhy},

	actionHomeApprove:   {inHome, (*App).approve},
	actionHomeDeny:      {inHome, (*App).deny},
	actionHomeWithdraw:  {inHome, (*App).withdraw},
	actionHomeExtend:    {inHome, (*App).extend},
	actionHomeRotate:    {inHome, (*App).rotate},
	actionHomeAddresses: {inHome, (*App).changeAccessList},
	actionHomeSwitched:  {inHome, (*App).retirePredecessor},
	actionHomeRevoke:    {inHome, (*App).revoke},
	actionHomeOversee:   {inHome, (*App).askWhyRevoke},

	actionCardLess:          {approval.CardMessage, (*App).approvePartially},
	actionHomeLess:          {inHome, (*App).approvePartially},
	actionAskedNudge:        {approval.RequestedMessage, (*App).nudge},
	actionListNudge:         {"", (*App).nudgeListed},
	actionHomeNudge:         {inHome, (*App).nudge},
	actionReviewSign:        {approval.ReviewNotice, (*App).markReviewed},
	actionHomeSign:          {inHome, (*App).markReviewed},
	actionOwnerGoneRevoke:   {inOwnerGone, (*App).askWhyRevoke},
	actionOwnerGoneHandTo:   {inOwnerGone, (*App).transfer},
	actionTransferExtend:    {inTransfer, (*App).extend},
	actionTransferRotate:    {inTransfer, (*App).rotate},
	actionTransferAddresses: {inTransfer, (*App).changeAccessList},
	actionTransferSwitched:  {inTransfer, (*App).retirePredecessor},
	actionTransferRevoke:    {inTransfer, (*App).revoke},
	actionListCreate:        {"", (*App).createListed},
	actionHomeCreate:        {inHome, (*App).createAtHome},
}
