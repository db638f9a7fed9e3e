package policyfile_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
)

// base is what an environment says.
func base() policy.Policy {
	return policy.Policy{
		Requirements: []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{"U0BOB", "U0DANA"}}, Count: 1}},
		Roles:        policy.RulesFor("ORG_MEMBER", "ORG_READ_ONLY"),
		Lifetimes:    []time.Duration{8 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}, MinPrefixIPv4: 24, MinPrefixIPv6: 64, MaxEntries: 20,
		RequestTTL: 24 * time.Hour, IssueWithin: 20 * time.Hour, ConfirmWithin: time.Hour,
		RemindApproversAfter: []time.Duration{12 * time.Hour}, RemindBefore: []time.Duration{24 * time.Hour, time.Hour}, RotationGracePeriod: 24 * time.Hour,
	}
}

func users(ids ...policy.UserID) policy.Principals { return policy.Principals{Users: ids} }

func groups(ids ...policy.GroupID) policy.Principals { return policy.Principals{Groups: ids} }

var everyone = policy.Principals{Everyone: true}

func networks(words ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, w := range words {
		all = append(all, netip.MustParsePrefix(w))
	}
	return all
}

// The example is complete: no field of a policy is left to the environment.
func TestTheExample(t *testing.T) {
	t.Parallel()
	got, err := policyfile.Read("../../docs/policy.example.yaml", policy.Policy{})
	require.NoError(t, err)
	const hour, day = time.Hour, 24 * time.Hour
	require.Equal(t, policy.Policy{
		Requirements:      []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{"U0BOB"}, Groups: []policy.GroupID{"S0PLATFORM"}}, Count: 1}},
		ExcludedApprovers: users("U0CEO"),
		Roles: []policy.RoleRule{
			{Role: "ORG_MEMBER", AllowedRequesters: everyone},
			{Role: "ORG_READ_ONLY", AllowedRequesters: everyone},
			{Role: "ORG_BILLING_READ_ONLY", AllowedRequesters: groups("S0FINANCE", "S0PLATFORM")},
			{
				Role: "ORG_OWNER", AllowedRequesters: groups("S0SRE"), MaxLifetime: 8 * hour, MinPrefixIPv4: 32, MinPrefixIPv6: 128,
				Requirements: []policy.Requirement{{From: groups("S0SRE"), Count: 1}, {From: groups("S0SECURITY"), Count: 1}},
			},
		},
		ProjectRoles: []policy.RoleRule{
			{Role: "GROUP_READ_ONLY", AllowedRequesters: everyone},
			{Role: "GROUP_CLUSTER_MANAGER", AllowedRequesters: everyone, MaxLifetime: 7 * day},
			{Role: "GROUP_OWNER", AllowedRequesters: everyone, Requirements: []policy.Requirement{{From: groups("S0PLATFORM"), Count: 2}}},
		},
		Lifetimes: []time.Duration{8 * hour, day, 7 * day, 30 * day}, MinPrefixIPv4: 24, MinPrefixIPv6: 64, MaxEntries: 20,
		NetworkPresets: []policy.NetworkPreset{
			{Name: "office", Networks: networks("203.0.113.0/24", "2001:db8:0:1::/64")},
			{Name: "ci", Networks: networks("198.51.100.64/28")},
		},
		AutoApprovals: []policy.AutoRule{{
			Name: "reading from CI for a day", For: everyone, Roles: []policy.Role{"ORG_MEMBER", "ORG_READ_ONLY"},
			Networks: []string{"ci"}, MaxLifetime: day,
		}},
		Limits:     policy.Limits{OpenRequests: 20, LiveKeys: 50, RequestsPerHour: 30},
		BreakGlass: policy.BreakGlass{People: groups("S0ONCALL"), Roles: []policy.Role{"ORG_OWNER", "ORG_READ_ONLY"}, Lifetime: 2 * hour},
		RequestTTL: day, IssueWithin: day, ConfirmWithin: hour,
		RemindApproversAfter: []time.Duration{2 * hour, 6 * hour}, EscalateAfter: 8 * hour, EscalateTo: groups("S0MANAGERS"),
		RemindBefore: []time.Duration{day, hour}, RotationGracePeriod: day,
	}, got)
}

