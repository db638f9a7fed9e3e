package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/slack"
)

func spoiled(how func(stamp, signature *string)) signedRequest { return signedRequest{spoil: how} }

// TestBadSignatureIsRefused: each carries an approval by Bob that would
// count if Slack had sent it.
func TestBadSignatureIsRefused(t *testing.T) {
	t.Parallel()
	w, id, card := newSecurityEnv(t, true)
	press := payload(click(bob, slack.Approvals, card.TS, "card/approve", string(id)))
	before := w.requestVersions()
	for name, l := range map[string]signedRequest{
		"no signature":                  spoiled(func(_, s *string) { *s = "" }),
		"no timestamp":                  spoiled(func(at, _ *string) { *at = "" }),
		"neither":                       spoiled(func(at, s *string) { *at, *s = "", "" }),
		"a signature of nothing":        spoiled(func(_, s *string) { *s = "v0=" }),
		"a signature of another kind":   spoiled(func(_, s *string) { *s = "v1" + (*s)[2:] }),
		"a signature in capitals":       spoiled(func(_, s *string) { *s = "v0=" + strings.ToUpper((*s)[3:]) }),
		"half a signature":              spoiled(func(_, s *string) { *s = (*s)[:35] }),
		"a signature and more":          spoiled(func(_, s *string) { *s += "00" }),
		"a signature that is a canary":  spoiled(func(_, s *string) { *s = canary }),
		"a timestamp that is a canary":  spoiled(func(at, _ *string) { *at = canary }),
		"a timestamp that overflows":    spoiled(func(at, _ *string) { *at = "-9223372036854775808" }),
		"a timestamp of another second": spoiled(func(at, _ *string) { *at = fmt.Sprint(w.Clock.Now().Unix() - 7) }),
		"of another secret":             {secret: canary},
		"stale":                         {signedAt: -5*time.Minute - 2*time.Second},
		"of the future":                 {signedAt: 5*time.Minute + 2*time.Second},
	} {
		l.body = press
		status, answer := w.send(l)
		assert.Equal(t, http.StatusUnauthorized, status, name)
		assert.Equal(t, "not Slack's\n", answer, name)
		assert.Equal(t, before, w.requestVersions(), name)
	}
	w.requireUnharmed()
}

