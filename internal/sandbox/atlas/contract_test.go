package atlas_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stage is an organization with something of everything in it.
func stage(t *testing.T) (r *rig, project, id string) {
	t.Helper()
	r = start(t)
	project = r.project()
	id = r.create("e2e-test").ID
	require.Equal(t, 200, r.do("POST", keys+"/"+id+"/accessList", `[{"ipAddress":"203.0.113.7"},{"cidrBlock":"198.51.100.0/24"}]`).Status)
	require.Equal(t, 204, r.do("POST", "/api/atlas/v2/groups/"+project+"/apiKeys/"+id, `[{"roles":["GROUP_READ_ONLY"]}]`).Status)
	return r, project, id
}

// conversations are what was recorded and the calls that get the like here.
// ID and PROJECT stand for those of the stage.
var conversations = map[string]struct {
	call, body string
	schema     string   // of the answer
	extra      []string // what the stage's key has and the recorded one had not
}{
	"01-org-apikey-create-200":            {"POST " + keys, `{"desc":"d","roles":["ORG_READ_ONLY"]}`, "ApiKeyUserDetails", nil},
	"03-org-apikey-list-200":              {"GET " + keys, "", "PaginatedApiApiUserView", nil},
	"05-org-apikey-get-200":               {"GET " + keys + "/ID", "", "ApiKeyUserDetails", []string{".roles[].groupId"}},
	"06-org-apikey-patch-200":             {"PATCH " + keys + "/ID", `{"desc":"d","roles":["ORG_READ_ONLY"]}`, "ApiKeyUserDetails", []string{".roles[].groupId"}},
	"07-org-apikey-delete-204":            {"DELETE " + keys + "/ID", "", "", nil},
	"08-accesslist-create-200-private-ip": {"POST " + keys + "/ID/accessList", `[{"ipAddress":"192.168.0.229"}]`, "PaginatedApiUserAccessListResponseView", nil},
	"10-accesslist-list-200":              {"GET " + keys + "/ID/accessList", "", "PaginatedApiUserAccessListResponseView", nil},
	"11-accesslist-delete-204":            {"DELETE " + keys + "/ID/accessList/203.0.113.7", "", "", nil},
	"12-private-ipinfo-200":               {"GET /api/private/ipinfo", "", "", nil},
	"13-project-apikey-create-200":        {"POST /api/atlas/v2/groups/PROJECT/apiKeys", `{"desc":"d","roles":["GROUP_READ_ONLY"]}`, "ApiKeyUserDetails", nil},
	"14-project-apikey-patch-200":         {"PATCH /api/atlas/v2/groups/PROJECT/apiKeys/ID", `{"roles":["GROUP_OWNER"]}`, "ApiKeyUserDetails", nil},
	"15-project-apikey-list-200":          {"GET /api/atlas/v2/groups/PROJECT/apiKeys", "", "PaginatedApiApiUserView", nil},
	"16-project-apikey-unassign-204":      {"DELETE /api/atlas/v2/groups/PROJECT/apiKeys/ID", "", "", nil},
	"17-orgs-list-200":                    {"GET /api/atlas/v2/orgs", "", "PaginatedOrganizationView", nil},
	"18-org-get-200":                      {"GET " + org, "", "AtlasOrganization", nil},
	"19-groups-list-200":                  {"GET /api/atlas/v2/groups", "", "PaginatedAtlasGroupView", nil},
	"20-org-events-200-filtered":          {"GET " + org + "/events?includeCount=false", "", "", nil},
	"23-group-not-found-404":              {"GET /api/atlas/v2/groups/111111111111111111111111/apiKeys", "", "ApiError", nil},
}

func TestResponsesMatchRecordings(t *testing.T) {
	t.Parallel()
	for file, tt := range conversations {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			want := recorded(t, file)
			r, project, id := stage(t)
			method, path, _ := strings.Cut(strings.NewReplacer("PROJECT", project, "ID", id).Replace(tt.call), " ")

			got := r.do(method, path, tt.body)

			require.Equal(t, want.Status, got.Status, got.Body)
			require.Equal(t, want.Header.Get("Content-Type"), got.Header.Get("Content-Type"))
			for name := range want.Header {
				if !slices.Contains(unsent, name) {
					require.NotEmpty(t, got.Header.Get(name), "header %s", name)
				}
			}
			require.Equal(t, append(paths(t, want.Body), tt.extra...), paths(t, got.Body, tt.extra...))
			if tt.schema != "" {
				require.Empty(t, violations(t, tt.schema, got.Body))
			}
		})
	}
}

// unsent are recorded headers that say nothing about the API.
var unsent = []string{
	"Connection", "Content-Length", "Strict-Transport-Security",
	"X-Java-Method", "X-Java-Version", "X-Mongodb-Service-Version", "X-Xgen-Up-Proto",
}

func TestChallengeMatchesRecording(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"21-digest-challenge-401", "22-bad-private-key-401"} {
		want := recorded(t, file)
		got := start(t).bare("POST", keys)
		require.Equal(t, want.Body, got.Body)
		require.Equal(t, names(want.Header), names(got.Header))
	}
}

// What is not recorded still has to hold the schema.
func TestResponsesMatchSchemas(t *testing.T) {
	t.Parallel()
	for call, schema := range map[string]string{
		"GET /api/atlas/v2":                          "SystemStatus",
		"GET " + org + "/settings":                   "OrganizationSettings",
		"GET " + org + "/groups":                     "PaginatedAtlasGroupView",
		"GET " + keys + "/ID/accessList/203.0.113.7": "UserAccessListResponse",
		"GET " + keys + "/" + unknownID:              "ApiError",
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			r, _, id := stage(t)
			method, path, _ := strings.Cut(strings.ReplaceAll(call, "/ID", "/"+id), " ")
			got := r.do(method, path, "")
			require.Empty(t, violations(t, schema, got.Body), got.Body)
		})
	}
}

func TestSchemaCheckFails(t *testing.T) {
	t.Parallel()
	require.Len(t, violations(t, "ApiKeyUserDetails", `{"id":"X","desc":"","publicKey":7,"expires":"never"}`), 4)
	require.Len(t, violations(t, "ApiError", `{"error":400}`), 1)
}

func recorded(t *testing.T, file string) said {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "recorded", file+".http"))
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
	require.NoError(t, err)
	return read(t, res)
}

func names(h http.Header) []string {
	var all []string
	for name := range h {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

// paths are the places of a JSON document that hold something: ".roles[].orgId".
// Those in but are left to the caller.
func paths(t *testing.T, body string, but ...string) []string {
	t.Helper()
	if body == "" {
		return nil
	}
	var v any
	require.NoError(t, json.Unmarshal([]byte(body), &v))
	found := map[string]bool{}
	collect(v, "", found)
	all := []string{}
	for path := range found {
		if !slices.Contains(but, path) {
			all = append(all, path)
		}
	}
	sort.Strings(all)
	return append(all, but...)
}

func collect(v any, at string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			into[at+"."+name] = true
			collect(member, at+"."+name, into)
		}
	case []any:
		for _, item := range v {
			collect(item, at+"[]", into)
		}
	}
}
