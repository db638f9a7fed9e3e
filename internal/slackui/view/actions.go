package view

import (
	"strings"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// An action_id is a verb: what the button does, wherever it is. Slack demands
// that an action_id is unique in its block only; where a block has several of
// one verb, a colon and what tells them apart follow, as in "filter:role".
//
// Slack keeps these names in messages that outlive a deploy, so after the first
// release they are never reused and never renamed; add a new one instead.
const (
	ActionApprove           = "approve"
	ActionApprovePartially  = "approve_partial" // opens a form
	ActionDeny              = "deny"            // opens a form
	ActionWithdraw          = "withdraw"
	ActionNudge             = "nudge"
	ActionIssue             = "issue"
	ActionConfirm           = "confirm"
	ActionReplace           = "replace"
	ActionExtend            = "extend" // opens a form
	ActionRotate            = "rotate"
	ActionReplaceAccessList = "replace_access_list" // opens a form
	ActionRetirePredecessor = "retire_predecessor"
	ActionRevoke            = "revoke"
	ActionRevokeWithReason  = "revoke_with_reason" // opens a form
	ActionTransfer          = "transfer"           // a menu of users
	ActionReview            = "review"
	ActionRetry             = "retry"
	ActionRequestAgain      = "request_again" // opens a form

	// These are about no request.
	ActionRequest = "request" // opens a form
	ActionFilter  = "filter"  // of the Home tab; see [HomeFilters]
	ActionPage    = "page"    // of the Home tab and of the list
)

// What follows [ActionPage] and a colon.
const (
	PagePrevious = "previous"
	PageNext     = "next"
)

// The callback_ids of the views. The private_metadata of the form and of
// break-glass is a [FormMetadata], that of the Home tab a [Search]; the others
// name the request that they are about.
const (
	ViewForm       = "form"
	ViewBreakGlass = "breakglass"
	ViewPartial    = "approve_partial"
	ViewDeny       = "deny"
	ViewExtend     = "extend"
	ViewAccessList = "replace_access_list"
	ViewRevoke     = "revoke"
	ViewHome       = "home"
)

// A Surface is where an action can be: a kind of message that the bot tracks, a
// kind of ephemeral message, or the Home tab.
type Surface string

// The surfaces that are tracked messages carry the kind of the message's name.
var (
	CardSurface             = SurfaceOf(approval.CardMessage)
	RequestedSurface        = SurfaceOf(approval.RequestedMessage)
	ReadySurface            = SurfaceOf(approval.ReadyMessage)
	ReminderSurface         = SurfaceOf(approval.ReminderMessage)
	OutcomeSurface          = SurfaceOf(approval.OutcomeMessage)
	DeletionOverdueSurface  = SurfaceOf(approval.DeletionOverdueMessage)
	DriftSurface            = SurfaceOf(approval.DriftNotice(1))
	OwnedProjectsSurface    = SurfaceOf(approval.OwnsNotice)
	UnknownKeySurface       = SurfaceOf(approval.UnknownKeyNotice)
	ReviewSurface           = SurfaceOf(approval.ReviewNotice)
	OwnerDeactivatedSurface = SurfaceOf(approval.OwnerDeactivatedNotice(1))
	ExpiryReminderSurface   = SurfaceOf(approval.ExpiryReminderMessage(1))
	TransferSurface         = SurfaceOf(approval.TransferMessage(1))
)

// The other surfaces.
const (
	HomeSurface          Surface = "home"
	ListSurface          Surface = "list"           // ephemeral: a user's own requests
	KeySurface           Surface = "key"            // ephemeral: the message that shows a key
	StatusSurface        Surface = "status"         // ephemeral: the answer to [ActionRetry]
	ConfirmRevokeSurface Surface = "confirm_revoke" // ephemeral: the question behind the command's "revoke"
)

// IsEphemeral reports whether s is an ephemeral message, which has no place of
// its own.
func (s Surface) IsEphemeral() bool {
	return s == ListSurface || s == KeySurface || s == StatusSurface || s == ConfirmRevokeSurface
}

// SurfaceOf returns the surface of a message: its name without its number.
func SurfaceOf(m approval.MessageName) Surface {
	kind, _, _ := strings.Cut(string(m), ".")
	return Surface(kind)
}

// blockID names a block with actions: where it is, and the request it is about.
// Slack repeats it with each action.
func blockID[T Surface | approval.MessageName](in T, id policy.ID) string {
	return string(in) + ":" + string(id)
}

// ParseBlockID reads what an action's block_id says: the message or surface, and
// the request. Neither is to be believed before it is compared with where Slack
// says that the action was.
func ParseBlockID(id string) (in, request string) {
	in, request, _ = strings.Cut(id, ":")
	return in, request
}

// buttonsIn is a row of buttons about r in the message of that name; nil without
// buttons.
func buttonsIn[T Surface | approval.MessageName](in T, r approval.Request, all ...*slack.ButtonBlockElement) slack.Block {
	return mrkdwn.Buttons(blockID(in, r.ID), all...)
}

// button is one that does something with r.
func button(verb string, r approval.Request, label string, style slack.Style) *slack.ButtonBlockElement {
	return mrkdwn.Button(verb, string(r.ID), label, style)
}
