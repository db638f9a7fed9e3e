package transport

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"time"

	"atlaskeybot/internal/isolate"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/payload"
)

// HTTP is the door for Slack's requests to us. Its paths are /slack/commands,
// /slack/interactions, /slack/options and /slack/events.
type HTTP struct {
	App    Handler
	config client.Config
	log    *slog.Logger
	seen   *Deduper

	signatures *signatures
	Routes     *http.ServeMux
	reading    chan struct{} // holds one value for each body that is being read
}

const (
	maxBody = 256 << 10 // bytes of a request of Slack's

	// maxReading bodies are read at once, so that their memory is bounded however
	// many connections there are: before the signature is checked, anyone can send one.
	maxReading = 32

	// readLimit is how long one body may take. Slack sends in milliseconds, and a
	// slow sender holds a place of the few.
	readLimit = 2 * time.Second

	// answerLimit is when a request is given up if nothing answered it; Slack
	// has given it up by then.
	answerLimit = 5 * time.Second
)

// NewHTTP returns the handler of Slack's requests, which delivers to app.
func NewHTTP(s *client.Slack, app Handler) *HTTP {
	h := &HTTP{
		App: app, config: s.Config, log: s.Config.Log, seen: NewDeduper(s.Config.Now), signatures: &signatures{log: s.Config.Log},
		Routes: http.NewServeMux(), reading: make(chan struct{}, maxReading)}
	const form = "application/x-www-form-urlencoded"
	for path, serve := range map[string]http.HandlerFunc{
		"/slack/commands":     h.signed(form, h.command),
		"/slack/interactions": h.signed(form, h.interaction),
		"/slack/options":      h.signed(form, h.suggestion),
		"/slack/events":       h.signed("application/json", h.event),
	} {
		h.Routes.HandleFunc("POST "+path, serve)
		h.Routes.HandleFunc("POST "+path+"/{$}", serve) // as people type it into the app's settings
	}
	h.Routes.HandleFunc("POST /slack/", func(w http.ResponseWriter, r *http.Request) {
		h.log.Warn("a request for a path that is not served; Slack's are /slack/commands, /slack/interactions, /slack/options and /slack/events")
		http.NotFound(w, r)
	})
	return h
}

// ServeHTTP implements [http.Handler].
func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isDone := false
	defer func() {
		if !isDone {
			http.Error(w, "internal error", http.StatusInternalServerError)
		}
	}()
	defer isolate.LogPanic(h.log, "a request of Slack's panicked")
	h.Routes.ServeHTTP(w, r)
	isDone = true
}

// A reader of requests gets their body with them.
type reader func(w http.ResponseWriter, r *http.Request, body []byte)

// signed lets only requests through that Slack signed. What costs nothing is
// looked at first: length, time, the shape of the signature. Then the body is
// read whole and checked before any of it is parsed.
func (h *HTTP) signed(contentType string, next reader) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := h.config
		timestamp, signature := r.Header.Get("X-Slack-Request-Timestamp"), r.Header.Get("X-Slack-Signature")
		if r.ContentLength > maxBody {
			h.refuse(w, http.StatusBadRequest, "unreadable")
			return
		}
		if err := plausible(timestamp, signature, s.Now()); err != nil {
			h.rejectUnsigned(w, r, err)
			return
		}
		body, status := h.read(w, r)
		if status != http.StatusOK {
			h.refuse(w, status, "unreadable")
			return
		}
		if err := Verify(s.SigningSecret, timestamp, signature, body, s.Now()); err != nil {
			h.rejectUnsigned(w, r, err)
			return
		}
		h.signatures.accepted()
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != contentType {
			http.Error(w, "wrong content type", http.StatusUnsupportedMediaType)
			return
		}
		next(w, r, body)
	}
}

// read reads a body into as much memory as its length, and returns with what
// status it is refused otherwise. At most [maxReading] are read at once; the
// others wait unread, for as long as one may take.
func (h *HTTP) read(w http.ResponseWriter, r *http.Request) (body []byte, status int) {
	timer := time.NewTimer(readLimit)
	defer timer.Stop()
	select {
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	case <-timer.C:
		return nil, http.StatusServiceUnavailable
	case <-r.Context().Done():
		return nil, http.StatusBadRequest
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(readLimit)) // a recorder in tests has none
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	from := http.MaxBytesReader(w, r.Body, maxBody)
	if r.ContentLength < 0 {
		body, err := io.ReadAll(from)
		return body, readStatus(err)
	}
	body = make([]byte, r.ContentLength)
	_, err := io.ReadFull(from, body)
	return body, readStatus(err)
}

