package slackui

import "atlaskeybot/internal/approval"

// These names are a wire format. Slack stores them in messages that outlive a
// deploy, so they are never reused and never renamed; add a new one instead.
// A name says screen, then thing. The value of every button is the request's
// id, nothing else: who pressed comes from the signed payload, and what is
// asked comes from the store.
const (
	viewForm = "form" // callback_id of the modal behind the command
	viewDeny = "deny" // callback_id; private_metadata: the request's id

	blockFormDescription = "form.description" // an input's block_id and
	blockFormRoles       = "form.roles"       // action_id are equal, so that
	blockFormNetworks    = "form.networks"    // values and errors use one key
	blockFormLifetime    = "form.lifetime"
	blockFormReason      = "form.reason"
	blockDenyReason      = "deny.reason"

	actionCardApprove    = "card.approve"
	actionCardDeny       = "card.deny"
	actionAskedWithdraw  = "asked.withdraw"
	actionReadyCreate    = "ready.create"
	actionReadyWithdraw  = "ready.withdraw"
	actionReadySaved     = "ready.saved"
	actionReadyUnseen    = "ready.unseen"
	actionReadyRevoke    = "ready.revoke"
	actionReminderSaved  = "reminder.saved"
	actionReminderUnseen = "reminder.unseen"
	actionOutcomeAgain   = "outcome.again"
	actionDriftRevoke    = "drift.revoke"
	actionFoundRevoke    = "found.revoke"
	actionNoteSaved      = "note.saved" // in the ephemeral message with the key
	actionNoteUnseen     = "note.unseen"
	actionListRevoke     = "list.revoke" // in the ephemeral list
	actionListWithdraw   = "list.withdraw"
)

// fieldBlocks names the input of each field of the form.
var fieldBlocks = map[approval.Field]string{
	approval.FieldDescription: blockFormDescription,
	approval.FieldRoles:       blockFormRoles,
	approval.FieldNetworks:    blockFormNetworks,
	approval.FieldLifetime:    blockFormLifetime,
	approval.FieldReason:      blockFormReason,
}
