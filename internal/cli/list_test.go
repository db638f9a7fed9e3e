package cli

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

const otherOrg = "65a1b2c3d4e5f60718293a4c"

// fixture returns requests in most states, newest last.
func fixture() []approval.Request {
	request := func(id policy.ID, state approval.State, requester policy.UserID, roles ...policy.Role) approval.Request {
		return approval.Request{
			ID: id, Org: testOrg, Kind: approval.APIKey, State: state, Requester: requester, Reason: "the secret plan",
			Access: policy.Access{
				Description: "nightly export", Roles: roles, Lifetime: 48 * time.Hour,
				Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")},
			},
		}
	}
	key := func(r approval.Request, publicKey string, expires time.Duration) approval.Request {
		r.Key = approval.Key{ID: strings.Repeat(string(r.ID[8:]), 24), PublicKey: publicKey, MadeAt: monday.Add(time.Hour)}
		if expires > 0 {
			r.KeyExpiresAt = monday.Add(expires)
		}
		return r
	}
	project := key(request("AKR-00003", approval.StateDelivered, "U0ANA", "ORG_MEMBER"), "cccccccc", 8*time.Hour)
	project.Org = otherOrg
	project.Access.Projects = []policy.ProjectAccess{{Project: policy.Project{ID: "65a1b2c3d4e5f60718293aff", Name: "Shop \u202e2"}, Roles: []policy.Role{"GROUP_READ_ONLY"}}}
	ended := key(request("AKR-00005", approval.StateEnded, "U0BO", "ORG_READ_ONLY"), "eeeeeeee", time.Hour)
	ended.Outcome.At = monday.Add(2 * time.Hour)
	pending := request("AKR-00006", approval.StatePending, "U0BO", "ORG_OWNER", "ORG_READ_ONLY")
	pending.ExpiresAt = monday.Add(30 * time.Hour)
	extension := request("AKR-00007", approval.StateApplying, "U0BO", "ORG_READ_ONLY")
	extension.Type, extension.ParentID = approval.Extension, "AKR-00001"
	glass := key(request("AKR-00004", approval.StateRevoking, "U0CAROL", "ORG_OWNER"), "dddddddd", time.Hour)
	glass.BreakGlass = true
	project.Details = policy.Details{"ticket": "OPS-12"}
	pending.Details = policy.Details{"ticket": "OPS-7"}
	all := []approval.Request{
		key(request("AKR-00001", approval.StateActive, "U0BO", "ORG_READ_ONLY"), "aaaaaaaa", 48*time.Hour),
		key(request("AKR-00002", approval.StateActive, "", "ORG_MEMBER"), "akrabcde", 0), // adopted
		project, glass, ended, pending, extension,
		request("AKR-00008", approval.StateDenied, "U0EVE", "ORG_MEMBER"),
	}
	for i := range all {
		all[i].RequestedAt = monday.Add(time.Duration(i) * time.Minute)
		all[i].IdempotencyKey = string(all[i].ID)
	}
	return all
}

// stored returns a database with these requests.
func stored(t *testing.T, requests ...approval.Request) (database string) {
	t.Helper()
	database = filepath.Join(t.TempDir(), "bot.db")
	s, err := store.Open(t.Context(), "sqlite:"+database, store.Options{})
	require.NoError(t, err)
	for _, r := range requests {
		_, err := s.Create(t.Context(), r, approval.AuditEntry{At: r.RequestedAt, Org: r.Org, Request: r.ID, Event: approval.EventSubmit, To: r.State, By: r.Requester})
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	return database
}

// lists runs keys or requests at the time of the fixture.
func lists(t *testing.T, environ map[string]string, database string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), append(args, "--database", "sqlite:"+database), Env{
		Environ: environ, Stdout: &out, Stderr: &errs, Now: func() time.Time { return monday.Add(3 * time.Hour) },
	})
	return code, out.String(), errs.String()
}

