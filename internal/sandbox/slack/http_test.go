package slack_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// httpApp is an app in HTTP mode that takes down what it is sent.
type httpApp struct {
	t   *testing.T
	url string

	close func()

	mu     sync.Mutex
	status int
	answer string
	block  chan struct{} // if set, answers wait for it
	got    chan received
}

type received struct {
	path, query, body string
	header            http.Header
}

func newHTTPApp(t *testing.T) *httpApp {
	a := &httpApp{t: t, status: 200, got: make(chan received, 100)}
	server := httptest.NewServer(a)
	a.url, a.close = server.URL, server.Close
	t.Cleanup(server.Close)
	return a
}

func (a *httpApp) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.got <- received{r.URL.Path, r.URL.RawQuery, string(body), r.Header}
	a.mu.Lock()
	status, answer, block := a.status, a.answer, a.block
	a.mu.Unlock()
	if block != nil {
		<-block
	}
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, answer)
}

func (a *httpApp) next() received {
	a.t.Helper()
	select {
	case r := <-a.got:
		return r
	case <-time.After(5 * time.Second):
		require.Fail(a.t, "nothing came")
		return received{}
	}
}

func (a *httpApp) answers(status int, body string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status, a.answer = status, body
}

// signature is written down from Slack's page, apart from the code under test.
func signature(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte("v0:" + timestamp + ":" + body))
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

func TestSignatureVector(t *testing.T) {
	t.Parallel()
	v := sample(t, "request-signing.test-vector.json")
	require.Equal(t, v["x-slack-signature"], signature(v["signing_secret"].(string), v["x-slack-request-timestamp"].(string), v["raw_body"].(string)))
}

func TestHTTPModeSignsRequests(t *testing.T) {
	t.Parallel()
	app := newHTTPApp(t)
	d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url, SigningSecret: "8f742231b10e8888abcd99yyyzzz85a5"})
	ctx := t.Context()
	require.NoError(t, d.Command(ctx, slack.Alice, slack.General, "/atlas-key", "x"))
	command := app.next()
	require.NoError(t, d.Click(ctx, slack.Bob, slack.Approvals, d.card("approve"), "approve"))
	click := app.next()
	require.NoError(t, d.OpenHome(ctx, slack.Alice))
	event := app.next()

	require.Equal(t, "/slack/commands", command.path)
	require.Equal(t, "/slack/interactions", click.path)
	require.Equal(t, "/slack/events", event.path)
	form, err := url.ParseQuery(click.body)
	require.NoError(t, err)
	require.Equal(t, "block_actions", parse(t, form.Get("payload"))["type"])
	require.Equal(t, "application/json", event.header.Get("Content-Type"))
	now := strconv.FormatInt(d.clock.Now().Unix(), 10)
	for _, r := range []received{command, click, event} {
		require.Equal(t, now, r.header.Get("X-Slack-Request-Timestamp"))
		require.Equal(t, signature("8f742231b10e8888abcd99yyyzzz85a5", now, r.body), r.header.Get("X-Slack-Signature"))
	}
	require.NoError(t, d.AwaitConnection(ctx))
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	app := newHTTPApp(t)
	d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url})
	valid := func(r received) bool {
		at := r.header.Get("X-Slack-Request-Timestamp")
		n, err := strconv.ParseInt(at, 10, 64)
		fresh := err == nil && time.Unix(n, 0).Sub(d.clock.Now()).Abs() <= 5*time.Minute
		return fresh && r.header.Get("X-Slack-Signature") == signature(d.SigningSecret(), at, r.body)
	}
	for _, kind := range slack.MalformedRequests() {
		app.answers(401, "no")
		status, body, err := d.SendMalformed(t.Context(), kind, slack.Forgery{User: slack.Bob, ActionID: "approve", Value: "req-1"})
		require.NoError(t, err, kind)
		require.Equal(t, 401, status, kind)
		require.Equal(t, "no", body, kind)
		r := app.next()
		switch kind {
		case slack.Replay:
			again := app.next()
			require.True(t, valid(r) && valid(again))
			require.Equal(t, r.body, again.body)
			require.Equal(t, r.header.Get("X-Slack-Signature"), again.header.Get("X-Slack-Signature"))
		case slack.PayloadInQuery:
			require.True(t, valid(r), "the signature is right, but does not cover the query")
			require.Empty(t, r.body)
			require.Contains(t, r.query, "payload=")
		default:
			require.False(t, valid(r), kind)
		}
	}
}