// What a file says goes, and nothing else is touched.
func TestWhatIsLeftOutStays(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		want func(p *policy.Policy)
	}{
		"only who never approves": {"never_approve: [U0BOB]", func(p *policy.Policy) { p.ExcludedApprovers = users("U0BOB") }},
		"nobody never approves":   {"never_approve: []", func(*policy.Policy) {}},
		"approvals":               {"approvals: [{from: [S0OPS], count: 3}]", func(p *policy.Policy) { p.Requirements = []policy.Requirement{{From: groups("S0OPS"), Count: 3}} }},
		"roles, one with nothing after it": {"roles: {ORG_OWNER: , ORG_MEMBER: {ask: everyone}}", func(p *policy.Policy) {
			p.Roles = policy.RulesFor("ORG_OWNER", "ORG_MEMBER")
		}},
		"the built-in list of project roles": {"projects: {roles: default}", func(p *policy.Policy) {
			p.ProjectRoles = policy.RulesFor(policy.DefaultProjectRoles()...)
		}},
		"lifetimes, unsorted":   {"lifetimes: [7d, 8h]", func(p *policy.Policy) { p.Lifetimes = []time.Duration{8 * time.Hour, 168 * time.Hour} }},
		"one limit of a person": {"limits: {live_keys: 3}", func(p *policy.Policy) { p.Limits.LiveKeys = 3 }},
		"one limit of many":     {"networks: {max_entries: 3}", func(p *policy.Policy) { p.MaxEntries = 3 }},
		"a mask without its slash": {"networks: {widest_ipv4: 30}", func(p *policy.Policy) {
			p.MinPrefixIPv4 = 30
		}},
		"a named network wider than any other": {"networks: {named: {The Office_2.b: [203.0.0.0/16, 192.0.2.1]}}", func(p *policy.Policy) {
			p.NetworkPresets = []policy.NetworkPreset{{Name: "The Office_2.b", Networks: networks("203.0.0.0/16", "192.0.2.1/32")}}
		}},
		"a shorter wait, with its reminder": {"pending: {lapse_after: 4h}", func(p *policy.Policy) {
			p.RequestTTL, p.RemindApproversAfter = 4*time.Hour, []time.Duration{2 * time.Hour}
		}},
		"no reminders":     {"pending: {remind_after: []}", func(p *policy.Policy) { p.RemindApproversAfter = nil }},
		"no reminders end": {"remind_before_end: []", func(p *policy.Policy) { p.RemindBefore = nil }},
		"reminders are sorted": {"remind_before_end: [1h, 7d]\npending: {remind_after: [3h, 1h]}", func(p *policy.Policy) {
			p.RemindBefore, p.RemindApproversAfter = []time.Duration{168 * time.Hour, time.Hour}, []time.Duration{time.Hour, 3 * time.Hour}
		}},
		"self-approval, in quotes": {`self_approval: "true"`, func(p *policy.Policy) { p.AllowSelfApproval = true }},
		"a rule for projects": {"projects: {roles: {GROUP_READ_ONLY: }}\nauto_approve: [{name: x, for: [U0ANA], roles: [ORG_MEMBER, GROUP_READ_ONLY], longest: 8h, projects: true}]", func(p *policy.Policy) {
			p.ProjectRoles = policy.RulesFor("GROUP_READ_ONLY")
			p.AutoApprovals = []policy.AutoRule{{Name: "x", For: users("U0ANA"), Roles: []policy.Role{"ORG_MEMBER", "GROUP_READ_ONLY"}, MaxLifetime: 8 * time.Hour, Projects: true}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := policyfile.Parse("policy.yaml", []byte(tt.text), base())
			require.NoError(t, err)
			want := base()
			tt.want(&want)
			assert.Equal(t, want, got)
		})
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"an empty file":               {"", "p.yaml: it is empty: leave POLICY_FILE away if there are no rules"},
		"comments only":               {"# soon\n", "p.yaml: it is empty: leave POLICY_FILE away if there are no rules"},
		"no YAML":                     {"roles:\n  ORG_MEMBER: {}\n bad: [", "p.yaml:2: this is not YAML: did not find expected key"},
		"two documents":               {"lifetimes: [8h]\n---\nlifetimes: [9h]", "p.yaml:2: there is more than one document: write one, without ---"},
		"a list":                      {"- a\n- b", "p.yaml:1: the file is not a list of keys with values, as in key: value"},
		"an unknown key":              {"lifetimes: [8h]\napproval: []", `p.yaml:2: the file has no key "approval": there are approvals, never_approve, self_approval, roles, projects, lifetimes, networks, auto_approve, pending, collect_within, confirm_within, remind_before_end, rotate_overlap, break_glass, limits`},
		"an unknown key of a role":    {"roles:\n  ORG_MEMBER: {asks: everyone}", `p.yaml:2: ORG_MEMBER has no key "asks": there are ask, approvals, longest, widest_ipv4, widest_ipv6`},
		"a repeated key":              {"lifetimes: [8h]\nself_approval: false\nlifetimes: [9h]", "p.yaml:3: lifetimes is here a second time: the first is in line 1"},
		"a repeated role":             {"roles:\n  ORG_MEMBER: {}\n  ORG_MEMBER: {}", "p.yaml:3: ORG_MEMBER is here a second time: the first is in line 2"},
		"an anchor":                   {"never_approve: &all [U0CEO]", "p.yaml:1: never_approve uses an anchor (& or *): write it out, so that everybody can read it"},
		"an alias":                    {"never_approve: [U0CEO]\napprovals: [{from: *all}]", "p.yaml: this is not YAML: unknown anchor 'all' referenced"},
		"a merge key":                 {"roles:\n  ORG_MEMBER: {<<: {}}", `p.yaml:2: ORG_MEMBER has no key "<<": there are ask, approvals, longest, widest_ipv4, widest_ipv6`},
		"nothing after a key":         {"lifetimes:", "p.yaml:1: lifetimes is empty: fill it in or leave it away"},
		"a word for a list":           {"never_approve: U0CEO", "p.yaml:1: never_approve is not a list, as in [a, b]"},
		"a name for an id":            {"never_approve: [bob]", `p.yaml:1: never_approve has "bob": it wants user ids (U… or W…) and user group ids (S…)`},
		"somebody twice":              {"never_approve: [U0CEO, U0CEO]", "p.yaml:1: never_approve has U0CEO twice"},
		"no approvals":                {"approvals: []", "p.yaml:1: approvals has nothing in it: leave it away, or say whose approval it takes"},
		"approvals of nobody":         {"approvals: [{from: []}]", "p.yaml:1: from names nobody"},
		"approvals of everyone":       {"approvals: [{from: everyone}]", "p.yaml:1: from is not a list, as in [a, b]"},
		"approvals without from":      {"approvals: [{count: 2}]", "p.yaml:1: an entry of approvals has no from"},
		"more than are named":         {"approvals:\n  - from: [U0BOB]\n    count: 2", "p.yaml:2: approvals: count is 2, and from names 1"},
		"a count of nothing":          {"approvals: [{from: [S0OPS], count: 0}]", "p.yaml:1: count is 0: 1 to 5"},
		"a count that is none":        {"approvals: [{from: [S0OPS], count: two}]", "p.yaml:1: count is two: 1 to 5"},
		"the same people twice":       {"approvals: [{from: [S0OPS]}, {from: [S0OPS]}]", "p.yaml:1: approvals has the same people in two entries: write one of them, with a count"},
		"nobody is left":              {"never_approve: [U0BOB, U0DANA]", "p.yaml:1: the usual approvals (of U0BOB, U0DANA) can never all be given: one person counts for one of them, and whoever is in never_approve for none"},
		"a group that never approves": {"never_approve: [S0OPS]\napprovals: [{from: [S0OPS]}]", "p.yaml:2: the usual approvals (of S0OPS) can never all be given: one person counts for one of them, and whoever is in never_approve for none"},
		"one person for two":          {"roles:\n  ORG_MEMBER:\n    approvals:\n      - from: [U0BOB]\n      - {from: [U0BOB, U0EVE]}\nnever_approve: [U0EVE]", "p.yaml:4: the approvals of ORG_MEMBER can never all be given: one person counts for one of them, and whoever is in never_approve for none"},
		"the same in projects":        {"projects:\n  roles:\n    GROUP_OWNER: {approvals: [{from: [U0EVE]}]}\nnever_approve: [U0EVE]", "p.yaml:3: the approvals of GROUP_OWNER can never all be given: one person counts for one of them, and whoever is in never_approve for none"},
		"no roles":                    {"roles: {}", "p.yaml:1: roles has nothing in it"},
		"a project role among them":   {"roles:\n  GROUP_OWNER: {}", `p.yaml:2: roles has "GROUP_OWNER": organization roles look like ORG_READ_ONLY`},
		"a role nobody may ask for":   {"roles:\n  ORG_OWNER: {ask: []}", "p.yaml:2: ask of ORG_OWNER names nobody"},
		"a role shorter than any":     {"roles:\n  ORG_OWNER:\n    longest: 4h", "p.yaml:3: longest of ORG_OWNER is 4h, and no lifetime is that short: the shortest is 8h"},
		"a role wider than any":       {"roles:\n  ORG_OWNER: {widest_ipv4: /16}", "p.yaml:2: widest_ipv4 of ORG_OWNER is /16, which is wider than /24, the widest for every role: that one goes"},
		"a mask of too many bits":     {"roles:\n  ORG_OWNER: {widest_ipv4: /33}", "p.yaml:2: widest_ipv4 of ORG_OWNER is /33: /0 to /32"},
		"projects without roles":      {"projects: {}", "p.yaml:1: projects has no roles"},
		"an organization role there":  {"projects: {roles: {ORG_OWNER: {}}}", `p.yaml:1: roles of projects has "ORG_OWNER": project roles look like GROUP_READ_ONLY`},
		"a word that is no list":      {"projects: {roles: all}", "p.yaml:1: roles of projects is not a list of keys with values, as in key: value"},
		"no lifetimes":                {"lifetimes: []", "p.yaml:1: lifetimes has nothing in it"},
		"a lifetime that is none":     {"lifetimes: [8h, soon]", `p.yaml:1: lifetimes: "soon" is not a length of time, like 90m, 8h or 30d`},
		"a lifetime too short":        {"lifetimes: [30m]", "p.yaml:1: lifetimes is 30m: at least 1h"},
		"too short to confirm":        {"confirm_within: 12h", "p.yaml:1: a lifetime is 8h, which is shorter than confirm_within (12h)"},
		"no time to collect":          {"collect_within: 5s", "p.yaml:1: collect_within is 5s: at least 1m"},
		"too many reminders":          {"remind_before_end: [1h, 2h, 3h, 4h, 5h, 6h, 7h, 8h, 9h, 10h, 11h]", "p.yaml:1: remind_before_end has 11 entries: at most 10"},
		"no open requests":            {"limits: {open_requests: 0}", "p.yaml:1: open_requests is 0: 1 to 1000"},
		"no entries":                  {"networks: {max_entries: 0}", "p.yaml:1: max_entries is 0: 1 to 200"},
		"a mask that is none":         {"networks: {widest_ipv6: wide}", `p.yaml:1: widest_ipv6: "wide" is not the length of a network's prefix, like /24`},
		"a network with a bad name":   {"networks:\n  named:\n    \"a,b\": [192.0.2.1]", `p.yaml:3: a network is named "a,b": up to 40 letters, digits, spaces, dots, - and _, beginning with a letter or digit`},
		"a name in other capitals":    {"networks:\n  named:\n    ci: [192.0.2.1]\n    CI: [192.0.2.2]", "p.yaml:4: CI is named a second time, in other capitals: people could not tell them apart"},
		"a private network":           {"networks:\n  named:\n    vpn: [10.0.0.0/8]", "p.yaml:3: network vpn has 10.0.0.0/8: it is or holds private addresses, from which Atlas sees nobody"},
		"the whole internet":          {"networks:\n  named:\n    all: [0.0.0.0/0]", "p.yaml:3: network all has 0.0.0.0/0: it is or holds unspecified addresses, from which Atlas sees nobody"},
		"host bits":                   {"networks:\n  named:\n    ci: [203.0.113.7/24]", "p.yaml:3: network ci has 203.0.113.7/24: it has bits set behind its mask; the network is 203.0.113.0/24"},
		"no network":                  {"networks:\n  named:\n    ci: [ci.example.com]", "p.yaml:3: network ci has ci.example.com: it is not an address or a block, like 203.0.113.0/24"},
		"two in one word":             {"networks:\n  named:\n    ci: [\"192.0.2.1, 192.0.2.2\"]", "p.yaml:3: network ci has 192.0.2.1, 192.0.2.2: it is not an address or a block, like 203.0.113.0/24"},
		"a network of nothing":        {"networks:\n  named:\n    ci: []", "p.yaml:3: network ci has nothing in it"},
		"a network nobody can pick":   {"networks:\n  max_entries: 1\n  named:\n    ci: [192.0.2.1, 198.51.100.1]", "p.yaml:4: network ci has 2 entries, and a key's list may have 1 (max_entries): nobody could pick it"},
		"a reminder after the lapse":  {"pending: {remind_after: [24h]}", "p.yaml:1: remind_after is 24h, and the request lapses after 24h (lapse_after)"},
		"an escalation after it":      {"pending: {escalate_after: 30h, escalate_to: [S0BOSS]}", "p.yaml:1: escalate_after is 30h, and the request lapses after 24h (lapse_after)"},
		"an escalation to nobody":     {"pending:\n  escalate_after: 3h", "p.yaml:2: escalate_after and escalate_to go together: when, and to whom"},
		"an escalation at no time":    {"pending:\n  escalate_to: [S0BOSS]", "p.yaml:2: escalate_after and escalate_to go together: when, and to whom"},
		"to who never approves":       {"never_approve: [S0BOSS]\npending: {escalate_after: 3h, escalate_to: [S0BOSS]}", "p.yaml:2: escalate_to names only people of never_approve"},
		"self-approval, perhaps":      {"self_approval: yes", `p.yaml:1: self_approval is "yes": true or false`},
		"break-glass for whom":        {"break_glass: {roles: [ORG_OWNER], lifetime: 2h}", "p.yaml:1: break_glass has no people"},
		"break-glass for everyone":    {"break_glass: {people: everyone, roles: [ORG_OWNER], lifetime: 2h}", "p.yaml:1: people is not a list, as in [a, b]"},
		"break-glass for long":        {"break_glass: {people: [U0ANA], roles: [ORG_OWNER], lifetime: 2d}", "p.yaml:1: lifetime is 2d: at most 24h, since nobody approves it"},
		"break-glass for a moment":    {"break_glass: {people: [U0ANA], roles: [ORG_OWNER], lifetime: 10m}", "p.yaml:1: lifetime is 10m: at least 1h"},
		"break-glass, not to confirm": {"confirm_within: 3h\nbreak_glass: {people: [U0ANA], roles: [ORG_OWNER], lifetime: 2h}", "p.yaml:2: lifetime is 2h, which is shorter than confirm_within (3h)"},
		"break-glass into a project":  {"break_glass: {people: [U0ANA], roles: [GROUP_OWNER], lifetime: 2h}", `p.yaml:1: roles of break_glass has "GROUP_OWNER": organization roles look like ORG_READ_ONLY`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policyfile.Parse("p.yaml", []byte(tt.text), base())
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestProblemsOfAutomaticApproval(t *testing.T) {
	t.Parallel()
	rule := func(edit ...string) string {
		return strings.NewReplacer(edit...).Replace("networks: {named: {ci: [192.0.2.1]}}\nroles: {ORG_MEMBER: {}, ORG_OWNER: {}}\nprojects: {roles: {GROUP_READ_ONLY: {}}}\n" +
			"auto_approve:\n  - name: from ci\n    for: everyone\n    roles: [ORG_MEMBER]\n    networks: [ci]\n    longest: 8h\n    projects: false\n")
	}
	_, err := policyfile.Parse("p.yaml", []byte(rule()), base())
	require.NoError(t, err)
	for name, tt := range map[string]struct{ text, want string }{
		"a powerful role":             {rule("[ORG_MEMBER]", "[ORG_MEMBER, ORG_OWNER]"), "p.yaml:7: ORG_OWNER is a powerful role: it always takes somebody's approval"},
		"a role nobody may ask for":   {rule("[ORG_MEMBER]", "[ORG_READ_ONLY]"), "p.yaml:7: nobody may ask for ORG_READ_ONLY: it is not under roles, nor under the roles of projects"},
		"a role that is none":         {rule("[ORG_MEMBER]", "[ORG_MEMBER, admin]"), `p.yaml:7: roles has "admin": organization roles look like ORG_READ_ONLY, project roles look like GROUP_READ_ONLY`},
		"no role":                     {rule("[ORG_MEMBER]", "[]"), "p.yaml:7: roles has nothing in it"},
		"only a project's role":       {rule("[ORG_MEMBER]", "[GROUP_READ_ONLY]", "projects: false", "projects: true"), "p.yaml:7: roles has no organization role, and every key has one: the rule would never fit"},
		"a project's role, no access": {rule("[ORG_MEMBER]", "[ORG_MEMBER, GROUP_READ_ONLY]"), "p.yaml:7: roles has project roles, and projects is not true: they would never fit"},
		"access without a role":       {rule("projects: false", "projects: true"), "p.yaml:10: projects is true, and roles has no project role: the rule would never fit a request for projects"},
		"an unknown network":          {rule("[ci]", "[office]"), `p.yaml:8: there is no network named "office" under networks, named`},
		"no network":                  {rule("networks: [ci]", "networks: []"), "p.yaml:8: networks has nothing in it: leave it away if the rule goes for every network"},
		"shorter than any lifetime":   {rule("longest: 8h", "longest: 2h"), "p.yaml:9: longest is 2h, and no lifetime is that short: the shortest is 8h"},
		"no longest":                  {rule("longest: 8h", "projects: false", "    projects: false\n", ""), "p.yaml:5: a rule of auto_approve has no longest"},
		"nobody it is for":            {rule("for: everyone", "for: []"), "p.yaml:6: for names nobody"},
		"a name that hides":           {rule("from ci", `"\u202eevil"`), `p.yaml:5: name is "\u202eevil": up to 60 letters, digits, spaces and signs, beginning with a letter or digit`},
		"two of one name":             {rule() + "  - {name: from ci, for: [U0ANA], roles: [ORG_MEMBER], longest: 24h}\n", `p.yaml:11: two rules are named "from ci": requests are recorded with that name`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policyfile.Parse("p.yaml", []byte(tt.text), base())
			require.EqualError(t, err, tt.want)
		})
	}
}

// All problems come at once, in the order of lines.
func TestEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	_, err := policyfile.Parse("p.yaml", []byte("lifetimes: [soon]\nrolls: {}\nnever_approve: [bob]\ncollect_within: 1s\n"), base())
	var says []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var p *policyfile.Problem
		require.ErrorAs(t, e, &p)
		says = append(says, strings.SplitN(e.Error(), ":", 3)[1])
	}
	require.Equal(t, []string{"1", "2", "3", "4"}, says)
}

