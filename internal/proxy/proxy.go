// Package proxy carries calls through the proxy that the environment names, as
// curl and Go do: HTTPS_PROXY, HTTP_PROXY and NO_PROXY. It says, in errors, when
// it was the proxy that kept a call from its way. The user and the password of
// a proxy are in no error.
package proxy

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// Settings say which calls go through which proxy. The zero value is none.
type Settings struct {
	choose func(*url.URL) (*url.URL, error)
}

// schemes are what Go can speak to a proxy.
var schemes = []string{"http", "https", "socks5", "socks5h"}

// FromEnvironment reads the variables in either spelling. It returns an error
// for each that is not the URL of a proxy; Go by itself would leave that out
// and call directly.
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

// wrong says why value is not the URL of a proxy. A host with a port alone is
// one, as it is for Go.
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

// IsSOCKS reports whether the proxy for calls to an address is of that kind,
// which knows no CONNECT.
func (s Settings) IsSOCKS(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	p := s.For(u)
	return p != nil && strings.HasPrefix(p.Scheme, "socks")
}

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

// Host is the host and port of the proxy for calls to an address such as
// https://slack.com, or nothing.
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