func TestListsOfKeysAndRequests(t *testing.T) {
	t.Parallel()
	database := stored(t, fixture()...)
	environ := map[string]string{"ORGS": "production,staging", "ORG_PRODUCTION_ATLAS_ORG_ID": testOrg, "ORG_STAGING_ATLAS_ORG_ID": otherOrg}
	for name, tt := range map[string]struct {
		environ map[string]string
		args    []string
	}{
		"keys.txt":      {environ, []string{"keys"}},
		"keys_ids.txt":  {nil, []string{"keys", "--state", "active,ended"}},
		"keys.json":     {environ, []string{"keys", "--state=delivered,active,revoking,ended", "--output", "json"}},
		"requests.txt":  {environ, []string{"requests"}},
		"requests.json": {environ, []string{"requests", "--output", "json"}},
	} {
		code, out, errs := lists(t, tt.environ, database, tt.args...)
		assert.Zero(t, code, errs)
		assert.Empty(t, errs)
		golden(t, name, out)
		assert.NotContains(t, out, "the secret plan", "a reason is for approvers")
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	database := stored(t, fixture()...)
	for args, want := range map[string]string{
		"keys":                                                 "AKR-00004 AKR-00003 AKR-00001 AKR-00002",
		"keys --owner U0BO":                                    "AKR-00001",
		"keys --state active":                                  "AKR-00001 AKR-00002",
		"keys --state active --state delivered":                "AKR-00003 AKR-00001 AKR-00002",
		"keys --state ended":                                   "AKR-00005",
		"keys --role GROUP_READ_ONLY":                          "AKR-00003",
		"keys --role ORG_MEMBER":                               "AKR-00003 AKR-00002",
		"keys --ticket OPS-7":                                  "",
		"keys --ticket OPS-12":                                 "AKR-00003",
		"requests --ticket OPS-7":                              "AKR-00006",
		"requests --ticket OPS":                                "",
		"keys --org " + otherOrg:                               "AKR-00003",
		"keys --org staging":                                   "AKR-00003",
		"keys --expires-within 6h":                             "AKR-00004 AKR-00003",
		"keys --expires-before 2026-03-05":                     "AKR-00004 AKR-00003 AKR-00001",
		"keys --expires-before 2026-03-02T17:00:00Z":           "AKR-00004",
		"keys --expires-within 7d --expires-before 2026-03-03": "AKR-00004 AKR-00003",
		"keys --owner U0BO --role ORG_OWNER":                   "",
		"requests":                                             "AKR-00008 AKR-00007 AKR-00006 AKR-00005 AKR-00004 AKR-00003 AKR-00002 AKR-00001",
		"requests --requester U0BO":                            "AKR-00007 AKR-00006 AKR-00005 AKR-00001",
		"requests --state pending,denied":                      "AKR-00008 AKR-00006",
		"requests --role ORG_OWNER":                            "AKR-00006 AKR-00004",
		"requests --org Staging":                               "AKR-00003",
		"requests --expires-within 30h":                        "AKR-00006 AKR-00004 AKR-00003",
		"requests --requester U0EVE --org staging":             "",
	} {
		environ := map[string]string{"ORGS": "production,staging", "ORG_PRODUCTION_ATLAS_ORG_ID": testOrg, "ORG_STAGING_ATLAS_ORG_ID": otherOrg}
		code, out, errs := lists(t, environ, database, append(strings.Fields(args), "--output", "json")...)
		require.Zero(t, code, errs)
		assert.Empty(t, errs, args)
		var got []string
		for line := range strings.Lines(out) {
			var record struct{ Request string }
			require.NoError(t, json.Unmarshal([]byte(line), &record))
			got = append(got, record.Request)
		}
		assert.Equal(t, want, strings.Join(got, " "), args)
	}
}

func TestEmptyListsSaySo(t *testing.T) {
	t.Parallel()
	database := stored(t)
	for args, want := range map[string]string{"keys": "There are no such keys.\n", "requests": "There are no such requests.\n"} {
		code, out, errs := lists(t, nil, database, args)
		assert.Zero(t, code)
		assert.Empty(t, out)
		assert.Equal(t, want, errs)
	}
}

// A request that cannot be read hides no other, and the command fails.
func TestListsNameUnreadableRequests(t *testing.T) {
	t.Parallel()
	database := stored(t, fixture()...)
	damage(t, database, "AKR-00001")
	for args, want := range map[string]string{"keys": "AKR-00003", "requests": "AKR-00008"} {
		code, out, errs := lists(t, nil, database, args)
		assert.Equal(t, 1, code)
		assert.Contains(t, out, want)
		assert.NotContains(t, out, "AKR-00001")
		assert.Equal(t, "atlas-key-bot: these requests cannot be read: AKR-00001; docs/operations.md says what to do\n", errs)
	}
	code, _, errs := lists(t, nil, database, "revoke", "aaaaaaaa")
	assert.Equal(t, 1, code)
	assert.Equal(t, "atlas-key-bot: no request that can be read has the key aaaaaaaa; these requests cannot be read: AKR-00001; docs/operations.md says what to do\n", errs)
	assert.Equal(t, "these requests cannot be read: A, A, A, A, A and 2 more; docs/operations.md says what to do",
		unreadableError{[]policy.ID{"A", "A", "A", "A", "A", "B", "B"}}.Error())
}

// damage cuts the row of a request short.
func damage(t *testing.T, database string, id policy.ID) {
	t.Helper()
	db, err := sql.Open("sqlite", database)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "UPDATE request SET body = substr(body, 1, 40) WHERE id = $1", id)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func TestListsAreAskedWrongly(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"keys all":                          `"atlas-key-bot keys" takes no argument, and "all" was given`,
		"keys --owner bob":                  "a user ID looks like U012ABCDEF",
		"keys --owner S0SRE":                "a user ID looks like U012ABCDEF",
		"keys --requester U0BO":             "unknown flag: --requester",
		"keys --state pending":              `"pending" is not one of delivered, active, revoking, ended`,
		"keys --state=":                     "it is empty",
		"requests --state open":             `"open" is not one of pending, approved,`,
		"requests --role owner":             "a role looks like ORG_READ_ONLY or GROUP_READ_ONLY",
		"keys --ticket=":                    "it is empty",
		"requests --org=":                   "it is empty",
		"keys --expires-within soon":        `"soon" is not a duration, like 90m, 8h or 30d`,
		"keys --expires-before 7d":          `"7d" is no time like 2026-03-02T09:00:00Z and no day like 2026-03-02; --expires-within takes a duration`,
		"requests --output csv":             "it is one of text, json",
		"requests --requester U0BO U0ALICE": `takes no argument, and "U0ALICE" was given`,
	} {
		code, out, errs := lists(t, nil, "/no/such/bot.db", strings.Fields(args)...)
		assert.Equal(t, 2, code, args)
		assert.Empty(t, out, args)
		assert.Contains(t, errs, says, args)
	}
	code, _, errs := lists(t, nil, "/no/such/bot.db", "keys")
	assert.Equal(t, 1, code)
	assert.Equal(t, "atlas-key-bot: opening the database: opening database /no/such/bot.db: there is no such file\n", errs)
}

