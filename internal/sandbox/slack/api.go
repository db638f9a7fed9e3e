package slack

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
)

// Handler serves /api/<method>, /link/?ticket= and /response/<id>. The link is
// a WebSocket: a wrapper of this handler must keep its http.Hijacker.
func (w *Workspace) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", w.serveAPI)
	mux.HandleFunc("/link/", w.hub.serveLink)
	mux.HandleFunc("/response/", w.serveResponse)
	return mux
}

// Operation names a call for the recorder: the method ("chat.postMessage"),
// "response_url", or "link" for a WebSocket being opened.
func Operation(r *http.Request) string {
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/api/"):
		return strings.TrimPrefix(path, "/api/")
	case strings.HasPrefix(path, "/response/"):
		return "response_url"
	case strings.HasPrefix(path, "/link/"):
		return "link"
	default:
		return ""
	}
}

func (w *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request) {
	c := w.read(r)
	secrets := w.opts.Secrets() // before taking the lock, because it is a callback
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	status, body := w.answer(c, rw.Header(), secrets)
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // an error means that the app is gone
}

// answer checks a call against the rules and executes it.
func (w *Workspace) answer(c *call, h http.Header, secrets []string) (status int, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rule := broken(c)
	if c.method != nil && c.token() == w.tokenFor(c) {
		h.Set("X-OAuth-Scopes", w.granted(c))
	}
	if rule == nil {
		w.inspect(c, secrets)
		o := c.method.do(w, c)
		o["ok"] = true
		return http.StatusOK, encode(o)
	}
	h.Set("X-Sandbox-Rule", rule.Why) // Slack gives no reason
	if c.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(c.retryAfter))
		return http.StatusTooManyRequests, encode(c.refused(rule))
	}
	return http.StatusOK, encode(c.refused(rule))
}

// refused is the answer to a call that broke a rule.
func (c *call) refused(rule *Rule) obj {
	code := cmp.Or(c.code, rule.Code)
	answer := obj{"ok": false, "error": code}
	if c.problems != nil {
		c.texts = errorMessages(c.problems)
		if code == "invalid_blocks" {
			answer["errors"] = errorTexts(c.problems)
		}
	}
	if c.texts != nil {
		answer["response_metadata"] = obj{"messages": c.texts}
	}
	if c.needed != nil {
		answer["needed"], answer["provided"] = strings.Join(c.needed, ","), strings.Join(c.w.scopes, ",")
	}
	return answer
}

// granted lists the scopes of the token a call came with.
func (w *Workspace) granted(c *call) string {
	if c.method.app {
		return "connections:write"
	}
	return strings.Join(w.scopes, ",")
}

// tokenFor is the token a call has to come with.
func (w *Workspace) tokenFor(c *call) string {
	if c.method.app {
		return w.opts.AppToken
	}
	return w.opts.BotToken
}
