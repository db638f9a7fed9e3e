package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/store"
)

// monday is when the trails of these tests begin.
var monday = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

const testOrg = "5f1f2a3b4c5d6e7f8a9b0c1d"

// newTrail makes a database with these lines in its audit trail.
func newTrail(t *testing.T, lines ...approval.AuditEntry) (database string) {
	t.Helper()
	database = filepath.Join(t.TempDir(), "bot.db")
	s, err := store.Open(t.Context(), "sqlite:"+database, store.Options{})
	require.NoError(t, err)
	for _, e := range lines {
		require.NoError(t, s.Record(t.Context(), e))
	}
	require.NoError(t, s.Close())
	return database
}

// week is a trail with hostile text in it.
func week() []approval.AuditEntry {
	const id, key, keyID = "AKR-7F3K2", "abcdefgh", "0123456789abcdef01234567"
	details := approval.NewAuditDetails(policy.Details{"ticket": "ÖPS-12", "area": "b\"\\<&>"})
	return []approval.AuditEntry{
		{At: monday, Org: testOrg, Request: id, Event: approval.EventSubmit, To: approval.StatePending, By: "U0BO"},
		{At: monday.Add(time.Minute), Org: testOrg, Request: id, Event: approval.EventApprove, From: approval.StatePending, To: approval.StatePending, By: "U0EVE", Refused: "not_approver"},
		{At: monday.Add(time.Hour), Org: testOrg, Request: id, Event: approval.EventKeyCreated, From: approval.StateIssuing, To: approval.StateIssuing, Note: "key " + keyID + " " + key, Key: key, KeyID: keyID},
		{At: monday.Add(25 * time.Hour), Org: testOrg, Request: "AKR-00002", Event: approval.EventSubmit, To: approval.StatePending, By: "U0EVE", Details: details},
		{At: monday.Add(26 * time.Hour), Org: testOrg, Request: "AKR-00002", Event: approval.EventDeny, From: approval.StatePending, To: approval.StateDenied, By: "U0ANA",
			Note: "=HYPERLINK(\"http://evil.example\",\"why\"), and\nmore", Details: details},
		{At: monday.Add(48 * time.Hour), Org: "a0123456789abcdef012345a", Request: id, Event: approval.EventDeleted, From: approval.StateRevoking, To: approval.StateEnded, Key: key, KeyID: keyID},
	}
}

// runAudit runs the command as an operator would.
func runAudit(t *testing.T, environ map[string]string, database string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := Env{Environ: environ, Stdout: &out, Stderr: &errs}
	code = Main(t.Context(), append([]string{"audit", "--database", "sqlite:" + database}, args...), p)
	return code, out.String(), errs.String()
}

// runAuditAt runs the command at another time.
func runAuditAt(t *testing.T, now time.Time, environ map[string]string, args ...string) (stdout string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	p := Env{Environ: environ, Stdout: &out, Stderr: &errs}
	p.Now = func() time.Time { return now }
	err = Run(t.Context(), append([]string{"audit"}, args...), p)
	t.Log(errs.String())
	return out.String(), err
}

