package atlas

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     Error
		verdict approval.Verdict
		cause   approval.Cause
	}{
		"a role by its code":            {Error{Kind: Refused, Code: "INVALID_ENUM_VALUE"}, approval.Refused, approval.CauseBadRole},
		"a role by its field":           {Error{Kind: Refused, Code: "BAD_REQUEST", Fields: []string{"_roles"}}, approval.Refused, approval.CauseBadRole},
		"an address by its field":       {Error{Kind: Refused, Code: "BAD_REQUEST", Fields: []string{"[0].cidrBlock"}}, approval.Refused, approval.CauseBadAddress},
		"a field nobody knows":          {Error{Kind: Refused, Code: "BAD_REQUEST", Fields: []string{"desc"}}, approval.Refused, approval.CauseRefused},
		"an address by the old name":    {Error{Kind: Refused, Code: "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_WHITELIST"}, approval.Refused, approval.CauseBadAddress},
		"an address by the new name":    {Error{Kind: Refused, Code: "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_ACCESS_LIST"}, approval.Refused, approval.CauseBadAddress},
		"a duplicate by the old name":   {Error{Kind: Refused, Code: "ADDRESS_ALREADY_IN_WHITELIST"}, approval.Refused, approval.CauseBadAddress},
		"as many keys as there may be":  {Error{Kind: Refused, Code: "MAX_API_KEYS_PER_ORG_EXCEEDED"}, approval.Refused, approval.CauseKeyLimit},
		"unpaid":                        {Error{Kind: Refused, Code: "ACCOUNT_SUSPENDED"}, approval.Refused, approval.CauseSuspended},
		"a project that is none":        {Error{Kind: Refused, Code: "GROUP_NOT_FOUND"}, approval.Refused, approval.CauseBadProject},
		"a project out of reach":        {Error{Kind: Refused, Code: "USER_CANNOT_ACCESS_GROUP"}, approval.Refused, approval.CauseBadProject},
		"a project by what was given":   {Error{Kind: Refused, Fields: []string{"project"}}, approval.Refused, approval.CauseBadProject},
		"a role that a project has not": {Error{Kind: Refused, Code: "INVALID_ROLE_FOR_GROUP"}, approval.Refused, approval.CauseBadRole},
		"anything else":                 {Error{Kind: Refused, Code: "SOMETHING_NEW"}, approval.Refused, approval.CauseRefused},
		"not what was asked for":        {Error{Kind: Mismatch}, approval.Refused, approval.CauseMismatch},
		"no answer":                     {Error{Kind: Unknown}, approval.Unknown, approval.CauseUnknown},
		"later":                         {Error{Kind: NotNow}, approval.NotNow, approval.CauseAtlasAway},
		"gone while it was being made":  {Error{Kind: Gone, Code: "API_KEY_NOT_FOUND"}, approval.NotNow, approval.CauseAtlasAway},
		"a wrong credential":            {Error{Kind: BadLogin, Code: "UNEXPECTED_ERROR"}, approval.NotNow, approval.CauseBadLogin},
		"a credential that may not":     {Error{Kind: BadLogin, Code: "NOT_ORG_OWNER"}, approval.NotNow, approval.CauseNotPermitted},
		"a credential from a bad place": {Error{Kind: BadLogin, Code: "IP_ADDRESS_NOT_ON_ACCESS_LIST"}, approval.NotNow, approval.CauseBadLogin},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.err.RetryAfter = 7 * time.Second
			err := fault(&c.err)
			var f *approval.Fault
			require.ErrorAs(t, err, &f)
			assert.Equal(t, approval.Fault{Verdict: c.verdict, Cause: c.cause, Code: c.err.Code, RetryAfter: 7 * time.Second, Err: &c.err}, *f)
		})
	}
	t.Run("what is not Atlas's passes", func(t *testing.T) {
		t.Parallel()
		other := errors.New("disk full")
		assert.Equal(t, other, fault(other))
		assert.NoError(t, fault(nil))
	})
}

// The codes of Atlas that decide more than their status does, as they were seen
// or are documented.
func TestCodesDecide(t *testing.T) {
	t.Parallel()
	for code, c := range map[string]struct {
		status int
		kind   Kind
	}{
		"API_KEY_NOT_FOUND":                      {400, Gone},
		"API_KEY_WHITELIST_NOT_FOUND":            {404, Gone},
		"API_KEY_ACCESS_LIST_ENTRY_NOT_FOUND":    {400, Gone},
		"IP_ADDRESS_NOT_ON_WHITELIST":            {403, BadLogin},
		"RESOURCE_REQUIRES_ACCESS_LIST":          {403, BadLogin},
		"ACCESS_FORBIDDEN":                       {403, BadLogin},
		"USER_CANNOT_ACCESS_ORG":                 {401, BadLogin},
		"NOT_IN_GROUP":                           {401, Refused},
		"USER_CANNOT_ACCESS_GROUP":               {401, Refused},
		"GROUP_NOT_FOUND":                        {404, Refused},
		"WRITES_NOT_ALLOWED_DURING_APP_UPGRADES": {405, NotNow},
		"RATE_LIMITED":                           {429, NotNow},
		"ACCOUNT_SUSPENDED":                      {402, Refused},
		"MAX_PUBLIC_API_KEY_REACHED":             {403, Refused},
		"ORG_NOT_FOUND":                          {404, Refused},
		"ADDRESS_ALREADY_IN_ACCESS_LIST":         {409, Refused},
		"VERSION_GONE":                           {410, Refused},
		"UNEXPECTED_ERROR":                       {500, Unknown},
		"SOMETHING_NEW":                          {503, Unknown},
		"":                                       {418, NotNow},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			post := call{method: "POST"}
			assert.Equal(t, c.kind, judgeRefusal(post, answer{signed: true, sent: true, status: c.status}, code))
		})
	}
}
