package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// MalformedRequest is a request an app in HTTPMode has to refuse, or at least to survive.
type MalformedRequest string

const (
	BadSignature    MalformedRequest = "bad signature"        // of another secret
	NoSignature     MalformedRequest = "no signature"         // no header at all
	StaleTimestamp  MalformedRequest = "stale timestamp"      // signed 6 minutes ago
	FutureTimestamp MalformedRequest = "future timestamp"     // signed for 6 minutes from now
	ReorderedBody   MalformedRequest = "reordered body"       // same fields, other bytes than were signed
	PayloadInQuery  MalformedRequest = "payload in the query" // which the signature does not cover
	SSLCheck        MalformedRequest = "ssl_check"            // unsigned; claims that it only checks TLS
	Replay          MalformedRequest = "replay"               // rightly signed, delivered a second time, byte for byte
)

// MalformedRequests lists all kinds.
func MalformedRequests() []MalformedRequest {
	return []MalformedRequest{BadSignature, NoSignature, StaleTimestamp, FutureTimestamp, ReorderedBody, PayloadInQuery, SSLCheck, Replay}
}

// SendMalformed sends a bad request to the app, carrying the given click, and returns
// what the app answered. For Replay that is the answer to the second copy.
func (w *Workspace) SendMalformed(ctx context.Context, kind MalformedRequest, f Forgery) (status int, body string, err error) {
	w.mu.Lock()
	l := w.newDelivery(kindInteraction, w.forged(f), false).letter()
	w.mu.Unlock()
	d := &httpTransport{w: w}
	r, err := d.request(ctx, l)
	if err != nil {
		return 0, "", err
	}
	if kind == Replay {
		if _, _, err := d.w.roundTrip(r.Clone(ctx)); err != nil {
			return 0, "", fmt.Errorf("sending the first copy: %w", err)
		}
	}
	w.malformed(r, kind, l.body)
	status, answer, err := d.w.roundTrip(r)
	return status, string(answer), err
}

// malformed makes a rightly signed request bad.
func (w *Workspace) malformed(r *http.Request, kind MalformedRequest, body []byte) {
	now := w.opts.Now()
	switch kind {
	case BadSignature:
		r.Header.Set("X-Slack-Signature", sign("another secret", r.Header.Get("X-Slack-Request-Timestamp"), body))
	case NoSignature:
		r.Header.Del("X-Slack-Signature")
	case StaleTimestamp:
		w.stampRequest(r, body, now.Add(-6*time.Minute))
	case FutureTimestamp:
		w.stampRequest(r, body, now.Add(6*time.Minute))
	case ReorderedBody:
		rebody(r, append([]byte("ignored=1&"), body...))
	case PayloadInQuery:
		r.URL.RawQuery = string(body)
		w.stampRequest(r, nil, now)
		rebody(r, nil)
	case SSLCheck:
		r.URL.Path = "/slack/commands"
		r.Header.Del("X-Slack-Signature")
		rebody(r, []byte(url.Values{"ssl_check": {"1"}, "command": {w.opts.Command}, "user_id": {Alice}, "text": {""}}.Encode()))
	case Replay:
		rebody(r, body)
	}
}

func rebody(r *http.Request, body []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = nil
}

// VerifyURL sends the challenge with which Slack checks an events URL, and
// returns an error unless the app echoes it.
func (w *Workspace) VerifyURL(ctx context.Context) error {
	w.mu.Lock()
	challenge := w.random(alphanumeric, 24)
	w.mu.Unlock()
	body := encode(obj{"token": verificationToken, "challenge": challenge, "type": "url_verification"})
	r, err := (&httpTransport{w: w}).request(ctx, signedRequest{"/slack/events", jsonType, body})
	if err != nil {
		return err
	}
	status, answer, err := w.roundTrip(r)
	if err != nil {
		return fmt.Errorf("sending the challenge: %w", err)
	}
	var echo struct {
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(answer, &echo) != nil {
		echo.Challenge = string(answer) // plain text will do
	}
	if status != http.StatusOK || echo.Challenge != challenge {
		return fmt.Errorf("verifying the events URL: status %d, answer %q", status, answer)
	}
	return nil
}
