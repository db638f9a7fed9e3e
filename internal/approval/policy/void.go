package policy

// An approval counts if its approver, at the time of the last approval, is still an
// active full member who may decide on the request. Hours lie between two approvals:
// accounts are taken over, people leave, groups change.

// A VoidReason says why an approval does not count any more. The names are
// stored.
type VoidReason string

const (
	VoidDeactivated VoidReason = "deactivated"  // the account is
	VoidGuest       VoidReason = "guest"        // not a full member any more
	VoidExternal    VoidReason = "external"     // not of this workspace any more
	VoidBot         VoidReason = "bot"          // no person
	VoidNotApprover VoidReason = "not_approver" // not among the approvers any more
	VoidOwnRequest  VoidReason = "own_request"  // the requester's, and self-approval is off by now
)
