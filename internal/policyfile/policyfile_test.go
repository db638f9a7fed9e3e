package policyfile_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
)

// base is the policy that the files of these tests override.
func base() policy.Policy {
	return policy.Policy{
		Requirements: []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{"U0BOB", "U0DANA"}}, Count: 1}},
		Roles:        policy.RulesFor("ORG_MEMBER", "ORG_READ_ONLY"),
		Lifetimes:    []time.Duration{8 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}, MinPrefixIPv4: 24, MinPrefixIPv6: 64, MaxEntries: 20,
		ExpireAfter: 24 * time.Hour, IssueWithin: 20 * time.Hour, ConfirmWithin: time.Hour,
		RemindApproversAfter: []time.Duration{12 * time.Hour}, RemindBeforeExpiry: []time.Duration{24 * time.Hour, time.Hour}, RotationGracePeriod: 24 * time.Hour,
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

// The example sets every key, so that nothing comes from the base.
func TestReadExample(t *testing.T) {
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
			Name: "reading from CI for a day", AllowedRequesters: everyone, Roles: []policy.Role{"ORG_MEMBER", "ORG_READ_ONLY"},
			NetworkPresets: []string{"ci"}, MaxLifetime: day,
		}},
		Limits:      policy.Limits{OpenRequests: 20, ActiveKeys: 50, RequestsPerHour: 30},
		BreakGlass:  policy.BreakGlass{AllowedRequesters: groups("S0ONCALL"), Roles: []policy.Role{"ORG_OWNER", "ORG_READ_ONLY"}, Lifetime: 2 * hour},
		ExpireAfter: day, IssueWithin: day, ConfirmWithin: hour,
		RemindApproversAfter: []time.Duration{2 * hour, 6 * hour}, EscalateAfter: 8 * hour, EscalateTo: groups("S0MANAGERS"),
		RemindBeforeExpiry: []time.Duration{day, hour}, RotationGracePeriod: day,
		Notify:       policy.NotifyApprovers,
		DetailFields: []policy.DetailField{{Field: policy.FieldTicket, Label: "Ticket", Pattern: regexp.MustCompile(`\A(?:[A-Z]{2,10}-[0-9]+)\z`), Example: "OPS-123", Required: true}},
	}, got)
}

