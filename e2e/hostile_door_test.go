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

func spoilt(how func(stamp, signature *string)) letter { return letter{spoil: how} }

// TestLettersThatAreNotSlacks: each carries an approval by Bob that would
// count if Slack had sent it.
func TestLettersThatAreNotSlacks(t *testing.T) {
	t.Parallel()
	w, id, card := hostileTown(t, true)
	press := payload(click(bob, slack.Approvals, card.TS, "card/approve", string(id)))
	before := w.ledger()
	for name, l := range map[string]letter{
		"no signature":                  spoilt(func(_, s *string) { *s = "" }),
		"no timestamp":                  spoilt(func(at, _ *string) { *at = "" }),
		"neither":                       spoilt(func(at, s *string) { *at, *s = "", "" }),
		"a signature of nothing":        spoilt(func(_, s *string) { *s = "v0=" }),
		"a signature of another kind":   spoilt(func(_, s *string) { *s = "v1" + (*s)[2:] }),
		"a signature in capitals":       spoilt(func(_, s *string) { *s = "v0=" + strings.ToUpper((*s)[3:]) }),
		"half a signature":              spoilt(func(_, s *string) { *s = (*s)[:35] }),
		"a signature and more":          spoilt(func(_, s *string) { *s += "00" }),
		"a signature that is a canary":  spoilt(func(_, s *string) { *s = canary }),
		"a timestamp that is a canary":  spoilt(func(at, _ *string) { *at = canary }),
		"a timestamp that overflows":    spoilt(func(at, _ *string) { *at = "-9223372036854775808" }),
		"a timestamp of another second": spoilt(func(at, _ *string) { *at = fmt.Sprint(w.Clock.Now().Unix() - 7) }),
		"of another secret":             {secret: canary},
		"stale":                         {signedAt: -5*time.Minute - 2*time.Second},
		"of the future":                 {signedAt: 5*time.Minute + 2*time.Second},
	} {
		l.body = press
		status, answer := w.sends(l)
		assert.Equal(t, http.StatusUnauthorized, status, name)
		assert.Equal(t, "not Slack's\n", answer, name)
		assert.Equal(t, before, w.ledger(), name)
	}
	w.holdsOut()
}

// TestLettersThatSlackWouldNotWrite are rightly signed, where they can be, and
// wrong in another way.
func TestLettersThatSlackWouldNotWrite(t *testing.T) {
	t.Parallel()
	w, id, card := hostileTown(t, true)
	press := payload(click(bob, slack.Approvals, card.TS, "card/approve", string(id)))
	nothing := payload(`{"note":"` + canary + `"}`)
	before := w.ledger()
	for name, tt := range map[string]struct {
		letter
		want int
	}{
		"GET":                              {letter{method: http.MethodGet, body: press}, 405},
		"PUT":                              {letter{method: http.MethodPut, body: press}, 405},
		"DELETE of a command":              {letter{method: http.MethodDelete, path: "/slack/commands", body: press}, 405},
		"an unknown path":                  {letter{path: "/slack/" + canary, body: press}, 404},
		"a path below":                     {letter{path: "/slack/interactions/" + canary, body: press}, 404},
		"a body over the cap":              {letter{body: "payload=" + strings.Repeat(canary, 1<<20/len(canary)+1)}, 400},
		"a body of JSON":                   {letter{contentType: "application/json", body: press}, 415},
		"a body of parts":                  {letter{contentType: "multipart/form-data; boundary=x", body: press}, 415},
		"a body of text":                   {letter{contentType: "text/plain", body: press}, 415},
		"a body of " + canary:              {letter{contentType: canary, body: press}, 415},
		"a command of JSON":                {letter{path: "/slack/commands", contentType: "application/json", body: "{}"}, 415},
		"an event of a form":               {letter{path: "/slack/events", body: press}, 415},
		"a form that is none":              {letter{body: "payload=%zz" + canary}, 400},
		"a form with semicolons":           {letter{body: "a=1;" + press}, 400},
		"no payload":                       {letter{body: "ignored=" + canary}, 400},
		"an empty body":                    {letter{}, 400},
		"the payload in the query, signed": {letter{query: press, body: "in=query"}, 400},
		"two payloads, nothing first":      {letter{body: nothing + "&" + press}, 400},
		"deep JSON":                        {letter{body: payload(nested(100_000))}, 400},
		"deep JSON in a field":             {letter{body: payload(`{"user":{"id":"U0BOB"},"actions":` + nested(100_000) + `}`)}, 400},
		"a deep event":                     {letter{path: "/slack/events", contentType: "application/json", body: nested(100_000)}, 400},
		"an event that is none":            {letter{path: "/slack/events", contentType: "application/json", body: canary}, 400},
		"an unknown event":                 {letter{path: "/slack/events", contentType: "application/json", body: `{"type":"` + canary + `"}`}, 200},
		"a command of nobody":              {letter{path: "/slack/commands", body: "command=%2Fatlas-key&text=" + canary}, 400},
		"a command that is an interaction": {letter{path: "/slack/commands", body: press}, 400},
		"is the certificate good?":         {letter{path: "/slack/commands", body: "ssl_check=1&token=" + canary + "&user_id=" + alice}, 200},
	} {
		status, answer := w.sends(tt.letter)
		if len(tt.body) > 256<<10 {
			// The bot hangs up without reading the rest, which can reach the client first.
			assert.Contains(t, []int{0, tt.want}, status, name)
		} else {
			assert.Equal(t, tt.want, status, name)
		}
		assert.NotContains(t, answer, canary, name)
		assert.Equal(t, before, w.ledger(), name)
	}
	w.holdsOut()
}

