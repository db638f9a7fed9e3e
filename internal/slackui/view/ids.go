package view

import ()

// These names are a wire format. Slack stores them in messages that outlive a
// deploy, so they are never reused and never renamed; add a new one instead.
// A name says screen, then thing. The value of every button is the request's
// id, nothing else: who pressed comes from the signed payload, and what is
// asked comes from the store.
const (
	ViewForm       = "form"      // callback_id of the modal behind the command; private_metadata: see [formMetadata]
	ViewDeny       = "deny"      // callback_id; private_metadata: see [requestMetadata]
	ViewExtend     = "extend"    // the same
	ViewAddresses  = "addresses" // the same
	ViewRevoke     = "revoke"    // the same
	ViewPartial    = "less"      // the same
	ViewBreakGlass = "emergency" // callback_id of the modal behind the command's "emergency"; private_metadata: see [formMetadata]
	ViewHome       = "home"      // callback_id of the Home tab; private_metadata: see [search]

	BlockFormDescription = "form.description" // an input's block_id and
	blockFormRoles       = "form.roles"       // action_id are equal, so that
	BlockFormNetworks    = "form.networks"    // values and errors use one key
	blockFormLifetime    = "form.lifetime"
	BlockFormReason      = "form.reason"
	blockFormOrg         = "form.org" // what depends on it: see [forOrgID]
	BlockFormProjects    = "form.projects"
	blockFormInProjects  = "form.in_projects"
	blockFormNamed       = "form.named"
	BlockDenyReason      = "deny.reason"

	blockEmergencyOrg         = "emergency.org"
	blockEmergencyDescription = "emergency.description"
	blockEmergencyRoles       = "emergency.roles"
	blockEmergencyNamed       = "emergency.named"
	blockEmergencyNetworks    = "emergency.networks"
	blockEmergencyReason      = "emergency.reason"

	BlockLessRoles    = "less.roles"
	blockLessProjects = "less.projects"
	blockLessNetworks = "less.networks"
	blockLessLifetime = "less.lifetime"

	blockExtendLifetime    = "extend.lifetime"
	blockExtendReason      = "extend.reason"
	blockAddressesNamed    = "addresses.named"
	blockAddressesNetworks = "addresses.networks"
	blockAddressesReason   = "addresses.reason"
	BlockRevokeReason      = "revoke.reason"

	ActionCardApprove    = "card.approve"
	ActionCardDeny       = "card.deny"
	ActionAskedWithdraw  = "asked.withdraw"
	ActionReadyCreate    = "ready.create"
	ActionReadyWithdraw  = "ready.withdraw"
	ActionReadyCheck     = "ready.check"
	ActionStuckCheck     = "stuck.check"
	ActionCheckedCreate  = "checked.create"
	ActionReadySaved     = "ready.saved"
	ActionReadyUnseen    = "ready.unseen"
	ActionReadyRevoke    = "ready.revoke"
	ActionReminderSaved  = "reminder.saved"
	ActionReminderUnseen = "reminder.unseen"
	ActionOutcomeAgain   = "outcome.again"
	ActionDriftRevoke    = "drift.revoke"
	ActionFoundRevoke    = "found.revoke"
	ActionNoteSaved      = "note.saved" // in the ephemeral message with the key
	ActionNoteUnseen     = "note.unseen"
	ActionListRevoke     = "list.revoke" // in the ephemeral list
	ActionListWithdraw   = "list.withdraw"

	ActionCardRevoke     = "card.revoke"
	ActionReadyExtend    = "ready.extend"
	ActionReadyRotate    = "ready.rotate"
	ActionReadyAddresses = "ready.addresses"
	ActionReadySwitched  = "ready.switched"
	ActionEndingExtend   = "ending.extend"
	ActionEndingRotate   = "ending.rotate"
	ActionEndingRevoke   = "ending.revoke"
	ActionListExtend     = "list.extend"
	ActionListRotate     = "list.rotate"
	ActionListAddresses  = "list.addresses"
	ActionListSwitched   = "list.switched"
	ActionSureRevoke     = "sure.revoke" // in the ephemeral question behind the command's "revoke"

	ActionHomeApprove   = "home.approve"
	ActionHomeDeny      = "home.deny"
	ActionHomeWithdraw  = "home.withdraw"
	ActionHomeExtend    = "home.extend"
	ActionHomeRotate    = "home.rotate"
	ActionHomeAddresses = "home.addresses"
	ActionHomeSwitched  = "home.switched"
	ActionHomeRevoke    = "home.revoke"
	ActionHomeOversee   = "home.oversee" // revokes any live key, with a reason

	ActionCardLess          = "card.less" // approves a part
	ActionHomeLess          = "home.less"
	ActionAskedNudge        = "asked.nudge"
	ActionListNudge         = "list.nudge"
	ActionHomeNudge         = "home.nudge"
	ActionReviewSign        = "review.sign"
	ActionHomeSign          = "home.sign"
	ActionOwnerGoneRevoke   = "ownergone.revoke"
	ActionOwnerGoneHandTo   = "ownergone.handto" // a menu; see [blockOwnerGone]
	ActionTransferExtend    = "transfer.extend"
	ActionTransferRotate    = "transfer.rotate"
	ActionTransferAddresses = "transfer.addresses"
	ActionTransferSwitched  = "transfer.switched"
	ActionTransferRevoke    = "transfer.revoke"
	ActionListCreate        = "list.create" // while the message with ready.create is not posted
	ActionHomeCreate        = "home.create" // the same
)

// blockOwnerGone begins the block_id of the menu of people, which has no value:
// the id of the request follows.
const BlockOwnerGone = "ownergone."

// The buttons below the list are about no request; see [listPages].
const (
	ActionListNewer = "list.newer"
	ActionListOlder = "list.older"
)

// The controls of the Home tab are about no request; see [homeFilters].
const (
	ActionHomeAsk    = "home.ask"
	actionHomePerson = "home.person"
	actionHomeRole   = "home.role"
	actionHomeEnds   = "home.ends"
	actionHomeAll    = "home.all"
	actionHomePrev   = "home.prev"
	actionHomeNext   = "home.next"
)