func readStatus(err error) int {
	if err != nil {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// refuse answers before the body was read, and takes no more of it.
func (h *HTTP) refuse(w http.ResponseWriter, status int, said string) {
	w.Header().Set("Connection", "close")
	http.Error(w, said, status)
}

func (h *HTTP) rejectUnsigned(w http.ResponseWriter, r *http.Request, why error) {
	h.log.Warn("a request that is not Slack's", "path", r.URL.Path, "why", why)
	h.signatures.refused(why)
	h.refuse(w, http.StatusUnauthorized, "not Slack's")
}

func (h *HTTP) command(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "undecodable", http.StatusBadRequest)
		return
	}
	if form.Get("ssl_check") == "1" { // Slack tries our certificate
		w.WriteHeader(http.StatusOK)
		return
	}
	c, err := payload.CommandFromForm(form)
	h.deliver(w, r, err, func(ctx context.Context, answer payload.Ack) { h.App.Command(ctx, c, answer) })
}

func (h *HTTP) interaction(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "undecodable", http.StatusBadRequest)
		return
	}
	i, err := payload.DecodeInteraction([]byte(form.Get("payload")))
	h.deliver(w, r, err, func(ctx context.Context, answer payload.Ack) { h.App.Interact(ctx, i, answer) })
}

// suggestion answers what a user types into a menu, and answers the same again
// if they type the same again. It does nothing else: a recorded press that is
// sent here stays without effect. Whatever goes wrong, the menu is empty: Slack
// shows no error there.
func (h *HTTP) suggestion(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		form = nil
	}
	i, err := payload.DecodeInteraction([]byte(form.Get("payload")))
	if err != nil {
		h.log.Warn("a delivery could not be read", "path", r.URL.Path, "error", err)
		writeJSON(w, payload.NoOptions)
		return
	}
	answered, status := h.await(r.Context(), func(ctx context.Context, answer payload.Ack) { h.App.LoadOptions(ctx, i, answer) })
	if status != http.StatusOK {
		answered = payload.NoOptions
	}
	writeJSON(w, answered)
}

// event answers Slack's question whether we are here, and hands on what Slack
// tells. Whatever else comes is received and left.
func (h *HTTP) event(w http.ResponseWriter, r *http.Request, body []byte) {
	e, err := payload.DecodeEvent(body)
	if err == nil && e.Type == "url_verification" {
		writeJSON(w, map[string]string{"challenge": e.Challenge})
		return
	}
	h.deliver(w, r, err, func(ctx context.Context, answer payload.Ack) { h.App.HomeOpened(ctx, e, answer) })
}

// deliver hands work to the app and sends its answer as soon as there is one. A
// proxy can send a request again, and so can an eavesdropper: whatever has
// the same signature gets the same answer.
func (h *HTTP) deliver(w http.ResponseWriter, r *http.Request, undecodable error, work func(context.Context, payload.Ack)) {
	if undecodable != nil {
		h.log.Warn("a delivery could not be read", "path", r.URL.Path, "error", undecodable)
		http.Error(w, "undecodable", http.StatusBadRequest)
		return
	}
	signature := r.Header.Get("X-Slack-Signature")
	body, status := h.await(r.Context(), func(ctx context.Context, answer payload.Ack) {
		h.seen.Do(ctx, signature, answer, func(answer payload.Ack) { work(ctx, answer) })
	})
	switch status {
	case http.StatusOK:
		writeJSON(w, body)
	case http.StatusServiceUnavailable:
		http.Error(w, "busy", status)
	default:
		http.Error(w, "no answer", status)
	}
}

// await hands work to the app and returns its answer, and with what status that
// is sent.
func (h *HTTP) await(ctx context.Context, work func(context.Context, payload.Ack)) (answered any, status int) {
	answers := make(chan any, 1)
	taken := h.App.Start(ctx, func(ctx context.Context) {
		work(ctx, func(body any) {
			select {
			case answers <- body:
			default:
			}
		})
	})
	if !taken {
		return nil, http.StatusServiceUnavailable
	}
	timer := time.NewTimer(answerLimit)
	defer timer.Stop()
	select {
	case body := <-answers:
		return body, http.StatusOK
	case <-timer.C:
		return nil, http.StatusInternalServerError
	}
}

// writeJSON writes body, or nothing but the status if there is none.
func writeJSON(w http.ResponseWriter, body any) {
	if body == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(w).Encode(body)
}
