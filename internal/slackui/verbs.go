package slackui

import (
	"context"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// A verb is what an action does, wherever it is.
type verb struct {
	event    approval.Event // as which it is refused in the audit trail; empty: it is about no request
	surfaces []view.Surface
	do       func(*App, context.Context, action, payload.Ack)
}

// keySurfaces have the buttons of an active key.
var keySurfaces = []view.Surface{view.ReadySurface, view.TransferSurface, view.HomeSurface, view.ListSurface}

// verbs lists every action there is, by what its action_id begins with. An action
// is taken on these surfaces only; see [App.decodeAction] and
// [App.isCurrentMessage].
var verbs = map[string]verb{
	view.ActionApprove:          {approval.EventApprove, surfaces(view.CardSurface, view.HomeSurface), (*App).approve},
	view.ActionApprovePartially: {approval.EventApprove, surfaces(view.CardSurface, view.HomeSurface), (*App).approvePartially},
	view.ActionDeny:             {approval.EventDeny, surfaces(view.CardSurface, view.HomeSurface), (*App).deny},

	view.ActionNudge:        {approval.EventNudge, surfaces(view.RequestedSurface, view.HomeSurface, view.ListSurface), (*App).nudge},
	view.ActionWithdraw:     {approval.EventWithdraw, surfaces(view.RequestedSurface, view.ReadySurface, view.HomeSurface, view.ListSurface), (*App).withdraw},
	view.ActionIssue:        {approval.EventIssue, surfaces(view.ReadySurface, view.StatusSurface, view.HomeSurface, view.ListSurface), (*App).issue},
	view.ActionConfirm:      {approval.EventConfirm, surfaces(view.ReadySurface, view.ReminderSurface, view.KeySurface, view.StatusSurface), (*App).confirm},
	view.ActionReplace:      {approval.EventReplace, surfaces(view.ReadySurface, view.ReminderSurface, view.KeySurface, view.StatusSurface), (*App).replace},
	view.ActionRetry:        {approval.EventRetry, surfaces(view.ReadySurface, view.DeletionOverdueSurface), (*App).retry},
	view.ActionRequestAgain: {approval.EventSubmit, surfaces(view.OutcomeSurface, view.ExpiryReminderSurface), (*App).requestAgain},

	view.ActionExtend:            {approval.EventExtend, surfaces(view.ExpiryReminderSurface, keySurfaces...), (*App).extend},
	view.ActionRotate:            {approval.EventRotate, surfaces(view.ExpiryReminderSurface, keySurfaces...), (*App).rotate},
	view.ActionReplaceAccessList: {approval.EventReplaceAccessList, keySurfaces, (*App).replaceAccessList},
	view.ActionRetirePredecessor: {approval.EventRevoke, keySurfaces, (*App).retirePredecessor},
	view.ActionRevoke: {approval.EventRevoke, slices.Concat(keySurfaces, surfaces(view.ExpiryReminderSurface, view.ConfirmRevokeSurface,
		view.DriftSurface, view.OwnedProjectsSurface, view.UnknownKeySurface)), (*App).revoke},
	view.ActionRevokeWithReason: {approval.EventRevoke, surfaces(view.CardSurface, view.OwnerDeactivatedSurface, view.HomeSurface, view.ConfirmRevokeSurface), (*App).revokeWithReason},
	view.ActionTransfer:         {approval.EventTransfer, surfaces(view.OwnerDeactivatedSurface), (*App).transfer},
	view.ActionReview:           {approval.EventReview, surfaces(view.ReviewSurface, view.HomeSurface), (*App).review},

	view.ActionRequest: {"", surfaces(view.HomeSurface), (*App).requestFromHome},
	view.ActionFilter:  {"", surfaces(view.HomeSurface), (*App).filterHome},
	view.ActionPage:    {"", surfaces(view.HomeSurface, view.ListSurface), (*App).turnPage},
}

func surfaces(first view.Surface, others ...view.Surface) []view.Surface {
	return append([]view.Surface{first}, others...)
}
