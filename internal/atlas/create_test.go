package atlas_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
)

const (
	keysURL   = "/api/atlas/v2/orgs/" + org + "/apiKeys"
	madeID    = "6a793f752c88faeba59bba49" // of the recorded create
	accessURL = keysURL + "/" + madeID + "/accessList"

	secretMade = "00000000-0000-4000-8000-01bdd56c8977"
	createdOK  = `{"desc":"billing export","id":"` + madeID + `","privateKey":"` + secretMade +
		`","publicKey":"gswvkocq","roles":[{"orgId":"` + org + `","roleName":"ORG_READ_ONLY"}]}`
	accessOK = `{"results":[{"cidrBlock":"52.190.182.226/32","count":0,"ipAddress":"52.190.182.226"}],"totalCount":1}`
	noKeys   = `{"results":[],"totalCount":0}`
)

func wanted() atlas.KeySpec {
	return atlas.KeySpec{
		Description: "billing export",
		Roles:       []string{"ORG_READ_ONLY"},
		From:        []netip.Prefix{netip.MustParsePrefix("52.190.182.226/32")},
	}
}

func notNoted(atlas.Key) error { return nil }

func TestCreateTakesThreeRequestsOnOneConnection(t *testing.T) {
	t.Parallel()
	s := newScript(t, recorded(t, "01"), recorded(t, "09"))
	w := wanted()
	w.Description = "e2e-test-atlas-org"

	var seenAtMade int
	key, err := s.client().Create(t.Context(), w, func(k atlas.Key) error {
		assert.Equal(t, atlas.Key{ID: madeID, PublicKey: "gswvkocq", Description: "e2e-test-atlas-org", Roles: []string{"ORG_READ_ONLY"}}, k)
		seenAtMade = len(s.lines())
		return nil
	})
	require.NoError(t, err)

	assert.Equal(t, "gswvkocq", key.PublicKey)
	assert.Equal(t, secretMade, key.Private.Reveal())
	assert.Equal(t, []string{"(POST " + keysURL + ")", "POST " + keysURL, "POST " + accessURL + "?itemsPerPage=500"}, s.lines())
	assert.Equal(t, 2, seenAtMade, "made is told before the access list is sent")
	assert.Equal(t, 1, s.conns)
	assert.Empty(t, s.seen[0].body, "nothing can come of the request that only asks for a challenge")
	assert.JSONEq(t, `{"desc":"e2e-test-atlas-org","roles":["ORG_READ_ONLY"]}`, s.seen[1].body)
	assert.JSONEq(t, `[{"ipAddress":"52.190.182.226"}]`, s.seen[2].body)
	for _, r := range s.seen {
		assert.Equal(t, "application/vnd.atlas.2023-01-01+json", r.header.Get("Accept"))
		assert.Equal(t, "application/vnd.atlas.2023-01-01+json", r.header.Get("Content-Type"))
	}
}

func TestCreateOverHTTP2(t *testing.T) {
	t.Parallel()
	s := newScript(t, say(200, createdOK), say(200, accessOK))
	s.server.EnableHTTP2 = true
	s.server.StartTLS()
	_, err := s.client().Create(t.Context(), wanted(), notNoted)
	require.NoError(t, err)
	assert.Len(t, s.lines(), 3)
	assert.Equal(t, 1, s.conns)
}