func TestSomebodyHasToApprove(t *testing.T) {
	t.Parallel()
	without := base()
	without.Requirements = nil
	_, err := policyfile.Parse("p.yaml", []byte("lifetimes: [8h]"), without)
	require.EqualError(t, err, "p.yaml:1: nobody approves: there are no approvals here, and SLACK_APPROVERS is not set")
	_, err = policyfile.Parse("p.yaml", []byte("approvals: [{from: [S0OPS]}]"), without)
	require.NoError(t, err)
}

func TestLimitsOfMenus(t *testing.T) {
	t.Parallel()
	var roles, lives, named strings.Builder
	roles.WriteString("roles:\n")
	lives.WriteString("lifetimes: [1h")
	named.WriteString("networks:\n  named:\n")
	for i := range 101 {
		letters := string(rune('A'+i/26)) + string(rune('A'+i%26))
		roles.WriteString("  ORG_" + letters + ": {}\n")
		lives.WriteString(", " + time.Duration(time.Duration(i+2)*time.Hour).String())
		named.WriteString("    n" + letters + ": [192.0.2.1]\n")
	}
	lives.WriteString("]\n")
	for text, want := range map[string]string{
		roles.String(): "p.yaml:2: roles has 101 entries: at most 100, since Slack shows no more in a menu",
		lives.String(): "p.yaml:1: lifetimes has 102 entries: at most 100",
		named.String(): "p.yaml:3: named has 101 entries: at most 100, since Slack shows no more in a menu",
	} {
		_, err := policyfile.Parse("p.yaml", []byte(text), base())
		require.EqualError(t, err, want)
	}
}

func TestReadingFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := policyfile.Read(dir+"/none.yaml", base())
	require.EqualError(t, err, dir+"/none.yaml: there is no such file")
	_, err = policyfile.Read(dir, base())
	require.EqualError(t, err, dir+": it cannot be read")
	large := filepath.Join(dir, "large.yaml")
	require.NoError(t, os.WriteFile(large, []byte("#"+strings.Repeat("x", 1<<20)), 0o600))
	_, err = policyfile.Read(large, base())
	require.EqualError(t, err, large+": it is larger than 1048576 bytes")
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", 90 * time.Minute: "1h30m", 8 * time.Hour: "8h", 24 * time.Hour: "24h", 36 * time.Hour: "36h",
		48 * time.Hour: "2d", 90 * 24 * time.Hour: "90d", 90 * time.Second: "1m30s", time.Second: "1s",
	} {
		assert.Equal(t, want, policyfile.FormatDuration(d))
		back, err := policyfile.ParseDuration(want)
		assert.NoError(t, err)
		assert.Equal(t, d, back)
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	p, err := policyfile.Read("../../docs/policy.example.yaml", base())
	require.NoError(t, err)
	require.Equal(t, "4 organization roles, 3 project roles, usually approved by 1 of U0BOB, S0PLATFORM, 2 roles with approvals of their own, "+
		"lifetimes up to 30d, 2 named networks, 1 rule by which nobody has to approve, undecided requests go to S0MANAGERS after 8h, break-glass for S0ONCALL.",
		policyfile.Summary(p))
	require.Equal(t, "2 organization roles, no access to projects, usually approved by 1 of U0BOB, U0DANA, lifetimes up to 7d.", policyfile.Summary(base()))
}
