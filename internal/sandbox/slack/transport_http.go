package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// httpTransport sends signed POSTs.
type httpTransport struct{ w *Workspace }

// signedRequest is an HTTP request to the app, before it is signed.
type signedRequest struct {
	path, contentType string
	body              []byte
}

func (d *httpTransport) deliver(ctx context.Context, p delivery) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, d.w.opts.AckWithin)
	defer cancel()
	r, err := d.request(ctx, p.letter())
	if err != nil {
		return nil, err
	}
	if p.retry > 0 {
		r.Header.Set("X-Slack-Retry-Num", strconv.Itoa(p.retry))
		r.Header.Set("X-Slack-Retry-Reason", "http_timeout")
	}
	if share := d.w.opts.ProxyRepeats; share > 0 && d.w.random01(share) {
		_, _, _ = d.w.roundTrip(r.Clone(ctx)) // its answer is lost on the way to the proxy
		rebody(r, p.letter().body)
	}
	status, body, err := d.w.roundTrip(r)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errNoAck
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errNoConnection, err)
	case status != http.StatusOK:
		return nil, fmt.Errorf("%w: %d", errBadAnswer, status)
	}
	return body, nil
}

// letter puts a delivery into the form Slack posts it in.
func (p delivery) letter() signedRequest {
	switch p.kind {
	case kindCommand:
		return signedRequest{"/slack/commands", formType, []byte(commandForm(p.payload).Encode())}
	case kindInteraction:
		return signedRequest{p.interactionURL(), formType, []byte(url.Values{"payload": {string(p.payload)}}.Encode())}
	default:
		return signedRequest{"/slack/events", jsonType, p.payload}
	}
}

// interactionURL is the Request URL of interactions, or for block_suggestion the
// Options Load URL, which the manifest has apart.
func (p delivery) interactionURL() string {
	var payload struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(p.payload, &payload) == nil && payload.Type == "block_suggestion" {
		return "/slack/options"
	}
	return "/slack/interactions"
}

func commandForm(payload json.RawMessage) url.Values {
	var args map[string]string
	if err := json.Unmarshal(payload, &args); err != nil {
		panic("slack: a command payload holds only texts: " + err.Error())
	}
	form := url.Values{"is_enterprise_install": {"false"}}
	for name, value := range args {
		form.Set(name, value)
	}
	return form
}

// request makes a signed request.
func (d *httpTransport) request(ctx context.Context, l signedRequest) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.w.opts.HTTPTarget+l.path, bytes.NewReader(l.body))
	if err != nil {
		return nil, fmt.Errorf("addressing the app: %w", err)
	}
	r.Header.Set("Content-Type", l.contentType)
	r.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	d.w.stampRequest(r, l.body, d.w.opts.Now())
	return r, nil
}

func (w *Workspace) roundTrip(r *http.Request) (status int, body []byte, err error) {
	res, err := w.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(io.LimitReader(res.Body, bodyLimit))
	return res.StatusCode, body, err
}
