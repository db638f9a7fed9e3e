package slack

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const bodyLimit = 1 << 20

// call is one request of the app to the Web API, with what the rules found in it.
type call struct {
	w      *Workspace
	name   string
	method *method // nil if Slack has no such method
	args   obj
	raw    string // everything the app sent, to look for secrets in

	bearer, bodyToken, urlToken string
	malformed                   string // the transport rule that parsing ran into

	code       string    // overrides the broken rule's code
	problems   []problem // with blocks or a view
	texts      []string  // messages that are not about a place in JSON
	needed     []string  // scopes
	retryAfter int       // seconds
}

// read parses a request the way Slack does: a form, or JSON where the method
// takes it. It never fails; what is wrong is left for the rules.
func (w *Workspace) read(r *http.Request) *call {
	c := &call{w: w, name: strings.TrimPrefix(r.URL.Path, "/api/"), args: obj{}}
	c.method = methods[c.name]
	c.bearer, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	query := r.URL.Query()
	c.urlToken = query.Get("token")
	query.Del("token")
	c.take(query)

	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit))
	if err != nil {
		c.malformed = "request_timeout"
		return c
	}
	c.raw = query.Encode() + string(body)
	if r.Method == http.MethodPost && len(body) > 0 {
		c.parse(r, body)
	}
	return c
}

func (c *call) parse(r *http.Request, body []byte) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Header.Get("Content-Type") == "":
		c.malformed = "missing_post_type"
		return
	case err != nil:
		c.malformed = "invalid_post_type"
		return
	}
	if set := strings.ToLower(params["charset"]); set != "" && set != "utf-8" && set != "iso-8859-1" {
		c.malformed = "invalid_charset"
		return
	}
	switch kind {
	case "application/json":
		c.parseJSON(body)
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			c.malformed = "invalid_form_data"
			return
		}
		c.raw, _ = url.QueryUnescape(c.raw)
		c.bodyToken = form.Get("token")
		form.Del("token")
		c.take(form)
	default:
		c.malformed = "invalid_post_type"
	}
}

// parseJSON reads a JSON body. Methods without JSON support do not see it, and
// a token in it is never read.
func (c *call) parseJSON(body []byte) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		c.malformed = "invalid_json"
		return
	}
	o, ok := v.(obj)
	if !ok {
		c.malformed = "json_not_object"
		return
	}
	if c.method == nil || !c.method.json {
		return
	}
	for name, value := range o {
		if name != "token" && value != nil {
			c.args[name] = value
		}
	}
}

// take adds form arguments; an empty one counts as not sent.
func (c *call) take(form url.Values) {
	for name, values := range form {
		if values[0] != "" {
			c.args[name] = values[0]
		}
	}
}

// str returns an argument as text; empty if it was not sent.
func (c *call) str(name string) string {
	switch v := c.args[name].(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return ""
	}
}

func (c *call) has(name string) bool {
	_, ok := c.args[name]
	return ok
}

func (c *call) is(name string) bool { return c.str(name) == "true" || c.str(name) == "1" }

// decode returns an argument that is JSON, written out or as a string of it.
// ok is false if it is not JSON.
func (c *call) decode(name string) (v any, ok bool) {
	s, text := c.args[name].(string)
	if !text {
		return c.args[name], true
	}
	err := json.Unmarshal([]byte(s), &v)
	return v, err == nil
}

// token is what the app authenticates with.
func (c *call) token() string {
	if c.bearer != "" {
		return c.bearer
	}
	return c.bodyToken
}

// room is the conversation the call names; nil if there is none such, or none
// the bot may know of.
func (c *call) room() *room {
	r := c.w.rooms[c.str("channel")]
	if r == nil || (r.private && !r.has(BotUser)) {
		return nil
	}
	return r
}
