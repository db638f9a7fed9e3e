package config

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config/configtest"
)

// The settings of package configtest, in short.
var (
	environment          = configtest.Environment
	set                  = configtest.Set
	severalOrganizations = configtest.SeveralOrganizations
	policyOf             = configtest.PolicyFile
)

func TestConfigDefaults(t *testing.T) {
	c, err := Read(environment())
	require.NoError(t, err)
	assert.Equal(t, "https://slack.com/api/", c.SlackAPIURL)
	assert.Equal(t, "https://cloud.mongodb.com", c.AtlasBaseURL)
	assert.Equal(t, defaultListen, c.Listen)
	p := c.Orgs()[0].Policy
	assert.Len(t, p.Roles, 6)
	for _, rule := range p.Roles {
		assert.NotEqual(t, policy.Role("ORG_OWNER"), rule.Role)
		assert.True(t, rule.AllowedRequesters.Everyone)
	}
	assert.Equal(t, []time.Duration{8 * time.Hour, 24 * time.Hour, 168 * time.Hour, 720 * time.Hour, 2160 * time.Hour}, p.Lifetimes)
	assert.Equal(t, 24, p.MinPrefixIPv4)
	assert.Equal(t, 64, p.MinPrefixIPv6)
	assert.Equal(t, 20, p.MaxEntries)
	assert.Equal(t, 24*time.Hour, p.ExpireAfter)
	assert.Equal(t, 24*time.Hour, p.IssueWithin)
	assert.Equal(t, time.Hour, p.ConfirmWithin)
	assert.Equal(t, []time.Duration{24 * time.Hour, time.Hour}, p.RemindBeforeExpiry)
	assert.Equal(t, 24*time.Hour, p.RotationGracePeriod)
	assert.False(t, p.AllowSelfApproval)
	assert.Equal(t, []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{"U0BOB"}, Groups: []policy.GroupID{"S0APPROVERS"}}, Count: 1}}, p.Requirements)
}

func TestVariablesThatMovedAreNamedWithTheirKeys(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"ALLOWED_ROLES": "roles", "ALLOW_SELF_APPROVAL": "allow_self_approval", "COLLECT_WITHIN": "issue_within", "CONFIRM_WITHIN": "confirm_within",
		"LIFETIMES": "lifetimes", "MAX_ENTRIES": "networks: max_entries", "PENDING_LAPSES_AFTER": "pending: expire_after",
		"REMIND_BEFORE_END": "remind_before_expiry", "ROTATE_OVERLAP": "rotation_grace_period",
		"WIDEST_IPV4": "networks: min_prefix_ipv4", "WIDEST_IPV6": "networks: min_prefix_ipv6",
	}
	all := environment()
	var says []string
	for name, key := range want {
		says = append(says, name+" moved to the policy file: write it there as "+key+", and unset the variable")
		all[name] = "8h"
	}
	problems := func(e map[string]string) []string {
		c, err := Read(e)
		assert.Empty(t, c.Warnings)
		var all []string
		for _, problem := range SplitErrors(err) {
			all = append(all, problem.Error())
		}
		return all
	}
	const hint = "POLICY_FILE is not set: run 'atlas-key-bot policy init policy.yaml', which writes a file with every rule, and name that file there"
	assert.ElementsMatch(t, append([]string{hint}, says...), problems(all), "all at once")
	all["POLICY_FILE"] = policyOf(t, "lifetimes: [8h]\n")
	assert.ElementsMatch(t, says, problems(all))
	assert.Len(t, problems(severalOrganizations(set("MAX_ENTRIES", "3"), set("ORG_STAGING_POLICY_FILE", all["POLICY_FILE"]))), 1)
	_, rules := ReadRules(map[string]string{"LIFETIMES": "8h", "POLICY_FILE": all["POLICY_FILE"]})
	require.Len(t, rules, 1, "reviewers of a policy read it, too")
	assert.ErrorContains(t, rules[0], "LIFETIMES moved to the policy file")
}

func TestConfigReportsAllProblems(t *testing.T) {
	_, err := Read(map[string]string{
		"SLACK_BOT_TOKEN": "xapp-swapped", "SLACK_APPROVERS": "bob", "ATLAS_ORG_ID": "my org",
		"LIFETIMES": "8h,soon", "LISTEN": "8080", "SLACK_API_URL": "http://slack.com/api/",
	})
	require.Error(t, err)
	for _, name := range []string{
		"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_APPROVAL_CHANNEL is not set", "SLACK_APPROVERS", "ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY is not set",
		"ATLAS_PRIVATE_KEY is not set", "LIFETIMES moved", "LISTEN", "SLACK_API_URL",
	} {
		assert.ErrorContains(t, err, name)
	}
	assert.NotContains(t, err.Error(), "xapp-swapped", "a token is not repeated, not even a wrong one")
}

