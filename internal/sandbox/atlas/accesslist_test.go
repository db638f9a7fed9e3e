package atlas_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
)

// shown are the entries in an answer, as "ipAddress cidrBlock".
func (s said) entries(t *testing.T) []string {
	t.Helper()
	var page struct {
		Results []struct{ IPAddress, CIDRBlock string }
	}
	s.into(t, &page)
	shown := []string{}
	for _, e := range page.Results {
		shown = append(shown, strings.TrimSpace(e.IPAddress+" "+e.CIDRBlock))
	}
	return shown
}

func TestAddingEntries(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body string
		want []string
	}{
		"a single address shows both forms":  {`[{"ipAddress":"203.0.113.7"}]`, []string{"203.0.113.7 203.0.113.7/32"}},
		"so does a block of one":             {`[{"cidrBlock":"203.0.113.7/32"}]`, []string{"203.0.113.7 203.0.113.7/32"}},
		"a block shows only itself":          {`[{"cidrBlock":"203.0.113.0/24"}]`, []string{"203.0.113.0/24"}},
		"many at once, mixed":                {`[{"ipAddress":"203.0.113.7"},{"cidrBlock":"198.51.100.0/30"}]`, []string{"203.0.113.7 203.0.113.7/32", "198.51.100.0/30"}},
		"private addresses are taken":        {`[{"ipAddress":"192.168.0.229"}]`, []string{"192.168.0.229 192.168.0.229/32"}},
		"the whole internet is taken":        {`[{"cidrBlock":"0.0.0.0/0"}]`, []string{"0.0.0.0/0"}},
		"IPv6 in eight groups":               {`[{"ipAddress":"2001:db8:0:0:0:0:0:7"}]`, []string{"2001:db8:0:0:0:0:0:7 2001:db8:0:0:0:0:0:7/128"}},
		"an IPv6 block may be short":         {`[{"cidrBlock":"2001:db8::/48"}]`, []string{"2001:db8:0:0:0:0:0:0/48"}},
		"a null beside a value does no harm": {`[{"ipAddress":"203.0.113.7","cidrBlock":null}]`, []string{"203.0.113.7 203.0.113.7/32"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			list := keys + "/" + r.create("mine").ID + "/accessList"

			s := r.do("POST", list, tt.body)

			require.Equal(t, 200, s.Status, s.Body)
			require.Equal(t, tt.want, s.entries(t))
			require.Equal(t, tt.want, r.do("GET", list, "").entries(t))
		})
	}
}

func TestAddAndDeleteEntries(t *testing.T) {
	t.Parallel()
	r := start(t)
	list := keys + "/" + r.create("mine").ID + "/accessList"
	r.do("POST", list, `[{"ipAddress":"203.0.113.7"}]`)

	both := r.do("POST", list, `[{"cidrBlock":"198.51.100.0/24"}]`)
	require.Equal(t, []string{"203.0.113.7 203.0.113.7/32", "198.51.100.0/24"}, both.entries(t), "the answer is the whole list")

	refused := r.do("POST", list, `[{"ipAddress":"203.0.113.8"},{"ipAddress":"203.0.113.7"}]`)
	require.Equal(t, 409, refused.Status)
	require.Len(t, r.do("GET", list, "").entries(t), 2, "all or nothing")

	require.Equal(t, 200, r.do("GET", list+"/198.51.100.0%2F24", "").Status)
	require.Equal(t, 204, r.do("DELETE", list+"/198.51.100.0%2F24", "").Status)
	require.Equal(t, 204, r.do("DELETE", list+"/203.0.113.7", "").Status)
	require.Contains(t, r.do("GET", list, "").Body, `"results":[],"totalCount":0`)
}

