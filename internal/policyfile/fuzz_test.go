package policyfile_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/policyfile"
)

// Any text is either a policy with approvers, roles and lifetimes, or an error
// with a message.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../docs/policy.example.yaml")
	require.NoError(f, err)
	for _, seed := range []string{
		string(example), "", "[", "a: [*b]", "{}", "? [a]\n: b", "roles: {ORG_OWNER: }", "auto_approvals: [{name: , allowed_requesters: , roles: , max_lifetime: }]",
		"network_presets: {a: [&x 1, *x]}", "pending: {escalate_to: [], escalate_after: 1h}", "break_glass: {allowed_requesters: [], roles: [], lifetime: }",
		"required_approvals: [[], {from: {}}]", "lifetimes: {a: b}", "!!binary a", "--- a\n--- b", "required_approvals: [{from: [U0BOB]}] # x\u2028allow_self_approval: true", "\ufeffa: b\r\u0085", "project_roles: ",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := policyfile.Parse("p.yaml", []byte(text), base())
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotContains(t, text, "\u2028", "text that no editor shows is refused")
		require.NotContains(t, text, "\u202e")
		require.NotEmpty(t, p.Requirements)
		require.NotEmpty(t, p.Roles)
		require.NotEmpty(t, p.Lifetimes)
		require.NotEmpty(t, policyfile.Summary(p))
	})
}
