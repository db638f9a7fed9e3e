package policy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

func TestCheckParsesForm(t *testing.T) {
	t.Parallel()
	access, err := testPolicy().Check(form(func(f *policy.Form) {
		f.Description = "  billing export "
		f.Roles = []policy.Role{"ORG_MEMBER", "ORG_READ_ONLY", "ORG_MEMBER"}
	}))
	require.NoError(t, err)
	assert.Equal(t, "billing export", access.Description)
	assert.Equal(t, []policy.Role{"ORG_MEMBER", "ORG_READ_ONLY"}, access.Roles)
	assert.Equal(t, 8*time.Hour, access.Lifetime)
	assert.Equal(t, "203.0.113.7/32", access.Networks[0].String())
}

func TestCheckRejectsMistakes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(*policy.Form)
		field policy.Field
		code  policy.ProblemCode
	}{
		"no description":            {func(f *policy.Form) { f.Description = "  " }, policy.FieldDescription, policy.Missing},
		"a long description":        {func(f *policy.Form) { f.Description = strings.Repeat("ä", 201) }, policy.FieldDescription, policy.TooLong},
		"a description of lines":    {func(f *policy.Form) { f.Description = "a\nb" }, policy.FieldDescription, policy.Unprintable},
		"a description turned over": {func(f *policy.Form) { f.Description = "a\u202eb" }, policy.FieldDescription, policy.Unprintable},
		"an unseen description":     {func(f *policy.Form) { f.Description = "\u3000\u200b\u2060\ufeff\u3164\u2800\U000e0041" }, policy.FieldDescription, policy.Missing},
		"a mark on nothing":         {func(f *policy.Form) { f.Description = " \u0301" }, policy.FieldDescription, policy.Missing},
		"a line separator":          {func(f *policy.Form) { f.Description = "a\u2028b" }, policy.FieldDescription, policy.Unprintable},
		"a next line":               {func(f *policy.Form) { f.Description = "a\u0085b" }, policy.FieldDescription, policy.Unprintable},
		"an unseen reason":          {func(f *policy.Form) { f.Reason = "\u200b\n\u2029\u115f\ufe0f" }, policy.FieldReason, policy.Missing},
		"a reason turned over":      {func(f *policy.Form) { f.Reason = "a\n\u2066b" }, policy.FieldReason, policy.Unprintable},
		"no role":                   {func(f *policy.Form) { f.Roles = nil }, policy.FieldRoles, policy.Missing},
		"the owner's role":          {func(f *policy.Form) { f.Roles = []policy.Role{"ORG_OWNER"} }, policy.FieldRoles, policy.RoleNotAllowed},
		"an unknown role":           {func(f *policy.Form) { f.Roles = []policy.Role{"GROUP_OWNER"} }, policy.FieldRoles, policy.RoleNotAllowed},
		"no address":                {func(f *policy.Form) { f.Networks = "" }, policy.FieldNetworks, policy.Missing},
		"a lifetime not offered":    {func(f *policy.Form) { f.Lifetime = 9 * time.Hour }, policy.FieldLifetime, policy.LifetimeNotAllowed},
		"no reason":                 {func(f *policy.Form) { f.Reason = "" }, policy.FieldReason, policy.Missing},
		"a long reason":             {func(f *policy.Form) { f.Reason = strings.Repeat("x", 1001) }, policy.FieldReason, policy.TooLong},
		"a reason with a bell":      {func(f *policy.Form) { f.Reason = "ring\a" }, policy.FieldReason, policy.Unprintable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := testPolicy().Check(form(tt.spoil))
			wrong, ok := errors.AsType[*policy.FormError](err)
			require.True(t, ok)
			require.Len(t, wrong.Problems, 1)
			assert.Equal(t, tt.field, wrong.Problems[0].Field)
			assert.Equal(t, tt.code, wrong.Problems[0].Code)
		})
	}
}

func TestCheckKeepsVisibleText(t *testing.T) {
	t.Parallel()
	access, err := testPolicy().Check(form(func(f *policy.Form) {
		f.Description = "\ufeffcafe\u0301\u00a0da\u00adta\u200b "
		f.Reason = "first\u2028second\u0085\r\n\r\n\r\nthird"
	}))
	require.NoError(t, err)
	assert.Equal(t, "café data", access.Description)
}

func TestCheckReportsAllProblems(t *testing.T) {
	t.Parallel()
	_, err := testPolicy().Check(policy.Form{})
	wrong, ok := errors.AsType[*policy.FormError](err)
	require.True(t, ok)
	var fields []policy.Field
	for _, p := range wrong.Problems {
		fields = append(fields, p.Field)
	}
	assert.Equal(t, []policy.Field{"description", "roles", "networks", "lifetime", "reason"}, fields)
}

func TestIDs(t *testing.T) {
	t.Parallel()
	seen := map[policy.ID]bool{}
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
