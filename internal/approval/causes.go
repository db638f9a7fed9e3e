package approval

import ()

// A Cause is a reason of a closed list. Sentences for people are made of it
// where people are talked to.
type Cause string

const (
	CauseNone              Cause = ""
	CauseUndecided         Cause = "undecided"          // nobody decided in time
	CauseNotIssuedInTime   Cause = "not_issued_in_time" // approved, not collected in time
	CauseUnconfirmed       Cause = "unconfirmed"        // shown, but nobody said that they have it
	CauseKeyExpired        Cause = "key_expired"        // the approved lifetime is over
	CauseRevoked           Cause = "revoked"            // a person ended it
	CauseDeletedExternally Cause = "deleted_externally" // somebody deleted the key in Atlas
	CauseReplaced          Cause = "replaced"           // its successor took over
	CauseDeclined          Cause = "declined"           // the requester did not want what was approved
	CauseKeyNotActive      Cause = "key_not_active"     // the key that was to be changed is not live any more
	CauseInterrupted       Cause = "interrupted"        // the bot was stopped while making the key
	CauseNotShown          Cause = "not_shown"          // Slack did not clearly take the message
	CauseAtlasUnavailable  Cause = "atlas_unavailable"  // Atlas did not answer, or said "later"
	CauseUnknown           Cause = "unknown"            // Atlas may or may not have made a key
	CauseAccessMismatch    Cause = "access_mismatch"    // Atlas made something else than was approved
	CauseInvalidCredential Cause = "invalid_credential" // Atlas does not accept the bot's own credential
	CauseNotPermitted      Cause = "not_permitted"      // the bot's credential may not do this
	CauseKeyLimit          Cause = "key_limit"          // the organization has as many keys as it may
	CauseBadAddress        Cause = "bad_address"        // Atlas does not take one of the addresses
	CauseBadRole           Cause = "bad_role"           // Atlas does not take one of the roles
	CauseBadProject        Cause = "bad_project"        // one of the projects is not there, or not within the credential's reach
	CauseSuspended         Cause = "suspended"          // the Atlas account or organization is suspended or gone
	CauseNoOrg             Cause = "no_org"             // the organization is not configured any more
	CauseRefused           Cause = "refused"            // any other refusal
)
