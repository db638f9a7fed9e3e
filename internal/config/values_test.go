package config

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/proxy"
)

func TestInvisibleCharactersInVariablesAreProblems(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ variable, value, says string }{
		"a newline after a token":         {"SLACK_APP_TOKEN", "xapp-0000-not-real\n", "SLACK_APP_TOKEN (not shown: it is a secret): it ends in a line feed (newline) (U+000A): take that away"},
		"a newline before a token":        {"SLACK_BOT_TOKEN", "\nxoxb-0000-not-real", "SLACK_BOT_TOKEN (not shown: it is a secret): it begins with a line feed (newline) (U+000A): take that away"},
		"a Windows line end":              {"DATABASE_URL", "sqlite:bot.db\r", `DATABASE_URL is "sqlite:bot.db\r": it ends in a carriage return (a file with Windows line ends?) (U+000D): take that away`},
		"a tab":                           {"ATLAS_PUBLIC_KEY", "abcd\tefgh", `ATLAS_PUBLIC_KEY is "abcd\tefgh": it has a tab (U+0009) in it: take that away`},
		"a space after":                   {"SLACK_APPROVAL_CHANNEL", "C0APPROVALS ", `SLACK_APPROVAL_CHANNEL is "C0APPROVALS ": it ends in a space (U+0020): take that away`},
		"a space before":                  {"POLICY_FILE", " policy.yaml", `POLICY_FILE is " policy.yaml": it begins with a space (U+0020): take that away`},
		"a no-break space":                {"ATLAS_ORG_NAME", "Our\u00a0Org", `ATLAS_ORG_NAME is "Our\u00a0Org": it has a no-break space (U+00A0) in it: take that away`},
		"a byte order mark":               {"ATLAS_ORG_ID", "\ufeff65a1b2c3d4e5f60718293a4b", `ATLAS_ORG_ID is "\ufeff65a1b2c3d4e5f60718293a4b": it begins with a byte order mark (U+FEFF): take that away`},
		"a zero-width space":              {"LOG_LEVEL", "in\u200bfo", `LOG_LEVEL is "in\u200bfo": it has a zero-width space (U+200B) in it: take that away`},
		"a filler":                        {"ATLAS_ORG_NAME", "Org\u3164", "it ends in a character that cannot be seen (U+3164)"},
		"a change of direction":           {"ATLAS_ORG_NAME", "Org\u202eabc", "it has a character that cannot be seen (U+202E) in it"},
		"a NUL":                           {"LISTEN", "127.0.0.1:8080\x00", "it ends in a NUL (U+0000)"},
		"an escape":                       {"SLACK_COMMAND", "/atlas\x1b[31m", "it has a character that cannot be seen (U+001B) in it"},
		"no UTF-8":                        {"ATLAS_ORG_NAME", "Org\xff", "it is not UTF-8"},
		"a quote that does not end":       {"SLACK_APPROVERS", `"U0BOB,U0ANA`, `SLACK_APPROVERS is "\"U0BOB,U0ANA": it begins with a quote and does not end in one: take that away`},
		"a quote that does not begin":     {"SLACK_APPROVERS", `U0BOB,U0ANA'`, "it ends in a quote and does not begin with one"},
		"a word processor's quotes":       {"SLACK_COMMAND", "“/atlas-key”", "it begins with a quote"},
		"a newline within quotes":         {"ATLAS_PRIVATE_KEY", "\"00000000-0000-4000-8000-00000000cafe\n\"", "ATLAS_PRIVATE_KEY (not shown: it is a secret): it ends in a line feed"},
		"a token in another variable":     {"ATLAS_ORG_NAME", "xoxb-00\u200b00-not-real", "ATLAS_ORG_NAME (not shown: it is a secret): it has a zero-width space"},
		"a password in a URL":             {"DATABASE_URL", "mysql://root:hunter22@db/bot\n", "DATABASE_URL (not shown: it is a secret): it ends in a line feed"},
		"the signing secret with newline": {"SLACK_SIGNING_SECRET", "0123456789abcdef0123456789abcdef\n", "SLACK_SIGNING_SECRET (not shown: it is a secret): it ends in a line feed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Read(environment(set(tt.variable, tt.value)))
			require.ErrorContains(t, err, tt.says)
			for _, hidden := range []string{"not-real", "hunter22", "cafe", "0123456789abcdef0123456789abcdef"} {
				assert.NotContains(t, err.Error(), hidden)
			}
		})
	}
}

