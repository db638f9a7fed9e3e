package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
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

func twoOrganizations(t *testing.T) *lookout {
	t.Helper()
	l := newLookout(t, func(o *sandbox.Options) { o.Organizations = 2 })
	asSeveral(l.environ, l.Sandbox)
	return l
}

// about are the findings of one check.
func about(found []finding, check string) []finding {
	var all []finding
	for _, f := range found {
		if f.Check == check {
			all = append(all, f)
		}
	}
	return all
}

func TestCheckOfSeveralOrganizations(t *testing.T) {
	t.Parallel()
	l := twoOrganizations(t)
	code, found := l.finds()
	assert.Zero(t, code)
	logins := about(found, "atlas login")
	require.Len(t, logins, 2)
	assert.Equal(t, "Production: Atlas accepts the API key "+l.environ["ORG_PRODUCTION_ATLAS_PUBLIC_KEY"]+".", logins[0].Says)
	assert.Equal(t, "Staging: Atlas accepts the API key "+l.environ["ORG_STAGING_ATLAS_PUBLIC_KEY"]+".", logins[1].Says)
	assert.Len(t, about(found, "atlas connection"), 1)
	assert.Len(t, about(found, "approvals channel"), 2)
	assert.Len(t, about(found, "slack bot token"), 1)
}

func TestCheckTellsWhichOrganization(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(l *lookout)
		want  finding
	}{
		"its private key": {
			func(l *lookout) { l.set("ORG_STAGING_ATLAS_PRIVATE_KEY", "00000000-0000-4000-8000-00000000beef") },
			finding{
				"atlas login", notOK, "Staging: Atlas does not accept ORG_STAGING_ATLAS_PUBLIC_KEY and ORG_STAGING_ATLAS_PRIVATE_KEY: one of them is wrong, or the key was deleted.",
				"Compare the public key at {keys}; if the private key is lost, make a new one there.",
			},
		},
		"its id": {
			func(l *lookout) { l.set("ORG_STAGING_ATLAS_ORG_ID", "000000000000000000000001") },
			finding{
				"atlas organization", notOK, "Staging: Atlas shows the API key no organization 000000000000000000000001.",
				"The key belongs to {name}: set ORG_STAGING_ATLAS_ORG_ID to {id} if that one is meant, or else make a key in the other.",
			},
		},
		"its channel": {
			func(l *lookout) { l.set("ORG_STAGING_SLACK_APPROVAL_CHANNEL", "C0NOWHERE") },
			finding{
				"approvals channel", notOK, "Staging: Channel C0NOWHERE: Slack knows no such channel, or it is private and the bot is not in it.",
				"Invite the bot there and use the channel's id.",
			},
		},
		"its approvers": {
			func(l *lookout) { l.set("ORG_STAGING_SLACK_APPROVERS", "U0GONE") },
			finding{"approver", notOK, "Staging: U0GONE is deactivated.", "Take U0GONE out of ORG_STAGING_SLACK_APPROVERS: only full members of the workspace decide."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := twoOrganizations(t)
			staging := l.Atlases[1].Snapshot()
			tt.spoil(l)
			code, found := l.finds()
			assert.Equal(t, 1, code)
			tt.want.Do = strings.NewReplacer("{name}", staging.Name, "{id}", staging.ID).Replace(tt.want.Do)
			assert.Contains(t, found, tt.want)
			for _, f := range found {
				if f.Result == notOK {
					assert.True(t, strings.HasPrefix(f.Says, "Staging: "), f.Says)
				}
			}
		})
	}
}

func TestCheckOfAPolicyFile(t *testing.T) {
	policy := func(text string) func(*lookout) {
		return func(l *lookout) { l.set("POLICY_FILE", policyOf(l.t, text)) }
	}
	for name, tt := range map[string]struct {
		spoil func(l *lookout)
		want  []finding
		code  int
	}{
		"nothing special": {
			policy("lifetimes: [8h]"),
			[]finding{{"approvals", allOK, "The people there are now can give the approvals of every role.", ""}}, 0,
		},
		"a mistake in it": {
			policy("lifetime: [8h]\ncollect_within: soon"),
			[]finding{{"configuration", notOK, `{file}:2: collect_within: "soon" is not a length of time, like 90m, 8h or 30d.`, "Mend it in the policy file; docs/policy.md explains every field."}}, 1,
		},
		"two of a group of one": {
			func(l *lookout) {
				l.Slack.SetGroup(slack.Approvers, bob)
				policy("roles:\n  ORG_MEMBER: {}\n  ORG_OWNER: {approvals: [{from: [S0APPROVERS], count: 2}]}")(l)
			},
			[]finding{{"approvals", notOK, "The people there are now cannot give all the approvals of ORG_OWNER.", "Add people to the groups in Slack, or ask for fewer approvals in {file}."}}, 1,
		},
		"who never approves is no approver": {
			func(l *lookout) {
				policy("never_approve: [U0BOB]")(l)
			},
			[]finding{
				{"approvers", warning, "One person can decide. Nobody decides on their own request, so they themself can get no key.", "Name a second one in {file}."},
				{"policy people", allOK, "Everybody else whom the policy names is there: U0BOB.", ""},
			}, 0,
		},
		"people of other rules": {
			policy("break_glass: {people: [S0NOWHERE, U0GONE], roles: [ORG_OWNER], lifetime: 2h}"),
			[]finding{
				{"policy people", notOK, "Slack lists no user group S0NOWHERE.", "Copy the group's id (People & user groups, the group, ..., Copy group ID)."},
				{"policy people", warning, "U0GONE is deactivated.", "Take U0GONE out of {file}."},
			}, 1,
		},
		"an approver who is gone": {
			policy("approvals: [{from: [U0BOB, U0DANA, U0GONE]}]"),
			[]finding{{"approver", notOK, "U0GONE is deactivated.", "Take U0GONE out of {file}: only full members of the workspace decide."}}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLookout(t)
			tt.spoil(l)
			code, found := l.finds()
			assert.Equal(t, tt.code, code)
			for _, want := range tt.want {
				want.Says = strings.ReplaceAll(want.Says, "{file}", l.environ["POLICY_FILE"])
				want.Do = strings.ReplaceAll(want.Do, "{file}", l.environ["POLICY_FILE"])
				assert.Contains(t, found, want)
			}
		})
	}
}

