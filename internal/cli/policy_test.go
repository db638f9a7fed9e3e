package cli

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// runPolicy runs the command and returns its exit code and what it printed.
func runPolicy(t *testing.T, environ map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), append([]string{"policy"}, args...), Env{Environ: environ, Stdout: &out, Stderr: &errs})
	return code, out.String(), errs.String()
}

const examplePolicy = "../../docs/policy.example.yaml"

func TestPolicyCheckAcceptsExample(t *testing.T) {
	t.Parallel()
	const want = examplePolicy + " is in order: 4 organization roles, 3 project roles, usually approved by 1 of U0BOB, S0PLATFORM, 2 roles with required approvals of their own, " +
		"lifetimes up to 30d, 2 network presets, 1 rule for automatic approval, pending requests are escalated to S0MANAGERS after 8h, break-glass for S0ONCALL.\n"
	for name, tt := range map[string]struct {
		environ map[string]string
		args    []string
	}{
		"by its name, without any variable": {nil, []string{"check", examplePolicy}},
		"by POLICY_FILE":                    {map[string]string{"POLICY_FILE": examplePolicy}, []string{"check"}},
		"of two organizations, once":        {severalOrganizations(set("POLICY_FILE", examplePolicy)), []string{"check"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := runPolicy(t, tt.environ, tt.args...)
			assert.Zero(t, code, errs)
			assert.Equal(t, want, out)
		})
	}
}

func TestPolicyCheckReportsAllProblems(t *testing.T) {
	t.Parallel()
	file := policyOf(t, "lifetimes: [8h]\nrolls: {}\nexcluded_approvers: [bob]\n")
	code, out, errs := runPolicy(t, map[string]string{"MAX_ENTRIES": "20", "CONFIRM_WITHIN": "1h", "SLACK_APPROVERS": "U0BOB", "POLICY_FILE": file}, "check", file)
	assert.Equal(t, 1, code)
	assert.Equal(t, "atlas-key-bot: there are 4 problems\n", errs)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 4)
	assert.Equal(t, "CONFIRM_WITHIN moved to the policy file: write it there as confirm_within, and unset the variable", lines[0])
	assert.Equal(t, "MAX_ENTRIES moved to the policy file: write it there as networks: max_entries, and unset the variable", lines[1])
	assert.Contains(t, lines[2], file+`:2: the file has no key "rolls"`)
	assert.Equal(t, file+`:3: excluded_approvers has "bob": it wants user ids (U… or W…) and user group ids (S…)`, lines[3])
}

func TestPolicyRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args string
		says string
	}{
		"something else":             {"change", `unknown command "change" for "atlas-key-bot policy"`},
		"a misspelled command":       {"explian", "Did you mean this?\n\texplain\nSee 'atlas-key-bot policy --help'."},
		"two files":                  {"check a b", `"atlas-key-bot policy check" takes one FILE, and 2 were given`},
		"no file":                    {"check", "there is no policy file: name one, or set POLICY_FILE"},
		"no user":                    {"explain --roles ORG_MEMBER --for 8h", "--user, --roles and --for have to be given"},
		"a name":                     {"explain --user bob --roles ORG_MEMBER --for 8h", "a user id looks like U012ABCDEF"},
		"a group":                    {"explain --user S0SRE --roles ORG_MEMBER --for 8h", "a user id looks like U012ABCDEF"},
		"no time":                    {"explain --user U0BOB --roles ORG_MEMBER --for long", `"long" is not a duration`},
		"projects without roles":     {"explain --user U0BOB --roles ORG_MEMBER --for 8h --projects 2", "--projects and --project-roles go together"},
		"roles in no projects":       {"explain --user U0BOB --roles ORG_MEMBER --for 8h --project-roles GROUP_OWNER", "--projects and --project-roles go together"},
		"more files than one to ask": {"explain --user U0BOB --roles ORG_MEMBER --for 8h a b", `"atlas-key-bot policy explain" takes one FILE, and 2 were given`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := runPolicy(t, nil, strings.Fields(tt.args)...)
			assert.Equal(t, 2, code)
			assert.Empty(t, out)
			assert.Contains(t, errs, tt.says)
		})
	}
	code, out, _ := runPolicy(t, severalOrganizations(), strings.Fields("explain --user U0BOB --roles ORG_MEMBER --for 8h --groups S0SRE")...)
	assert.Equal(t, 1, code)
	assert.Equal(t, "--org is missing: it names one of Production, Staging\n", out)
	code, out, _ = runPolicy(t, severalOrganizations(), strings.Fields("explain --user U0BOB --roles ORG_MEMBER --for 8h --org test --groups S0SRE")...)
	assert.Equal(t, 1, code)
	assert.Equal(t, "there is no organization \"test\": there are Production, Staging\n", out)
	code, out, _ = runPolicy(t, nil, strings.Fields("explain --user U0BOB --roles ORG_MEMBER --for 8h")...)
	assert.Equal(t, 1, code)
	assert.Equal(t, "there are no approvers: set SLACK_APPROVERS, or name a policy file\n", out)
}

