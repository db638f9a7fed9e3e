package atlas_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
)

// refusals has at least one row for every rule. Each breaks it on a fresh
// organization; %s is the id of a key that exists.
var refusals = map[string]struct {
	opts   func(*atlas.Options)
	weak   bool // called with an Organization Member's key
	call   string
	body   string
	edit   func(*http.Request)
	status int
	code   string
	detail string
}{
	"an unknown path":                        {call: "GET " + org + "/keys", status: 404, code: "RESOURCE_NOT_FOUND", detail: "Cannot find resource /api/atlas/v2/orgs/65a1b2c3d4e5f60718293a4b/keys."},
	"a method that is none":                  {call: "PUT " + keys, status: 404, code: "RESOURCE_NOT_FOUND"},
	"a slash that is not escaped":            {call: "GET " + keys + "/%s/accessList/203.0.113.0/24", status: 404, code: "RESOURCE_NOT_FOUND"},
	"no version":                             {call: "GET " + keys, edit: header("Accept", "application/json"), status: 400, code: "INVALID_VERSION_DATE", detail: "There is no version number in the request."},
	"a body without a version":               {call: "POST " + keys, body: `{"desc":"d","roles":["ORG_MEMBER"]}`, edit: header("Content-Type", "application/json"), status: 400, code: "INVALID_VERSION_DATE"},
	"a public key where the id belongs":      {call: "GET " + keys + "/zmmrboas", status: 400, code: "PATH_PARAM_PARSE_ERROR", detail: "One or more path parameter in the request URI /api/atlas/v2/orgs/65a1b2c3d4e5f60718293a4b/apiKeys/zmmrboas is malformed."},
	"an id in capitals":                      {call: "GET " + keys + "/" + strings.ToUpper("0123456789abcdef01234567"), status: 400, code: "PATH_PARAM_PARSE_ERROR"},
	"another organization":                   {call: "GET /api/atlas/v2/orgs/" + unknownID + "/apiKeys", status: 404, code: "ORG_NOT_FOUND", detail: "No organization with ID 0123456789abcdef01234567 exists."},
	"another project":                        {call: "GET /api/atlas/v2/groups/" + unknownID + "/apiKeys", status: 404, code: "GROUP_NOT_FOUND", detail: "No group with ID 0123456789abcdef01234567 exists."},
	"a role too low to create":               {weak: true, call: "POST " + keys, body: `{"desc":"d","roles":["ORG_MEMBER"]}`, status: 401, code: "USER_UNAUTHORIZED", detail: "Current user is not authorized to perform this action."},
	"a role too low to delete":               {weak: true, call: "DELETE " + keys + "/%s", status: 401, code: "USER_UNAUTHORIZED"},
	"a role too low for an access list":      {weak: true, call: "POST " + keys + "/%s/accessList", body: `[{"ipAddress":"203.0.113.7"}]`, status: 401, code: "USER_UNAUTHORIZED"},
	"a project one is not in":                {weak: true, call: "GET /api/atlas/v2/groups/PROJECT/apiKeys", status: 401, code: "USER_CANNOT_ACCESS_GROUP", detail: "User cannot access this group."},
	"a project of a taken name":              {call: "POST /api/atlas/v2/groups", body: `{"name":"Search","orgId":"` + atlas.DefaultID + `"}`, status: 409, code: "GROUP_ALREADY_EXISTS", detail: "A group with name Search already exists."},
	"a project without an organization":      {call: "POST /api/atlas/v2/groups", body: `{"name":"New"}`, status: 400, code: "MISSING_ATTRIBUTE"},
	"a role too low for a project":           {weak: true, call: "POST /api/atlas/v2/groups", body: `{"name":"New","orgId":"` + atlas.DefaultID + `"}`, status: 401, code: "USER_UNAUTHORIZED"},
	"an envelope":                            {call: "GET " + keys + "?envelope=true", status: 400, code: "INVALID_QUERY_PARAMETER", detail: "Invalid query parameter envelope specified."},
	"page zero":                              {call: "GET " + keys + "?pageNum=0", status: 400, code: "INVALID_QUERY_PARAMETER"},
	"a page too large":                       {call: "GET " + keys + "?itemsPerPage=501", status: 400, code: "INVALID_QUERY_PARAMETER"},
	"broken JSON":                            {call: "POST " + keys, body: `{"desc":`, status: 400, code: "MALFORMED_JSON"},
	"two JSON values":                        {call: "POST " + keys, body: `{"desc":"d","roles":["ORG_MEMBER"]}{}`, status: 400, code: "MALFORMED_JSON"},
	"no body":                                {call: "POST " + keys, status: 400, code: "MALFORMED_JSON"},
	"an array for a key":                     {call: "POST " + keys, body: `[{"desc":"d"}]`, status: 400, code: "INVALID_JSON"},
	"an object for a list":                   {call: "POST " + keys + "/%s/accessList", body: `{"ipAddress":"203.0.113.7"}`, status: 400, code: "INVALID_JSON", detail: "Received JSON does not match expected format."},
	"a number for a description":             {call: "POST " + keys, body: `{"desc":1,"roles":["ORG_MEMBER"]}`, status: 400, code: "INVALID_JSON_ATTRIBUTE", detail: "Received JSON for the desc attribute does not match expected format."},
	"an unknown attribute":                   {call: "POST " + keys, body: `{"desc":"d","roles":["ORG_MEMBER"],"expires":"never"}`, status: 400, code: "INVALID_ATTRIBUTE", detail: "Invalid attribute expires specified."},
	"a comment in an access list":            {call: "POST " + keys + "/%s/accessList", body: `[{"ipAddress":"203.0.113.7","comment":"home"}]`, status: 400, code: "INVALID_ATTRIBUTE"},
	"a private key of one's own":             {call: "POST " + keys, body: `{"desc":"d","roles":["ORG_MEMBER"],"privateKey":"x"}`, status: 400, code: "ATTRIBUTE_READ_ONLY"},
	"a change of nothing":                    {call: "PATCH " + keys + "/%s", body: `{}`, status: 400, code: "MISSING_ATTRIBUTE"},
	"an empty list of entries":               {call: "POST " + keys + "/%s/accessList", body: `[]`, status: 400, code: "MISSING_ATTRIBUTE", detail: "The required attribute ipAddress was not specified."},
	"an empty entry":                         {call: "POST " + keys + "/%s/accessList", body: `[{}]`, status: 400, code: "MISSING_ATTRIBUTE"},
	"reading a missing key":                  {call: "GET " + keys + "/" + unknownID, status: 400, code: "API_KEY_NOT_FOUND", detail: "No API key with ID 0123456789abcdef01234567 exists."},
	"deleting a missing key":                 {call: "DELETE " + keys + "/" + unknownID, status: 400, code: "API_KEY_NOT_FOUND", detail: "No API key with ID 0123456789abcdef01234567 exists."},
	"changing a missing key":                 {call: "PATCH " + keys + "/" + unknownID, body: `{"desc":"d"}`, status: 400, code: "API_KEY_NOT_FOUND"},
	"a list for a missing key":               {call: "POST " + keys + "/" + unknownID + "/accessList", body: `[{"ipAddress":"203.0.113.7"}]`, status: 400, code: "API_KEY_NOT_FOUND"},
	"no description":                         {call: "POST " + keys, body: `{"roles":["ORG_MEMBER"]}`, status: 400, code: "API_KEY_REQUIRES_DESCRIPTION"},
	"a blank description":                    {call: "POST " + keys, body: `{"desc":" ","roles":["ORG_MEMBER"]}`, status: 400, code: "API_KEY_REQUIRES_DESCRIPTION"},
	"251 characters":                         {call: "POST " + keys, body: `{"desc":"` + strings.Repeat("d", 251) + `","roles":["ORG_MEMBER"]}`, status: 400, code: "INVALID_API_KEY_DESC", detail: "API key descriptions are required and must be less than 250 characters."},
	"126 characters that are two each":       {call: "POST " + keys, body: `{"desc":"` + strings.Repeat("🔑", 126) + `","roles":["ORG_MEMBER"]}`, status: 400, code: "INVALID_API_KEY_DESC"},
	"no roles":                               {call: "POST " + keys, body: `{"desc":"d"}`, status: 400, code: "MISSING_API_KEY_ROLES"},
	"empty roles":                            {call: "POST " + keys, body: `{"desc":"d","roles":[]}`, status: 400, code: "MISSING_API_KEY_ROLES"},
	"roles changed to none":                  {call: "PATCH " + keys + "/%s", body: `{"roles":[]}`, status: 400, code: "MISSING_API_KEY_ROLES"},
	"a project role for the organization":    {call: "POST " + keys, body: `{"desc":"d","roles":["GROUP_OWNER"]}`, status: 400, code: "CANNOT_ADD_GROUP_ROLE"},
	"an organization role for a project":     {call: "POST /api/atlas/v2/groups/PROJECT/apiKeys", body: `{"desc":"d","roles":["ORG_MEMBER"]}`, status: 400, code: "CANNOT_ADD_ORG_ROLE"},
	"a key too many":                         {opts: func(o *atlas.Options) { o.MaxKeys = 3 }, call: "POST " + keys, body: `{"desc":"d","roles":["ORG_MEMBER"]}`, status: 400, code: "MAX_API_KEYS_PER_ORG_EXCEEDED", detail: "Maximum number of API keys per org (3) in 65a1b2c3d4e5f60718293a4b exceeded while trying to add API keys."},
	"address and block":                      {call: "POST " + keys + "/%s/accessList", body: `[{"ipAddress":"203.0.113.7","cidrBlock":"203.0.113.7/32"}]`, status: 400, code: "BAD_WHITELIST_ADD_REQUEST"},
	"an address with a mask":                 {call: "POST " + keys + "/%s/accessList", body: `[{"ipAddress":"203.0.113.7/32"}]`, status: 400, code: "INVALID_IP_ADDRESS_OR_CIDR_NOTATION", detail: "The address 203.0.113.7/32 must be in valid IP address or CIDR notation."},
	"a block without a mask":                 {call: "POST " + keys + "/%s/accessList", body: `[{"cidrBlock":"203.0.113.7"}]`, status: 400, code: "INVALID_IP_ADDRESS_OR_CIDR_NOTATION"},
	"a mask of 33":                           {call: "POST " + keys + "/%s/accessList", body: `[{"cidrBlock":"203.0.113.0/33"}]`, status: 400, code: "INVALID_IP_ADDRESS_OR_CIDR_NOTATION"},
	"leading zeros":                          {call: "POST " + keys + "/%s/accessList", body: `[{"ipAddress":"203.0.113.007"}]`, status: 400, code: "INVALID_IP_ADDRESS_OR_CIDR_NOTATION"},
	"a short IPv6 address":                   {call: "POST " + keys + "/%s/accessList", body: `[{"ipAddress":"2001:db8::7"}]`, status: 400, code: "INVALID_IP_ADDRESS_OR_CIDR_NOTATION"},
	"an IPv6 address in capitals":            {call: "POST " + keys + "/%s/accessList", body: `[{"ipAddress":"2001:DB8:0:0:0:0:0:7"}]`, status: 400, code: "INVALID_IP_ADDRESS_OR_CIDR_NOTATION"},
	"host bits":                              {call: "POST " + keys + "/%s/accessList", body: `[{"cidrBlock":"203.0.113.7/24"}]`, status: 400, code: "INVALID_CIDR_BLOCK", detail: "The cidr block 203.0.113.7/24 must be in valid CIDR notation."},
	"IPv6 where it is switched off":          {opts: func(o *atlas.Options) { o.RefuseIPv6 = true }, call: "POST " + keys + "/%s/accessList", body: `[{"cidrBlock":"2001:db8::/64"}]`, status: 400, code: "IPV6_UNSUPPORTED"},
	"a loopback address":                     {call: "POST " + keys + "/%s/accessList", body: `[{"ipAddress":"127.0.0.1"}]`, status: 400, code: "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_WHITELIST"},
	"the same address twice":                 {call: "POST " + keys + "/%s/accessList", body: `[{"ipAddress":"203.0.113.7"},{"cidrBlock":"203.0.113.7/32"}]`, status: 400, code: "DUPLICATE_ADDRESSES_IN_INPUT"},
	"an address that is there, by its mask":  {call: "POST " + keys + "/%s/accessList", body: `[{"ipAddress":"192.0.2.2"},{"cidrBlock":"192.0.2.1/32"}]`, status: 409, code: "ADDRESS_ALREADY_IN_ACCESS_LIST", detail: "The address 192.0.2.1 is already on the access list."},
	"reading an entry that is not there":     {call: "GET " + keys + "/%s/accessList/192.0.2.2", status: 404, code: "API_KEY_ACCESS_LIST_ENTRY_NOT_FOUND"},
	"a single address by its mask":           {call: "DELETE " + keys + "/%s/accessList/192.0.2.1%%2F32", status: 404, code: "API_KEY_ACCESS_LIST_ENTRY_NOT_FOUND"},
	"shutting oneself out":                   {call: "DELETE " + keys + "/OWN/accessList/198.51.100.7", status: 400, code: "CANNOT_REMOVE_CALLER_FROM_ACCESS_LIST", detail: "Cannot remove caller's IP address 198.51.100.7 from access list."},
	"assigning a key twice":                  {call: "POST /api/atlas/v2/groups/PROJECT/apiKeys/ASSIGNED", body: `[{"roles":["GROUP_OWNER"]}]`, status: 400, code: "API_KEY_ALREADY_IN_GROUP", detail: "API key is already in the group."},
	"unassigning a key that is not assigned": {call: "DELETE /api/atlas/v2/groups/PROJECT/apiKeys/%s", status: 400, code: "API_KEY_NOT_FOUND"},
	"a project list without being an array":  {call: "POST /api/atlas/v2/groups/PROJECT/apiKeys/%s", body: `{"roles":["GROUP_OWNER"]}`, status: 400, code: "INVALID_JSON"},
	"a PATCH of nothing in a project":        {call: "PATCH /api/atlas/v2/groups/PROJECT/apiKeys/%s", body: `{}`, status: 400, code: "MISSING_ATTRIBUTE"},
	"an array of changes in a project":       {call: "PATCH /api/atlas/v2/groups/PROJECT/apiKeys/%s", body: `[{"roles":["GROUP_OWNER"]}]`, status: 400, code: "INVALID_JSON"},
	"no roles in a project":                  {call: "PATCH /api/atlas/v2/groups/PROJECT/apiKeys/%s", body: `{"roles":[]}`, status: 400, code: "MISSING_API_KEY_ROLES"},
	"an empty assignment":                    {call: "POST /api/atlas/v2/groups/PROJECT/apiKeys/%s", body: `[]`, status: 400, code: "MISSING_API_KEY_ROLES"},
	"an organization role among a project's": {call: "PATCH /api/atlas/v2/groups/PROJECT/apiKeys/%s", body: `{"roles":["GROUP_OWNER","ORG_OWNER"]}`, status: 400, code: "CANNOT_ADD_ORG_ROLE"},
	"assigning a missing key":                {call: "POST /api/atlas/v2/groups/PROJECT/apiKeys/" + unknownID, body: `[{"roles":["GROUP_OWNER"]}]`, status: 400, code: "API_KEY_NOT_FOUND"},
	"changing a missing key in a project":    {call: "PATCH /api/atlas/v2/groups/PROJECT/apiKeys/" + unknownID, body: `{"roles":["GROUP_OWNER"]}`, status: 400, code: "API_KEY_NOT_FOUND", detail: "No API key with ID 0123456789abcdef01234567 exists."},
	"unassigning a missing key":              {call: "DELETE /api/atlas/v2/groups/PROJECT/apiKeys/" + unknownID, status: 400, code: "API_KEY_NOT_FOUND"},
	"assigning to a missing project":         {call: "PATCH /api/atlas/v2/groups/" + unknownID + "/apiKeys/%s", body: `{"roles":["GROUP_OWNER"]}`, status: 404, code: "GROUP_NOT_FOUND"},
	"a project by its name":                  {call: "PATCH /api/atlas/v2/groups/Search/apiKeys/%s", body: `{"roles":["GROUP_OWNER"]}`, status: 400, code: "PATH_PARAM_PARSE_ERROR"},
	"assigning without a role in a project":  {weak: true, call: "PATCH /api/atlas/v2/groups/PROJECT/apiKeys/%s", body: `{"roles":["GROUP_OWNER"]}`, status: 401, code: "USER_CANNOT_ACCESS_GROUP"},
	"deleting without a trace of a role":     {weak: true, call: "PATCH " + keys + "/%s", body: `{"desc":"d"}`, status: 401, code: "USER_UNAUTHORIZED"},
	"two values for one parameter":           {call: "GET " + keys + "?pageNum=1&pageNum=2", status: 400, code: "INVALID_QUERY_PARAMETER"},
	"a date that is none":                    {call: "GET " + org + "/events?minDate=yesterday", status: 400, code: "INVALID_QUERY_PARAMETER"},
	"a multicast block":                      {call: "POST " + keys + "/%s/accessList", body: `[{"cidrBlock":"224.0.0.0/4"}]`, status: 400, code: "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_WHITELIST"},
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// elsewhere are rules that need more than one call; the tests that break them.
var elsewhere = map[string]string{
	"UNEXPECTED_ERROR":              "TestChallenge",
	"ORG_REQUIRES_ACCESS_LIST":      "TestCallerAccessList",
	"IP_ADDRESS_NOT_ON_ACCESS_LIST": "TestCallerAccessList",
	"RATE_LIMITED_TOKEN_BUCKET":     "TestRateLimitBucket",
	"BAD_REQUEST":                   "TestInvalidRoleHasTwoErrors",
	"INVALID_ENUM_VALUE":            "TestInvalidRoleHasTwoErrors",
	"USER_CANNOT_ACCESS_ORG":        "TestOrganizationsAreIsolated",
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := []func(*atlas.Options){}
			if tt.opts != nil {
				opts = append(opts, tt.opts)
			}
			r := start(t, opts...)
			weak := r.stranger(atlas.KeyInput{Desc: "weak", Roles: []string{"ORG_MEMBER"}})
			there := r.stranger(atlas.KeyInput{Desc: "there", Roles: []string{"ORG_READ_ONLY"}, AccessList: []string{"192.0.2.1"}})
			before := r.Snapshot().Keys[1:]
			method, path, _ := strings.Cut(r.place(tt.call, there.ID), " ")
			edit := []func(*http.Request){}
			if tt.edit != nil {
				edit = append(edit, tt.edit)
			}
			caller := r
			if tt.weak {
				caller = r.as(weak)
			}

			s := caller.do(method, path, tt.body, edit...)

			require.Equal(t, tt.status, s.Status, s.Body)
			require.Equal(t, tt.code, s.code(t))
			require.Equal(t, "application/json", s.Header.Get("Content-Type"))
			require.Empty(t, s.Header.Get("WWW-Authenticate"), "only a challenge asks for a credential")
			var body struct {
				Error          int
				Detail, Reason string
				Parameters     []any
			}
			s.into(t, &body)
			require.Equal(t, tt.status, body.Error)
			require.Equal(t, http.StatusText(tt.status), body.Reason)
			require.NotNil(t, body.Parameters)
			if tt.detail != "" {
				require.Equal(t, tt.detail, body.Detail)
			}
			if !strings.Contains(tt.call, "ASSIGNED") {
				require.Equal(t, before, r.Snapshot().Keys[1:], "a refusal changes nothing")
			}
		})
	}
}