// Each organization is compared with its own credential, and only its own lines
// count.
func TestComparingSeveralOrganizations(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, false, func(o *sandbox.Options) { o.Organizations = 2 })
	asSeveral(w.environ, w.Sandbox)
	w.moveIn()
	staging := w.Atlases[1].Snapshot().ID
	require.NoError(t, w.bot.store.Record(t.Context(), approval.AuditEntry{
		At: w.Clock.Now(), Org: policy.OrgID(staging), Request: "AKR-00001", Event: approval.EventKeyCreated,
		From: approval.StateIssuing, To: approval.StateIssuing, Key: "nosuchke", KeyID: "0123456789abcdef01234567",
	}))
	w.passes(2 * feedDelay)
	for org, want := range map[string]int{"": 1, "staging": 1, staging: 1, "Production": 0} {
		args := []string{"--against-atlas"}
		if org != "" {
			args = append(args, "--org", org)
		}
		out, err := auditsAt(t, w.Clock.Now(), w.environ, args...)
		if want == 0 {
			require.NoError(t, err, org)
			require.Empty(t, out)
			continue
		}
		require.EqualError(t, err, "differences between the audit trail and Atlas's events: 1", org)
		require.Contains(t, out, `"org":"`+staging+`"`)
	}
	_, err := auditsAt(t, w.Clock.Now(), w.environ, "--against-atlas", "--org", "elsewhere")
	require.ErrorIs(t, err, errUsage)
	require.ErrorContains(t, err, "the environment has no credential for the organization elsewhere")
}

// A bot ends its start with every credential that is refused, by its name.
func TestEveryCredentialIsCheckedAtTheStart(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, false, func(o *sandbox.Options) { o.Organizations = 2 })
	asSeveral(w.environ, w.Sandbox)
	for _, prefix := range []string{"ORG_PRODUCTION_", "ORG_STAGING_"} {
		w.environ[prefix+"ATLAS_PRIVATE_KEY"] = "00000000-0000-4000-8000-00000000beef"
	}
	config, err := readConfig(w.environ)
	require.NoError(t, err)
	b := &bot{config: config, now: w.Clock.Now, listener: w.door, log: newLog(w.log, config)}
	err = b.run(t.Context())
	require.ErrorContains(t, err, "atlas does not accept ORG_PRODUCTION_ATLAS_PUBLIC_KEY and ORG_PRODUCTION_ATLAS_PRIVATE_KEY")
	require.ErrorContains(t, err, "atlas does not accept ORG_STAGING_ATLAS_PUBLIC_KEY and ORG_STAGING_ATLAS_PRIVATE_KEY")
}

func TestSwappedOrganizationsEndTheStart(t *testing.T) {
	t.Parallel()
	w := emptyTown(t, false, func(o *sandbox.Options) { o.Organizations = 2 })
	asSeveral(w.environ, w.Sandbox)
	production, staging := "ORG_PRODUCTION_ATLAS_ORG_ID", "ORG_STAGING_ATLAS_ORG_ID"
	w.environ[production], w.environ[staging] = w.environ[staging], w.environ[production]
	config, err := readConfig(w.environ)
	require.NoError(t, err)
	b := &bot{config: config, now: w.Clock.Now, listener: w.door, log: newLog(w.log, config)}
	err = b.run(t.Context())
	require.ErrorContains(t, err, "the key in ORG_PRODUCTION_ATLAS_PUBLIC_KEY is not of the organization in ORG_PRODUCTION_ATLAS_ORG_ID")
	require.ErrorContains(t, err, "the key in ORG_STAGING_ATLAS_PUBLIC_KEY is not of the organization in ORG_STAGING_ATLAS_ORG_ID")
}