// explained are questions about the examplePolicy and the whole answers.
func TestPolicyExplain(t *testing.T) {
	t.Parallel()
	const expires = "Undecided after 8h it goes to S0MANAGERS as well.\nUndecided after 24h it expires.\n"
	const later = expires + "The form asks for “Ticket” as well.\n"
	for name, tt := range map[string]struct{ args, want string }{
		"what a rule fits": {
			"--user U0ALICE --roles ORG_READ_ONLY --for 8h --network ci --groups=",
			"U0ALICE requests ORG_READ_ONLY for 8h, from the network preset ci.\nThat is allowed.\nNo approval is needed: the rule \"reading from CI for a day\" applies.\n",
		},
		"the usual, from elsewhere": {
			"--user U0ALICE --roles ORG_READ_ONLY --for 8h --from 203.0.113.7 --groups S0FINANCE",
			"U0ALICE requests ORG_READ_ONLY for 8h, from 203.0.113.7.\nThat is allowed.\nIt takes one approval:\n" +
				"- 1 of U0BOB, S0PLATFORM, the usual: no rule requires other approvals of ORG_READ_ONLY.\n" +
				"Of these, excluded_approvers do not count: U0CEO.\nNo rule for automatic approval applies.\n" + later,
		},
		"a powerful role": {
			"--user U0ALICE --roles ORG_OWNER,ORG_READ_ONLY --for 8h --groups S0SRE,S0ONCALL",
			"U0ALICE requests ORG_OWNER, ORG_READ_ONLY for 8h.\nThat is allowed.\nIt takes 3 approvals, each of another person:\n" +
				"- 1 of S0SRE, required by the rule of ORG_OWNER.\n- 1 of S0SECURITY, required by the rule of ORG_OWNER.\n" +
				"- 1 of U0BOB, S0PLATFORM, the usual: no rule requires other approvals of ORG_READ_ONLY.\n" +
				"Of these, excluded_approvers do not count: U0CEO.\n" +
				"No rule for automatic approval applies; such rules depend on the addresses, too: give --from or --network.\n" +
				"U0ALICE is among them, and does not decide on their own request.\n" +
				"In an emergency U0ALICE may take ORG_OWNER, ORG_READ_ONLY for 2h without approval; another approver reviews it afterwards.\n" + later,
		},
		"over every limit": {
			"--user U0EVE --roles ORG_OWNER,ORG_GROUP_CREATOR --for 7d --from 203.0.113.0/24,10.0.0.1,203.0.113.7/24,sg-0123,office --network moon --groups=",
			"U0EVE requests ORG_OWNER, ORG_GROUP_CREATOR for 7d, from 203.0.113.0/24,10.0.0.1,203.0.113.7/24,sg-0123,office and the network preset moon.\nThat is refused:\n" +
				"- ORG_GROUP_CREATOR cannot be requested: it is not among the roles.\n" +
				"- There is no network preset named \"moon\".\n" +
				"- 203.0.113.0/24 is wider than /32, the widest with these roles.\n" +
				"- 10.0.0.1 is or holds private addresses, which never reach Atlas.\n" +
				"- 203.0.113.7/24 is not a network address, and too wide.\n" +
				"- sg-0123 is a security group, which Atlas does not know.\n" +
				"- \"office\" is not an address or a block.\n" +
				"- A key with ORG_OWNER is valid for at most 8h.\n" +
				"- U0EVE may not request ORG_OWNER: that is for S0SRE.\n" +
				"If it were allowed:\nIt takes 3 approvals, each of another person:\n" +
				"- 1 of S0SRE, required by the rule of ORG_OWNER.\n- 1 of S0SECURITY, required by the rule of ORG_OWNER.\n" +
				"- 1 of U0BOB, S0PLATFORM, the usual: no rule requires other approvals of ORG_GROUP_CREATOR.\n" +
				"Of these, excluded_approvers do not count: U0CEO.\nNo rule for automatic approval applies.\n" + later,
		},
		"projects, a lifetime that is not offered, and an unknown requester": {
			"--user U0BOB --roles ORG_MEMBER --for 9h --projects 11 --project-roles GROUP_OWNER",
			"U0BOB requests ORG_MEMBER for 9h, and GROUP_OWNER in 11 projects.\n" +
				"Assumed: U0BOB is in no user group. Say --groups S1,S2, or set SLACK_BOT_TOKEN to have Slack asked.\nThat is refused:\n" +
				"- 9h is not one of the lifetimes: 8h, 24h, 7d, 30d.\n- One request is for at most 10 projects.\n" +
				"If it were allowed:\nIt takes 3 approvals, each of another person:\n" +
				"- 2 of S0PLATFORM, required by the rule of GROUP_OWNER.\n" +
				"- 1 of U0BOB, S0PLATFORM, the usual: no rule requires other approvals of ORG_MEMBER.\n" +
				"Of these, excluded_approvers do not count: U0CEO.\n" +
				"No rule for automatic approval applies; such rules depend on the addresses, too: give --from or --network.\n" +
				"U0BOB is among them, and does not decide on their own request.\n" + later,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := runPolicy(t, nil, append(append([]string{"explain"}, strings.Fields(tt.args)...), examplePolicy)...)
			assert.Zero(t, code, errs)
			assert.Equal(t, tt.want, out)
		})
	}
}

