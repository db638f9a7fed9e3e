// Package configtest has valid settings for tests. No secret in it is real.
package configtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Environment returns the variables of a bot with one organization, after the edits.
func Environment(edit ...func(map[string]string)) map[string]string {
	e := map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-0000-not-real", "SLACK_APP_TOKEN": "xapp-0000-not-real",
		"SLACK_APPROVAL_CHANNEL": "C0APPROVALS", "SLACK_APPROVERS": "U0BOB,S0APPROVERS",
		"ATLAS_ORG_ID": "65a1b2c3d4e5f60718293a4b", "ATLAS_PUBLIC_KEY": "abcdefgh",
		"ATLAS_PRIVATE_KEY": "00000000-0000-4000-8000-00000000cafe",
	}
	for _, f := range edit {
		f(e)
	}
	return e
}

// Set returns an edit that sets a variable.
func Set(name, value string) func(map[string]string) {
	return func(e map[string]string) { e[name] = value }
}

// SeveralOrganizations returns the variables of a bot with two organizations, after the
// edits.
func SeveralOrganizations(edit ...func(map[string]string)) map[string]string {
	return Environment(append([]func(map[string]string){func(e map[string]string) {
		for _, name := range []string{"ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"} {
			e["ORG_PRODUCTION_"+name] = e[name]
			delete(e, name)
		}
		e["ORGS"] = "production, staging"
		e["ORG_STAGING_ATLAS_ORG_ID"] = "65a1b2c3d4e5f60718293a4c"
		e["ORG_STAGING_ATLAS_PUBLIC_KEY"] = "ijklmnop"
		e["ORG_STAGING_ATLAS_PRIVATE_KEY"] = "00000000-0000-4000-8000-00000000beef"
	}}, edit...)...)
}

// PolicyFile writes a policy file and returns its path.
func PolicyFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}