// TestCreateFailures checks the error of each failure, and that a create that may
// have taken effect is never repeated.
func TestCreateFailures(t *testing.T) {
	t.Parallel()
	ok, listed := say(200, createdOK), say(200, accessOK)
	html := with("Content-Type", "text/html", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) })
	badGateway := func(w http.ResponseWriter, r *http.Request) { http.Error(w, "<html>", http.StatusServiceUnavailable) }
	empty401 := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
	type outcome struct {
		bare, responders []responder
		kind             atlas.Kind // "" is success
		status           int
		code             string
		made             bool // the callback was called
		keys             int  // signed requests for a key
	}
	for name, c := range map[string]outcome{
		"no response to the first request":             {bare: []responder{reset, reset, reset}, kind: atlas.Transient},
		"the first responder is lost once":             {bare: []responder{reset}, responders: []responder{ok, listed}, made: true, keys: 1},
		"the first responder meets a maintenance page": {bare: []responder{badGateway, badGateway, badGateway}, kind: atlas.Transient, status: 503},
		"the first responder is answered by a portal":  {bare: []responder{say(200, createdOK), say(200, createdOK), say(200, createdOK)}, kind: atlas.Transient, status: 200},
		"the first responder is redirected":            {bare: []responder{with("Location", "https://example.com/", say(301, ""))}, kind: atlas.Transient, status: 301},
		"the first responder is forbidden by a proxy":  {bare: []responder{say(403, "")}, kind: atlas.Transient, status: 403},
		"no answer":                               {responders: []responder{reset}, kind: atlas.Indeterminate, keys: 1},
		"an answer that is no HTTP":               {responders: []responder{raw(secretMade + "\r\n\r\n")}, kind: atlas.Indeterminate, keys: 1},
		"half an answer":                          {responders: []responder{cut(200, createdOK)}, kind: atlas.Indeterminate, status: 200, keys: 1},
		"an answer without a key":                 {responders: []responder{say(200, `{}`)}, kind: atlas.Indeterminate, status: 200, keys: 1},
		"an answer without a body":                {responders: []responder{say(200, ``)}, kind: atlas.Indeterminate, status: 200, keys: 1},
		"a page instead of an answer":             {responders: []responder{html}, kind: atlas.Indeterminate, status: 200, keys: 1},
		"500":                                     {responders: []responder{refuse(500, "UNEXPECTED_ERROR", "[]")}, kind: atlas.Indeterminate, status: 500, code: "UNEXPECTED_ERROR", keys: 1},
		"503 that is no JSON":                     {responders: []responder{badGateway}, kind: atlas.Indeterminate, status: 503, keys: 1},
		"a redirect after the login":              {responders: []responder{with("Location", "/elsewhere", say(303, ""))}, kind: atlas.Indeterminate, status: 303, keys: 1},
		"refused":                                 {responders: []responder{refuse(400, "INVALID_ROLE_FOR_ORG", "[]")}, kind: atlas.Permanent, status: 400, code: "INVALID_ROLE_FOR_ORG", keys: 1},
		"refused, and half of the body lost":      {responders: []responder{with("X-Error-Code", "INVALID_ROLE_FOR_ORG", cut(400, `{"error":400,"errorCode":"X"}`))}, kind: atlas.Permanent, status: 400, code: "INVALID_ROLE_FOR_ORG", keys: 1},
		"forbidden by a proxy, not by Atlas":      {responders: []responder{say(403, "<html>")}, kind: atlas.Transient, status: 403, keys: 1},
		"the role of the bot is too low":          {responders: []responder{refuse(401, "NOT_ORG_OWNER", "[]")}, kind: atlas.InvalidCredential, status: 401, code: "NOT_ORG_OWNER", keys: 1},
		"Atlas is being upgraded":                 {responders: []responder{refuse(405, "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES", "[]")}, kind: atlas.Transient, status: 405, code: "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES", keys: 1},
		"too many requests, then not":             {responders: []responder{refuse(429, "RATE_LIMITED_TOKEN_BUCKET", `["p",0,500,250,60]`), ok, listed}, made: true, keys: 2},
		"too many requests for too long":          {responders: []responder{refuse(429, "RATE_LIMITED_TOKEN_BUCKET", `["p",55,500,250,60]`)}, kind: atlas.Transient, status: 429, code: "RATE_LIMITED_TOKEN_BUCKET", keys: 1},
		"a stray 401, and no such key":            {responders: []responder{empty401, say(200, noKeys), ok, listed}, made: true, keys: 2},
		"a stray 401, and there is such a key":    {responders: []responder{empty401, say(200, `{"results":[`+createdOK+`]}`)}, kind: atlas.Indeterminate, status: 401, keys: 1},
		"a stray 401, and no list":                {responders: []responder{empty401, say(404, "")}, kind: atlas.Indeterminate, status: 401, keys: 1},
		"another description":                     {responders: []responder{say(200, replace(createdOK, "billing export", "x"))}, kind: atlas.Mismatch, status: 200, made: true, keys: 1},
		"another role":                            {responders: []responder{say(200, replace(createdOK, "ORG_READ_ONLY", "ORG_OWNER"))}, kind: atlas.Mismatch, status: 200, made: true, keys: 1},
		"a role in another organization":          {responders: []responder{say(200, replace(createdOK, `"roles":[`, `"roles":[{"orgId":"b0123456789abcdef012345b","roleName":"ORG_READ_ONLY"},`))}, kind: atlas.Mismatch, status: 200, made: true, keys: 1},
		"a masked private key":                    {responders: []responder{say(200, replace(createdOK, secretMade, "********-****-****-01bdd56c8977"))}, kind: atlas.Mismatch, status: 200, made: true, keys: 1},
		"no private key":                          {responders: []responder{say(200, replace(createdOK, "privateKey", "pk"))}, kind: atlas.Mismatch, status: 200, made: true, keys: 1},
		"the list is refused":                     {responders: []responder{ok, refuse(400, "IPV6_UNSUPPORTED", "[]")}, kind: atlas.Permanent, status: 400, code: "IPV6_UNSUPPORTED", made: true, keys: 1},
		"no answer to the list":                   {responders: []responder{ok, reset}, kind: atlas.Indeterminate, made: true, keys: 1},
		"a stray 401 to the list":                 {responders: []responder{ok, empty401, listed}, made: true, keys: 1},
		"the list has an entry too many":          {responders: []responder{ok, say(200, `{"results":[{"cidrBlock":"52.190.182.226/32"},{"cidrBlock":"0.0.0.0/0"}]}`)}, kind: atlas.Mismatch, status: 200, made: true, keys: 1},
		"the list is empty":                       {responders: []responder{ok, say(200, noKeys)}, kind: atlas.Mismatch, status: 200, made: true, keys: 1},
		"the list cannot be read":                 {responders: []responder{ok, say(200, `{"results":[{"cidrBlock":"anywhere"}]}`)}, kind: atlas.Indeterminate, status: 200, made: true, keys: 1},
		"the key has vanished when the list came": {responders: []responder{ok, refuse(400, "API_KEY_NOT_FOUND", "[]")}, kind: atlas.Gone, status: 400, code: "API_KEY_NOT_FOUND", made: true, keys: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, c.responders...)
			s.bare = c.bare
			var made bool
			key, err := s.client().Create(t.Context(), wanted(), func(atlas.Key) error { made = true; return nil })
			assert.Equal(t, c.made, made)
			assert.Equal(t, c.keys, s.count("POST "+keysURL)-s.count("POST "+accessURL+"?itemsPerPage=500"))
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

func TestCreateTimeout(t *testing.T) {
	t.Parallel()
	s := newScript(t, hang)
	_, err := s.client(func(c *atlas.Config) { c.Timeout = 100 * time.Millisecond }).Create(t.Context(), wanted(), notNoted)
	assert.Equal(t, atlas.Indeterminate, atlas.KindOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, 1, s.count("POST "))
}

// The second connection fails: a signed POST is certainly not sent.
func TestCreateWithoutSecondConnection(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	c := s.client(func(c *atlas.Config) {
		var dials atomic.Int32
		c.HTTP.DisableKeepAlives = true
		c.HTTP.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials.Add(1) > 1 {
				return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	})
	_, err := c.Create(t.Context(), wanted(), notNoted)
	assert.Equal(t, atlas.Transient, atlas.KindOf(err))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	assert.Equal(t, []string{"(POST " + keysURL + ")"}, s.lines())
}

func TestCreateCancelled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bare []responder
		kind atlas.Kind
	}{
		"before the login is sent": {bare: []responder{hang}, kind: atlas.Transient},
		"after the login was sent": {kind: atlas.Indeterminate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			stop := func(w http.ResponseWriter, r *http.Request) { cancel(); hang(w, r) }
			s := newScript(t, stop)
			if c.bare != nil {
				s.bare, s.responders = []responder{stop}, nil
			}
			_, err := s.client().Create(ctx, wanted(), notNoted)
			assert.Equal(t, c.kind, atlas.KindOf(err))
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestCreateFailsIfKeyCannotBeRecorded(t *testing.T) {
	t.Parallel()
	s := newScript(t, say(200, createdOK))
	full := errors.New("disk full")
	_, err := s.client().Create(t.Context(), wanted(), func(atlas.Key) error { return full })
	require.ErrorIs(t, err, full)
	assert.Empty(t, atlas.KindOf(err), "it is not Atlas that failed")
	assert.Zero(t, s.count("POST "+accessURL+"?itemsPerPage=500"))
}

func TestCreateRefusesMissingRolesOrNetworks(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	for _, w := range []atlas.KeySpec{
		{Description: "x", From: wanted().From},
		{Description: "x", Roles: wanted().Roles},
	} {
		_, err := s.client().Create(t.Context(), w, notNoted)
		assert.Equal(t, atlas.Permanent, atlas.KindOf(err))
	}
	assert.Empty(t, s.lines())
}

func TestConcurrentCreates(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	for range 64 { // any of them may come first
		s.responders = append(s.responders, nil, nil)
	}
	for i := range s.responders {
		s.responders[i] = func(w http.ResponseWriter, r *http.Request) {
			body := createdOK
			if r.URL.Path == accessURL {
				body = accessOK
			}
			say(200, body)(w, r)
		}
	}
	c := s.client()
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			_, err := c.Create(t.Context(), wanted(), notNoted)
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Len(t, s.lines(), 64*3, "no nonce was shared, so none was refused")
}

func TestCreateIgnoresOrderAndDuplicates(t *testing.T) {
	t.Parallel()
	two := replace(createdOK, `"roles":[`, `"roles":[{"orgId":"`+org+`","roleName":"ORG_MEMBER"},`)
	s := newScript(t, say(200, two), say(200, `{"results":[{"cidrBlock":"2001:DB8::/64"},{"ipAddress":"2001:0db8:0000:0000:0000:0000:0000:0001"},{"cidrBlock":"198.51.100.0/24"}]}`))
	w := wanted()
	w.Roles = []string{"ORG_READ_ONLY", "ORG_MEMBER", "ORG_READ_ONLY"}
	w.From = nil
	for _, p := range []string{"198.51.100.0/24", "2001:db8::1/128", "198.51.100.9/24", "2001:db8::/64"} {
		w.From = append(w.From, netip.MustParsePrefix(p))
	}
	_, err := s.client().Create(t.Context(), w, notNoted)
	require.NoError(t, err)
	assert.JSONEq(t, `{"desc":"billing export","roles":["ORG_MEMBER","ORG_READ_ONLY"]}`, s.seen[1].body)
	assert.JSONEq(t, `[{"cidrBlock":"198.51.100.0/24"},{"cidrBlock":"2001:0db8:0000:0000:0000:0000:0000:0000/64"},
		{"ipAddress":"2001:0db8:0000:0000:0000:0000:0000:0001"}]`, s.seen[2].body)
	assert.Equal(t, []string{"ORG_READ_ONLY", "ORG_MEMBER", "ORG_READ_ONLY"}, w.Roles, "what was asked for is not reordered")
}
