package config

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
)

func unset(name string) func(map[string]string) {
	return func(e map[string]string) { delete(e, name) }
}

func TestSingleOrganizationHasName(t *testing.T) {
	c, err := Read(environment())
	require.NoError(t, err)
	require.Len(t, c.Orgs(), 1)
	assert.Equal(t, "Atlas", c.Orgs()[0].Name)
	c, err = Read(environment(set("ATLAS_ORG_NAME", "Acme (Production)")))
	require.NoError(t, err)
	assert.Equal(t, "Acme (Production)", c.Orgs()[0].Name)
}

func TestSeveralOrganizations(t *testing.T) {
	c, err := Read(severalOrganizations(
		set("ORG_STAGING_SLACK_APPROVAL_CHANNEL", "C0STAGING"), set("ORG_STAGING_SLACK_APPROVERS", "U0ANA"), set("ORG_STAGING_NAME", "Staging & QA"),
	))
	require.NoError(t, err)
	production, staging := policy.OrgID("65a1b2c3d4e5f60718293a4b"), policy.OrgID("65a1b2c3d4e5f60718293a4c")
	assert.Equal(t, map[policy.OrgID]string{production: "C0APPROVALS", staging: "C0STAGING"}, c.Channels())
	assert.Equal(t, map[policy.OrgID]string{
		production: "https://cloud.mongodb.com/v2#/org/65a1b2c3d4e5f60718293a4b/access/apiKeys",
		staging:    "https://cloud.mongodb.com/v2#/org/65a1b2c3d4e5f60718293a4c/access/apiKeys",
	}, c.KeysPages())
	orgs := c.Orgs()
	require.Len(t, orgs, 2)
	assert.Equal(t, production, orgs[0].ID)
	assert.Equal(t, "Production", orgs[0].Name)
	assert.Equal(t, policy.Principals{Users: []policy.UserID{"U0BOB"}, Groups: []policy.GroupID{"S0APPROVERS"}}, orgs[0].Policy.Approvers())
	assert.Equal(t, staging, orgs[1].ID)
	assert.Equal(t, "Staging & QA", orgs[1].Name)
	assert.Equal(t, policy.Principals{Users: []policy.UserID{"U0ANA"}}, orgs[1].Policy.Approvers())
	assert.Equal(t, "ijklmnop", c.Organizations[1].PublicKey)
	assert.Equal(t, "00000000-0000-4000-8000-00000000beef", c.Organizations[1].PrivateKey.Reveal())
	printed := fmt.Sprintf("%v %+v %#v", c, c, c)
	assert.NotContains(t, printed, "00000000-0000-4000-8000-00000000beef")
	assert.NotContains(t, printed, "00000000-0000-4000-8000-00000000cafe")
}

func TestPrivateKeysAreRemovedFromEnvironment(t *testing.T) {
	t.Setenv("ORG_STAGING_ATLAS_PRIVATE_KEY", "00000000-0000-4000-8000-00000000beef")
	t.Setenv("ATLAS_PRIVATE_KEY", "00000000-0000-4000-8000-00000000cafe")
	_, err := Read(severalOrganizations())
	require.NoError(t, err)
	assert.Empty(t, os.Getenv("ORG_STAGING_ATLAS_PRIVATE_KEY"))
	assert.Empty(t, os.Getenv("ATLAS_PRIVATE_KEY"))
}

