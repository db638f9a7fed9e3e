package proxy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/proxy"
)

// target does not exist: requests to it have to go through the proxy.
const target = "https://slack.example/api/"

// answering is a proxy that says one thing to every CONNECT.
func answering(t *testing.T, answer string) (address string, asked chan *http.Request) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	asked = make(chan *http.Request, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				asked <- r
				io.WriteString(conn, answer)
			}
			conn.Close()
		}
	}()
	return listener.Addr().String(), asked
}

// settings are those of one proxy for everything.
func settings(t *testing.T, proxyURL string) proxy.Settings {
	t.Helper()
	s, problems := proxy.FromEnvironment(map[string]string{"HTTPS_PROXY": proxyURL})
	require.Empty(t, problems)
	return s
}

// calls makes the two kinds of call, over HTTP and for a WebSocket, and returns
// the error of each.
func calls(t *testing.T, s proxy.Settings) map[string]error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	transport := s.Transport()
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	require.NoError(t, err)
	_, overHTTP := (&http.Client{Transport: transport}).Do(r)
	_, overTLS := s.DialTLS(ctx, "tcp", "slack.example:443")
	return map[string]error{"http": overHTTP, "websocket": overTLS}
}

func TestRefusalOfProxyIsNamed(t *testing.T) {
	t.Parallel()
	for answer, says := range map[string]string{
		"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n":                "refused: 407 Proxy Authentication Required",
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nblocked":        "refused: 403 Forbidden",
		"HTTP/1.1 502 Bad Gateway\r\n\r\n":                                  "refused: 502 Bad Gateway",
		"HTTP/1.1 503 xoxb-0000-echoed\r\n\r\n":                             "refused: 503 Service Unavailable",
		"HTTP/1.1 599 Our Own Word\r\n\r\n":                                 "refused: 599 Our Own Word",
		"HTTP/1.1 302 Found\r\nLocation: https://login.example\r\n\r\n":     "refused: 302 Found",
		"<html>please log in</html>\r\n\r\n":                                "did not connect to slack.example",
		"":                                                                  "did not connect to slack.example",
		"HTTP/1.1 200 Connection established\r\n\r\nthis is not TLS at all": "did not connect to slack.example",
	} {
		address, _ := answering(t, answer)
		for kind, err := range calls(t, settings(t, "http://ana:hunter2@"+address)) {
			e, ok := errors.AsType[*proxy.Error](err)
			require.True(t, ok, "%s %q: %v", kind, answer, err)
			require.Equal(t, address, e.Proxy)
			require.Contains(t, e.Error(), "the proxy "+address+" "+says, "%s %q", kind, answer)
			for _, hidden := range []string{"hunter2", "ana", "xoxb", "log in", "<"} {
				require.NotContains(t, err.Error(), hidden, kind)
			}
		}
	}
}

func TestClosedProxyIsNamed(t *testing.T) {
	t.Parallel()
	for kind, err := range calls(t, settings(t, "http://ana:hunter2@127.0.0.1:1")) {
		require.ErrorContains(t, err, "the proxy 127.0.0.1:1 cannot be reached: nothing listens there", kind)
		require.NotContains(t, err.Error(), "hunter2", kind)
	}
}

func TestSilentProxyIsNamed(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // and never accepts
	require.NoError(t, err)
	defer listener.Close()
	for kind, err := range calls(t, settings(t, "http://"+listener.Addr().String())) {
		require.ErrorContains(t, err, "the proxy "+listener.Addr().String()+" did not connect to slack.example", kind)
		slow, ok := errors.AsType[net.Error](err)
		require.True(t, ok && slow.Timeout(), kind)
	}
}

// intercepting opens every CONNECT itself, with its own certificate.
func intercepting(t *testing.T) *url.URL {
	t.Helper()
	inside := httptest.NewUnstartedServer(http.NotFoundHandler())
	inside.Config.ErrorLog = log.New(io.Discard, "", 0)
	inside.StartTLS()
	t.Cleanup(inside.Close)
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to, err := net.Dial("tcp", inside.Listener.Addr().String())
		if err != nil {
			return
		}
		defer to.Close()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		go io.Copy(to, conn)
		io.Copy(conn, to)
	}))
	t.Cleanup(outside.Close)
	u, err := url.Parse(outside.URL)
	require.NoError(t, err)
	return u
}

func TestTLSProxyIsNamed(t *testing.T) {
	t.Parallel()
	u := intercepting(t)
	for kind, err := range calls(t, settings(t, u.String())) {
		require.ErrorContains(t, err, "the proxy "+u.Host+" leads to a certificate for slack.example that is not trusted here", kind)
		require.ErrorContains(t, err, "SSL_CERT_FILE", kind)
	}
}

