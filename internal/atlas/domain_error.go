package atlas

import (
	"errors"
	"slices"
	"strings"

	"atlaskeybot/internal/approval"
)

// causes maps Atlas's codes to the domain's. Codes with WHITELIST are also known
// with ACCESS_LIST.
var causes = map[string]approval.Cause{
	"CANNOT_ADD_GLOBAL_ROLE": approval.CauseBadRole,
	"CANNOT_ADD_GROUP_ROLE":  approval.CauseBadRole,
	"CANNOT_ADD_ORG_ROLE":    approval.CauseBadRole,
	"INVALID_ENUM_VALUE":     approval.CauseBadRole, // the only enumeration sent is that of roles
	"INVALID_ROLE_FOR_GROUP": approval.CauseBadRole,
	"INVALID_ROLE_FOR_ORG":   approval.CauseBadRole,
	"MISSING_API_KEY_ROLES":  approval.CauseBadRole,
	"ROLE_NEEDS_GROUP_ID":    approval.CauseBadRole,
	"ROLE_NEEDS_ORG_ID":      approval.CauseBadRole,
	"UNSUPPORTED_ROLE":       approval.CauseBadRole,

	"ADDRESS_ALREADY_IN_ACCESS_LIST":               approval.CauseBadAddress,
	"BAD_ACCESS_LIST_ADD_REQUEST":                  approval.CauseBadAddress,
	"CANNOT_ADD_IP_ADDRESS_TO_API_KEY_ACCESS_LIST": approval.CauseBadAddress,
	"DUPLICATE_ADDRESSES_IN_INPUT":                 approval.CauseBadAddress,
	"INVALID_CIDR_BLOCK":                           approval.CauseBadAddress,
	"INVALID_IP_ADDRESS_OR_CIDR_NOTATION":          approval.CauseBadAddress,
	"IPV6_UNSUPPORTED":                             approval.CauseBadAddress,

	"GROUP_NOT_FOUND":          approval.CauseBadProject,
	"NOT_GROUP_USER_ADMIN":     approval.CauseBadProject,
	"NOT_IN_GROUP":             approval.CauseBadProject,
	"USER_CANNOT_ACCESS_GROUP": approval.CauseBadProject,

	"MAX_API_KEYS_PER_ORG_EXCEEDED": approval.CauseKeyLimit,
	"MAX_PUBLIC_API_KEY_REACHED":    approval.CauseKeyLimit,

	"MAX_SERVICE_ACCOUNTS_PER_ORG_EXCEEDED": approval.CauseKeyLimit,

	"ACCOUNT_SUSPENDED": approval.CauseSuspended,
	"INACTIVE_ORG":      approval.CauseSuspended,
	"INVALID_ORG_ID":    approval.CauseSuspended,
	"NOT_ATLAS_ORG":     approval.CauseSuspended,
	"ORG_NOT_FOUND":     approval.CauseSuspended,
}

// fieldCauses apply where Atlas only names a field.
var fieldCauses = map[string]approval.Cause{
	"role":      approval.CauseBadRole,
	"ipaddress": approval.CauseBadAddress,
	"cidrblock": approval.CauseBadAddress,
	"project":   approval.CauseBadProject,
}

// domainError translates err into an [approval.CallError]. It returns other errors,
// such as those of a callback, unchanged.
func domainError(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	f := &approval.CallError{Code: e.Code, RetryAfter: min(e.RetryAfter, approval.MaxWait), Err: err}
	switch e.Kind {
	case Permanent:
		f.Class, f.Cause = approval.Permanent, e.cause()
	case Indeterminate:
		f.Class, f.Cause = approval.Indeterminate, approval.CauseUnknown
	case Mismatch:
		f.Class, f.Cause = approval.Permanent, approval.CauseAccessMismatch
	case InvalidCredential:
		// The request is valid: it waits until an operator fixes the credential.
		f.Class, f.Cause = approval.Transient, e.loginCause()
	case Transient, Gone:
		f.Class, f.Cause = approval.Transient, approval.CauseAtlasUnavailable
	}
	return f
}

func (e *Error) cause() approval.Cause {
	if c, ok := causes[strings.ReplaceAll(e.Code, "WHITELIST", "ACCESS_LIST")]; ok {
		return c
	}
	for _, field := range e.Fields {
		for part, c := range fieldCauses {
			if strings.Contains(strings.ToLower(field), part) {
				return c
			}
		}
	}
	return approval.CauseRefused
}

// loginCause distinguishes a credential that is rejected, or rejected from this
// address, from one that lacks a role.
func (e *Error) loginCause() approval.Cause {
	notAccepted := append([]string{"", "UNEXPECTED_ERROR", "NO_CURRENT_USER"}, addressCodes...)
	if slices.Contains(notAccepted, e.Code) {
		return approval.CauseInvalidCredential
	}
	return approval.CauseNotPermitted
}