func TestOrganizationVariablesAreReadable(t *testing.T) {
	t.Parallel()
	e := severalOrganizations(set("ORG_STAGING_ATLAS_PRIVATE_KEY", "00000000-0000-4000-8000-00000000cafe\n"), set("ORG_STAGING_ATLAS_PUBLIC_KEY", "abcdefgi\r"))
	_, err := Read(e)
	require.ErrorContains(t, err, "ORG_STAGING_ATLAS_PRIVATE_KEY (not shown: it is a secret): it ends in a line feed")
	require.ErrorContains(t, err, `ORG_STAGING_ATLAS_PUBLIC_KEY is "abcdefgi\r"`)
	require.NotContains(t, err.Error(), "cafe")
}

func TestAllUnreadableVariablesAreReported(t *testing.T) {
	t.Parallel()
	_, err := Read(environment(set("SLACK_APP_TOKEN", "xapp-0000-not-real\n"), set("SLACK_BOT_TOKEN", "xoxb-0000-not-real\n"), set("DATABASE_URL", "sqlite:bot.db\r")))
	require.Error(t, err)
	require.Len(t, strings.Split(err.Error(), "\n"), 3, "and nothing is said twice: %v", err)
}

// docker --env-file keeps the quotes that a shell takes away: one file serves
// both.
func TestOuterQuotesAreRemoved(t *testing.T) {
	t.Parallel()
	plain, err := Read(environment(set("ATLAS_ORG_NAME", "Our Org")))
	require.NoError(t, err)
	for _, quote := range []string{`"`, `'`} {
		e := environment(set("ATLAS_ORG_NAME", "Our Org"))
		for name, value := range e {
			e[name] = quote + value + quote
		}
		e["SLACK_SIGNING_SECRET"] = quote + quote // set, and empty
		quoted, err := Read(e)
		require.NoError(t, err)
		plain.Proxy, quoted.Proxy = proxy.Settings{}, proxy.Settings{} // functions, which equal nothing
		require.Equal(t, plain, quoted)
	}
	require.Equal(t, "sqlite:/no/such/bot.db", DatabaseURL(map[string]string{"DATABASE_URL": `"sqlite:/no/such/bot.db"`}))
}

func TestVariablesOfOtherProgramsAreIgnored(t *testing.T) {
	t.Parallel()
	c, err := Read(environment(set("PS1", "\x1b[31m$ "), set("GREETING", "hello\n"), set("ORG_GRADLE_PROJECT_version", " 1"), set("ORG_ID", "x"), set("SLACK_WEBHOOK_URL", "https://x"), set("LISTEN_PID", "1")))
	require.NoError(t, err)
	require.Empty(t, c.Warnings)
}

func TestMisspelledOrganizationVariablesAreProblems(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{
		"ORG_STAGING_SLACK_APPROVER":     "ORG_STAGING_SLACK_APPROVER is set, and the bot does not read it: is ORG_STAGING_SLACK_APPROVERS meant?",
		"ORG_STAGING_POLICYFILE":         "is ORG_STAGING_POLICY_FILE meant?",
		"ORG_STAGING_ATLAS_PUBLICKEY":    "is ORG_STAGING_ATLAS_PUBLIC_KEY meant?",
		"ORG_STAGING_LIFETIMES":          "LIFETIMES moved to the policy file, as lifetimes: set ORG_STAGING_POLICY_FILE",
		"ORG_STAGING_SLACK_BOT_TOKEN":    "an organization has none of its own: SLACK_BOT_TOKEN",
		"ORG_STAGING_ANYTHING":           "the bot does not read it: an organization has ATLAS_ORG_ID, ATLAS_PRIVATE_KEY, ATLAS_PUBLIC_KEY, NAME, POLICY_FILE, SLACK_APPROVAL_CHANNEL, SLACK_APPROVERS",
		"ORG_staging_POLICY_FILE":        "the bot reads ORG_STAGING_POLICY_FILE: write it so",
		"org_staging_policy_file":        "the bot reads ORG_STAGING_POLICY_FILE: write it so",
		"ORG_STAGIN_SLACK_APPROVERS":     "ORGS does not name stagin",
		"ORG_STAGIN_SLACK_APPROVER":      "ORGS does not name stagin",
		"ORG_EU_WEST_SLACK_APPROVERS":    "ORGS does not name eu",
		"ORG_STAGING_SLACK_APPROVERS_ID": "the bot does not read it",
	} {
		_, err := Read(severalOrganizations(set(name, "U0EVE")))
		require.ErrorContains(t, err, says, name)
		require.NotContains(t, err.Error(), "U0EVE", name)
	}
	_, err := Read(environment(set("ORG_PRODUCTION_SLACK_APPROVER", "U0EVE")))
	require.ErrorContains(t, err, "ORG_PRODUCTION_SLACK_APPROVER is set, and ORGS does not name production")
}