func TestAuditFilters(t *testing.T) {
	t.Parallel()
	database := newTrail(t, week()...)
	for name, tt := range map[string]struct {
		args string
		want []int64 // the lines' numbers
	}{
		"everything":                  {"", []int64{1, 2, 3, 4, 5, 6}},
		"from a moment on":            {"--since 2026-03-02T10:00:00Z", []int64{3, 4, 5, 6}},
		"from a moment elsewhere on":  {"--since 2026-03-02T12:00:00+02:00", []int64{3, 4, 5, 6}},
		"from a day on":               {"--since 2026-03-03", []int64{4, 5, 6}},
		"the last days":               {"--since 2d", []int64{4, 5, 6}},
		"the last hours":              {"--since 25h", []int64{6}},
		"up to a moment, without it":  {"--until 2026-03-02T10:00:00Z", []int64{1, 2}},
		"up to a day, with all of it": {"--until 2026-03-03", []int64{1, 2, 3, 4, 5}},
		"one day":                     {"--since 2026-03-03 --until 2026-03-03", []int64{4, 5}},
		"what a person did and tried": {"--user U0EVE", []int64{2, 4}},
		"a key by its public key":     {"--key abcdefgh", []int64{3, 6}},
		"a key by its id":             {"--key 0123456789abcdef01234567", []int64{3, 6}},
		"a word of a note is no key":  {"--key key", nil},
		"a request":                   {"--request AKR-00002", []int64{4, 5}},
		"a request as people type it": {"--request akr-00002", []int64{4, 5}},
		"an organization":             {"--org a0123456789abcdef012345a", []int64{6}},
		"a ticket":                    {`--ticket=ÖPS-12`, []int64{4, 5}},
		"a ticket, decomposed":        {"--ticket O\u0308PS-12", []int64{4, 5}},
		"a part of a ticket":          {"--ticket ÖPS", nil},
		"what was refused":            {"--refused", []int64{2}},
		"all of it together":          {"--refused --user U0EVE --request AKR-7F3K2 --since 2026-03-02", []int64{2}},
		"what holds of no line":       {"--user U0BO --refused", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := runAuditAt(t, monday.Add(72*time.Hour), map[string]string{"DATABASE_URL": "sqlite:" + database}, strings.Fields(tt.args)...)
			require.NoError(t, err)
			var got []int64
			for l := range strings.Lines(out) {
				var e approval.AuditEntry
				require.NoError(t, json.Unmarshal([]byte(l), &e))
				got = append(got, e.Seq)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestAuditPrintsJSONAndCSV(t *testing.T) {
	t.Parallel()
	database := newTrail(t, week()...)
	_, out, _ := runAudit(t, nil, database)
	golden(t, "audit.jsonl", out)
	_, out, _ = runAudit(t, nil, database, "--output", "csv")
	golden(t, "audit.csv", out)
}

func TestAuditRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	database := newTrail(t)
	for name, tt := range map[string]struct{ args, want string }{
		"a time that is none":    {"--since yesterday", `"yesterday" is no time like`},
		"a request that is none": {"--request 7F3K2", "an id looks like AKR-7F3K2"},
		"an empty filter":        {"--user=", "it is empty"},
		"an unknown format":      {"--output xml", `invalid argument "xml" for "-o, --output" flag: it is one of json, csv`},
		"a word too many":        {"AKR-7F3K2", `unknown command "AKR-7F3K2" for "atlas-key-bot audit"`},
		"a misspelled command":   {"verfy", "Did you mean this?\n\tverify\nSee 'atlas-key-bot audit --help'."},
		"an unknown flag":        {"--who", "unknown flag: --who\nSee 'atlas-key-bot audit --help'."},
		"a flag with one dash":   {"-since 7d", "Did you mean this?\n\t--since"},
		"a part of the chain":    {"verify --since 2d", "unknown flag: --since\nSee 'atlas-key-bot audit verify --help'."},
		"Atlas, of one person":   {"compare --user U0EVE", "unknown flag: --user"},
		"a head for nothing":     {"--head " + strings.Repeat("a", 64), "unknown flag: --head"},
		"a head that is no hash": {"verify --head AKR-7F3K2", "64 hexadecimal digits"},
		"no database to verify":  {"verify --database sqlite:/no/such/bot.db", "there is no such file"},
		"no variables for Atlas": {"compare", "set ATLAS_ORG_ID, ATLAS_PUBLIC_KEY and ATLAS_PRIVATE_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := runAudit(t, nil, database, strings.Fields(tt.args)...)
			assert.Equal(t, 2, code)
			assert.Empty(t, out)
			assert.Contains(t, errs, tt.want)
		})
	}
	code, _, errs := runAudit(t, nil, filepath.Join(t.TempDir(), "none.db"))
	assert.Equal(t, 1, code, "nothing was to be checked")
	assert.Contains(t, errs, "there is no such file")
}

func TestRefusalsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/audit.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "| `refused` | why |")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n\n")
	var told []string
	for line := range strings.Lines(section) {
		reasons, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		for _, word := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(reasons, -1) {
			told = append(told, word[1])
		}
	}
	assert.ElementsMatch(t, service.Refusals(), told, "docs/audit.md lists exactly the reasons that are written")
}
