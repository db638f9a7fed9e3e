package atlas_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
)

// gzipped compresses the response of l.
func gzipped(l responder) responder {
	return func(w http.ResponseWriter, r *http.Request) {
		plain := httptest.NewRecorder()
		l(plain, r)
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write(plain.Body.Bytes())
		z.Close()
		w.Header().Set("Content-Type", plain.Header().Get("Content-Type"))
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(plain.Code)
		w.Write(packed.Bytes())
	}
}

// asType answers with a body of another type.
func asType(contentType, body string) responder {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(200)
		io.WriteString(w, body)
	}
}

// unclear are responses that do not tell whether the call took effect. Each body
// contains the secret.
func unclear(right string) map[string]responder {
	return map[string]responder{
		"a redirect":                              with("Location", "/elsewhere", say(302, "")),
		"a redirect that keeps the method":        with("Location", "/elsewhere", say(307, "")),
		"a permanent redirect":                    with("Location", "/elsewhere", say(308, "")),
		"a redirect to nowhere":                   say(301, ""),
		"a truncated body":                        cut(200, right),
		"a truncated chunk":                       raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + right),
		"compressed, and it is not":               with("Content-Encoding", "gzip", say(200, right)),
		"compressed in an unknown encoding":       with("Content-Encoding", "br", say(200, "\x0b\x02"+secretMade)),
		"a huge body":                             say(200, right+strings.Repeat(" ", 5<<20)),
		"a small body that unpacks to a huge one": gzipped(say(200, right+strings.Repeat(" ", 5<<20))),
		"text":                  asType("text/plain", right),
		"bytes":                 asType("application/octet-stream", right),
		"XML":                   asType("application/xml", "<key>"+secretMade+"</key>"),
		"a web page":            asType("text/html", "<html>"+secretMade),
		"a list of JSON":        say(200, `["`+secretMade+`"]`),
		"a word of JSON":        say(200, `"`+secretMade+`"`),
		"a number of JSON":      say(200, `17`),
		"null":                  say(200, `null`),
		"an empty object":       say(200, `{}`),
		"two bodies":            say(200, right+right),
		"fields of other types": say(200, `{"id":7,"results":{"a":1},"publicKey":[],"roles":"x","privateKey":"`+secretMade+`"}`),
		"nothing":               say(200, ``),
	}
}

func TestUnclearResponseToCreateIsIndeterminate(t *testing.T) {
	t.Parallel()
	for name, l := range unclear(createdOK) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, l)
			_, err := s.client().Create(t.Context(), wanted(), func(atlas.Key) error { t.Error("no key is known"); return nil })
			assert.Equal(t, atlas.Indeterminate, atlas.KindOf(err), err)
			assert.Equal(t, 1, s.count("POST "), "never asked twice")
			assertSilent(t, s, err)
		})
	}
}

func TestUnclearResponseToAccessListIsError(t *testing.T) {
	t.Parallel()
	for name, l := range unclear(accessOK) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, say(200, createdOK), l)
			var made atlas.Key
			key, err := s.client().Create(t.Context(), wanted(), func(k atlas.Key) error { made = k; return nil })
			assert.Equal(t, atlas.Indeterminate, atlas.KindOf(err), err)
			assert.Equal(t, madeID, made.ID, "the key is known, so that it can be deleted")
			assert.True(t, key.Private.IsZero(), "and is not returned")
			assertSilent(t, s, err)
		})
	}
}

func TestUnclearResponseToListIsError(t *testing.T) {
	t.Parallel()
	for name, l := range unclear(noKeys) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, l, l, l)
			keys, err := s.client().ListKeys(t.Context())
			assert.Equal(t, atlas.Transient, atlas.KindOf(err), err)
			assert.Empty(t, keys)
			assertSilent(t, s, err)

			s = newScript(t, l, l, l)
			entries, err := s.client().ListAccess(t.Context(), madeID)
			assert.Equal(t, atlas.Transient, atlas.KindOf(err), err)
			assert.Empty(t, entries)
			assertSilent(t, s, err)
		})
	}
}

func TestUnclearResponseToDeleteIsError(t *testing.T) {
	t.Parallel()
	for name, l := range unclear(`{}`) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, l, l, l)
			err := s.client().DeleteKey(t.Context(), madeID)
			assert.Equal(t, atlas.Transient, atlas.KindOf(err), err)
			assertSilent(t, s, err)
		})
		if strings.Contains(name, "redirect") {
			continue // which is not tried again at once
		}
		t.Run(name+", and then it is gone", func(t *testing.T) {
			t.Parallel()
			s := newScript(t, l, refuse(400, "API_KEY_NOT_FOUND", "[]"))
			require.NoError(t, s.client().DeleteKey(t.Context(), madeID))
		})
	}
}

func TestCompressedResponsesAreRead(t *testing.T) {
	t.Parallel()
	s := newScript(t, gzipped(say(200, createdOK)), gzipped(say(200, accessOK)), gzipped(say(200, accessOK)), gzipped(say(200, noKeys)))
	c := s.client()
	key, err := c.Create(t.Context(), wanted(), notNoted)
	require.NoError(t, err)
	assert.Equal(t, secretMade, key.Private.Reveal())
	entries, err := c.ListAccess(t.Context(), madeID)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
	keys, err := c.ListKeys(t.Context())
	require.NoError(t, err)
	assert.Empty(t, keys)
}

// The other host sees no request at all, for every call.
func TestRedirectCarriesNoCredential(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, bare := range map[string]bool{"before the login": true, "after the login": false} {
			t.Run(http.StatusText(status)+" "+name, func(t *testing.T) {
				t.Parallel()
				elsewhere := newScript(t)
				elsewhere.client()
				away := with("Location", elsewhere.server.URL+"/api/atlas/v2", say(status, ""))
				for call, do := range map[string]func(*atlas.Client) error{
					"create":      func(c *atlas.Client) error { _, err := c.Create(t.Context(), wanted(), notNoted); return err },
					"access list": func(c *atlas.Client) error { _, err := c.ListAccess(t.Context(), madeID); return err },
					"delete":      func(c *atlas.Client) error { return c.DeleteKey(t.Context(), madeID) },
					"list":        func(c *atlas.Client) error { _, err := c.ListKeys(t.Context()); return err },
				} {
					s := newScript(t, away)
					if bare {
						s.bare, s.responders = []responder{away}, nil
					}
					err := do(s.client())
					require.ErrorIs(t, err, atlas.ErrWebPage, call)
					assert.Empty(t, elsewhere.lines(), call)
				}
			})
		}
	}
}