func TestConfigRefusesInvalidOrganizations(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(map[string]string)
		says  string
	}{
		"a word in capitals":         {set("ORGS", "production,staging,Test"), `ORGS has "Test": it wants short words of lower-case letters and digits, as in production,staging`},
		"a word twice":               {set("ORGS", "production,staging,production"), "ORGS has production twice"},
		"an id without a prefix":     {set("ATLAS_ORG_ID", "65a1b2c3d4e5f60718293a4d"), "ATLAS_ORG_ID is set, and so is ORGS: each of several organizations has its own, as in ORG_PRODUCTION_ATLAS_ORG_ID"},
		"a name without a prefix":    {set("ATLAS_ORG_NAME", "Acme"), "ATLAS_ORG_NAME is set, and so is ORGS: each of several organizations has its own, as in ORG_PRODUCTION_NAME"},
		"no id":                      {unset("ORG_STAGING_ATLAS_ORG_ID"), "ORG_STAGING_ATLAS_ORG_ID is not set"},
		"no private key":             {set("ORG_STAGING_ATLAS_PRIVATE_KEY", ""), "ORG_STAGING_ATLAS_PRIVATE_KEY is empty"},
		"an id that is none":         {set("ORG_STAGING_ATLAS_ORG_ID", "staging"), `ORG_STAGING_ATLAS_ORG_ID is "staging": it is 24 hexadecimal digits (Organization Settings)`},
		"keys swapped":               {set("ORG_STAGING_ATLAS_PUBLIC_KEY", "00000000-0000-4000-8000-00000000beef"), "ORG_STAGING_ATLAS_PUBLIC_KEY looks like a private key: were the two swapped?"},
		"no channel anywhere":        {unset("SLACK_APPROVAL_CHANNEL"), "SLACK_APPROVAL_CHANNEL is not set"},
		"a channel's name":           {set("ORG_STAGING_SLACK_APPROVAL_CHANNEL", "#staging"), `ORG_STAGING_SLACK_APPROVAL_CHANNEL is "#staging"`},
		"a channel's name in common": {set("SLACK_APPROVAL_CHANNEL", "#approvals"), `SLACK_APPROVAL_CHANNEL is "#approvals"`},
		"a person's name":            {set("ORG_STAGING_SLACK_APPROVERS", "ana"), `ORG_STAGING_SLACK_APPROVERS has "ana"`},
		"no approvers anywhere":      {unset("SLACK_APPROVERS"), "SLACK_APPROVERS is not set"},
		"one organization twice":     {set("ORG_STAGING_ATLAS_ORG_ID", "65a1b2c3d4e5f60718293a4b"), "ORG_PRODUCTION_ATLAS_ORG_ID and ORG_STAGING_ATLAS_ORG_ID are the same organization"},
		"one key twice":              {set("ORG_STAGING_ATLAS_PUBLIC_KEY", "abcdefgh"), "ORG_PRODUCTION_ATLAS_PUBLIC_KEY and ORG_STAGING_ATLAS_PUBLIC_KEY are the same key: a key is of one organization"},
		"one name twice":             {set("ORG_STAGING_NAME", "production"), "two organizations are named production (ORG_PRODUCTION_NAME, ORG_STAGING_NAME): people could not tell them apart"},
		"a name that hides":          {set("ORG_STAGING_NAME", "\u202eStaging"), `ORG_STAGING_NAME is "\u202eStaging": it begins with a character that cannot be seen (U+202E)`},
		"one that is not named":      {set("ORG_TEST_ATLAS_ORG_ID", "65a1b2c3d4e5f60718293a4d"), "ORG_TEST_ATLAS_ORG_ID is set, and ORGS does not name test"},
		"ORGS is forgotten": {func(e map[string]string) {
			for name, value := range environment() {
				e[name] = value
			}
			delete(e, "ORGS")
			for _, name := range []string{"ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"} {
				delete(e, "ORG_PRODUCTION_"+name)
			}
		}, "ORG_STAGING_ATLAS_ORG_ID is set, and ORGS does not name staging"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(severalOrganizations(tt.spoil))
			require.ErrorContains(t, err, tt.says)
			assert.Len(t, SplitErrors(err), 1, "one mistake, one line: %v", err)
		})
	}
}

func TestConfigReadsPolicyFile(t *testing.T) {
	file := policyOf(t, "required_approvals: [{from: [S0OPS], count: 2}]\nlifetimes: [9h]\n")
	c, err := Read(environment(unset("SLACK_APPROVERS"), set("POLICY_FILE", file)))
	require.NoError(t, err)
	p := c.Orgs()[0].Policy
	assert.Equal(t, []policy.Requirement{{From: policy.Principals{Groups: []policy.GroupID{"S0OPS"}}, Count: 2}}, p.Requirements)
	assert.Len(t, p.Roles, 6, "as by default")

	c, err = Read(severalOrganizations(set("ORG_STAGING_POLICY_FILE", file), set("POLICY_FILE", policyOf(t, "networks: {max_entries: 3}"))))
	require.NoError(t, err)
	assert.Equal(t, 3, c.Orgs()[0].Policy.MaxEntries)
	assert.Equal(t, 20, c.Orgs()[1].Policy.MaxEntries)
}

func TestConfigRefusesInvalidPolicyFile(t *testing.T) {
	wrong := policyOf(t, "approvels: []\nissue_within: soon\n")
	for name, tt := range map[string]struct {
		environ map[string]string
		says    []string
	}{
		"every mistake, and those of the environment": {
			environment(set("POLICY_FILE", wrong), set("LISTEN", "8080")),
			[]string{"LISTEN is \"8080\"", wrong + `:1: the file has no key "approvels"`, wrong + `:2: issue_within: "soon" is not`},
		},
		"once, of organizations that share a file": {
			severalOrganizations(set("POLICY_FILE", wrong)),
			[]string{wrong + `:1: the file has no key "approvels"`, wrong + `:2: issue_within: "soon" is not`},
		},
		"no file":   {environment(set("POLICY_FILE", "/no/such.yaml")), []string{"/no/such.yaml: there is no such file"}},
		"no people": {environment(set("POLICY_FILE", policyOf(t, "lifetimes: [8h]")), unset("SLACK_APPROVERS")), []string{":1: there are no approvers: required_approvals is missing, and SLACK_APPROVERS is not set"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(tt.environ)
			require.Error(t, err)
			for _, says := range tt.says {
				assert.ErrorContains(t, err, says)
			}
			assert.Len(t, SplitErrors(err), len(tt.says), "%v", err)
		})
	}
}
