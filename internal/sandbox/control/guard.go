package control

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard refuses what a browser sends on behalf of another site's page: a Host
// that is not loopback (a name rebound to this machine) and an Origin that is
// not the sandbox itself.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		switch {
		case !loopback(r.Host):
			http.Error(w, "this is a sandbox: it answers on loopback names only", http.StatusForbidden)
		case origin != "" && origin != "http://"+r.Host:
			http.Error(w, "this is a sandbox: it does not answer other origins", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// loopback reports whether a Host header names this machine.
func loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || (err == nil && addr.IsLoopback())
}
