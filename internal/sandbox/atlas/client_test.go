package atlas_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
)

const (
	org       = "/api/atlas/v2/orgs/" + atlas.DefaultID
	keys      = org + "/apiKeys"
	mediaType = "application/vnd.atlas.2023-01-01+json"
	unknownID = "0123456789abcdef01234567" // of no object
)

// clock is moved by hand.
type clock struct{ at time.Time }

func newClock() *clock                   { return &clock{at: time.Date(2026, 8, 10, 3, 0, 0, 0, time.UTC)} }
func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

// rig is an organization on a socket and a client with a credential. Its calls
// follow one another, so the clock needs no lock.
type rig struct {
	*atlas.Organization
	t               *testing.T
	clock           *clock
	url             string
	public, private string
}

func start(t *testing.T, edit ...func(*atlas.Options)) *rig {
	t.Helper()
	c := newClock()
	opts := atlas.Options{Now: c.now, Seed: 7}
	for _, e := range edit {
		e(&opts)
	}
	o := atlas.New(opts)
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	public, private := o.Credential()
	return &rig{Organization: o, t: t, clock: c, url: server.URL, public: public, private: private}
}

// as is the same organization, called with another key.
func (r *rig) as(k atlas.CreatedKey) *rig {
	other := *r
	other.public, other.private = k.PublicKey, k.PrivateKey
	return &other
}

// said is an answer.
type said struct {
	Status int
	Code   string // errorCode of the body
	Header http.Header
	Body   string
}

// into reads the body as JSON.
func (s said) into(t *testing.T, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(s.Body), v), s.Body)
}

// do makes one authenticated call; a body goes along with its media type.
func (r *rig) do(method, path, body string, edit ...func(*http.Request)) said {
	r.t.Helper()
	client := http.Client{Transport: &digest.Transport{Username: r.public, Password: r.private}}
	res, err := client.Do(r.request(method, path, body, edit...))
	require.NoError(r.t, err)
	return read(r.t, res)
}

func (r *rig) request(method, path, body string, edit ...func(*http.Request)) *http.Request {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	require.NoError(r.t, err)
	req.Header.Set("Accept", mediaType)
	if body != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	for _, e := range edit {
		e(req)
	}
	return req
}

func read(t *testing.T, res *http.Response) said {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var parsed struct{ ErrorCode string }
	_ = json.Unmarshal(body, &parsed)
	return said{res.StatusCode, parsed.ErrorCode, res.Header, string(body)}
}

// key is a key as the API shows it.
type key struct {
	ID, Desc, PublicKey, PrivateKey string
	Roles                           []struct{ OrgID, GroupID, RoleName string }
}

// create makes a key by the API.
func (r *rig) create(desc string) key {
	r.t.Helper()
	s := r.do("POST", keys, `{"desc":"`+desc+`","roles":["ORG_READ_ONLY","ORG_MEMBER"]}`)
	require.Equal(r.t, 200, s.Status, s.Body)
	var k key
	s.into(r.t, &k)
	return k
}

// stranger is a key made by hand.
func (r *rig) stranger(d atlas.KeyInput) atlas.CreatedKey {
	r.t.Helper()
	made, err := r.AddKey(d)
	require.NoError(r.t, err)
	return made
}

// project is the id of the first project.
func (r *rig) project() string {
	r.t.Helper()
	var page struct{ Results []struct{ ID string } }
	r.do("GET", org+"/groups", "").into(r.t, &page)
	require.NotEmpty(r.t, page.Results)
	return page.Results[0].ID
}

// codes are the X-Error-Code headers and errorCodes, which have to agree.
func (s said) code(t *testing.T) string {
	t.Helper()
	require.Equal(t, s.Header.Get("X-Error-Code"), s.Code)
	return s.Code
}
