package e2e

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// canary is in everything hostile that is sent. A log that holds it repeats
// what strangers say.
const canary = "canary-7d1f0c"

const formType = "application/x-www-form-urlencoded"

// A signedRequest is an HTTP request to the bot's listener. Empty fields are as Slack
// would have them.
type signedRequest struct {
	method, path, query, contentType string

	body string
	from io.Reader // instead of body, unsigned: what cannot be known beforehand

	signedAt time.Duration            // from now
	secret   string                   // the signature is made with; Slack's own if empty
	spoil    func(stamp, sig *string) // changes the headers; an empty one is not sent
}

// send delivers a request over a connection of its own and returns the answer.
// Status 0 says that the bot hung up.
func (w *Env) send(l signedRequest) (status int, answer string) {
	w.t.Helper()
	var body io.Reader = strings.NewReader(l.body)
	if l.from != nil {
		body = l.from
	}
	target := "http://" + w.bot.Listener.Addr().String() + cmp.Or(l.path, "/slack/interactions")
	if l.query != "" {
		target += "?" + l.query
	}
	req, err := http.NewRequestWithContext(w.ctx(), cmp.Or(l.method, http.MethodPost), target, body)
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", cmp.Or(l.contentType, formType))
	w.sign(req, l)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: waitTimeout}
	res, err := client.Do(req)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	require.NoError(w.t, err)
	return res.StatusCode, string(said)
}

// sign signs a request as Slack would, then spoils that if it is to be spoilt.
func (w *Env) sign(req *http.Request, l signedRequest) {
	stamp := strconv.FormatInt(w.Clock.Now().Add(l.signedAt).Unix(), 10)
	mac := hmac.New(sha256.New, []byte(cmp.Or(l.secret, w.Slack.SigningSecret())))
	mac.Write([]byte("v0:" + stamp + ":" + l.body))
	signature := "v0=" + hex.EncodeToString(mac.Sum(nil))
	if l.spoil != nil {
		l.spoil(&stamp, &signature)
	}
	for name, value := range map[string]string{"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
}

// payload is an interaction as the body of a request.
func payload(p string) string { return url.Values{"payload": {p}}.Encode() }

// deliver delivers an interaction's payload through the environment's transport, rightly
// signed or over the socket, and returns the status; over the socket an
// acknowledgment is a 200.
func (w *Env) deliver(p string) int {
	w.t.Helper()
	if !w.config().SlackAppToken.IsZero() {
		require.NoError(w.t, w.Slack.SendEnvelope(w.ctx(), "interactive", json.RawMessage(p)), p[:min(len(p), 200)])
		return http.StatusOK
	}
	status, _ := w.send(signedRequest{body: payload(p)})
	return status
}

func (w *Env) config() config.Config { return w.bot.Config }

// A requestVersions is what is stored: each request's version.
type requestVersions map[policy.ID]int64

func (w *Env) requestVersions() requestVersions {
	w.t.Helper()
	l := requestVersions{}
	for _, who := range []string{alice, bob, dana, carol, eve, gil, slack.Dee, slack.BotUser, "", "U0UNKNOWN"} {
		all, err := w.store().ListByRequester(w.ctx(), policy.UserID(who))
		require.NoError(w.t, err)
		for _, r := range all {
			l[r.ID] = r.Version
		}
	}
	return l
}

// countResponses counts what the bot said through response_urls, which Slack took.
func (w *Env) countResponses() int {
	n := 0
	for _, c := range w.Wire.Calls() {
		if c.Side == wire.ResponseURL && c.Status == http.StatusOK {
			n++
		}
	}
	return n
}

// lastResponse is what a user was last told aside, as it was sent.
func (w *Env) lastResponse() string {
	last := ""
	for _, c := range w.Wire.Calls() {
		if c.Side == wire.ResponseURL && c.Status == http.StatusOK {
			last = c.Request
		}
	}
	return last
}

// requireUnharmed asserts what must be so after any hostility: nothing sent is
// repeated in the log, no delivery panicked, and the bot serves on.
func (w *Env) requireUnharmed() {
	w.t.Helper()
	assert.NotContains(w.t, w.log.String(), canary, "the log repeats what was sent")
	assert.NotContains(w.t, w.log.String(), "panicked")
	before := len(w.requestVersions())
	id := w.Request()
	card := w.WaitForMessage(bob, "card/approve", string(id))
	require.NoError(w.t, w.Slack.Click(w.ctx(), bob, slack.Approvals, card.TS, "approve"))
	w.WaitForState(id, approval.StateApproved)
	assert.Len(w.t, w.requestVersions(), before+1)
}

// click is the payload of a click, and functions that spoil it.
func click(who, channel, ts, action, value string, edit ...func(map[string]any)) string {
	p := map[string]any{
		"type": "block_actions", "user": map[string]any{"id": who, "team_id": slack.TeamID, "username": canary},
		"team": map[string]any{"id": slack.TeamID}, "api_app_id": slack.AppID, "token": canary,
		"container":  map[string]any{"type": "message", "channel_id": channel, "message_ts": ts, "is_ephemeral": false},
		"trigger_id": "1." + canary + "." + strconv.FormatInt(time.Now().UnixNano(), 36),
		"channel":    map[string]any{"id": channel, "name": canary},
		"actions":    []any{map[string]any{"type": "button", "action_id": verbOf(action), "block_id": blockOf(action, policy.ID(value)), "value": value}},
	}
	for _, e := range edit {
		e(p)
	}
	return toJSON(p)
}

// sent is the payload of a modal that was sent.
func sent(who, callback, id, metadata string, values map[string]any, edit ...func(map[string]any)) string {
	state := map[string]any{}
	for block, v := range values {
		state[block] = map[string]any{block: v}
	}
	p := map[string]any{
		"type": "view_submission", "user": map[string]any{"id": who, "team_id": slack.TeamID}, "team": map[string]any{"id": slack.TeamID},
		"trigger_id": canary,
		"view": map[string]any{
			"id": id, "type": "modal", "callback_id": callback, "private_metadata": metadata, "state": map[string]any{"values": state},
		},
	}
	for _, e := range edit {
		e(p)
	}
	return toJSON(p)
}

// filled is what Alice's form holds, by block, and functions that spoil it.
func filled(edit ...func(map[string]any)) map[string]any {
	v := map[string]any{
		"description": map[string]any{"value": "billing export"},
		"roles":       map[string]any{"selected_options": []any{map[string]any{"value": "ORG_BILLING_READ_ONLY"}}},
		"networks":    map[string]any{"value": "203.0.113.7"},
		"lifetime":    map[string]any{"selected_option": map[string]any{"value": "8h0m0s"}},
		"reason":      map[string]any{"value": "invoices"},
	}
	for _, e := range edit {
		e(v)
	}
	return v
}

func put(name string, value any) func(map[string]any) {
	return func(m map[string]any) { m[name] = value }
}

func without(name string) func(map[string]any) {
	return func(m map[string]any) { delete(m, name) }
}

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps, lists and texts only
	}
	return string(b)
}

// nested is JSON of the given depth.
func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// An endless reader never ends and never pauses.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = canary[i%len(canary)]
	}
	return len(p), nil
}

// newSecurityEnv is an environment with one request that waits, and where its card is.
func newSecurityEnv(t *testing.T, overHTTP bool) (*Env, policy.ID, slack.Message) {
	t.Helper()
	// How fast the bot is, is not the question here.
	w := newEnv(t, overHTTP, nil, func(o *sandbox.Options) { o.Slack.AckWithin = waitTimeout })
	id := w.Request()
	return w, id, w.WaitForMessage(bob, "card/approve")
}