func TestPolicyExplainChecksTicket(t *testing.T) {
	t.Parallel()
	withoutTicket := policyOf(t, "required_approvals: [{from: [U0BOB]}]\n")
	for name, tt := range map[string]struct{ ticket, file, want string }{
		"one that matches":  {"OPS-7", examplePolicy, "That is allowed.\n"},
		"one that does not": {"ops-7", examplePolicy, "That is refused:\n- \"ops-7\" does not match the pattern of “Ticket”.\n"},
		"one that is long":  {strings.Repeat("A", 101), examplePolicy, "That is refused:\n- “Ticket” has more than 100 characters.\n"},
		"no such field":     {"OPS-7", withoutTicket, "The form has no field for the ticket: this policy doesn't ask for one.\n"},
	} {
		code, out, errs := runPolicy(t, nil, "explain", "--user", "U0ALICE", "--roles", "ORG_MEMBER", "--for", "8h", "--groups=", "--ticket", tt.ticket, tt.file)
		assert.Zero(t, code, errs)
		assert.Contains(t, out, tt.want, name)
		assert.NotContains(t, out, "asks for", name)
	}
}

func TestPolicyExplainListsApprovalsOfAllRoles(t *testing.T) {
	t.Parallel()
	file := policyOf(t, "required_approvals: [{from: [U0BOB]}, {from: [U0DANA]}]\n"+
		"roles: {ORG_BILLING_ADMIN: {}, ORG_MEMBER: {required_approvals: [{from: [U0BOB]}]}}\n")
	code, out, errs := runPolicy(t, nil, "explain", "--user", "U0ALICE", "--roles", "ORG_BILLING_ADMIN,ORG_MEMBER", "--for", "8h", "--groups=", file)
	assert.Zero(t, code, errs)
	assert.Contains(t, out, "It takes 2 approvals, each of another person:\n"+
		"- 1 of U0BOB, required by the rule of ORG_MEMBER.\n"+
		"- 1 of U0DANA, the usual: no rule requires other approvals of ORG_BILLING_ADMIN.\n")
}

