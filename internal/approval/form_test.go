package approval_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

func form(edit ...func(*approval.Form)) approval.Form {
	f := approval.Form{
		IdempotencyKey: "V1", Description: "billing export", Roles: []approval.Role{"ORG_BILLING_READ_ONLY"},
		Networks: "203.0.113.7", Lifetime: 8 * time.Hour, Reason: "invoices of October, TICKET-12",
	}
	for _, e := range edit {
		e(&f)
	}
	return f
}

func TestCheckReadsAForm(t *testing.T) {
	t.Parallel()
	access, err := testPolicy().Check(form(func(f *approval.Form) {
		f.Description = "  billing export "
		f.Roles = []approval.Role{"ORG_MEMBER", "ORG_READ_ONLY", "ORG_MEMBER"}
	}))
	require.NoError(t, err)
	assert.Equal(t, "billing export", access.Description)
	assert.Equal(t, []approval.Role{"ORG_MEMBER", "ORG_READ_ONLY"}, access.Roles)
	assert.Equal(t, 8*time.Hour, access.Lifetime)
	assert.Equal(t, "203.0.113.7/32", access.Networks[0].String())
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(*approval.Form)
		field approval.Field
		code  approval.ProblemCode
	}{
		"no description":            {func(f *approval.Form) { f.Description = "  " }, approval.FieldDescription, approval.Missing},
		"a long description":        {func(f *approval.Form) { f.Description = strings.Repeat("ä", 201) }, approval.FieldDescription, approval.TooLong},
		"a description of lines":    {func(f *approval.Form) { f.Description = "a\nb" }, approval.FieldDescription, approval.Unprintable},
		"a description turned over": {func(f *approval.Form) { f.Description = "a\u202eb" }, approval.FieldDescription, approval.Unprintable},
		"an unseen description":     {func(f *approval.Form) { f.Description = "\u3000\u200b\u2060\ufeff\u3164\u2800\U000e0041" }, approval.FieldDescription, approval.Missing},
		"a mark on nothing":         {func(f *approval.Form) { f.Description = " \u0301" }, approval.FieldDescription, approval.Missing},
		"a line separator":          {func(f *approval.Form) { f.Description = "a\u2028b" }, approval.FieldDescription, approval.Unprintable},
		"a next line":               {func(f *approval.Form) { f.Description = "a\u0085b" }, approval.FieldDescription, approval.Unprintable},
		"an unseen reason":          {func(f *approval.Form) { f.Reason = "\u200b\n\u2029\u115f\ufe0f" }, approval.FieldReason, approval.Missing},
		"a reason turned over":      {func(f *approval.Form) { f.Reason = "a\n\u2066b" }, approval.FieldReason, approval.Unprintable},
		"no role":                   {func(f *approval.Form) { f.Roles = nil }, approval.FieldRoles, approval.Missing},
		"the owner's role":          {func(f *approval.Form) { f.Roles = []approval.Role{"ORG_OWNER"} }, approval.FieldRoles, approval.RoleNotAllowed},
		"a role nobody knows":       {func(f *approval.Form) { f.Roles = []approval.Role{"GROUP_OWNER"} }, approval.FieldRoles, approval.RoleNotAllowed},
		"no address":                {func(f *approval.Form) { f.Networks = "" }, approval.FieldNetworks, approval.Missing},
		"a lifetime not offered":    {func(f *approval.Form) { f.Lifetime = 9 * time.Hour }, approval.FieldLifetime, approval.LifetimeNotAllowed},
		"no reason":                 {func(f *approval.Form) { f.Reason = "" }, approval.FieldReason, approval.Missing},
		"a long reason":             {func(f *approval.Form) { f.Reason = strings.Repeat("x", 1001) }, approval.FieldReason, approval.TooLong},
		"a reason with a bell":      {func(f *approval.Form) { f.Reason = "ring\a" }, approval.FieldReason, approval.Unprintable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := testPolicy().Check(form(tt.spoil))
			wrong, ok := errors.AsType[*approval.FormError](err)
			require.True(t, ok)
			require.Len(t, wrong.Problems, 1)
			assert.Equal(t, tt.field, wrong.Problems[0].Field)
			assert.Equal(t, tt.code, wrong.Problems[0].Code)
		})
	}
}

func TestCheckKeepsWhatIsSeen(t *testing.T) {
	t.Parallel()
	access, err := testPolicy().Check(form(func(f *approval.Form) {
		f.Description = "\ufeffcafe\u0301\u00a0da\u00adta\u200b "
		f.Reason = "first\u2028second\u0085\r\n\r\n\r\nthird"
	}))
	require.NoError(t, err)
	assert.Equal(t, "café data", access.Description)
}

func TestCheckTellsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := testPolicy().Check(approval.Form{})
	wrong, ok := errors.AsType[*approval.FormError](err)
	require.True(t, ok)
	var fields []approval.Field
	for _, p := range wrong.Problems {
		fields = append(fields, p.Field)
	}
	assert.Equal(t, []approval.Field{"description", "roles", "networks", "lifetime", "reason"}, fields)
}

func TestIDs(t *testing.T) {
	t.Parallel()
	seen := map[approval.ID]bool{}
	for range 100 {
		id := approval.NewID()
		parsed, ok := approval.ParseID(string(id))
		require.True(t, ok, id)
		require.Equal(t, id, parsed)
		seen[id] = true
	}
	assert.Greater(t, len(seen), 90)
	for _, s := range []string{"", "AKR-", "AKR-7F3K", "AKR-7F3K21", "akr-7F3K2", "AKR-7f3k2", "AKR-IIIII", "AKR-7F3K2 ", "AKR-7F3é"} {
		_, ok := approval.ParseID(s)
		assert.False(t, ok, "%q", s)
	}
}