func TestConfigRefusesInvalidValues(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(map[string]string)
		says  string
	}{
		"no door":                      {set("SLACK_APP_TOKEN", ""), "set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET"},
		"a channel's name":             {set("SLACK_APPROVAL_CHANNEL", "#approvals"), "SLACK_APPROVAL_CHANNEL"},
		"an empty approver":            {set("SLACK_APPROVERS", "U0BOB,,U0DANA"), "SLACK_APPROVERS"},
		"keys swapped":                 {set("ATLAS_PUBLIC_KEY", "00000000-0000-4000-8000-00000000cafe"), "swapped"},
		"Atlas in the clear":           {set("ATLAS_BASE_URL", "http://cloud.mongodb.com"), "ATLAS_BASE_URL"},
		"a path after Atlas":           {set("ATLAS_BASE_URL", "https://cloud.mongodb.com/api/atlas/v2"), "ATLAS_BASE_URL: it may hold no path"},
		"a page of Atlas":              {set("ATLAS_BASE_URL", "https://cloud.mongodb.com/v2#/org/x"), "ATLAS_BASE_URL: it may hold no user, no query and no fragment"},
		"an empty fragment":            {set("ATLAS_BASE_URL", "https://cloud.mongodb.com#"), "ATLAS_BASE_URL: it may hold no user, no query and no fragment"},
		"an empty query":               {set("ATLAS_BASE_URL", "https://cloud.mongodb.com?"), "ATLAS_BASE_URL: it may hold no user, no query and no fragment"},
		"a port without a host":        {set("ATLAS_BASE_URL", "https://:443"), "ATLAS_BASE_URL: it is not a URL"},
		"no scheme":                    {set("ATLAS_BASE_URL", "cloud.mongodb.com"), "ATLAS_BASE_URL: it is not a URL"},
		"Slack's site":                 {set("SLACK_API_URL", "https://slack.com/"), "SLACK_API_URL: it ends in a slash, after the path of the Web API"},
		"a method of Slack's":          {set("SLACK_API_URL", "https://slack.com/api/auth.test/"), "SLACK_API_URL: it ends in a slash, after the path of the Web API"},
		"a token in Slack's URL":       {set("SLACK_API_URL", "https://slack.com/api/?token=x"), "SLACK_API_URL: it may hold no user, no query"},
		"a password in a URL":          {set("ATLAS_BASE_URL", "https://a:b@cloud.mongodb.com"), "ATLAS_BASE_URL"},
		"an API URL without its slash": {set("SLACK_API_URL", "https://slack.com/api"), "SLACK_API_URL"},
		"an unknown database":          {set("DATABASE_URL", "mysql://x"), "DATABASE_URL"},
		"a strange log level":          {set("LOG_LEVEL", "loud"), "LOG_LEVEL"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(environment(tt.spoil))
			require.ErrorContains(t, err, tt.says)
			assert.Len(t, strings.Split(err.Error(), "\n"), 1, "one mistake, one line")
		})
	}
}

func TestPrintedConfigHasNoSecrets(t *testing.T) {
	e := environment(set("SLACK_SIGNING_SECRET", "8f742231b10e8888abcd99yyyzzz85a5"))
	c, err := Read(e)
	require.NoError(t, err)
	printed := fmt.Sprintf("%v %+v %#v", c, c, c)
	for _, name := range []string{"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "ATLAS_PRIVATE_KEY"} {
		assert.NotContains(t, printed, e[name], name)
	}
}

// TestEnvExample keeps the file that operators copy in step with the code: the
// same variables, the same defaults.
func TestEnvExample(t *testing.T) {
	file, err := os.ReadFile("../../.env.example")
	require.NoError(t, err)
	inFile := map[string]string{}
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "#"))
		if name, value, ok := strings.Cut(line, "="); ok && strings.ToUpper(name) == name && !strings.Contains(name, " ") {
			inFile[name] = value
		}
	}
	inCode := map[string]string{}
	for f := range fieldsOf(reflect.TypeFor[Variables]()) {
		name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
		inCode[name] = f.Tag.Get("envDefault")
	}
	for f := range fieldsOf(reflect.TypeFor[prefixedVariables]()) {
		name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
		inCode["ORG_PRODUCTION_"+name] = ""
	}
	assert.ElementsMatch(t, keys(inCode), keys(inFile))
	for name, value := range inCode {
		if value != "" {
			assert.Equal(t, value, inFile[name], name)
		}
	}
}

// fieldsOf lists the fields that are filled from variables, those of embedded
// structs too.
func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if f.Tag.Get("env") != "" && !yield(f) {
				return
			}
		}
	}
}

func keys(m map[string]string) []string {
	var all []string
	for k := range maps.Keys(m) {
		all = append(all, k)
	}
	return all
}
