package policyfile_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/policyfile"
)

// Whatever a file holds, it is a policy under which somebody can be asked, or
// there is a problem to read.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../docs/policy.example.yaml")
	require.NoError(f, err)
	for _, seed := range []string{
		string(example), "", "[", "a: [*b]", "{}", "? [a]\n: b", "roles: {ORG_OWNER: }", "auto_approve: [{name: , for: , roles: , longest: }]",
		"networks: {named: {a: [&x 1, *x]}}", "pending: {escalate_to: [], escalate_after: 1h}", "break_glass: {people: [], roles: [], lifetime: }",
		"approvals: [[], {from: {}}]", "lifetimes: {a: b}", "!!binary a", "--- a\n--- b", "approvals: [{from: [U0BOB]}] # x\u2028self_approval: true", "\ufeffa: b\r\u0085", "projects: {roles: }",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := policyfile.Parse("p.yaml", []byte(text), base())
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotContains(t, text, "\u2028", "what no editor shows is no rule")
		require.NotContains(t, text, "\u202e")
		require.NotEmpty(t, p.Requirements)
		require.NotEmpty(t, p.Roles)
		require.NotEmpty(t, p.Lifetimes)
		require.NotEmpty(t, policyfile.Summary(p))
	})
}
