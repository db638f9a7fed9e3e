package preflight

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

// asSeveral puts the sandbox's organizations into an environment, as production
// and staging.
func asSeveral(environ map[string]string, s *sandbox.Sandbox) {
	for _, name := range []string{"ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"} {
		delete(environ, name)
	}
	environ["ORGS"] = "production,staging"
	for i, prefix := range []string{"ORG_PRODUCTION_", "ORG_STAGING_"} {
		public, private := s.Atlases[i].Credential()
		environ[prefix+"ATLAS_ORG_ID"] = s.Atlases[i].Snapshot().ID
		environ[prefix+"ATLAS_PUBLIC_KEY"], environ[prefix+"ATLAS_PRIVATE_KEY"] = public, private
	}
}

func twoOrganizations(t *testing.T) *checkEnv {
	t.Helper()
	l := newCheckEnv(t, func(o *sandbox.Options) { o.Organizations = 2 })
	asSeveral(l.environ, l.Sandbox)
	return l
}

// findingsOf are the findings of one check.
func findingsOf(found []Finding, check string) []Finding {
	var all []Finding
	for _, f := range found {
		if f.Check == check {
			all = append(all, f)
		}
	}
	return all
}

func TestCheckSeveralOrganizations(t *testing.T) {
	t.Parallel()
	l := twoOrganizations(t)
	code, found := l.check()
	assert.Zero(t, code)
	logins := findingsOf(found, "atlas login")
	require.Len(t, logins, 2)
	assert.Equal(t, "Production: Atlas accepts the API key "+l.environ["ORG_PRODUCTION_ATLAS_PUBLIC_KEY"]+".", logins[0].Message)
	assert.Equal(t, "Staging: Atlas accepts the API key "+l.environ["ORG_STAGING_ATLAS_PUBLIC_KEY"]+".", logins[1].Message)
	assert.Len(t, findingsOf(found, "atlas connection"), 1)
	assert.Len(t, findingsOf(found, "approvals channel"), 2)
	assert.Len(t, findingsOf(found, "slack bot token"), 1)
}

func TestCheckNamesOrganization(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(l *checkEnv)
		want  Finding
	}{
		"its private key": {
			func(l *checkEnv) { l.set("ORG_STAGING_ATLAS_PRIVATE_KEY", "00000000-0000-4000-8000-00000000beef") },
			Finding{
				"atlas login", NotOK, "Staging: Atlas does not accept ORG_STAGING_ATLAS_PUBLIC_KEY and ORG_STAGING_ATLAS_PRIVATE_KEY: one of them is wrong, or the key was deleted.",
				"Compare the public key at {keys}; if the private key is lost, make a new one there.",
			},
		},
		"its id": {
			func(l *checkEnv) { l.set("ORG_STAGING_ATLAS_ORG_ID", "000000000000000000000001") },
			Finding{
				"atlas organization", NotOK, "Staging: Atlas shows the API key no organization 000000000000000000000001.",
				"The key belongs to {name}: set ORG_STAGING_ATLAS_ORG_ID to {id} if that one is meant, or else make a key in the other.",
			},
		},
		"its channel": {
			func(l *checkEnv) { l.set("ORG_STAGING_SLACK_APPROVAL_CHANNEL", "C0NOWHERE") },
			Finding{
				"approvals channel", NotOK, "Staging: Channel C0NOWHERE: Slack knows no such channel, or it is private and the bot is not in it.",
				"Invite the bot there and use the channel's id.",
			},
		},
		"its approvers": {
			func(l *checkEnv) { l.set("ORG_STAGING_SLACK_APPROVERS", "U0GONE") },
			Finding{"approver", NotOK, "Staging: U0GONE is deactivated.", "Take U0GONE out of ORG_STAGING_SLACK_APPROVERS: only full members of the workspace decide."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := twoOrganizations(t)
			staging := l.Atlases[1].Snapshot()
			tt.spoil(l)
			code, found := l.check()
			assert.Equal(t, 1, code)
			tt.want.Hint = strings.NewReplacer("{name}", staging.Name, "{id}", staging.ID).Replace(tt.want.Hint)
			assert.Contains(t, found, tt.want)
			for _, f := range found {
				if f.Result == NotOK {
					assert.True(t, strings.HasPrefix(f.Message, "Staging: "), f.Message)
				}
			}
		})
	}
}

func TestCheckPolicyFile(t *testing.T) {
	policy := func(text string) func(*checkEnv) {
		return func(l *checkEnv) { l.set("POLICY_FILE", policyOf(l.t, text)) }
	}
	for name, tt := range map[string]struct {
		spoil func(l *checkEnv)
		want  []Finding
		code  int
	}{
		"nothing special": {
			policy("lifetimes: [8h]"),
			[]Finding{{"approvals", OK, "The people there are now can give the approvals of every role.", ""}}, 0,
		},
		"a mistake in it": {
			policy("lifetime: [8h]\nissue_within: soon"),
			[]Finding{{"configuration", NotOK, `{file}:2: issue_within: "soon" is not a duration, like 90m, 8h or 30d.`, "Correct it in the policy file; docs/policy.md explains every field."}}, 1,
		},
		"two of a group of one": {
			func(l *checkEnv) {
				l.Slack.SetGroup(slack.Approvers, slack.Bob)
				policy("roles:\n  ORG_MEMBER: {}\n  ORG_OWNER: {required_approvals: [{from: [S0APPROVERS], count: 2}]}")(l)
			},
			[]Finding{{"approvals", NotOK, "The people there are now cannot give all the approvals of ORG_OWNER.", "Add people to the groups in Slack, or ask for fewer approvals in {file}."}}, 1,
		},
		"who never approves is no approver": {
			func(l *checkEnv) {
				policy("excluded_approvers: [U0BOB]")(l)
			},
			[]Finding{
				{"approvers", Warning, "One person can decide, and not on their own requests: that person can get no key.", "Name a second one in {file}."},
				{"policy people", OK, "All others whom the policy names exist: U0BOB.", ""},
			}, 0,
		},
		"people of other rules": {
			policy("break_glass: {allowed_requesters: [S0NOWHERE, U0GONE], roles: [ORG_OWNER], lifetime: 2h}"),
			[]Finding{
				{"policy people", NotOK, "Slack lists no user group S0NOWHERE.", "Copy the group's id (People & user groups, the group, ..., Copy group ID)."},
				{"policy people", Warning, "U0GONE is deactivated.", "Take U0GONE out of {file}."},
			}, 1,
		},
		"an approver who is gone": {
			policy("required_approvals: [{from: [U0BOB, U0DANA, U0GONE]}]"),
			[]Finding{{"approver", NotOK, "U0GONE is deactivated.", "Take U0GONE out of {file}: only full members of the workspace decide."}}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newCheckEnv(t)
			tt.spoil(l)
			code, found := l.check()
			assert.Equal(t, tt.code, code)
			for _, want := range tt.want {
				want.Message = strings.ReplaceAll(want.Message, "{file}", l.environ["POLICY_FILE"])
				want.Hint = strings.ReplaceAll(want.Hint, "{file}", l.environ["POLICY_FILE"])
				assert.Contains(t, found, want)
			}
		})
	}
}
