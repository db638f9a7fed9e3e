package page_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOtherHostsAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]int{
		"localhost:8484":           http.StatusOK,
		"LOCALHOST":                http.StatusOK,
		"127.0.0.1:8484":           http.StatusOK,
		"127.8.9.1":                http.StatusOK,
		"[::1]:8484":               http.StatusOK,
		"[::1]":                    http.StatusOK,
		"evil.test":                http.StatusMisdirectedRequest,
		"evil.test:8484":           http.StatusMisdirectedRequest,
		"localhost.evil.test":      http.StatusMisdirectedRequest,
		"127.0.0.1.evil.test:8484": http.StatusMisdirectedRequest,
		"192.168.1.5:8484":         http.StatusMisdirectedRequest,
		"0.0.0.0:8484":             http.StatusMisdirectedRequest,
		"":                         http.StatusMisdirectedRequest,
	}
	for host, want := range tests {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			for _, path := range []string{"/", "/assets/page.js"} {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Host = host
				require.Equal(t, want, s.do(r).Code, path)
			}
		})
	}
}

func TestOtherOriginsCannotPost(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header, value string
		want          int
	}{
		"the page itself":                    {"Sec-Fetch-Site", "same-origin", http.StatusNoContent},
		"another site":                       {"Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		"another port of this machine":       {"Sec-Fetch-Site", "same-site", http.StatusForbidden},
		"an old browser, same origin":        {"Origin", "http://127.0.0.1:8484", http.StatusNoContent},
		"an old browser, another origin":     {"Origin", "http://evil.test", http.StatusForbidden},
		"an old browser, another local port": {"Origin", "http://127.0.0.1:9999", http.StatusForbidden},
		"a sandboxed frame":                  {"Origin", "null", http.StatusForbidden},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			r := httptest.NewRequest(http.MethodPost, "/page/close?as=U0ALICE", nil)
			r.Header.Set(c.header, c.value)
			require.Equal(t, c.want, s.do(r).Code)
			require.Equal(t, c.want == http.StatusNoContent, len(s.slack.acts()) == 1)
		})
	}
}

func TestGetChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, path := range []string{"/page/close?as=U0ALICE", "/page/advance?as=U0ALICE&by=1h"} {
		w := s.do(httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	}
	s.get(t, "/?as=U0ALICE&in=home")
	require.Empty(t, s.slack.acts())
	require.Zero(t, s.clock.Offset())
}

func TestContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, path := range []string{"/", "/assets/page.js", "/nowhere"} {
		h := s.do(httptest.NewRequest(http.MethodGet, path, nil)).Header()
		require.Equal(t, "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			h.Get("Content-Security-Policy"), path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
	}
}

// The policy above forbids them; a page that had any would be broken.
func TestPageHasNoInlineScripts(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.says(`[{"type":"section","text":{"type":"mrkdwn","text":"hello"}}]`)
	html := s.get(t, "/")
	require.Equal(t, 1, strings.Count(html, "<script"))
	require.Contains(t, html, `<script src="/assets/page.js" type="module"></script>`)
	require.NotContains(t, html, "<style")
	require.NotRegexp(t, `<[^>]* style=`, html)
	require.NotRegexp(t, `<[^>]* on[a-z]+=`, html)
	require.NotRegexp(t, `(src|href)="(https?:)?//`, html)
}