func TestMisspelledVariablesAreWarnings(t *testing.T) {
	t.Parallel()
	for name, meant := range map[string]string{
		"SLACK_APROVERS": "SLACK_APPROVERS", "SLACK_APPROVER": "SLACK_APPROVERS", "SLACK_APPORVERS": "SLACK_APPROVERS", "slack_approvers": "SLACK_APPROVERS",
		"ATLAS_PUBLICKEY": "ATLAS_PUBLIC_KEY", "ATLAS-PUBLIC-KEY": "ATLAS_PUBLIC_KEY", "LOGLEVEL": "LOG_LEVEL", "ORG": "",
		"POLICYFILE": "POLICY_FILE", "DATABASE_URI": "DATABASE_URL", "MAX_ENTRY": "", "SLACK_BOT_TOKEN_FILE": "SLACK_BOT_TOKEN",
		"SLACK_SECRET": "SLACK_SIGNING_SECRET", "ATLAS_NAME": "ATLAS_ORG_NAME",
	} {
		c, err := Read(environment(set(name, "xoxb-0000-not-real")))
		require.NoError(t, err, name)
		if meant == "" {
			assert.Empty(t, c.Warnings, name)
			continue
		}
		assert.Equal(t, []string{name + " is set, and the bot does not read it: is " + meant + " meant?"}, c.Warnings)
	}
	c, err := Read(severalOrganizations(set("STAGING_SLACK_APPROVERS", "U0EVE")))
	require.NoError(t, err)
	require.Equal(t, []string{"STAGING_SLACK_APPROVERS is set, and the bot does not read it: is ORG_STAGING_SLACK_APPROVERS meant?"}, c.Warnings)
}

// FuzzReadable holds that whatever value is given, what the bot goes on with
// has nothing hidden in it, that a value which is complained of is complained of
// once repaired no more, and that no secret is repeated.
func FuzzReadable(f *testing.F) {
	for _, value := range []string{"", "x", "\"x\"", "'", "''", " x", "x\n", "\ufeffx", "a\u200bb", "“x”", "\xff", "xoxb-1-2-abc\n", "\"\"x\"\"", "\u3164"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, name := range []string{"SLACK_BOT_TOKEN", "ATLAS_ORG_NAME", "ORG_A_ATLAS_PRIVATE_KEY"} {
			meant, problems := withReadableValues(map[string]string{name: value})
			got := meant[name]
			if strings.ContainsFunc(got, func(r rune) bool { return r != ' ' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }) || strings.TrimSpace(got) != got {
				t.Fatalf("%q becomes %q", value, got)
			}
			if again, more := withReadableValues(map[string]string{name: got}); len(problems) > 0 && (len(more) > 0 || again[name] != got) {
				t.Fatalf("%q becomes %q, and that %q, %v", value, got, again[name], more)
			}
			for _, p := range problems {
				if name != "ATLAS_ORG_NAME" && len(got) >= 8 && strings.Contains(p.Error(), got) {
					t.Fatalf("a secret is repeated: %v", p)
				}
				if strings.ContainsFunc(p.Error(), unicode.IsControl) {
					t.Fatalf("a problem is more than one line: %q", p)
				}
			}
		}
	})
}