// Without a file the environment is explained, and Slack is asked who is who.
func TestPolicyExplainAsksSlack(t *testing.T) {
	t.Parallel()
	l := newSandboxEnv(t)
	l.Slack.SetGroup("S0SRE", slack.Alice)
	l.environ["POLICY_FILE"] = (policyOf(t, "roles:\n  ORG_MEMBER: {allowed_requesters: [S0SRE]}\n"))
	ask := func(user string) string {
		code, out, errs := runPolicy(t, l.environ, "explain", "--user", user, "--roles", "ORG_MEMBER", "--for", "8h")
		require.Zero(t, code, errs)
		return out
	}
	assert.Contains(t, ask(slack.Alice), "That is allowed.\nIt takes one approval:\n- 1 of S0APPROVERS, the usual")
	assert.Contains(t, ask(slack.Bob), "- U0BOB may not request ORG_MEMBER: that is for S0SRE.\n")
	assert.Contains(t, ask(slack.Gil), "That is refused: U0GUEST is a guest, and only full members of the workspace request keys.\n")
	l.Slack.SetGroup(slack.Approvers, slack.Alice)
	assert.Contains(t, ask(slack.Alice), "Only U0ALICE could give them, and not to themselves.\n")
	l.Slack.RevokeToken()
	code, _, errs := runPolicy(t, l.environ, "explain", "--user", slack.Alice, "--roles", "ORG_MEMBER", "--for", "8h")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "asking Slack (give --groups to do without)")
}

// docs/policy.md explains every field of the examplePolicy and every flag, and the
// answer it shows is the one that is given.
func TestPolicyIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/policy.md")
	require.NoError(t, err)
	file, err := os.ReadFile(examplePolicy)
	require.NoError(t, err)
	field := regexp.MustCompile(`(?m)^\s*(?:- )?\{?([a-z_0-9]+):`)
	fields := field.FindAllStringSubmatch(string(file), -1)
	require.Greater(t, len(fields), 30)
	for _, m := range fields {
		if m[1] != "office" && m[1] != "ci" { // names that the examplePolicy gives
			assert.Regexp(t, "`(?:[a-z_]+: )?"+m[1]+"[`:]", string(text))
		}
	}
	for _, flag := range []string{"user", "roles", "for", "from", "network", "projects", "project-roles", "groups", "ticket", "org"} {
		assert.Contains(t, string(text), "`--"+flag+"`")
	}
	_, out, _ := runPolicy(t, nil, "explain", "--user", "U012ABCDEF", "--roles", "ORG_OWNER", "--for", "8h", "--groups", "S0SRE", examplePolicy)
	assert.Contains(t, string(text), "    "+strings.ReplaceAll(strings.TrimSpace(out), "\n", "\n    ")+"\n")
}

// A role that reads data takes an approval, also where the rule names it among
// others that do not.
func TestPolicyCheckReportsARuleThatApprovesReadingData(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"GROUP_DATA_ACCESS_READ_ONLY", "GROUP_DATA_ACCESS_READ_WRITE", "GROUP_DATA_ACCESS_ADMIN", "GROUP_OWNER"} {
		file := policyOf(t, "roles: {ORG_MEMBER: {}}\nproject_roles: {GROUP_READ_ONLY: {}, "+role+": {}}\n"+
			"auto_approvals:\n  - name: from ci\n    allowed_requesters: everyone\n    roles: [ORG_MEMBER, GROUP_READ_ONLY, "+role+"]\n    max_lifetime: 8h\n    projects: true\n")
		code, out, errs := runPolicy(t, map[string]string{"SLACK_APPROVERS": "U0BOB"}, "check", file)
		assert.Equal(t, 1, code, role)
		assert.Equal(t, file+":6: "+role+" is a powerful role: it always requires an approval\n", out)
		assert.Equal(t, "atlas-key-bot: there is a problem\n", errs)
	}
}
