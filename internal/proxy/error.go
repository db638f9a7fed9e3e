package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
)

// An Error is the failure of a proxy. Nothing of the call has reached its
// destination.
type Error struct {
	Proxy string // host and port
	Says  string // what the proxy did, as in "refused: 407 Proxy Authentication Required"
	Err   error  // the cause, or nil
}

// Error omits the user and the password of the proxy.
func (e *Error) Error() string { return "the proxy " + e.Proxy + " " + e.Says }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether the proxy took too long.
func (e *Error) Timeout() bool {
	slow, ok := errors.AsType[net.Error](e.Err)
	return ok && slow.Timeout()
}

// phrase matches the reason phrase of a status that is safe to quote.
var phrase = regexp.MustCompile(`^[A-Za-z][A-Za-z '-]{0,60}$`)

// refused is the error of a proxy that answers CONNECT with a status other than 200.
func refused(proxy *url.URL, res *http.Response) error {
	says := fmt.Sprintf("refused: %d", res.StatusCode)
	if text := http.StatusText(res.StatusCode); text != "" {
		says += " " + text
	} else if _, text, _ := strings.Cut(res.Status, " "); phrase.MatchString(text) {
		says += " " + text
	}
	return &Error{Proxy: proxy.Host, Says: says}
}

// explain turns the error of a failed connection to u into one that names the
// proxy.
func explain(proxy, u *url.URL, err error) error {
	if already, ok := errors.AsType[*Error](err); ok {
		return already
	}
	e := &Error{Proxy: proxy.Host, Err: err}
	lookup, isLookup := errors.AsType[*net.DNSError](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	slow, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case isCertificate:
		e.Says = fmt.Sprintf("leads to a certificate for %s that is not trusted here: if it opens TLS, name the file with its authority in SSL_CERT_FILE", u.Hostname())
	case isLookup:
		e.Says = fmt.Sprintf("cannot be found: there is no address for %s", lookup.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Says = "cannot be reached: nothing listens there"
	case errors.Is(err, context.DeadlineExceeded), isNet && slow.Timeout():
		e.Says = fmt.Sprintf("did not connect to %s in time", u.Host)
	default:
		e.Says = fmt.Sprintf("did not connect to %s: it broke off, or did not answer as a proxy does", u.Host)
	}
	return e
}
