package slackui

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// HTTP is the door for Slack's requests to us. Its paths are /slack/commands,
// /slack/interactions, /slack/options and /slack/events.
type HTTP struct {
	app    *App
	routes *http.ServeMux
}

const (
	maxBody = 1 << 20 // bytes of a request of Slack's

	// answerLimit is when a request is given up if nothing answered it; Slack
	// has given it up by then.
	answerLimit = 5 * time.Second
)

// HTTP opens the HTTP door to app.
func (s *Slack) HTTP(app *App) *HTTP {
	h := &HTTP{app: app, routes: http.NewServeMux()}
	h.routes.HandleFunc("POST /slack/commands", h.signed("application/x-www-form-urlencoded", h.command))
	h.routes.HandleFunc("POST /slack/interactions", h.signed("application/x-www-form-urlencoded", h.interaction))
	h.routes.HandleFunc("POST /slack/options", h.signed("application/x-www-form-urlencoded", h.suggestion))
	h.routes.HandleFunc("POST /slack/events", h.signed("application/json", h.event))
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
	defer logPanic(h.app.log, "a request of Slack's panicked")
	h.routes.ServeHTTP(w, r)
	isDone = true
}

// A reader of requests gets their body with them.
type reader func(w http.ResponseWriter, r *http.Request, body []byte)

// signed lets only requests through that Slack signed. The body is read whole
// and checked before any of it is parsed.
func (h *HTTP) signed(contentType string, next reader) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "unreadable", http.StatusBadRequest)
			return
		}
		s := h.app.slack.config
		if err := verify(s.SigningSecret, r.Header.Get("X-Slack-Request-Timestamp"), r.Header.Get("X-Slack-Signature"), body, s.Now()); err != nil {
			h.app.log.Warn("a request that is not Slack's", "path", r.URL.Path, "why", err)
			http.Error(w, "not Slack's", http.StatusUnauthorized)
			return
		}
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != contentType {
			http.Error(w, "wrong content type", http.StatusUnsupportedMediaType)
			return
		}
		next(w, r, body)
	}
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
	c, err := commandFromForm(form)
	h.deliver(w, r, err, func(ctx context.Context, answer ack) { h.app.command(ctx, c, answer) })
}

func (h *HTTP) interaction(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "undecodable", http.StatusBadRequest)
		return
	}
	i, err := decodeInteraction([]byte(form.Get("payload")))
	h.deliver(w, r, err, func(ctx context.Context, answer ack) { h.app.interact(ctx, i, answer) })
}

// suggestion answers what somebody types into a menu, and answers the same again
// if they type the same again. It does nothing else: a recorded press that is
// sent here stays without effect. Whatever goes wrong, the menu is empty: Slack
// shows nobody an error there.
func (h *HTTP) suggestion(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		form = nil
	}
	i, err := decodeInteraction([]byte(form.Get("payload")))
	if err != nil {
		h.app.log.Warn("a delivery could not be read", "path", r.URL.Path, "error", err)
		writeJSON(w, nothingFound)
		return
	}
	answered, status := h.await(r.Context(), func(ctx context.Context, answer ack) { h.app.suggest(ctx, i, answer) })
	if status != http.StatusOK {
		answered = nothingFound
	}
	writeJSON(w, answered)
}

// event answers Slack's question whether we are here, and hands on what Slack
// tells. Whatever else comes is received and left.
func (h *HTTP) event(w http.ResponseWriter, r *http.Request, body []byte) {
	e, err := decodeEvent(body)
	if err == nil && e.Type == "url_verification" {
		writeJSON(w, map[string]string{"challenge": e.Challenge})
		return
	}
	h.deliver(w, r, err, func(ctx context.Context, answer ack) { h.app.homeOpened(ctx, e, answer) })
}

// deliver hands work to the app and sends its answer as soon as there is one. A
// proxy can send a request again, and so can somebody who listened: whatever has
// the same signature gets the same answer.
func (h *HTTP) deliver(w http.ResponseWriter, r *http.Request, undecodable error, work func(context.Context, ack)) {
	if undecodable != nil {
		h.app.log.Warn("a delivery could not be read", "path", r.URL.Path, "error", undecodable)
		http.Error(w, "undecodable", http.StatusBadRequest)
		return
	}
	signature := r.Header.Get("X-Slack-Signature")
	body, status := h.await(r.Context(), func(ctx context.Context, answer ack) {
		h.app.seen.do(ctx, signature, answer, func(answer ack) { work(ctx, answer) })
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
func (h *HTTP) await(ctx context.Context, work func(context.Context, ack)) (answered any, status int) {
	answers := make(chan any, 1)
	taken := h.app.take(ctx, func(ctx context.Context) {
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
