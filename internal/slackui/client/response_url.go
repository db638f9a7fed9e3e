package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/net/publicsuffix"

	"atlaskeybot/internal/backoff"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// A Responder says things through the response_url of a command or a press:
// to the person who acted, wherever they are, without a token.
type Responder struct {
	api    *url.URL // of the Web API; nil if it cannot be read
	hooks  []string // the hosts of Slack's own response_urls
	client *http.Client
}

// NewResponder posts with client to the response_urls of the Slack at apiURL.
func NewResponder(apiURL string, client *http.Client) *Responder {
	api, err := url.Parse(apiURL)
	if err != nil {
		api = nil
	}
	return &Responder{api: api, hooks: hooksOf(api), client: client}
}

const (
	slackHooks = "hooks.slack.com"
	govSlack   = "slack-gov.com"
)

// hooksOf are the hosts at which Slack takes answers: hooks. of the domain that
// the Web API is in. A proxy before slack.com hands on payloads that name
// Slack's own host; GovSlack is another Slack, with which slack.com has nothing
// to do.
func hooksOf(api *url.URL) []string {
	if api == nil {
		return nil
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(api.Hostname())
	switch {
	case err != nil, net.ParseIP(api.Hostname()) != nil:
		return []string{slackHooks}
	case domain == govSlack:
		return []string{"hooks." + govSlack}
	}
	return []string{slackHooks, "hooks." + domain}
}

// A responseMessage is an ephemeral message, or what is to become of the one in which a
// button was pressed.
type responseMessage struct {
	ResponseType    string `json:"response_type,omitempty"`
	Text            string `json:"text,omitempty"`
	Blocks          any    `json:"blocks,omitempty"`
	ReplaceOriginal bool   `json:"replace_original,omitempty"`
	DeleteOriginal  bool   `json:"delete_original,omitempty"`
}

// Ephemeral is m for one person's eyes.
func Ephemeral(m mrkdwn.Message) responseMessage {
	return responseMessage{ResponseType: "ephemeral", Text: m.Text, Blocks: m.Blocks}
}

// Follows reports whether we post to link: to Slack over https, or to where the
// Web API is. A payload must not make the bot call another host.
func (r *Responder) Follows(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.User != nil {
		return false
	}
	if u.Scheme == "https" && slices.Contains(r.hooks, u.Host) {
		return true
	}
	if r.api == nil || u.Host != r.api.Host {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback(u)
}

// errAway says that a response_url cannot be used now, but perhaps later.
var errAway = errors.New("slack is away")

// Post sends what to link. Errors do not carry the link: with it anyone can
// write to that person for half an hour.
func (r *Responder) Post(ctx context.Context, link string, what responseMessage) error {
	if !r.Follows(link) {
		return errors.New("answering by response_url: not an address of Slack")
	}
	body, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encoding an answer: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, link, bytes.NewReader(body))
	if err != nil {
		return errors.New("answering by response_url: unusable address")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	res, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("answering by response_url: %w", errAway)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection is used again
	switch {
	case res.StatusCode == http.StatusOK:
		return nil
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("answering by response_url: status %d: %w", res.StatusCode, errAway)
	}
	return fmt.Errorf("answering by response_url: status %d", res.StatusCode)
}

// deletePauses are the waits between tries to remove a note with a key.
var deletePauses = [...]time.Duration{time.Second, 3 * time.Second, 8 * time.Second}

// DeleteOriginal removes the ephemeral message in which a button was pressed.
// It is tried a few times, and in memory only: the link is not kept.
func (r *Responder) DeleteOriginal(ctx context.Context, link string) error {
	var err error
	for i := 0; ; i++ {
		if err = r.Post(ctx, link, responseMessage{DeleteOriginal: true}); !errors.Is(err, errAway) || i == len(deletePauses) {
			return err
		}
		if backoff.Sleep(ctx, deletePauses[i]) != nil {
			return err
		}
	}
}