// place fills the ids into a call.
func (r *rig) place(call, id string) string {
	r.t.Helper()
	if strings.Contains(call, "%s") {
		call = fmt.Sprintf(call, id)
	}
	if strings.Contains(call, "ASSIGNED") {
		s := r.do("POST", "/api/atlas/v2/groups/"+r.project()+"/apiKeys/"+id, `[{"roles":["GROUP_READ_ONLY"]}]`)
		require.Equal(r.t, 204, s.Status, s.Body)
	}
	if strings.Contains(call, "PROJECT") {
		call = strings.ReplaceAll(call, "PROJECT", r.project())
	}
	return strings.NewReplacer("ASSIGNED", id, "OWN", r.Snapshot().Keys[0].ID).Replace(call)
}

func TestEveryRuleIsTested(t *testing.T) {
	t.Parallel()
	broken := map[string]bool{}
	for code := range elsewhere {
		broken[code] = true
	}
	for _, tt := range refusals {
		broken[tt.code] = true
	}
	for _, rule := range atlas.Rules {
		require.True(t, broken[rule.Code], "no test breaks %s", rule.Code)
		delete(broken, rule.Code)
		require.NotEmpty(t, rule.Why)
	}
	require.Empty(t, broken, "tests break what is no rule")
}

// Atlas has answered both within weeks, so a client can rely on neither.
func TestInvalidRoleHasTwoErrors(t *testing.T) {
	t.Parallel()
	r := start(t)
	seen := map[string]string{}
	for range 40 {
		s := r.do("POST", keys, `{"desc":"d","roles":["ORG_EMPEROR"]}`)
		require.Equal(t, 400, s.Status)
		seen[s.code(t)] = s.Body
	}
	require.Len(t, seen, 2)
	require.Contains(t, seen["INVALID_ENUM_VALUE"], `"detail":"An invalid enumeration value ORG_EMPEROR was specified."`)
	require.Contains(t, seen["BAD_REQUEST"],
		`{"badRequestDetail":{"fields":[{"description":"Invalid role name 'ORG_EMPEROR'. Must be a valid Role name.","field":"_roles"}]},"detail":"The request content produced validation errors."`)
	require.Zero(t, r.Count())
}

func TestInvalidProjectRoleHasTwoErrors(t *testing.T) {
	t.Parallel()
	r := start(t)
	path := "/api/atlas/v2/groups/" + r.project() + "/apiKeys/" + r.create("mine").ID
	for call, body := range map[string]string{"PATCH": `{"roles":["GROUP_EMPEROR"]}`, "POST": `[{"roles":["GROUP_EMPEROR"]}]`} {
		seen := map[string]bool{}
		for range 40 {
			s := r.do(call, path, body)
			require.Equal(t, 400, s.Status)
			seen[s.code(t)] = true
		}
		require.Equal(t, map[string]bool{"INVALID_ENUM_VALUE": true, "BAD_REQUEST": true}, seen, call)
	}
	require.Len(t, r.Snapshot().Keys[1].Roles, 2)
}