func TestParseKeepsBaseForMissingKeys(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		want func(p *policy.Policy)
	}{
		"excluded approvers only": {"excluded_approvers: [U0BOB]", func(p *policy.Policy) { p.ExcludedApprovers = users("U0BOB") }},
		"no excluded approvers":   {"excluded_approvers: []", func(*policy.Policy) {}},
		"approvals":               {"required_approvals: [{from: [S0OPS], count: 3}]", func(p *policy.Policy) { p.Requirements = []policy.Requirement{{From: groups("S0OPS"), Count: 3}} }},
		"a role without a value": {"roles: {ORG_OWNER: , ORG_MEMBER: {allowed_requesters: everyone}}", func(p *policy.Policy) {
			p.Roles = policy.RulesFor("ORG_OWNER", "ORG_MEMBER")
		}},
		"the built-in list of project roles": {"project_roles: default", func(p *policy.Policy) {
			p.ProjectRoles = policy.RulesFor(policy.DefaultProjectRoles()...)
		}},
		"lifetimes, unsorted":   {"lifetimes: [7d, 8h]", func(p *policy.Policy) { p.Lifetimes = []time.Duration{8 * time.Hour, 168 * time.Hour} }},
		"one limit of a person": {"limits: {active_keys: 3}", func(p *policy.Policy) { p.Limits.ActiveKeys = 3 }},
		"one limit of many":     {"networks: {max_entries: 3}", func(p *policy.Policy) { p.MaxEntries = 3 }},
		"a prefix length without a slash": {"networks: {min_prefix_ipv4: 30}", func(p *policy.Policy) {
			p.MinPrefixIPv4 = 30
		}},
		"a network preset wider than min_prefix_ipv4": {"network_presets: {The Office_2.b: [203.0.0.0/16, 192.0.2.1]}", func(p *policy.Policy) {
			p.NetworkPresets = []policy.NetworkPreset{{Name: "The Office_2.b", Networks: networks("203.0.0.0/16", "192.0.2.1/32")}}
		}},
		"a shorter expiry, with its reminder": {"pending: {expire_after: 4h}", func(p *policy.Policy) {
			p.ExpireAfter, p.RemindApproversAfter = 4*time.Hour, []time.Duration{2 * time.Hour}
		}},
		"no reminders":        {"pending: {remind_approvers_after: []}", func(p *policy.Policy) { p.RemindApproversAfter = nil }},
		"no expiry reminders": {"remind_before_expiry: []", func(p *policy.Policy) { p.RemindBeforeExpiry = nil }},
		"reminders are sorted": {"remind_before_expiry: [1h, 7d]\npending: {remind_approvers_after: [3h, 1h]}", func(p *policy.Policy) {
			p.RemindBeforeExpiry, p.RemindApproversAfter = []time.Duration{168 * time.Hour, time.Hour}, []time.Duration{time.Hour, 3 * time.Hour}
		}},
		"a ticket": {"ticket: {label: Ticket, pattern: 'OPS-[0-9]+|INC', example: OPS-12, required: true}", func(p *policy.Policy) {
			p.DetailFields = []policy.DetailField{{Field: policy.FieldTicket, Label: "Ticket", Pattern: regexp.MustCompile(`\A(?:OPS-[0-9]+|INC)\z`), Example: "OPS-12", Required: true}}
		}},
		"no notification":          {"notify: nobody", func(p *policy.Policy) { p.Notify = policy.NotifyNobody }},
		"self-approval, in quotes": {`allow_self_approval: "true"`, func(p *policy.Policy) { p.AllowSelfApproval = true }},
		"a rule for projects": {"project_roles: {GROUP_READ_ONLY: }\nauto_approvals: [{name: x, allowed_requesters: [U0ANA], roles: [ORG_MEMBER, GROUP_READ_ONLY], max_lifetime: 8h, projects: true}]", func(p *policy.Policy) {
			p.ProjectRoles = policy.RulesFor("GROUP_READ_ONLY")
			p.AutoApprovals = []policy.AutoRule{{Name: "x", AllowedRequesters: users("U0ANA"), Roles: []policy.Role{"ORG_MEMBER", "GROUP_READ_ONLY"}, MaxLifetime: 8 * time.Hour, Projects: true}}
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

func TestParseReportsProblems(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"an empty file":                           {"", "p.yaml: it is empty: leave POLICY_FILE unset if the defaults suffice"},
		"comments only":                           {"# soon\n", "p.yaml: it is empty: leave POLICY_FILE unset if the defaults suffice"},
		"no YAML":                                 {"roles:\n  ORG_MEMBER: {}\n bad: [", "p.yaml:2: this is not YAML: did not find expected key"},
		"two documents":                           {"lifetimes: [8h]\n---\nlifetimes: [9h]", "p.yaml:2: there is more than one document: write one, without ---"},
		"a list":                                  {"- a\n- b", "p.yaml:1: the file is not a list of keys with values, as in key: value"},
		"an unknown key":                          {"lifetimes: [8h]\napproval: []", `p.yaml:2: the file has no key "approval": there are required_approvals, excluded_approvers, allow_self_approval, roles, project_roles, lifetimes, networks, network_presets, auto_approvals, notify, pending, issue_within, confirm_within, remind_before_expiry, rotation_grace_period, break_glass, limits, ticket`},
		"a ticket without a pattern":              {"ticket: {label: Ticket}", "p.yaml:1: ticket has no pattern"},
		"a ticket without a label":                {"ticket: {pattern: .+}", "p.yaml:1: ticket has no label"},
		"a ticket that is no mapping":             {"ticket: OPS", "p.yaml:1: ticket is not a list of keys with values, as in key: value"},
		"a label that is not visible":             {"ticket: {label: \"\", pattern: .+}", "p.yaml:1: label is \"\": one line of 1 to 40 characters"},
		"a label that is too long":                {"ticket: {label: " + strings.Repeat("x", 41) + ", pattern: .+}", "p.yaml:1: label is \"" + strings.Repeat("x", 41) + "\": one line of 1 to 40 characters"},
		"a pattern that is not RE2":               {"ticket: {label: Ticket, pattern: '(?=x)'}", "p.yaml:1: pattern is no regular expression (RE2): error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
		"a pattern that leaves its group":         {"ticket: {label: Ticket, pattern: a)|(b}", "p.yaml:1: pattern is no regular expression (RE2): error parsing regexp: unexpected ): `a)|(b`"},
		"a pattern that is too long":              {"ticket: {label: Ticket, pattern: " + strings.Repeat("x", 201) + "}", "p.yaml:1: pattern has 201 bytes: 1 to 200"},
		"an example that does not match":          {"ticket: {label: Ticket, pattern: '[0-9]+', example: 12x}", "p.yaml:1: example is \"12x\", which does not match pattern"},
		"required that is neither true nor false": {"ticket: {label: Ticket, pattern: .+, required: maybe}", "p.yaml:1: required is \"maybe\": true or false"},
		"an unknown key of a role":                {"roles:\n  ORG_MEMBER: {asks: everyone}", `p.yaml:2: ORG_MEMBER has no key "asks": there are allowed_requesters, required_approvals, max_lifetime, min_prefix_ipv4, min_prefix_ipv6`},
		"a repeated key":                          {"lifetimes: [8h]\nallow_self_approval: false\nlifetimes: [9h]", "p.yaml:3: lifetimes is repeated: the first is in line 1"},
		"a repeated role":                         {"roles:\n  ORG_MEMBER: {}\n  ORG_MEMBER: {}", "p.yaml:3: ORG_MEMBER is repeated: the first is in line 2"},
		"an anchor":                               {"excluded_approvers: &all [U0CEO]", "p.yaml:1: excluded_approvers uses an anchor (& or *): write the value out, so that every reader sees it"},
		"an alias":                                {"excluded_approvers: [U0CEO]\nrequired_approvals: [{from: *all}]", "p.yaml: this is not YAML: unknown anchor 'all' referenced"},
		"a renamed key":                           {"never_approve: []\nroles:\n  ORG_MEMBER: {longest: 8h}", "p.yaml:1: the file has no key \"never_approve\": its name is now excluded_approvers\np.yaml:3: ORG_MEMBER has no key \"longest\": its name is now max_lifetime"},
		"renamed keys of projects":                {"projects: {roles: default}\nnetworks: {named: {}}", "p.yaml:1: the file has no key \"projects\": its name is now project_roles, which has the roles directly\np.yaml:2: networks has no key \"named\": its name is now network_presets, a key of the file"},
		"a merge key":                             {"roles:\n  ORG_MEMBER: {<<: {}}", `p.yaml:2: ORG_MEMBER has no key "<<": there are allowed_requesters, required_approvals, max_lifetime, min_prefix_ipv4, min_prefix_ipv6`},
		"a key without a value":                   {"lifetimes:", "p.yaml:1: lifetimes has no value: fill it in or leave it out"},
		"a word for a list":                       {"excluded_approvers: U0CEO", "p.yaml:1: excluded_approvers is not a list, as in [a, b]"},
		"a name instead of an id":                 {"excluded_approvers: [bob]", `p.yaml:1: excluded_approvers has "bob": it wants user ids (U… or W…) and user group ids (S…)`},
		"a user twice":                            {"excluded_approvers: [U0CEO, U0CEO]", "p.yaml:1: excluded_approvers has U0CEO twice"},
		"no approvals":                            {"required_approvals: []", "p.yaml:1: required_approvals is empty: leave it out, or say whose approval is required"},
		"approvals from an empty list":            {"required_approvals: [{from: []}]", "p.yaml:1: from is empty: name a user or a group"},
		"approvals of everyone":                   {"required_approvals: [{from: everyone}]", "p.yaml:1: from is not a list, as in [a, b]"},
		"approvals without from":                  {"required_approvals: [{count: 2}]", "p.yaml:1: an entry of required_approvals has no from"},
		"more than are named":                     {"required_approvals:\n  - from: [U0BOB]\n    count: 2", "p.yaml:2: required_approvals: count is 2, and from names 1"},
		"a count of nothing":                      {"required_approvals: [{from: [S0OPS], count: 0}]", "p.yaml:1: count is 0: 1 to 5"},
		"a malformed count":                       {"required_approvals: [{from: [S0OPS], count: two}]", "p.yaml:1: count is two: 1 to 5"},
		"the same people twice":                   {"required_approvals: [{from: [S0OPS]}, {from: [S0OPS]}]", "p.yaml:1: required_approvals has the same people in two entries: write one of them, with a count"},
		"all approvers excluded":                  {"excluded_approvers: [U0BOB, U0DANA]", "p.yaml:1: required_approvals (of U0BOB, U0DANA) can never all be given: one person counts for one of them, and excluded_approvers count for none"},
		"an excluded group":                       {"excluded_approvers: [S0OPS]\nrequired_approvals: [{from: [S0OPS]}]", "p.yaml:2: required_approvals (of S0OPS) can never all be given: one person counts for one of them, and excluded_approvers count for none"},
		"one person for two":                      {"roles:\n  ORG_MEMBER:\n    required_approvals:\n      - from: [U0BOB]\n      - {from: [U0BOB, U0EVE]}\nexcluded_approvers: [U0EVE]", "p.yaml:4: required_approvals of ORG_MEMBER can never all be given: one person counts for one of them, and excluded_approvers count for none"},
		"the same for a project role":             {"project_roles:\n  GROUP_OWNER: {required_approvals: [{from: [U0EVE]}]}\nexcluded_approvers: [U0EVE]", "p.yaml:2: required_approvals of GROUP_OWNER can never all be given: one person counts for one of them, and excluded_approvers count for none"},
		"no roles":                                {"roles: {}", "p.yaml:1: roles is empty"},
		"a project role in roles":                 {"roles:\n  GROUP_OWNER: {}", `p.yaml:2: roles has "GROUP_OWNER": organization roles look like ORG_READ_ONLY`},
		"a role without requesters":               {"roles:\n  ORG_OWNER: {allowed_requesters: []}", "p.yaml:2: allowed_requesters of ORG_OWNER is empty: name a user or a group"},
		"max_lifetime below every lifetime":       {"roles:\n  ORG_OWNER:\n    max_lifetime: 4h", "p.yaml:3: max_lifetime of ORG_OWNER is 4h, and no lifetime is that short: the shortest is 8h"},
		"a role wider than the policy":            {"roles:\n  ORG_OWNER: {min_prefix_ipv4: /16}", "p.yaml:2: min_prefix_ipv4 of ORG_OWNER is /16, which is wider than /24, the widest network of any role"},
		"a prefix length of too many bits":        {"roles:\n  ORG_OWNER: {min_prefix_ipv4: /33}", "p.yaml:2: min_prefix_ipv4 of ORG_OWNER is /33: /0 to /32"},
		"no project roles":                        {"project_roles: {}", "p.yaml:1: project_roles is empty"},
		"an organization role in projects":        {"project_roles: {ORG_OWNER: {}}", `p.yaml:1: project_roles has "ORG_OWNER": project roles look like GROUP_READ_ONLY`},
		"an unknown word":                         {"project_roles: all", "p.yaml:1: project_roles is not a list of keys with values, as in key: value"},
		"no lifetimes":                            {"lifetimes: []", "p.yaml:1: lifetimes is empty"},
		"a malformed lifetime":                    {"lifetimes: [8h, soon]", `p.yaml:1: lifetimes: "soon" is not a duration, like 90m, 8h or 30d`},
		"a lifetime too short":                    {"lifetimes: [30m]", "p.yaml:1: lifetimes is 30m: at least 1h"},
		"too short to confirm":                    {"confirm_within: 12h", "p.yaml:1: a lifetime is 8h, which is shorter than confirm_within (12h)"},
		"no time to issue":                        {"issue_within: 5s", "p.yaml:1: issue_within is 5s: at least 1m"},
		"too many reminders":                      {"remind_before_expiry: [1h, 2h, 3h, 4h, 5h, 6h, 7h, 8h, 9h, 10h, 11h]", "p.yaml:1: remind_before_expiry has 11 entries: at most 10"},
		"no open requests":                        {"limits: {open_requests: 0}", "p.yaml:1: open_requests is 0: 1 to 1000"},
		"no entries":                              {"networks: {max_entries: 0}", "p.yaml:1: max_entries is 0: 1 to 200"},
		"a malformed prefix length":               {"networks: {min_prefix_ipv6: wide}", `p.yaml:1: min_prefix_ipv6: "wide" is not the prefix length of a network, like /24`},
		"a malformed preset name":                 {"network_presets:\n  \"a,b\": [192.0.2.1]", `p.yaml:2: a network preset is named "a,b": up to 40 letters, digits, spaces, dots, - and _, beginning with a letter or digit`},
		"a name that differs in capitals":         {"network_presets:\n  ci: [192.0.2.1]\n  CI: [192.0.2.2]", "p.yaml:3: CI differs from an earlier network preset only in capitals: people could not tell them apart"},
		"a private network":                       {"network_presets:\n  vpn: [10.0.0.0/8]", "p.yaml:2: network preset vpn has 10.0.0.0/8: it is or holds private addresses, which never reach Atlas"},
		"the whole internet":                      {"network_presets:\n  all: [0.0.0.0/0]", "p.yaml:2: network preset all has 0.0.0.0/0: it is or holds unspecified addresses, which never reach Atlas"},
		"host bits":                               {"network_presets:\n  ci: [203.0.113.7/24]", "p.yaml:2: network preset ci has 203.0.113.7/24: it has bits set behind its mask; the network is 203.0.113.0/24"},
		"a host name":                             {"network_presets:\n  ci: [ci.example.com]", "p.yaml:2: network preset ci has ci.example.com: it is not an address or a block, like 203.0.113.0/24"},
		"two in one word":                         {"network_presets:\n  ci: [\"192.0.2.1, 192.0.2.2\"]", "p.yaml:2: network preset ci has 192.0.2.1, 192.0.2.2: it is not an address or a block, like 203.0.113.0/24"},
		"an empty preset":                         {"network_presets:\n  ci: []", "p.yaml:2: network preset ci is empty"},
		"a preset above max_entries":              {"networks:\n  max_entries: 1\nnetwork_presets:\n  ci: [192.0.2.1, 198.51.100.1]", "p.yaml:4: network preset ci has 2 entries, and a key's access list may have 1 (max_entries): no request could choose it"},
		"a reminder after expiry":                 {"pending: {remind_approvers_after: [24h]}", "p.yaml:1: remind_approvers_after is 24h, and the request expires after 24h (expire_after)"},
		"an escalation after expiry":              {"pending: {escalate_after: 30h, escalate_to: [S0BOSS]}", "p.yaml:1: escalate_after is 30h, and the request expires after 24h (expire_after)"},
		"an escalation without escalate_to":       {"pending:\n  escalate_after: 3h", "p.yaml:2: escalate_after and escalate_to go together: when, and to whom"},
		"an escalation without escalate_after":    {"pending:\n  escalate_to: [S0BOSS]", "p.yaml:2: escalate_after and escalate_to go together: when, and to whom"},
		"an escalation to excluded approvers":     {"excluded_approvers: [S0BOSS]\npending: {escalate_after: 3h, escalate_to: [S0BOSS]}", "p.yaml:2: escalate_to names only people of excluded_approvers"},
		"notify, unknown":                         {"notify: everyone", `p.yaml:1: notify is "everyone": approvers, here or nobody`},
		"notify, a list":                          {"notify: [here]", "p.yaml:1: notify is not a single value"},
		"self-approval, malformed":                {"allow_self_approval: yes", `p.yaml:1: allow_self_approval is "yes": true or false`},
		"break-glass without requesters":          {"break_glass: {roles: [ORG_OWNER], lifetime: 2h}", "p.yaml:1: break_glass has no allowed_requesters"},
		"break-glass for everyone":                {"break_glass: {allowed_requesters: everyone, roles: [ORG_OWNER], lifetime: 2h}", "p.yaml:1: allowed_requesters is not a list, as in [a, b]"},
		"break-glass above 24h":                   {"break_glass: {allowed_requesters: [U0ANA], roles: [ORG_OWNER], lifetime: 2d}", "p.yaml:1: lifetime is 2d: at most 24h, since there is no approval"},
		"break-glass below 1h":                    {"break_glass: {allowed_requesters: [U0ANA], roles: [ORG_OWNER], lifetime: 10m}", "p.yaml:1: lifetime is 10m: at least 1h"},
		"break-glass below confirm_within":        {"confirm_within: 3h\nbreak_glass: {allowed_requesters: [U0ANA], roles: [ORG_OWNER], lifetime: 2h}", "p.yaml:2: lifetime is 2h, which is shorter than confirm_within (3h)"},
		"break-glass with a project role":         {"break_glass: {allowed_requesters: [U0ANA], roles: [GROUP_OWNER], lifetime: 2h}", `p.yaml:1: roles of break_glass has "GROUP_OWNER": organization roles look like ORG_READ_ONLY`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policyfile.Parse("p.yaml", []byte(tt.text), base())
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestParseReportsProblemsOfAutoApprovals(t *testing.T) {
	t.Parallel()
	rule := func(edit ...string) string {
		return strings.NewReplacer(edit...).Replace("network_presets: {ci: [192.0.2.1]}\nroles: {ORG_MEMBER: {}, ORG_OWNER: {}}\nproject_roles: {GROUP_READ_ONLY: {}}\n" +
			"auto_approvals:\n  - name: from ci\n    allowed_requesters: everyone\n    roles: [ORG_MEMBER]\n    network_presets: [ci]\n    max_lifetime: 8h\n    projects: false\n")
	}
	_, err := policyfile.Parse("p.yaml", []byte(rule()), base())
	require.NoError(t, err)
	for name, tt := range map[string]struct{ text, want string }{
		"a powerful role":                   {rule("[ORG_MEMBER]", "[ORG_MEMBER, ORG_OWNER]"), "p.yaml:7: ORG_OWNER is a powerful role: it always requires an approval"},
		"a role that cannot be requested":   {rule("[ORG_MEMBER]", "[ORG_READ_ONLY]"), "p.yaml:7: ORG_READ_ONLY cannot be requested: it is neither under roles nor under project_roles"},
		"a malformed role":                  {rule("[ORG_MEMBER]", "[ORG_MEMBER, admin]"), `p.yaml:7: roles has "admin": organization roles look like ORG_READ_ONLY, project roles look like GROUP_READ_ONLY`},
		"no role":                           {rule("[ORG_MEMBER]", "[]"), "p.yaml:7: roles is empty"},
		"a project role only":               {rule("[ORG_MEMBER]", "[GROUP_READ_ONLY]", "projects: false", "projects: true"), "p.yaml:7: roles has no organization role, and every key has one: no request would match this rule"},
		"a project role without projects":   {rule("[ORG_MEMBER]", "[ORG_MEMBER, GROUP_READ_ONLY]"), "p.yaml:7: roles has project roles, and projects is not true: no request would match them"},
		"projects without a project role":   {rule("projects: false", "projects: true"), "p.yaml:10: projects is true, and roles has no project role: no request for projects would match this rule"},
		"an unknown preset":                 {rule("[ci]", "[office]"), `p.yaml:8: there is no network preset named "office"`},
		"no preset":                         {rule("network_presets: [ci]", "network_presets: []"), "p.yaml:8: network_presets is empty: leave it out if the rule applies to every network"},
		"max_lifetime below every lifetime": {rule("max_lifetime: 8h", "max_lifetime: 2h"), "p.yaml:9: max_lifetime is 2h, and no lifetime is that short: the shortest is 8h"},
		"no max_lifetime":                   {rule("max_lifetime: 8h", "projects: false", "    projects: false\n", ""), "p.yaml:5: a rule of auto_approvals has no max_lifetime"},
		"no requesters":                     {rule("allowed_requesters: everyone", "allowed_requesters: []"), "p.yaml:6: allowed_requesters is empty: name a user or a group"},
		"a name with a reversing mark":      {rule("from ci", `"\u202eevil"`), `p.yaml:5: name is "\u202eevil": up to 60 letters, digits, spaces and signs, beginning with a letter or digit`},
		"a repeated name":                   {rule() + "  - {name: from ci, allowed_requesters: [U0ANA], roles: [ORG_MEMBER], max_lifetime: 24h}\n", `p.yaml:11: two rules are named "from ci": requests are recorded with that name`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policyfile.Parse("p.yaml", []byte(tt.text), base())
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestParseReportsAllProblemsInOrder(t *testing.T) {
	t.Parallel()
	_, err := policyfile.Parse("p.yaml", []byte("lifetimes: [soon]\nrolls: {}\nexcluded_approvers: [bob]\nissue_within: 1s\n"), base())
	var lines []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var p *policyfile.Problem
		require.ErrorAs(t, e, &p)
		lines = append(lines, strings.SplitN(e.Error(), ":", 3)[1])
	}
	require.Equal(t, []string{"1", "2", "3", "4"}, lines)
}

func TestParseRequiresApprovers(t *testing.T) {
	t.Parallel()
	without := base()
	without.Requirements = nil
	_, err := policyfile.Parse("p.yaml", []byte("lifetimes: [8h]"), without)
	require.EqualError(t, err, "p.yaml:1: there are no approvers: required_approvals is missing, and SLACK_APPROVERS is not set")
	_, err = policyfile.Parse("p.yaml", []byte("required_approvals: [{from: [S0OPS]}]"), without)
	require.NoError(t, err)
}

func TestParseLimitsMenuOptions(t *testing.T) {
	t.Parallel()
	var roles, lifetimes, presets strings.Builder
	roles.WriteString("roles:\n")
	lifetimes.WriteString("lifetimes: [1h")
	presets.WriteString("network_presets:\n")
	for i := range 101 {
		letters := string(rune('A'+i/26)) + string(rune('A'+i%26))
		roles.WriteString("  ORG_" + letters + ": {}\n")
		lifetimes.WriteString(", " + time.Duration(time.Duration(i+2)*time.Hour).String())
		presets.WriteString("  n" + letters + ": [192.0.2.1]\n")
	}
	lifetimes.WriteString("]\n")
	for text, want := range map[string]string{
		roles.String():     "p.yaml:2: roles has 101 entries: at most 100, since Slack shows no more in a menu",
		lifetimes.String(): "p.yaml:1: lifetimes has 102 entries: at most 100",
		presets.String():   "p.yaml:2: network_presets has 101 entries: at most 100, since Slack shows no more in a menu",
	} {
		_, err := policyfile.Parse("p.yaml", []byte(text), base())
		require.EqualError(t, err, want)
	}
}

func TestReadReportsUnreadableFiles(t *testing.T) {
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

func TestDurationsRoundTrip(t *testing.T) {
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
	require.Equal(t, "4 organization roles, 3 project roles, usually approved by 1 of U0BOB, S0PLATFORM, 2 roles with required approvals of their own, "+
		"lifetimes up to 30d, 2 network presets, 1 rule for automatic approval, pending requests are escalated to S0MANAGERS after 8h, break-glass for S0ONCALL.",
		policyfile.Summary(p))
	require.Equal(t, "2 organization roles, no access to projects, usually approved by 1 of U0BOB, U0DANA, lifetimes up to 7d.", policyfile.Summary(base()))
}
