// Package proxy sends calls through the proxy of the environment variables
// HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as curl and Go do. Its errors say if the
// proxy failed a call. They never contain the user and the password of a proxy.
package proxy

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// Settings map calls to proxies. The zero value uses none.
type Settings struct {
	choose func(*url.URL) (*url.URL, error)
}

// schemes are the proxy protocols that Go supports.
var schemes = []string{"http", "https", "socks5", "socks5h"}

// FromEnvironment reads the variables in upper or lower case. It returns an error
// for each that is not the URL of a proxy; Go would ignore it and call directly.
func FromEnvironment(environ map[string]string) (Settings, []error) {
	var problems []error
	read := func(names ...string) string {
		for _, name := range names {
			value := environ[name]
			if value == "" {
				continue
			}
			if why := wrong(value); why != "" {
				problems = append(problems, fmt.Errorf("%s: %s", name, why)) // not repeated: it may hold a password
				return ""
			}
			return value
		}
		return ""
	}
	c := httpproxy.Config{HTTPProxy: read("HTTP_PROXY", "http_proxy"), HTTPSProxy: read("HTTPS_PROXY", "https_proxy"), NoProxy: environ["NO_PROXY"]}
	if c.NoProxy == "" {
		c.NoProxy = environ["no_proxy"]
	}
	return Settings{c.ProxyFunc()}, problems
}

// wrong explains why value is not the URL of a proxy. As in Go, host:port is one.
func wrong(value string) string {
	const like = "it is not the URL of a proxy, as in http://proxy.example:3128"
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" {
		return like
	}
	if !slices.Contains(schemes, u.Scheme) {
		return fmt.Sprintf("the bot does not speak %q to a proxy: http, https, socks5 or socks5h", u.Scheme)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return like
		}
	}
	return ""
}

// isSOCKS reports whether the proxy uses SOCKS, which has no CONNECT.
func isSOCKS(proxy *url.URL) bool { return strings.HasPrefix(proxy.Scheme, "socks") }

// For returns the proxy for calls to u, or nil. It may hold a password.
func (s Settings) For(u *url.URL) *url.URL {
	if s.choose == nil {
		return nil
	}
	p, err := s.choose(u)
	if err != nil {
		return nil // FromEnvironment has refused it
	}
	return p
}

// Host returns the host and port of the proxy for calls to an address such as
// https://slack.com, or "".
func (s Settings) Host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if p := s.For(u); p != nil {
		return p.Host
	}
	return ""
}
