package approval

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A FailureClass says what a failed call may have left behind.
type FailureClass string

// The classes of failed calls.
const (
	Permanent     FailureClass = "refused" // refused for good; nothing happened
	Transient     FailureClass = "not_now" // nothing happened; a later try may work
	Indeterminate FailureClass = "unknown" // it may have happened
)

// A CallError is why a call to Atlas or Slack did not work. Its text is for the log.
type CallError struct {
	Class      FailureClass
	Cause      Cause
	Code       string        // Atlas's or Slack's own error code
	RetryAfter time.Duration // zero: not given
	Err        error
}

func (f *CallError) Error() string {
	text := string(f.Class)
	for _, word := range []string{string(f.Cause), f.Code} {
		if word != "" {
			text += ", " + word
		}
	}
	return fmt.Sprintf("%s: %v", text, f.Err)
}

// Note describes the failure for the audit trail, in words of closed lists only.
func (f *CallError) Note() string { return strings.TrimSpace(string(f.Cause) + " " + f.Code) }

// Unwrap returns the cause.
func (f *CallError) Unwrap() error { return f.Err }

// CallErrorOf returns the *CallError in err's chain. Any other error counts as
// Indeterminate, which is the careful reading.
func CallErrorOf(err error) *CallError {
	if f, ok := errors.AsType[*CallError](err); ok {
		return f
	}
	return &CallError{Class: Indeterminate, Cause: CauseUnknown, Err: err}
}

// A Cause names a reason. Package view has the sentence for each.
type Cause string

// The closed list of causes.
const (
	CauseNone              Cause = ""
	CauseUndecided         Cause = "undecided"          // not decided in time
	CauseNotIssuedInTime   Cause = "not_issued_in_time" // approved, but no key issued in time
	CauseUnconfirmed       Cause = "unconfirmed"        // shown, but not confirmed in time
	CauseKeyExpired        Cause = "key_expired"        // the approved lifetime is over
	CauseRevoked           Cause = "revoked"            // revoked by a person
	CauseDeletedExternally Cause = "deleted_externally" // the key was deleted in Atlas, not by the bot
	CauseReplaced          Cause = "replaced"           // its successor took over
	CauseDeclined          Cause = "declined"           // the requester declined a partial approval
	CauseKeyNotActive      Cause = "key_not_active"     // the key to be changed, or the predecessor, is not active any more
	CauseInterrupted       Cause = "interrupted"        // the bot was stopped while it issued the key
	CauseNotShown          Cause = "not_shown"          // Slack did not confirm the message with the key
	CauseAtlasUnavailable  Cause = "atlas_unavailable"  // Atlas did not answer, or said "later"
	CauseUnknown           Cause = "unknown"            // Atlas may or may not have created a key
	CauseAccessMismatch    Cause = "access_mismatch"    // Atlas created a key with other access than was approved
	CauseInvalidCredential Cause = "invalid_credential" // Atlas does not accept the bot's own credential
	CauseNotPermitted      Cause = "not_permitted"      // the bot's credential may not do this
	CauseKeyLimit          Cause = "key_limit"          // the organization has as many keys as it may
	CauseBadAddress        Cause = "bad_address"        // Atlas does not take one of the addresses
	CauseBadRole           Cause = "bad_role"           // Atlas does not take one of the roles
	CauseBadProject        Cause = "bad_project"        // a project does not exist, or the credential cannot access it
	CauseSuspended         Cause = "suspended"          // the Atlas account or organization is suspended or gone
	CauseNoOrg             Cause = "no_org"             // the organization is not configured any more
	CauseRefused           Cause = "refused"            // any other refusal
)
