package atlas

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

func TestDomainError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     Error
		verdict approval.FailureClass
		cause   approval.Cause
	}{
		"a role by its code":            {Error{Kind: Permanent, Code: "INVALID_ENUM_VALUE"}, approval.Permanent, approval.CauseBadRole},
		"a role by its field":           {Error{Kind: Permanent, Code: "BAD_REQUEST", Fields: []string{"_roles"}}, approval.Permanent, approval.CauseBadRole},
		"an address by its field":       {Error{Kind: Permanent, Code: "BAD_REQUEST", Fields: []string{"[0].cidrBlock"}}, approval.Permanent, approval.CauseBadAddress},
		"an unknown field":              {Error{Kind: Permanent, Code: "BAD_REQUEST", Fields: []string{"desc"}}, approval.Permanent, approval.CauseRefused},
		"an address by the old name":    {Error{Kind: Permanent, Code: "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_WHITELIST"}, approval.Permanent, approval.CauseBadAddress},
		"an address by the new name":    {Error{Kind: Permanent, Code: "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_ACCESS_LIST"}, approval.Permanent, approval.CauseBadAddress},
		"a duplicate by the old name":   {Error{Kind: Permanent, Code: "ADDRESS_ALREADY_IN_WHITELIST"}, approval.Permanent, approval.CauseBadAddress},
		"as many keys as there may be":  {Error{Kind: Permanent, Code: "MAX_API_KEYS_PER_ORG_EXCEEDED"}, approval.Permanent, approval.CauseKeyLimit},
		"unpaid":                        {Error{Kind: Permanent, Code: "ACCOUNT_SUSPENDED"}, approval.Permanent, approval.CauseSuspended},
		"a project that is none":        {Error{Kind: Permanent, Code: "GROUP_NOT_FOUND"}, approval.Permanent, approval.CauseBadProject},
		"a project out of reach":        {Error{Kind: Permanent, Code: "USER_CANNOT_ACCESS_GROUP"}, approval.Permanent, approval.CauseBadProject},
		"a project by what was given":   {Error{Kind: Permanent, Fields: []string{"project"}}, approval.Permanent, approval.CauseBadProject},
		"a role that a project has not": {Error{Kind: Permanent, Code: "INVALID_ROLE_FOR_GROUP"}, approval.Permanent, approval.CauseBadRole},
		"anything else":                 {Error{Kind: Permanent, Code: "SOMETHING_NEW"}, approval.Permanent, approval.CauseRefused},
		"not what was asked for":        {Error{Kind: Mismatch}, approval.Permanent, approval.CauseAccessMismatch},
		"no answer":                     {Error{Kind: Indeterminate}, approval.Indeterminate, approval.CauseUnknown},
		"later":                         {Error{Kind: Transient}, approval.Transient, approval.CauseAtlasUnavailable},
		"gone while it was being made":  {Error{Kind: Gone, Code: "API_KEY_NOT_FOUND"}, approval.Transient, approval.CauseAtlasUnavailable},
		"a wrong credential":            {Error{Kind: InvalidCredential, Code: "UNEXPECTED_ERROR"}, approval.Transient, approval.CauseInvalidCredential},
		"a credential that may not":     {Error{Kind: InvalidCredential, Code: "NOT_ORG_OWNER"}, approval.Transient, approval.CauseNotPermitted},
		"a credential from a bad place": {Error{Kind: InvalidCredential, Code: "IP_ADDRESS_NOT_ON_ACCESS_LIST"}, approval.Transient, approval.CauseInvalidCredential},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.err.RetryAfter = 7 * time.Second
			err := domainError(&c.err)
			var f *approval.CallError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, approval.CallError{Class: c.verdict, Cause: c.cause, Code: c.err.Code, RetryAfter: 7 * time.Second, Err: &c.err}, *f)
		})
	}
	t.Run("what is not Atlas's passes", func(t *testing.T) {
		t.Parallel()
		other := errors.New("disk full")
		assert.Equal(t, other, domainError(other))
		assert.NoError(t, domainError(nil))
	})
}

// The codes of Atlas that decide more than their status does, as they were seen
// or are documented.
func TestErrorCodeDecidesKind(t *testing.T) {
	t.Parallel()
	for code, c := range map[string]struct {
		status int
		kind   Kind
	}{
		"API_KEY_NOT_FOUND":                      {400, Gone},
		"API_KEY_WHITELIST_NOT_FOUND":            {404, Gone},
		"API_KEY_ACCESS_LIST_ENTRY_NOT_FOUND":    {400, Gone},
		"IP_ADDRESS_NOT_ON_WHITELIST":            {403, InvalidCredential},
		"RESOURCE_REQUIRES_ACCESS_LIST":          {403, InvalidCredential},
		"ACCESS_FORBIDDEN":                       {403, InvalidCredential},
		"USER_CANNOT_ACCESS_ORG":                 {401, InvalidCredential},
		"NOT_IN_GROUP":                           {401, Permanent},
		"USER_CANNOT_ACCESS_GROUP":               {401, Permanent},
		"GROUP_NOT_FOUND":                        {404, Permanent},
		"WRITES_NOT_ALLOWED_DURING_APP_UPGRADES": {405, Transient},
		"RATE_LIMITED":                           {429, Transient},
		"ACCOUNT_SUSPENDED":                      {402, Permanent},
		"MAX_PUBLIC_API_KEY_REACHED":             {403, Permanent},
		"ORG_NOT_FOUND":                          {404, Permanent},
		"ADDRESS_ALREADY_IN_ACCESS_LIST":         {409, Permanent},
		"VERSION_GONE":                           {410, Permanent},
		"UNEXPECTED_ERROR":                       {500, Indeterminate},
		"SOMETHING_NEW":                          {503, Indeterminate},
		"":                                       {418, Transient},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			post := call{method: "POST"}
			assert.Equal(t, c.kind, classifyError(post, response{signed: true, sent: true, status: c.status}, code))
		})
	}
}
