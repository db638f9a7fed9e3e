package atlas_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
)

const (
	search   = "b0123456789abcdef012345b"
	payments = "b0123456789abcdef012345c"
)

func assignURL(project string) string {
	return "/api/atlas/v2/groups/" + project + "/apiKeys/" + madeID
}

// assigned is Atlas's response, with the whole key. Each role is written as
// "place:name".
func assigned(roles ...string) string {
	written := []string{`{"orgId":"` + org + `","roleName":"ORG_READ_ONLY"}`}
	for _, r := range roles {
		place, role, _ := strings.Cut(r, ":")
		written = append(written, fmt.Sprintf(`{"groupId":%q,"roleName":%q}`, place, role))
	}
	return `{"desc":"billing export","id":"` + madeID + `","privateKey":"********-****-****-01bdd56c8977","publicKey":"gswvkocq","roles":[` +
		strings.Join(written, ",") + `]}`
}

func wantedIn(projects map[string][]string) atlas.KeySpec {
	w := wanted()
	w.Projects = projects
	return w
}

func TestCreateTakesOneRequestPerProject(t *testing.T) {
	t.Parallel()
	inSearch, inPayments := search+":GROUP_READ_ONLY", []string{payments + ":GROUP_OWNER", payments + ":GROUP_BACKUP_MANAGER"}
	for name, answers := range map[string][]responder{
		"Atlas shows all projects":         {say(200, assigned(inSearch)), say(200, assigned(append(inPayments, inSearch)...))},
		"Atlas shows the project in hand":  {say(200, assigned(inSearch)), say(200, assigned(inPayments...))},
		"one was there already, as wanted": {say(200, assigned(append(inPayments, inSearch)...)), say(200, assigned(append(inPayments, inSearch)...))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, append([]responder{say(200, createdOK), say(200, accessOK)}, answers...)...)
			var seenAtMade int
			_, err := s.client().Create(t.Context(), wantedIn(map[string][]string{
				payments: {"GROUP_OWNER", "GROUP_BACKUP_MANAGER", "GROUP_OWNER"}, search: {"GROUP_READ_ONLY"},
			}), func(k atlas.Key) error {
				seenAtMade = len(s.lines())
				return nil
			})
			require.NoError(t, err)
			assert.Equal(t, []string{
				"(POST " + keysURL + ")", "POST " + keysURL, "POST " + accessURL + "?itemsPerPage=500", "PATCH " + assignURL(search), "PATCH " + assignURL(payments),
			}, s.lines())
			assert.Equal(t, 2, seenAtMade, "made is told first")
			assert.Equal(t, 1, s.conns)
			assert.JSONEq(t, `{"desc":"billing export","roles":["ORG_READ_ONLY"]}`, s.seen[1].body)
			assert.JSONEq(t, `{"roles":["GROUP_READ_ONLY"]}`, s.seen[3].body)
			assert.JSONEq(t, `{"roles":["GROUP_BACKUP_MANAGER","GROUP_OWNER"]}`, s.seen[4].body)
		})
	}
}

