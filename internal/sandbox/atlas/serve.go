package atlas

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
)

const (
	versioned   = "application/vnd.atlas.2023-01-01+json"
	versionedOK = versioned + ";charset=utf-8"
	maxBody     = 1 << 20
)

// objectID is what an id in a path looks like.
var objectID = regexp.MustCompile(`^[a-f0-9]{24}$`)

// A call is one authenticated request.
type call struct {
	*http.Request
	route  route
	path   map[string]string // the path's parameters by name
	body   []byte
	caller actor
	status int // of a success; 200 if it is not set
}

// actor is a key or a person in the Atlas UI who changes something.
type actor struct {
	key      *key
	username string
}

// reply is a response to send.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// ServeHTTP answers the Admin API under /api/atlas/v2 and /api/private, to each
// caller for the organization of its key. Requests run one at
// a time and are atomic.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return
	}
	c.mu.Lock()
	said, asked := c.answer(r, body)
	c.mu.Unlock()
	if asked != nil {
		asked.tell()
	}
	for name, values := range said.header {
		w.Header()[name] = values
	}
	if len(said.body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(said.body)))
	}
	w.WriteHeader(said.status)
	_, _ = w.Write(said.body)
}

// answer executes one request. It returns the organization of the caller, or nil if
// the caller is unknown.
func (c *Cloud) answer(r *http.Request, body []byte) (reply, *Organization) {
	o, caller, isStale := c.authenticate(r)
	if caller == nil {
		return c.challenge(isStale), nil
	}
	return o.answerTo(caller, r, body), o
}

func (o *Organization) answerTo(caller *key, r *http.Request, body []byte) reply {
	c := call{Request: r, body: body, caller: actor{key: caller}}
	h := o.headers()
	view, refused := o.carryOut(&c, h)
	switch {
	case refused != nil:
		return refused.reply(h)
	case view == nil:
		h.Set("Content-Type", versionedOK)
		return reply{status: http.StatusNoContent, header: h}
	}
	h.Set("Content-Type", versionedOK)
	if c.route.unversioned {
		h.Set("Content-Type", "application/json")
	}
	return reply{status: cmp.Or(c.status, http.StatusOK), header: h, body: encode(view)}
}

// carryOut checks c in Atlas's order and runs its route. It returns the body; nil
// means no body.
func (o *Organization) carryOut(c *call, h http.Header) (any, *refusal) {
	if refused := o.admit(c.caller.key, o.seenFrom); refused != nil {
		return nil, refused
	}
	var found bool
	if c.route, c.path, found = match(c.Method, c.URL); !found {
		return nil, noSuchResource.of(c.URL.EscapedPath())
	}
	for _, check := range []func(*call) *refusal{checkVersion, checkPath, checkQuery, o.checkScope} {
		if refused := check(c); refused != nil {
			return nil, refused
		}
	}
	if refused := o.take(c.route.limit, c.URL.Path, h); refused != nil {
		return nil, refused
	}
	if refused := o.checkRole(c); refused != nil {
		return nil, refused
	}
	return c.route.serve(o, c)
}

// headers are those of every application answer, as recorded.
func (o *Organization) headers() http.Header {
	h := http.Header{}
	h.Set("Date", o.now().Format(http.TimeFormat))
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Server", "mdbws")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Envoy-Upstream-Service-Time", "42")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Permitted-Cross-Domain-Policies", "none")
	return h
}

// apiError is the body of every application error, in the order as recorded.
type apiError struct {
	BadRequestDetail *badRequestDetail `json:"badRequestDetail,omitempty"`
	Detail           string            `json:"detail"`
	Error            int               `json:"error"`
	ErrorCode        string            `json:"errorCode"`
	Parameters       []any             `json:"parameters"`
	Reason           string            `json:"reason"`
}

type badRequestDetail struct {
	Fields []fieldViolation `json:"fields"`
}

func (r *refusal) reply(h http.Header) reply {
	body := apiError{
		Detail: r.detail(), Error: r.Status, ErrorCode: r.Code,
		Parameters: r.parameters, Reason: http.StatusText(r.Status),
	}
	if body.Parameters == nil {
		body.Parameters = []any{}
	}
	if r.fields != nil {
		body.BadRequestDetail = &badRequestDetail{r.fields}
	}
	h.Set("Content-Type", "application/json")
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Error-Code", r.Code)
	return reply{status: r.Status, header: h, body: encode(body)}
}

// encode writes JSON as Atlas does: in one line, with & as it is.
func encode(view any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(view); err != nil {
		panic(err) // a view that cannot be encoded is a bug of this package
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
