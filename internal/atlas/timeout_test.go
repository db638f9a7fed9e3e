package atlas_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
)

func replace(s, old, new string) string { return strings.Replace(s, old, new, 1) }

// assertSilent looks for private keys in err, however it is printed, in what it
// wraps, and in the log.
func assertSilent(t *testing.T, s *script, err error) {
	t.Helper()
	var said strings.Builder
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			fmt.Fprintf(&said, verb+"\n", e)
		}
	}
	s.locked(func() { said.Write(s.log.Bytes()) })
	for _, private := range []string{secretMade, secretMade[:13], secretMade[len(secretMade)-12:], privateKey} {
		assert.NotContains(t, said.String(), private)
	}
}

// The responses carry a private key in every possible place.
func TestPrivateKeyIsInNoErrorOrLog(t *testing.T) {
	t.Parallel()
	quoted := `"` + secretMade + `"`
	for name, l := range map[string]responder{
		"as the error code":         say(400, `{"error":400,"errorCode":`+quoted+`}`),
		"in the error's header":     with("X-Error-Code", secretMade, say(400, "{}")),
		"as a detail":               refuse(400, "INVALID_ATTRIBUTE", `[`+quoted+`]`),
		"as a bad field":            say(400, `{"errorCode":"BAD_REQUEST","badRequestDetail":{"fields":[{"field":"`+secretMade+`","description":`+quoted+`}]}}`),
		"as the caller's address":   refuse(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", `[`+quoted+`]`),
		"where a number belongs":    say(200, `{"id":`+quoted+`,"roles":`+quoted+`}`),
		"in a status line":          raw("HTTP/1.1 " + secretMade + "\r\n\r\n"),
		"in a header without colon": raw("HTTP/1.1 200 OK\r\n" + secretMade + "\r\n\r\n"),
		"in a content length":       raw("HTTP/1.1 200 OK\r\nContent-Length: " + secretMade + "\r\n\r\n"),
		"in a chunk's size":         raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + secretMade + "\r\n"),
		"in a broken redirect":      with("Location", "http://%"+secretMade, say(301, "")),
		"in half an answer":         cut(200, createdOK+createdOK),
		"in a page":                 with("Content-Type", "text/html", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(secretMade)) }),
		"in a challenge":            with("WWW-Authenticate", "Digest "+secretMade, say(401, secretMade)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, l, say(500, secretMade), say(500, secretMade), say(500, secretMade))
			_, err := s.client().Create(t.Context(), wanted(), notNoted)
			require.Error(t, err)
			assert.NotEmpty(t, atlas.KindOf(err))
			assertSilent(t, s, err)
			assert.Contains(t, s.log.String(), "creating an API key")
		})
	}
}