func TestUse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		required bool
		list     []string
		from     string
		status   int
		code     string
	}{
		"a listed address":                       {false, []string{"203.0.113.7"}, "203.0.113.7", 200, ""},
		"an address within a block":              {true, []string{"203.0.113.0/24"}, "203.0.113.99", 200, ""},
		"an address that is not listed":          {false, []string{"203.0.113.7"}, "203.0.113.8", 403, "IP_ADDRESS_NOT_ON_ACCESS_LIST"},
		"no list: open to the whole internet":    {false, nil, "192.0.2.1", 200, ""},
		"no list where one is required":          {true, nil, "192.0.2.1", 403, "ORG_REQUIRES_ACCESS_LIST"},
		"an address that is none":                {false, nil, "here", 400, "INVALID_IP_ADDRESS_OR_CIDR_NOTATION"},
		"an IPv6 address, however it is written": {false, []string{"2001:db8::/48"}, "2001:db8:0:1::1", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, func(o *atlas.Options) { o.RequireAccessList = tt.required })
			k := r.stranger(atlas.KeyInput{Desc: "d", Roles: []string{"ORG_MEMBER"}, AccessList: tt.list})

			status, code := r.Use(k.PublicKey, k.PrivateKey, tt.from)

			require.Equal(t, tt.status, status)
			require.Equal(t, tt.code, code)
		})
	}
	r := start(t)
	k := r.stranger(atlas.KeyInput{Desc: "d", Roles: []string{"ORG_MEMBER"}})
	status, code := r.Use(k.PublicKey, "wrong", "192.0.2.1")
	require.Equal(t, 401, status)
	require.Equal(t, "UNEXPECTED_ERROR", code)
}

func TestUseIsCounted(t *testing.T) {
	t.Parallel()
	r := start(t)
	k := r.stranger(atlas.KeyInput{Desc: "d", Roles: []string{"ORG_MEMBER"}, AccessList: []string{"203.0.113.0/24", "203.0.113.7"}})
	list := keys + "/" + k.ID + "/accessList"
	require.NotContains(t, r.do("GET", list, "").Body, "lastUsed", "never used, never shown")

	r.clock.advance(time.Hour)
	r.Use(k.PublicKey, k.PrivateKey, "203.0.113.7")
	r.Use(k.PublicKey, k.PrivateKey, "203.0.113.7")
	r.Use(k.PublicKey, k.PrivateKey, "198.51.100.1") // refused

	s := r.do("GET", list, "")
	require.Contains(t, s.Body, `"cidrBlock":"203.0.113.0/24","count":0`, "the narrower entry let it in")
	require.Contains(t, s.Body, `"cidrBlock":"203.0.113.7/32","count":2,"created":"2026-08-10T03:00:00Z","ipAddress":"203.0.113.7","lastUsed":"2026-08-10T04:00:00Z","lastUsedAddress":"203.0.113.7"`)
	access := r.Snapshot().Keys[1].AccessList[1]
	require.Equal(t, 2, access.Count)
	require.Equal(t, "203.0.113.7", access.LastFrom)
}

func TestCallerAccessList(t *testing.T) {
	t.Parallel()
	r := start(t, func(o *atlas.Options) { o.RequireAccessList = true })
	own := r.Snapshot().Keys[0].ID
	require.Equal(t, 200, r.do("GET", keys, "").Status)

	require.NoError(t, r.EditKey(own, atlas.KeyEdit{AccessList: []string{}}))
	s := r.do("GET", keys, "")
	require.Equal(t, 403, s.Status)
	require.Equal(t, "ORG_REQUIRES_ACCESS_LIST", s.code(t))
	require.Contains(t, s.Body, `"parameters":["198.51.100.7"]`)

	require.NoError(t, r.EditKey(own, atlas.KeyEdit{AccessList: []string{"192.0.2.1"}}))
	s = r.do("GET", keys, "")
	require.Equal(t, 403, s.Status)
	require.Equal(t, "IP_ADDRESS_NOT_ON_ACCESS_LIST", s.code(t))
	require.Contains(t, s.Body, `"detail":"IP address 198.51.100.7 is not allowed to access this resource."`)
	require.Contains(t, s.Body, `"parameters":["198.51.100.7"]`)

	r.SetRequireAccessList(false)
	require.NoError(t, r.EditKey(own, atlas.KeyEdit{AccessList: []string{}}))
	require.Equal(t, 200, r.do("GET", keys, "").Status, "no list and none required: open")
}