// Each failure comes after the callback, as a failure of the access list does, so
// that the caller knows which key to delete.
func TestAssignFailures(t *testing.T) {
	t.Parallel()
	ok := say(200, assigned(search+":GROUP_READ_ONLY"))
	empty401 := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
	type outcome struct {
		responders []responder
		kind       atlas.Kind // "" is success
		status     int
		code       string
	}
	for name, c := range map[string]outcome{
		"no answer once":                   {responders: []responder{reset, ok}},
		"no answer":                        {responders: []responder{reset, reset, reset}, kind: atlas.Transient},
		"half an answer once":              {responders: []responder{cut(200, assigned(search+":GROUP_READ_ONLY")), ok}},
		"500 once":                         {responders: []responder{refuse(500, "UNEXPECTED_ERROR", "[]"), ok}},
		"too many requests once":           {responders: []responder{refuse(429, "RATE_LIMITED_TOKEN_BUCKET", `["p",0,1200,500,60]`), ok}},
		"a stray 401 once":                 {responders: []responder{empty401, ok}},
		"too many requests for too long":   {responders: []responder{refuse(429, "RATE_LIMITED_TOKEN_BUCKET", `["p",55,1200,500,60]`)}, kind: atlas.Transient, status: 429, code: "RATE_LIMITED_TOKEN_BUCKET"},
		"a project that is none":           {responders: []responder{refuse(404, "GROUP_NOT_FOUND", `["`+search+`"]`)}, kind: atlas.Permanent, status: 404, code: "GROUP_NOT_FOUND"},
		"another organization's project":   {responders: []responder{refuse(401, "USER_CANNOT_ACCESS_GROUP", `[]`)}, kind: atlas.Permanent, status: 401, code: "USER_CANNOT_ACCESS_GROUP"},
		"a project that may not be seen":   {responders: []responder{refuse(401, "NOT_IN_GROUP", `[]`)}, kind: atlas.Permanent, status: 401, code: "NOT_IN_GROUP"},
		"a login that may not in there":    {responders: []responder{refuse(401, "USER_UNAUTHORIZED", `[]`)}, kind: atlas.Permanent, status: 401, code: "USER_UNAUTHORIZED"},
		"a role that is none":              {responders: []responder{refuse(400, "INVALID_ENUM_VALUE", `["GROUP_GOD"]`)}, kind: atlas.Permanent, status: 400, code: "INVALID_ENUM_VALUE"},
		"the key has vanished":             {responders: []responder{refuse(400, "API_KEY_NOT_FOUND", `[]`)}, kind: atlas.Gone, status: 400, code: "API_KEY_NOT_FOUND"},
		"a bot that must not call":         {responders: []responder{refuse(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", `["192.0.2.1"]`)}, kind: atlas.InvalidCredential, status: 403, code: "IP_ADDRESS_NOT_ON_ACCESS_LIST"},
		"no role there":                    {responders: []responder{say(200, assigned())}, kind: atlas.Mismatch, status: 200},
		"another role there":               {responders: []responder{say(200, assigned(search+":GROUP_OWNER"))}, kind: atlas.Mismatch, status: 200},
		"one role more there":              {responders: []responder{say(200, assigned(search+":GROUP_READ_ONLY", search+":GROUP_OWNER"))}, kind: atlas.Mismatch, status: 200},
		"a role somewhere else too":        {responders: []responder{say(200, assigned(search+":GROUP_READ_ONLY", payments+":GROUP_OWNER"))}, kind: atlas.Mismatch, status: 200},
		"another role in the organization": {responders: []responder{say(200, replace(assigned(search+":GROUP_READ_ONLY"), "ORG_READ_ONLY", "ORG_OWNER"))}, kind: atlas.Mismatch, status: 200},
		"a role in another organization":   {responders: []responder{say(200, replace(assigned(search+":GROUP_READ_ONLY"), `"roles":[`, `"roles":[{"orgId":"b0123456789abcdef012345b","roleName":"ORG_READ_ONLY"},`))}, kind: atlas.Mismatch, status: 200},
		"an answer about another key":      {responders: []responder{say(200, replace(assigned(search+":GROUP_READ_ONLY"), madeID, "6a793f752c88faeba59bba4a"))}, kind: atlas.Transient, status: 200},
		"an answer without a key":          {responders: []responder{say(200, `{}`)}, kind: atlas.Transient, status: 200},
		"an answer that is a list":         {responders: []responder{say(200, `[]`)}, kind: atlas.Transient, status: 200},
		"an answer without a body":         {responders: []responder{say(200, ``)}, kind: atlas.Transient, status: 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, append([]responder{say(200, createdOK), say(200, accessOK)}, c.responders...)...)
			made := 0
			key, err := s.client().Create(t.Context(), wantedIn(map[string][]string{search: {"GROUP_READ_ONLY"}}), func(k atlas.Key) error {
				assert.Equal(t, madeID, k.ID)
				made++
				return nil
			})
			assert.Equal(t, 1, made)
			assert.Equal(t, 1, s.count("POST "+keysURL)-s.count("POST "+accessURL+"?itemsPerPage=500"), "never two keys")
			assert.Empty(t, s.responders, "responders that were not played")
			if c.kind == "" {
				require.NoError(t, err)
				assert.Equal(t, secretMade, key.Private.Reveal())
				return
			}
			var e *atlas.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.kind, e.Kind, err)
			assert.Equal(t, c.status, e.Status)
			assert.Equal(t, c.code, e.Code)
			assert.Zero(t, key)
			assertSilent(t, s, err)
		})
	}
}

