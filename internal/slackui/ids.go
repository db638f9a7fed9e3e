package slackui

import "atlaskeybot/internal/approval"

// These names are a wire format. Slack stores them in messages that outlive a
// deploy, so they are never reused and never renamed; add a new one instead.
// A name says screen, then thing. The value of every button is the request's
// id, nothing else: who pressed comes from the signed payload, and what is
// asked comes from the store.
const (
	viewForm      = "form"      // callback_id of the modal behind the command
	viewDeny      = "deny"      // callback_id; private_metadata: see [aboutRequest]
	viewExtend    = "extend"    // the same
	viewAddresses = "addresses" // the same
	viewRevoke    = "revoke"    // the same
	viewHome      = "home"      // callback_id of the Home tab; private_metadata: see [search]

	blockFormDescription = "form.description" // an input's block_id and
	blockFormRoles       = "form.roles"       // action_id are equal, so that
	blockFormNetworks    = "form.networks"    // values and errors use one key
	blockFormLifetime    = "form.lifetime"
	blockFormReason      = "form.reason"
	blockDenyReason      = "deny.reason"

	blockExtendLifetime    = "extend.lifetime"
	blockExtendReason      = "extend.reason"
	blockAddressesNetworks = "addresses.networks"
	blockAddressesReason   = "addresses.reason"
	blockRevokeReason      = "revoke.reason"

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

	actionCardRevoke     = "card.revoke"
	actionReadyExtend    = "ready.extend"
	actionReadyRotate    = "ready.rotate"
	actionReadyAddresses = "ready.addresses"
	actionReadySwitched  = "ready.switched"
	actionEndingExtend   = "ending.extend"
	actionEndingRotate   = "ending.rotate"
	actionEndingRevoke   = "ending.revoke"
	actionListExtend     = "list.extend"
	actionListRotate     = "list.rotate"
	actionListAddresses  = "list.addresses"
	actionListSwitched   = "list.switched"
	actionSureRevoke     = "sure.revoke" // in the ephemeral question behind the command's "revoke"

	actionHomeApprove   = "home.approve"
	actionHomeDeny      = "home.deny"
	actionHomeWithdraw  = "home.withdraw"
	actionHomeExtend    = "home.extend"
	actionHomeRotate    = "home.rotate"
	actionHomeAddresses = "home.addresses"
	actionHomeSwitched  = "home.switched"
	actionHomeRevoke    = "home.revoke"
	actionHomeOversee   = "home.oversee" // revokes any live key, with a reason
)

// The controls of the Home tab are about no request; see [homeControls].
const (
	actionHomeAsk    = "home.ask"
	actionHomePerson = "home.person"
	actionHomeRole   = "home.role"
	actionHomeEnds   = "home.ends"
	actionHomeAll    = "home.all"
	actionHomePrev   = "home.prev"
	actionHomeNext   = "home.next"
)

// The fieldBlocks of a modal name the input of each field. Under "" is the
// first one: what is wrong with no field in particular is said there.
type fieldBlocks map[approval.Field]string

var (
	formBlocks = fieldBlocks{
		"":                        blockFormDescription,
		approval.FieldDescription: blockFormDescription,
		approval.FieldRoles:       blockFormRoles,
		approval.FieldNetworks:    blockFormNetworks,
		approval.FieldLifetime:    blockFormLifetime,
		approval.FieldReason:      blockFormReason,
	}
	extendBlocks = fieldBlocks{
		"":                     blockExtendLifetime,
		approval.FieldLifetime: blockExtendLifetime,
		approval.FieldReason:   blockExtendReason,
	}
	addressesBlocks = fieldBlocks{
		"":                     blockAddressesNetworks,
		approval.FieldNetworks: blockAddressesNetworks,
		approval.FieldReason:   blockAddressesReason,
	}
)
