package atlas_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icholy/digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/secret"
)

const (
	org        = "a0123456789abcdef012345a" // as in the recorded responses
	publicKey  = "abcdefgh"
	privateKey = "11111111-2222-4333-8444-555555555555"
)

// A request is what the server saw of one.
type request struct {
	line   string // "POST /path?query"
	body   string
	signed bool // with a login that is right
	header http.Header
}

// A script is an Atlas that challenges, checks the digest by RFC 7616, and then
// uses one responder after another.
type script struct {
	t      *testing.T
	server *httptest.Server

	mu         sync.Mutex
	bare       []responder // for requests without a login; when used up, challenges
	responders []responder // for requests with one
	seen       []request
	conns      int
	uses       map[string]int // of each nonce handed out
	waits      []time.Duration
	log        bytes.Buffer
}

func newScript(t *testing.T, responders ...responder) *script {
	s := &script{t: t, responders: responders, uses: map[string]int{}}
	s.server = httptest.NewUnstartedServer(s)
	s.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.locked(func() { s.conns++ })
		}
	}
	t.Cleanup(s.server.Close)
	return s
}

func (s *script) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// client returns a client with connections of its own.
func (s *script) client(change ...func(*atlas.Config)) *atlas.Client {
	if s.server.URL == "" {
		s.server.Start()
	}
	transport := s.server.Client().Transport.(*http.Transport)
	transport.MaxIdleConnsPerHost = 64
	cfg := atlas.Config{
		BaseURL: s.server.URL,
		OrgID:   org,
		Login:   atlas.Digest{PublicKey: publicKey, PrivateKey: secret.New(privateKey)},
		HTTP:    transport,
		Timeout: 5 * time.Second,
		Now:     func() time.Time { return time.Date(2026, 8, 10, 3, 0, 0, 0, time.UTC) },
		Sleep: func(ctx context.Context, d time.Duration) error {
			s.locked(func() { s.waits = append(s.waits, d) })
			return ctx.Err()
		},
		Log: slog.New(slog.NewTextHandler(&lockedWriter{s: s}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := atlas.New(cfg)
	require.NoError(s.t, err)
	s.t.Cleanup(c.Close)
	return c
}

type lockedWriter struct{ s *script }

func (w *lockedWriter) Write(p []byte) (n int, err error) {
	w.s.locked(func() { n, err = w.s.log.Write(p) })
	return n, err
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	assert.NoError(s.t, err)
	var play responder
	s.locked(func() {
		authorization := r.Header.Get("Authorization")
		signed := authorization != "" && s.admits(r, authorization)
		s.seen = append(s.seen, request{r.Method + " " + r.URL.RequestURI(), string(body), signed, r.Header.Clone()})
		queue := &s.responders
		if authorization == "" {
			queue = &s.bare
		}
		switch {
		case authorization == "" && len(s.bare) == 0:
			play = s.challenge("stale=false")
		case authorization != "" && !signed:
			play = s.challenge("stale=true")
		case len(*queue) == 0:
			s.t.Errorf("unexpected: %s %s", r.Method, r.URL)
			play = say(http.StatusTeapot, "")
		default:
			play, *queue = (*queue)[0], (*queue)[1:]
		}
	})
	play(w, r)
}

// challenge hands out a nonce. Its words are those of the recorded challenge.
func (s *script) challenge(stale string) responder {
	nonce := "nonce" + strconv.Itoa(len(s.uses))
	s.uses[nonce] = 0
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Digest realm="MMS Public API", domain="", nonce="`+nonce+`", algorithm=MD5, qop="auth", `+stale)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":401,"reason":"Unauthorized","detail":"You are not authorized for this resource.","errorCode":"UNEXPECTED_ERROR"}`)
	}
}

// admits computes the response of RFC 7616 anew, and wants each nonce counted
// one by one.
func (s *script) admits(r *http.Request, authorization string) bool {
	got, err := digest.ParseCredentials(authorization)
	if !assert.NoError(s.t, err) {
		return false
	}
	used, issued := s.uses[got.Nonce]
	if !issued || got.Nc != used+1 {
		return false
	}
	s.uses[got.Nonce]++
	hash := func(format string, a ...any) string {
		return fmt.Sprintf("%x", md5.Sum(fmt.Appendf(nil, format, a...)))
	}
	ha1 := hash("%s:MMS Public API:%s", publicKey, privateKey)
	ha2 := hash("%s:%s", r.Method, r.URL.RequestURI())
	want := hash("%s:%s:%08x:%s:auth:%s", ha1, got.Nonce, got.Nc, got.Cnonce, ha2)
	return got.Username == publicKey && got.URI == r.URL.RequestURI() && got.Response == want
}

// forget makes every nonce handed out so far too old.
func (s *script) forget() { s.locked(func() { clear(s.uses); s.uses["used up"] = 0 }) }

// lines lists the requests seen, the bare ones in parentheses.
func (s *script) lines() (out []string) {
	s.locked(func() {
		for _, r := range s.seen {
			line := r.line
			if !r.signed {
				line = "(" + line + ")"
			}
			out = append(out, line)
		}
	})
	return out
}

// count counts the signed requests that begin with line.
func (s *script) count(line string) (n int) {
	for _, l := range s.lines() {
		if strings.HasPrefix(l, line) {
			n++
		}
	}
	return n
}
