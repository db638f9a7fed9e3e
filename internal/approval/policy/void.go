package policy

// An approval counts if its giver is, at the moment of the last approval, still
// an active full member and one of those who may decide. Between two approvals
// lie hours: accounts are taken over, people leave, groups change.

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