// TestMalformedRequestsAreRefused are rightly signed, where they can be, and
// wrong in another way.
func TestMalformedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w, id, card := newSecurityEnv(t, true)
	press := payload(click(bob, slack.Approvals, card.TS, "card/approve", string(id)))
	nothing := payload(`{"note":"` + canary + `"}`)
	before := w.requestVersions()
	for name, tt := range map[string]struct {
		signedRequest
		want int
	}{
		"GET":                              {signedRequest{method: http.MethodGet, body: press}, 405},
		"PUT":                              {signedRequest{method: http.MethodPut, body: press}, 405},
		"DELETE of a command":              {signedRequest{method: http.MethodDelete, path: "/slack/commands", body: press}, 405},
		"an unknown path":                  {signedRequest{path: "/slack/" + canary, body: press}, 404},
		"a path below":                     {signedRequest{path: "/slack/interactions/" + canary, body: press}, 404},
		"a body over the cap":              {signedRequest{body: "payload=" + strings.Repeat(canary, 1<<20/len(canary)+1)}, 400},
		"a body of JSON":                   {signedRequest{contentType: "application/json", body: press}, 415},
		"a body of parts":                  {signedRequest{contentType: "multipart/form-data; boundary=x", body: press}, 415},
		"a body of text":                   {signedRequest{contentType: "text/plain", body: press}, 415},
		"a body of " + canary:              {signedRequest{contentType: canary, body: press}, 415},
		"a command of JSON":                {signedRequest{path: "/slack/commands", contentType: "application/json", body: "{}"}, 415},
		"an event of a form":               {signedRequest{path: "/slack/events", body: press}, 415},
		"a form that is none":              {signedRequest{body: "payload=%zz" + canary}, 400},
		"a form with semicolons":           {signedRequest{body: "a=1;" + press}, 400},
		"no payload":                       {signedRequest{body: "ignored=" + canary}, 400},
		"an empty body":                    {signedRequest{}, 400},
		"the payload in the query, signed": {signedRequest{query: press, body: "in=query"}, 400},
		"two payloads, nothing first":      {signedRequest{body: nothing + "&" + press}, 400},
		"deep JSON":                        {signedRequest{body: payload(nested(100_000))}, 400},
		"deep JSON in a field":             {signedRequest{body: payload(`{"user":{"id":"U0BOB"},"actions":` + nested(100_000) + `}`)}, 400},
		"a deep event":                     {signedRequest{path: "/slack/events", contentType: "application/json", body: nested(100_000)}, 400},
		"an event that is none":            {signedRequest{path: "/slack/events", contentType: "application/json", body: canary}, 400},
		"an unknown event":                 {signedRequest{path: "/slack/events", contentType: "application/json", body: `{"type":"` + canary + `"}`}, 200},
		"a command without a user":         {signedRequest{path: "/slack/commands", body: "command=%2Fatlas-key&text=" + canary}, 400},
		"a command that is an interaction": {signedRequest{path: "/slack/commands", body: press}, 400},
		"is the certificate good?":         {signedRequest{path: "/slack/commands", body: "ssl_check=1&token=" + canary + "&user_id=" + alice}, 200},
	} {
		status, answer := w.send(tt.signedRequest)
		if len(tt.body) > 256<<10 {
			// The bot hangs up without reading the rest, which can reach the client first.
			assert.Contains(t, []int{0, tt.want}, status, name)
		} else {
			assert.Equal(t, tt.want, status, name)
		}
		assert.NotContains(t, answer, canary, name)
		assert.Equal(t, before, w.requestVersions(), name)
	}
	w.requireUnharmed()
}