func TestListsComplete(t *testing.T) {
	t.Parallel()
	environ := map[string]string{"ATLAS_ORG_ID": testOrg, "ATLAS_ORG_NAME": "Acme"}
	for args, want := range map[string]string{
		"keys --state ":          "delivered\nactive\nrevoking\nended\n:4\n",
		"requests --output ":     "text\njson\n:4\n",
		"requests --org ":        "Acme\n:4\n",
		"requests --state ":      "pending\napproved\nissuing\ndelivered\nactive\napplying\nrevoking\ndenied\nwithdrawn\nexpired\nfailed\nended\napplied\n:4\n",
		"keys --expires-within ": ":4\n",
	} {
		code, out, errs := runs(t, environ, append([]string{"__complete"}, strings.Split(args, " ")...)...)
		assert.Zero(t, code, errs)
		assert.Equal(t, want, out, args)
	}
	_, out, _ := runs(t, environ, "__complete", "keys", "--role", "")
	assert.Contains(t, out, "ORG_OWNER\tOrganization Owner\nGROUP_READ_ONLY\tProject Read Only\n")
}

func TestKeysAreFoundByEachOfTheirNames(t *testing.T) {
	t.Parallel()
	all := fixture()
	again := all[0] // the same key in a row that was restored
	again.ID, again.IdempotencyKey = "AKR-0000A", "again"
	abcde := all[5]
	abcde.ID, abcde.IdempotencyKey = "AKR-ABCDE", "abcde"
	for name, tt := range map[string]struct {
		more []approval.Request
		word string
		want policy.ID
		err  string
	}{
		"a request":                 {nil, "AKR-00003", "AKR-00003", ""},
		"a request as it is typed":  {nil, "akr 00003.", "AKR-00003", ""},
		"a public key":              {nil, "cccccccc", "AKR-00003", ""},
		"an ID in Atlas":            {nil, "333333333333333333333333", "AKR-00003", ""},
		"a key that was deleted":    {nil, "eeeeeeee", "AKR-00005", ""},
		"a key that looks as an ID": {nil, "akrabcde", "AKR-00002", ""},
		"an ID that looks as a key": {[]approval.Request{abcde}, "AKR-ABCDE", "AKR-ABCDE", ""},
		"either":                    {[]approval.Request{abcde}, "akrabcde", "", "akrabcde may be the key of AKR-00002 or AKR-ABCDE: name the request"},
		"two requests":              {[]approval.Request{again}, "aaaaaaaa", "", "aaaaaaaa may be the key of AKR-00001 or AKR-0000A: name the request"},
		"no key":                    {nil, "zzzzzzzz", "", "no request in this database has the key zzzzzzzz"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := store.Open(t.Context(), "sqlite:"+stored(t, append(all, tt.more...)...), store.Options{ReadOnly: true})
			require.NoError(t, err)
			defer s.Close()
			key, err := parseKeyName(tt.word)
			require.NoError(t, err)
			got, err := key.find(t.Context(), s)
			if tt.err != "" {
				require.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}
