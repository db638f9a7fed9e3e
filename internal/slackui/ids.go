package slackui

// These names are a wire format. Slack stores them in messages that outlive a
// deploy, so they are never reused and never renamed; add a new one instead.
// A name says screen, then thing. The value of every button is the request's
// id, nothing else: who pressed comes from the signed payload, and what is
// asked comes from the store.
const (
	viewForm       = "form"      // callback_id of the modal behind the command; private_metadata: see [formMetadata]
	viewDeny       = "deny"      // callback_id; private_metadata: see [requestMetadata]
	viewExtend     = "extend"    // the same
	viewAddresses  = "addresses" // the same
	viewRevoke     = "revoke"    // the same
	viewPartial    = "less"      // the same
	viewBreakGlass = "emergency" // callback_id of the modal behind the command's "emergency"; private_metadata: see [formMetadata]
	viewHome       = "home"      // callback_id of the Home tab; private_metadata: see [search]

	blockFormDescription = "form.description" // an input's block_id and
	blockFormRoles       = "form.roles"       // action_id are equal, so that
	blockFormNetworks    = "form.networks"    // values and errors use one key
	blockFormLifetime    = "form.lifetime"
	blockFormReason      = "form.reason"
	blockFormOrg         = "form.org" // what depends on it: see [forOrgID]
	blockFormProjects    = "form.projects"
	blockFormInProjects  = "form.in_projects"
	blockFormNamed       = "form.named"
	blockDenyReason      = "deny.reason"

	blockEmergencyOrg         = "emergency.org"
	blockEmergencyDescription = "emergency.description"
	blockEmergencyRoles       = "emergency.roles"
	blockEmergencyNamed       = "emergency.named"
	blockEmergencyNetworks    = "emergency.networks"
	blockEmergencyReason      = "emergency.reason"

	blockLessRoles    = "less.roles"
	blockLessProjects = "less.projects"
	blockLessNetworks = "less.networks"
	blockLessLifetime = "less.lifetime"

	blockExtendLifetime    = "extend.lifetime"
	blockExtendReason      = "extend.reason"
	blockAddressesNamed    = "addresses.named"
	blockAddressesNetworks = "addresses.networks"
	blockAddressesReason   = "addresses.reason"
	blockRevokeReason      = "revoke.reason"

	actionCardApprove    = "card.approve"
	actionCardDeny       = "card.deny"
	actionAskedWithdraw  = "asked.withdraw"
	actionReadyCreate    = "ready.create"
	actionReadyWithdraw  = "ready.withdraw"
	actionReadyCheck     = "ready.check"
	actionStuckCheck     = "stuck.check"
	actionCheckedCreate  = "checked.create"
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

	actionCardLess          = "card.less" // approves a part
	actionHomeLess          = "home.less"
	actionAskedNudge        = "asked.nudge"
	actionListNudge         = "list.nudge"
	actionHomeNudge         = "home.nudge"
	actionReviewSign        = "review.sign"
	actionHomeSign          = "home.sign"
	actionOwnerGoneRevoke   = "ownergone.revoke"
	actionOwnerGoneHandTo   = "ownergone.handto" // a menu; see [blockOwnerGone]
	actionTransferExtend    = "transfer.extend"
	actionTransferRotate    = "transfer.rotate"
	actionTransferAddresses = "transfer.addresses"
	actionTransferSwitched  = "transfer.switched"
	actionTransferRevoke    = "transfer.revoke"
	actionListCreate        = "list.create" // while the message with ready.create is not posted
	actionHomeCreate        = "home.create" // the same
)

// blockOwnerGone begins the block_id of the menu of people, which has no value:
// the id of the request follows.
const blockOwnerGone = "ownergone."

// The buttons below the list are about no request; see [listPages].
const (
	actionListNewer = "list.newer"
	actionListOlder = "list.older"
)

// The controls of the Home tab are about no request; see [homeFilters].
const (
	actionHomeAsk    = "home.ask"
	actionHomePerson = "home.person"
	actionHomeRole   = "home.role"
	actionHomeEnds   = "home.ends"
	actionHomeAll    = "home.all"
	actionHomePrev   = "home.prev"
	actionHomeNext   = "home.next"
)
