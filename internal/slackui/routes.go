package slackui

import (
	"context"
	"strings"

	"atlaskeybot/internal/approval"
)

// A route says what a button does and in which message it is.
type route struct {
	in approval.MessageName // empty: in an ephemeral message; see also [inEnding], [inTransfer] and [inHome]
	do func(*App, context.Context, press, ack)
}

// verbs are what the buttons do, by the end of their names: each is refused as
// that event in the audit trail.
var verbs = map[string]approval.Event{
	"approve": approval.Approve, "less": approval.Approve, "deny": approval.Deny,
	"withdraw": approval.Withdraw, "create": approval.Collect, "saved": approval.Confirm, "unseen": approval.Replace,
	"revoke": approval.Revoke, "oversee": approval.Revoke, "switched": approval.Revoke, "again": approval.Submit,
	"extend": approval.Extend, "rotate": approval.Rotate, "addresses": approval.Readdress,
	"nudge": approval.Nudge, "sign": approval.Sign, "check": approval.Retry, "handto": approval.HandTo,
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
	actionAskedWithdraw:  {approval.AskedMessage, (*App).withdraw},
	actionReadyCreate:    {approval.ReadyMessage, (*App).create},
	actionReadyWithdraw:  {approval.ReadyMessage, (*App).withdraw},
	actionReadyCheck:     {approval.ReadyMessage, (*App).check},
	actionStuckCheck:     {approval.StuckMessage, (*App).check},
	actionCheckedCreate:  {"", (*App).create},
	actionReadySaved:     {approval.ReadyMessage, (*App).saved},
	actionReadyUnseen:    {approval.ReadyMessage, (*App).unseen},
	actionReadyRevoke:    {approval.ReadyMessage, (*App).revoke},
	actionReminderSaved:  {approval.ReminderMessage, (*App).saved},
	actionReminderUnseen: {approval.ReminderMessage, (*App).unseen},
	actionOutcomeAgain:   {approval.OutcomeMessage, (*App).askAgain},
	actionDriftRevoke:    {approval.DriftNotice, (*App).revokeAsApprover},
	actionFoundRevoke:    {approval.FoundNotice, (*App).revokeAsApprover},
	actionNoteSaved:      {"", (*App).saved},
	actionNoteUnseen:     {"", (*App).unseen},
	actionListRevoke:     {"", (*App).revokeListed},
	actionListWithdraw:   {"", (*App).withdrawListed},

	actionCardRevoke:     {approval.CardMessage, (*App).askWhyRevoke},
	actionReadyExtend:    {approval.ReadyMessage, (*App).extend},
	actionReadyRotate:    {approval.ReadyMessage, (*App).rotate},
	actionReadyAddresses: {approval.ReadyMessage, (*App).readdress},
	actionReadySwitched:  {approval.ReadyMessage, (*App).switched},
	actionEndingExtend:   {inEnding, (*App).extend},
	actionEndingRotate:   {inEnding, (*App).rotate},
	actionEndingRevoke:   {inEnding, (*App).revoke},
	actionListExtend:     {"", (*App).extend},
	actionListRotate:     {"", (*App).rotateListed},
	actionListAddresses:  {"", (*App).readdress},
	actionListSwitched:   {"", (*App).switchedListed},
	actionSureRevoke:     {"", (*App).revokeOrAskWhy},

	actionHomeApprove:   {inHome, (*App).approve},
	actionHomeDeny:      {inHome, (*App).deny},
	actionHomeWithdraw:  {inHome, (*App).withdraw},
	actionHomeExtend:    {inHome, (*App).extend},
	actionHomeRotate:    {inHome, (*App).rotate},
	actionHomeAddresses: {inHome, (*App).readdress},
	actionHomeSwitched:  {inHome, (*App).switched},
	actionHomeRevoke:    {inHome, (*App).revoke},
	actionHomeOversee:   {inHome, (*App).askWhyRevoke},

	actionCardLess:          {approval.CardMessage, (*App).less},
	actionHomeLess:          {inHome, (*App).less},
	actionAskedNudge:        {approval.AskedMessage, (*App).nudge},
	actionListNudge:         {"", (*App).nudgeListed},
	actionHomeNudge:         {inHome, (*App).nudge},
	actionReviewSign:        {approval.ReviewNotice, (*App).sign},
	actionHomeSign:          {inHome, (*App).sign},
	actionOwnerGoneRevoke:   {inOwnerGone, (*App).askWhyRevoke},
	actionOwnerGoneHandTo:   {inOwnerGone, (*App).handTo},
	actionTransferExtend:    {inTransfer, (*App).extend},
	actionTransferRotate:    {inTransfer, (*App).rotate},
	actionTransferAddresses: {inTransfer, (*App).readdress},
	actionTransferSwitched:  {inTransfer, (*App).switched},
	actionTransferRevoke:    {inTransfer, (*App).revoke},
	actionListCreate:        {"", (*App).createListed},
	actionHomeCreate:        {inHome, (*App).createAtHome},
}