func TestVerifyURL(t *testing.T) {
	t.Parallel()
	app := newHTTPApp(t)
	d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url})
	require.Error(t, d.VerifyURL(t.Context()))
	app.next()

	echo := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var asked obj
		_ = json.NewDecoder(r.Body).Decode(&asked)
		_, _ = io.WriteString(rw, asked["challenge"].(string))
	}))
	defer echo.Close()
	d = newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: echo.URL})
	require.NoError(t, d.VerifyURL(t.Context()))
}

func TestHTTPModeShowsErrors(t *testing.T) {
	t.Parallel()
	app := newHTTPApp(t)
	d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url, AckWithin: 200 * time.Millisecond})
	ctx := t.Context()
	notices := func() []string {
		var texts []string
		for _, n := range d.Screen(slack.Alice).Notices {
			texts = append(texts, n.Text)
		}
		return texts
	}
	app.answers(500, "")
	require.NoError(t, d.Command(ctx, slack.Alice, slack.General, "/atlas-key", ""))
	require.Equal(t, []string{`/atlas-key failed with the error "dispatch_failed"`}, notices())

	app.mu.Lock()
	app.block = make(chan struct{})
	app.mu.Unlock()
	defer close(app.block)
	require.NoError(t, d.Command(ctx, slack.Alice, slack.General, "/atlas-key", ""))
	require.Equal(t, "/atlas-key failed because the app did not respond. Please try again or contact the app developer.", notices()[1])
	require.NoError(t, d.Click(ctx, slack.Alice, slack.Approvals, d.card("x"), "x"))
	require.Equal(t, "Atlas Key Bot is not responding right now.", notices()[2])
	require.NoError(t, d.Command(ctx, slack.Alice, slack.General, "/other", ""))
	require.Equal(t, "/other is not a valid command.", notices()[3])
}

func TestHTTPEventRetries(t *testing.T) {
	t.Parallel()
	app := newHTTPApp(t)
	d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url})
	app.answers(503, "")
	require.NoError(t, d.OpenHome(t.Context(), slack.Alice))
	first, second := app.next(), app.next()
	require.Empty(t, first.header.Get("X-Slack-Retry-Num"))
	require.Equal(t, "1", second.header.Get("X-Slack-Retry-Num"))
	require.Equal(t, "http_timeout", second.header.Get("X-Slack-Retry-Reason"))
	require.Equal(t, first.body, second.body)
}

func TestHTTPRedelivery(t *testing.T) {
	t.Parallel()
	app := newHTTPApp(t)
	d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url, Redeliver: 1})
	require.NoError(t, d.Click(t.Context(), slack.Bob, slack.Approvals, d.card("approve"), "approve"))
	require.Equal(t, app.next().body, app.next().body)
}

func TestProxyRepeatsSignedRequest(t *testing.T) {
	t.Parallel()
	app := newHTTPApp(t)
	d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url, ProxyRepeats: 1})
	require.NoError(t, d.Click(t.Context(), slack.Bob, slack.Approvals, d.card("approve"), "approve"))
	first, second := app.next(), app.next()
	require.Equal(t, first.body, second.body)
	require.Equal(t, first.header.Get("X-Slack-Signature"), second.header.Get("X-Slack-Signature"))
}

func TestActionsEndWithContext(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, d.Command(ctx, slack.Alice, slack.General, "/atlas-key", strings.Repeat("x", 10)), context.Canceled)
}