func TestCreateStopsAtFirstFailedProject(t *testing.T) {
	t.Parallel()
	s := newScript(t, say(200, createdOK), say(200, accessOK), refuse(404, "GROUP_NOT_FOUND", "[]"))
	_, err := s.client().Create(t.Context(), wantedIn(map[string][]string{search: {"GROUP_READ_ONLY"}, payments: {"GROUP_READ_ONLY"}}), notNoted)
	require.ErrorContains(t, err, "giving an API key its roles in a project: refused, status 404, GROUP_NOT_FOUND")
	assert.Zero(t, s.count("PATCH "+assignURL(payments)))
}

func TestCreateRefusesInvalidProjects(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	for _, projects := range []map[string][]string{
		{"": {"GROUP_OWNER"}}, {"Search": {"GROUP_OWNER"}}, {search + "/../..": {"GROUP_OWNER"}}, {strings.ToUpper(search): {"GROUP_OWNER"}},
		{search: {}}, {search: nil, payments: {"GROUP_OWNER"}},
	} {
		_, err := s.client().Create(t.Context(), wantedIn(projects), notNoted)
		assert.Equal(t, atlas.Permanent, atlas.KindOf(err), projects)
	}
	assert.Empty(t, s.lines())
}

func TestRecordedAssign(t *testing.T) {
	t.Parallel()
	const id = "6a793fbd2c88faeba59bd3b1"
	created := replace(replace(createdOK, madeID, id), "ORG_READ_ONLY", "ORG_MEMBER")
	s := newScript(t, say(200, created), say(200, accessOK), recorded(t, "14"))
	w := wantedIn(map[string][]string{search: {"GROUP_DATA_ACCESS_READ_ONLY"}})
	w.Roles = []string{"ORG_MEMBER"}
	_, err := s.client().Create(t.Context(), w, notNoted)
	require.NoError(t, err)
}

func TestRecordedProjects(t *testing.T) {
	t.Parallel()
	s := newScript(t, recorded(t, "19"))
	projects, err := s.client().ListProjects(t.Context())
	require.NoError(t, err)
	require.Len(t, projects, 37)
	assert.Equal(t, atlas.Project{ID: search, Name: "Atlas CLI E2E"}, projects[0])
	assert.Equal(t, "GET /api/atlas/v2/orgs/"+org+"/groups?itemsPerPage=500&pageNum=1", s.lines()[1])
}

func TestListProjectsRefusesMalformedLists(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, `[]`, `{"results":null}`, `{"results":[{}]}`, `{"results":[{"id":"x","name":"y","orgId":"` + org + `"}]}`,
		`{"results":[{"id":"` + search + `","name":"another organization's","orgId":"` + payments + `"}]}`, ``,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			_, err := newScript(t, say(200, body)).client().ListProjects(t.Context())
			assert.Equal(t, atlas.Transient, atlas.KindOf(err))
		})
	}
}

func TestProjectRolesOfAKey(t *testing.T) {
	t.Parallel()
	s := newScript(t, say(200, assigned(payments+":GROUP_OWNER", search+":GROUP_READ_ONLY", payments+":GROUP_BACKUP_MANAGER")))
	k, err := s.client().GetKey(t.Context(), madeID)
	require.NoError(t, err)
	assert.Equal(t, []string{"ORG_READ_ONLY"}, k.Roles)
	assert.Equal(t, map[string][]string{search: {"GROUP_READ_ONLY"}, payments: {"GROUP_BACKUP_MANAGER", "GROUP_OWNER"}}, k.Projects)
}
