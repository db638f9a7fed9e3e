package slack

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	urlUses = 5
	urlLife = 30 * time.Minute
)

// responseURL lets the app answer one command or click.
type responseURL struct {
	user string
	room *room
	on   *message // what was clicked; nil for a command
	at   time.Time
	uses int
}

// newResponseURL makes one. The caller holds mu.
func (w *Workspace) newResponseURL(user string, r *room, on *message) string {
	id := w.random(alphanumeric, 32)
	w.urls[id] = &responseURL{user: user, room: r, on: on, at: w.opts.Now()}
	return w.base + "/response/" + id
}

// A urlRule is one thing a response_url refuses. The statuses are Slack's as
// far as they were reported; the texts are not known.
type urlRule struct {
	status    int
	code, why string
	broken    func(w *Workspace, u *responseURL, r *http.Request, body obj) bool
}

var urlRules = []urlRule{
	{404, "invalid_url", "Slack gave the URL out", func(_ *Workspace, u *responseURL, _ *http.Request, _ obj) bool { return u == nil }},
	{404, "expired_url", "it lives 30 minutes", func(w *Workspace, u *responseURL, _ *http.Request, _ obj) bool {
		return w.opts.Now().Sub(u.at) > urlLife
	}},
	{404, "used_url", "it works five times", func(_ *Workspace, u *responseURL, _ *http.Request, _ obj) bool { return u.uses >= urlUses }},
	{405, "invalid_method", "it takes POST only", func(_ *Workspace, _ *responseURL, r *http.Request, _ obj) bool { return r.Method != http.MethodPost }},
	{400, "invalid_post_type", "it takes JSON only", func(_ *Workspace, _ *responseURL, r *http.Request, _ obj) bool {
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		return kind != jsonType
	}},
	{400, "invalid_payload", "the body is a JSON object", func(_ *Workspace, _ *responseURL, _ *http.Request, body obj) bool { return body == nil }},
	{400, "no_text", "it says something, unless it deletes the original", func(_ *Workspace, u *responseURL, _ *http.Request, body obj) bool {
		return !u.deletes(body) && text(body["text"]) == "" && len(objects(body["blocks"])) == 0
	}},
	{400, "invalid_blocks", "blocks follow Block Kit", func(w *Workspace, u *responseURL, _ *http.Request, body obj) bool {
		return body["blocks"] != nil && !u.deletes(body) && len(checkBlocks(w.opts.AppName, body["blocks"])) > 0
	}},
}

func (w *Workspace) serveResponse(rw http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit))
	if err != nil {
		http.Error(rw, "request_timeout", http.StatusBadRequest)
		return
	}
	var body obj
	if json.Unmarshal(raw, &body) != nil {
		body = nil
	}
	status, said := w.answerURL(r, body, w.opts.Secrets())
	http.Error(rw, said, status) // also for "ok": it is plain text
}

// answerURL checks a response against the rules and does what it says.
func (w *Workspace) answerURL(r *http.Request, body obj, secrets []string) (status int, said string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.urls[strings.TrimPrefix(r.URL.Path, "/response/")]
	for _, rule := range urlRules {
		if rule.broken(w, u, r, body) {
			return rule.status, rule.code
		}
	}
	u.uses++
	w.respond(u, body, secrets)
	return http.StatusOK, "ok"
}

func (u *responseURL) deletes(body obj) bool  { return u.on != nil && body["delete_original"] == true }
func (u *responseURL) replaces(body obj) bool { return u.on != nil && body["replace_original"] == true }

// respond executes a body posted to u. What cannot be replaced is
// answered with a message of its own.
func (w *Workspace) respond(u *responseURL, body obj, secrets []string) {
	public := body["response_type"] == "in_channel"
	switch {
	case u.deletes(body):
		w.discard(u)
		return
	case u.replaces(body):
		w.inspectResponse(body, u.on.ephemeral, secrets)
		w.edit(u.on, w.responseMessage(body))
	case public:
		w.inspectResponse(body, false, secrets)
		w.post(u.room, w.responseMessage(body))
	default:
		w.inspectResponse(body, true, secrets)
		w.addEphemeral(u.room, u.user, w.responseMessage(body))
	}
}

func (w *Workspace) discard(u *responseURL) {
	if u.on.ephemeral {
		w.forget(u.user, u.on.ts)
		return
	}
	w.remove(u.room, u.on.ts)
}

func (w *Workspace) responseMessage(body obj) *message {
	blocks, _ := body["blocks"].([]any)
	return &message{
		author: BotUser, bot: true, text: text(body["text"]),
		blocks: normal(blocks, w.elementID), threadTS: text(body["thread_ts"]),
	}
}

func (w *Workspace) inspectResponse(body obj, ephemeral bool, secrets []string) {
	const where = "response_url"
	w.inspectMarkup(where, text(body["text"]))
	w.inspectContent(where, body["blocks"])
	if ephemeral {
		w.seekInNote(where, secrets, body)
		return
	}
	w.seek(where, secrets, string(encode(body)))
}