// TestLettersWithoutASignature: what Slack may ask without one elsewhere is
// not answered here either.
func TestLettersWithoutASignature(t *testing.T) {
	t.Parallel()
	w, id, card := hostileTown(t, true)
	press := payload(click(bob, slack.Approvals, card.TS, "card/approve", string(id)))
	before := w.ledger()
	unsigned := func(stamp, signature *string) { *stamp, *signature = "", "" }
	for name, l := range map[string]letter{
		"is the certificate good?": {path: "/slack/commands", body: "ssl_check=1&user_id=" + alice + "&text=" + canary},
		"are you there?":           {path: "/slack/events", contentType: "application/json", body: `{"type":"url_verification","challenge":"` + canary + `"}`},
		"the payload in the query": {query: press},
	} {
		l.spoil = unsigned
		status, answer := w.sends(l)
		assert.Equal(t, http.StatusUnauthorized, status, name)
		assert.NotContains(t, answer, canary, name)
	}
	// What has no end is not read: it has no signature.
	status, _ := w.sends(letter{from: endless{}, spoil: unsigned})
	assert.Contains(t, []int{0, http.StatusUnauthorized}, status, "the bot hangs up, or says so first")
	assert.Equal(t, before, w.ledger())

	status, answer := w.sends(letter{path: "/slack/events", contentType: "application/json; charset=utf-8", body: `{"type":"url_verification","challenge":"echo"}`})
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{"challenge":"echo"}`, answer)
	w.holdsOut()
}

// TestLettersThatWereHeard: whoever listened can send again what Slack signed,
// as it was or with its fields in another order.
func TestLettersThatWereHeard(t *testing.T) {
	t.Parallel()
	w, id, card := hostileTown(t, true)
	signatures := map[string]bool{}
	keep := func(stamp, signature *string) { signatures[*stamp+" "+*signature] = true }

	press := payload(click(bob, slack.Approvals, card.TS, "card/approve", string(id)))
	status, _ := w.sends(letter{body: press, spoil: keep})
	require.Equal(t, http.StatusOK, status)
	w.becomes(id, approval.StateApproved)
	w.reads(alice, "ready/issue")
	before := w.ledger()
	require.Len(t, signatures, 1)
	for heard := range signatures {
		replay := func(stamp, signature *string) { *stamp, *signature, _ = strings.Cut(heard, " ") }
		status, answer := w.sends(letter{body: press, spoil: replay})
		assert.Equal(t, http.StatusOK, status)
		assert.Empty(t, answer)
		w.passes(4 * time.Minute)
		status, _ = w.sends(letter{body: press, spoil: replay})
		assert.Equal(t, http.StatusOK, status, "still within the window")
		status, _ = w.sends(letter{body: "ignored=1&" + press, spoil: replay})
		assert.Equal(t, http.StatusUnauthorized, status, "the fields in another order")
		status, _ = w.sends(letter{query: press, body: press, spoil: replay})
		assert.Equal(t, http.StatusOK, status, "a query is not read")
		w.passes(2 * time.Minute)
		status, _ = w.sends(letter{body: press, spoil: replay})
		assert.Equal(t, http.StatusUnauthorized, status, "and too late")
	}
	assert.Equal(t, before, w.ledger())
	assert.Equal(t, 1, w.entries(id, approval.EventApprove))
	assert.Equal(t, 0, w.refusals(id), "a replay is not even tried")
	w.holdsOut()
}

// TestAReplayAfterARestart: what the door remembers is in memory; what must
// not happen twice is on disk.
func TestAReplayAfterARestart(t *testing.T) {
	t.Parallel()
	w, id, card := hostileTown(t, true)
	press := payload(click(bob, slack.Approvals, card.TS, "card/approve", string(id)))
	status, _ := w.sends(letter{body: press})
	require.Equal(t, http.StatusOK, status)
	w.becomes(id, approval.StateApproved)
	before := w.ledger()
	w.restartBot()
	status, _ = w.sends(letter{body: press})
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, before, w.ledger())
	assert.Equal(t, 1, w.entries(id, approval.EventApprove))
}

// TestWhatPeopleTypeIsNotLogged: text of a command is people's own, be it
// bytes that are no text at all.
func TestWhatPeopleTypeIsNotLogged(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		for _, typed := range []string{canary, canary + "\x00\x1b[31m", canary + "\xff\xfe", strings.Repeat(canary, 400), "list " + canary, "<!channel> " + canary} {
			require.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", typed))
			w.readsIn(alice, slack.General, "I do not know")
		}
		assert.Empty(t, w.Slack.Screen(alice).Notices)
		w.holdsOut()
	})
}

// TestACommandHasNoOtherDoor: a link in a payload is followed to Slack and to
// nobody else.
func TestACommandHasNoOtherDoor(t *testing.T) {
	t.Parallel()
	w := newTown(t, true, nil)
	trap := newTrap(t)
	slackHost := strings.TrimPrefix(w.URL(), "http://")
	for _, link := range []string{
		trap.URL + "/" + canary,
		"http://" + slackHost + "@" + strings.TrimPrefix(trap.URL, "http://") + "/",
		"https://hooks.slack.com.evil.example/" + canary, "https://hooks.slack.com:1/" + canary, "file:///etc/passwd", "//" + canary, "\x00", "",
	} {
		form := url.Values{"command": {"/atlas-key"}, "text": {"list"}, "user_id": {alice}, "team_id": {slack.TeamID}, "response_url": {link}}
		status, _ := w.sends(letter{path: "/slack/commands", body: form.Encode()})
		assert.Equal(t, http.StatusOK, status, link)
	}
	w.until("every answer was given up", func() bool { return strings.Count(w.log.String(), "not an address of Slack") == 8 })
	assert.Zero(t, trap.visits())
	w.holdsOut()
}