// speakingSOCKS is a SOCKS proxy that wants a password, and leads every
// connection to a server with TLS of its own.
func speakingSOCKS(t *testing.T) (address string, asked chan string) {
	t.Helper()
	inside := httptest.NewUnstartedServer(http.NotFoundHandler())
	inside.Config.ErrorLog = log.New(io.Discard, "", 0)
	inside.StartTLS()
	t.Cleanup(inside.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	asked = make(chan string, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				leadThroughSOCKS(conn, inside.Listener.Addr().String(), asked)
			}()
		}
	}()
	return listener.Addr().String(), asked
}

// leadThroughSOCKS is RFC 1928 with the password of RFC 1929.
func leadThroughSOCKS(conn net.Conn, to string, asked chan<- string) {
	next := func(n byte) string {
		b := make([]byte, n)
		_, _ = io.ReadFull(conn, b)
		return string(b)
	}
	next(next(2)[1])                 // the methods that are offered
	io.WriteString(conn, "\x05\x02") // a password
	user := next(next(2)[1])
	password := next(next(1)[0])
	io.WriteString(conn, "\x01\x00")
	name := next(next(5)[4]) // CONNECT, by a name
	port := next(2)
	asked <- fmt.Sprintf("%s:%s@%s:%d", user, password, name, int(port[0])<<8+int(port[1]))
	other, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer other.Close()
	io.WriteString(conn, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
	go io.Copy(other, conn)
	io.Copy(conn, other)
}

func TestSOCKSProxy(t *testing.T) {
	t.Parallel()
	address, asked := speakingSOCKS(t)
	for kind, err := range calls(t, settings(t, "socks5h://ana:hunter2@"+address)) {
		require.ErrorContains(t, err, "the proxy "+address+" leads to a certificate for slack.example", kind)
		require.Equal(t, "ana:hunter2@slack.example:443", <-asked, kind)
		require.NotContains(t, err.Error(), "hunter2", kind)
	}
	for kind, err := range calls(t, settings(t, "socks5://127.0.0.1:1")) {
		require.ErrorContains(t, err, "the proxy 127.0.0.1:1 cannot be reached: nothing listens there", kind)
	}
}

func TestProxyPassword(t *testing.T) {
	t.Parallel()
	address, asked := answering(t, "HTTP/1.1 403 Forbidden\r\n\r\n")
	calls(t, settings(t, "http://ana:hunter2@"+address))
	for range 2 {
		r := <-asked
		require.Equal(t, http.MethodConnect, r.Method)
		require.Equal(t, "slack.example:443", r.Host)
		require.Equal(t, "Basic YW5hOmh1bnRlcjI=", r.Header.Get("Proxy-Authorization"))
	}
}

func TestNoProxyAndLocalhostAreDirect(t *testing.T) {
	t.Parallel()
	s, problems := proxy.FromEnvironment(map[string]string{
		"https_proxy": "proxy.example:3128", "HTTP_PROXY": "http://other.example", "no_proxy": ".corp.example,10.0.0.0/8",
	})
	require.Empty(t, problems)
	for address, want := range map[string]string{
		"https://slack.com/api/": "proxy.example:3128", "http://slack.com/": "other.example", "https://atlas.corp.example": "",
		"https://10.1.2.3": "", "http://127.0.0.1:8080": "", "https://localhost": "", "::": "",
	} {
		require.Equal(t, want, s.Host(address), address)
	}
	require.Empty(t, proxy.Settings{}.Host("https://slack.com"))
}

func TestFromEnvironmentRefusesInvalidProxy(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"http://ana:hunter2@proxy example:3128": "HTTPS_PROXY: it is not the URL of a proxy",
		"http://proxy.example:port":             "HTTPS_PROXY: it is not the URL of a proxy",
		"http://proxy.example:99999":            "HTTPS_PROXY: it is not the URL of a proxy",
		"http://":                               "HTTPS_PROXY: it is not the URL of a proxy",
		":3128":                                 "HTTPS_PROXY: it is not the URL of a proxy",
		"http://proxy.example:3128\n":           "HTTPS_PROXY: it is not the URL of a proxy",
		"%zz":                                   "HTTPS_PROXY: it is not the URL of a proxy",
		"ftp://proxy.example":                   `HTTPS_PROXY: the bot does not speak "ftp" to a proxy`,
		"htps://ana:hunter2@proxy.example":      `HTTPS_PROXY: the bot does not speak "htps" to a proxy`,
	} {
		_, problems := proxy.FromEnvironment(map[string]string{"HTTPS_PROXY": value})
		require.Len(t, problems, 1, value)
		require.ErrorContains(t, problems[0], want, value)
		require.NotContains(t, problems[0].Error(), "hunter2")
	}
	for _, value := range []string{"", "proxy.example", "proxy.example:3128", "http://[::1]:3128/", "https://proxy.example", "socks5://proxy.example:1080", "socks5h://ana:hunter2@proxy.example"} {
		_, problems := proxy.FromEnvironment(map[string]string{"HTTP_PROXY": value})
		require.Empty(t, problems, value)
	}
}
