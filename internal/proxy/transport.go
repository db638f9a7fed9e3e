package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	xproxy "golang.org/x/net/proxy"
)

// connections is the number of idle connections kept per host, one for each
// concurrent operation, so that each reuses its own.
const connections = 16

// A Transport is an [http.RoundTripper] that uses the proxy of the settings.
type Transport struct {
	settings Settings
	base     *http.Transport
}

// Transport returns a new one.
func (s Settings) Transport() *Transport {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = connections
	base.Proxy = func(r *http.Request) (*url.URL, error) { return s.For(r.URL), nil }
	base.OnProxyConnectResponse = func(_ context.Context, proxy *url.URL, _ *http.Request, res *http.Response) error {
		if res.StatusCode == http.StatusOK {
			return nil
		}
		return refused(proxy, res)
	}
	return &Transport{s, base}
}

// RoundTrip implements [http.RoundTripper]. A failure of the proxy is an *[Error].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	proxy := t.settings.For(r.URL)
	if proxy == nil {
		return t.base.RoundTrip(r)
	}
	var connected atomic.Bool
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	res, err := t.base.RoundTrip(r.WithContext(ctx))
	if err != nil && !connected.Load() {
		return nil, explain(proxy, r.URL, err)
	}
	return res, err
}

// CloseIdleConnections closes idle connections.
func (t *Transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// DialTLS opens a TLS connection to an address of the form host:port, through
// the proxy for https if there is one: for a WebSocket.
func (s Settings) DialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	u := &url.URL{Scheme: "https", Host: address}
	proxy := s.For(u)
	var conn net.Conn
	var err error
	switch {
	case proxy == nil:
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
	case isSOCKS(proxy):
		conn, err = throughSOCKS(ctx, proxy, network, address)
	default:
		conn, err = connect(ctx, proxy, address)
	}
	if err == nil {
		secure := tls.Client(conn, &tls.Config{ServerName: u.Hostname()})
		if err = secure.HandshakeContext(ctx); err == nil {
			return secure, nil
		}
		conn.Close()
	}
	if proxy != nil {
		err = explain(proxy, u, err)
	}
	return nil, err
}

// throughSOCKS asks a SOCKS proxy for a connection to address.
func throughSOCKS(ctx context.Context, proxy *url.URL, network, address string) (net.Conn, error) {
	dialer, err := xproxy.FromURL(proxy, &net.Dialer{})
	if err != nil {
		return nil, err
	}
	return dialer.(xproxy.ContextDialer).DialContext(ctx, network, address)
}

// connect asks an HTTP proxy for a connection to address.
func connect(ctx context.Context, proxy *url.URL, address string) (net.Conn, error) {
	conn, err := dialProxy(ctx, proxy)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err = ask(conn, proxy, address)
	if !stop() && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func dialProxy(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	port := proxy.Port()
	switch {
	case port != "":
	case proxy.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(proxy.Hostname(), port))
	if err != nil || proxy.Scheme != "https" {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: proxy.Hostname()})
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// ask sends CONNECT and reads the response.
func ask(conn net.Conn, proxy *url.URL, address string) error {
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		r.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := r.Write(conn); err != nil {
		return err
	}
	// The bytes after the response belong to TLS, so read one byte at a time.
	res, err := http.ReadResponse(bufio.NewReaderSize(io.LimitReader(oneByte{conn}, maxAnswer), 16), r)
	if err != nil {
		return errors.New("reading the answer to CONNECT")
	}
	if res.StatusCode != http.StatusOK {
		return refused(proxy, res)
	}
	return nil
}

// maxAnswer bounds the headers of a response to CONNECT, in bytes.
const maxAnswer = 64 << 10

// oneByte reads a single byte at a time.
type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) {
	if len(p) > 1 {
		p = p[:1]
	}
	return r.Reader.Read(p)
}