// TestMissingSignatureIsRefused: what Slack may ask without one elsewhere is
// not answered here either.
func TestMissingSignatureIsRefused(t *testing.T) {
	t.Parallel()
	w, id, card := newSecurityEnv(t, true)
	press := payload(click(bob, slack.Approvals, card.TS, "card/approve", string(id)))
	before := w.requestVersions()
	unsigned := func(stamp, signature *string) { *stamp, *signature = "", "" }
	for name, l := range map[string]signedRequest{
		"is the certificate good?": {path: "/slack/commands", body: "ssl_check=1&user_id=" + alice + "&text=" + canary},
		"are you there?":           {path: "/slack/events", contentType: "application/json", body: `{"type":"url_verification","challenge":"` + canary + `"}`},
		"the payload in the query": {query: press},
	} {
		l.spoil = unsigned
		status, answer := w.send(l)
		assert.Equal(t, http.StatusUnauthorized, status, name)
		assert.NotContains(t, answer, canary, name)
	}
	// What has no end is not read: it has no signature.
	status, _ := w.send(signedRequest{from: endless{}, spoil: unsigned})
	assert.Contains(t, []int{0, http.StatusUnauthorized}, status, "the bot hangs up, or says so first")
	assert.Equal(t, before, w.requestVersions())

	status, answer := w.send(signedRequest{path: "/slack/events", contentType: "application/json; charset=utf-8", body: `{"type":"url_verification","challenge":"echo"}`})
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{"challenge":"echo"}`, answer)
	w.requireUnharmed()
}

// TestReplayedRequestsAreIgnored: an eavesdropper can send again what Slack signed,
// as it was or with its fields in another order.
func TestReplayedRequestsAreIgnored(t *testing.T) {
	t.Parallel()
	w, id, card := newSecurityEnv(t, true)
	signatures := map[string]bool{}
	keep := func(stamp, signature *string) { signatures[*stamp+" "+*signature] = true }

	press := payload(click(bob, slack.Approvals, card.TS, "card/approve", string(id)))
	status, _ := w.send(signedRequest{body: press, spoil: keep})
	require.Equal(t, http.StatusOK, status)
	w.WaitForState(id, approval.StateApproved)
	w.WaitForMessage(alice, "ready/issue")
	before := w.requestVersions()
	require.Len(t, signatures, 1)
	for heard := range signatures {
		replay := func(stamp, signature *string) { *stamp, *signature, _ = strings.Cut(heard, " ") }
		status, answer := w.send(signedRequest{body: press, spoil: replay})
		assert.Equal(t, http.StatusOK, status)
		assert.Empty(t, answer)
		w.Advance(4 * time.Minute)
		status, _ = w.send(signedRequest{body: press, spoil: replay})
		assert.Equal(t, http.StatusOK, status, "still within the window")
		status, _ = w.send(signedRequest{body: "ignored=1&" + press, spoil: replay})
		assert.Equal(t, http.StatusUnauthorized, status, "the fields in another order")
		status, _ = w.send(signedRequest{query: press, body: press, spoil: replay})
		assert.Equal(t, http.StatusOK, status, "a query is not read")
		w.Advance(2 * time.Minute)
		status, _ = w.send(signedRequest{body: press, spoil: replay})
		assert.Equal(t, http.StatusUnauthorized, status, "and too late")
	}
	assert.Equal(t, before, w.requestVersions())
	assert.Equal(t, 1, w.entries(id, approval.EventApprove))
	assert.Equal(t, 0, w.refusals(id), "a replay is not even tried")
	w.requireUnharmed()
}

// TestReplayAfterRestartIsIgnored: what the listener remembers is in memory; what must
// not happen twice is on disk.
func TestReplayAfterRestartIsIgnored(t *testing.T) {
	t.Parallel()
	w, id, card := newSecurityEnv(t, true)
	press := payload(click(bob, slack.Approvals, card.TS, "card/approve", string(id)))
	status, _ := w.send(signedRequest{body: press})
	require.Equal(t, http.StatusOK, status)
	w.WaitForState(id, approval.StateApproved)
	before := w.requestVersions()
	w.RestartBot()
	status, _ = w.send(signedRequest{body: press})
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, before, w.requestVersions())
	assert.Equal(t, 1, w.entries(id, approval.EventApprove))
}

// TestCommandTextIsNotLogged: text of a command is people's own, be it
// bytes that are no text at all.
func TestCommandTextIsNotLogged(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		for _, typed := range []string{canary, canary + "\x00\x1b[31m", canary + "\xff\xfe", strings.Repeat(canary, 400), "list " + canary, "<!channel> " + canary} {
			require.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", typed))
			w.WaitForMessageIn(alice, slack.General, "I don't know")
		}
		assert.Empty(t, w.Slack.Screen(alice).Notices)
		w.requireUnharmed()
	})
}

// TestResponseURLOutsideSlackIsNotCalled: a link in a payload is followed to Slack and to
// no other user.
func TestResponseURLOutsideSlackIsNotCalled(t *testing.T) {
	t.Parallel()
	w := newEnv(t, true, nil)
	trap := newSSRFCanary(t)
	slackHost := strings.TrimPrefix(w.URL(), "http://")
	for _, link := range []string{
		trap.URL + "/" + canary,
		"http://" + slackHost + "@" + strings.TrimPrefix(trap.URL, "http://") + "/",
		"https://hooks.slack.com.evil.example/" + canary, "https://hooks.slack.com:1/" + canary, "file:///etc/passwd", "//" + canary, "\x00", "",
	} {
		form := url.Values{"command": {"/atlas-key"}, "text": {"list"}, "user_id": {alice}, "team_id": {slack.TeamID}, "response_url": {link}}
		status, _ := w.send(signedRequest{path: "/slack/commands", body: form.Encode()})
		assert.Equal(t, http.StatusOK, status, link)
	}
	w.WaitUntil("every answer was given up", func() bool { return strings.Count(w.log.String(), "not an address of Slack") == 8 })
	assert.Zero(t, trap.visits())
	w.requireUnharmed()
}
