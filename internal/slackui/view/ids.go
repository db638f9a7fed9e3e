package view

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
)
