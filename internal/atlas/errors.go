package atlas

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"atlaskeybot/internal/proxy"
)

// A Kind classifies a failed call by its effect in Atlas and by what can fix it.
type Kind string

const (
	Permanent         Kind = "refused"   // Atlas refuses this call and would again; it had no effect
	Transient         Kind = "not now"   // it had no effect, or may be repeated; it may work later
	Indeterminate     Kind = "unknown"   // a POST that may have had its effect: check before repeating it
	InvalidCredential Kind = "bad login" // the bot's credential is rejected, lacks a role, or is used from a wrong address; it had no effect
	Gone              Kind = "gone"      // the object does not exist
	Mismatch          Kind = "mismatch"  // it took effect, but differs from the request
)

// An Error is why a call failed. It never holds a response body, which can echo the
// request or be a truncated private key.
type Error struct {
	Op     string // as in "creating an API key"
	Kind   Kind
	Status int    // of HTTP; 0 without a response
	Code   string // Atlas's error code, as in "INVALID_ENUM_VALUE"; often empty

	// Fields names the invalid parts of the request.
	Fields []string

	// Caller is the address of the bot as Atlas sees it, if it refused that address.
	Caller netip.Addr

	// RetryAfter is how long Atlas asked to wait, or 0.
	RetryAfter time.Duration

	// Err is the cause, without anything that Atlas sent.
	Err error
}

// Error returns the operation and how it failed.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Op, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, ", status %d", e.Status)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, ", %s", e.Code)
	}
	if len(e.Fields) > 0 {
		fmt.Fprintf(&b, ", fields %s", strings.Join(e.Fields, " "))
	}
	if e.Caller.IsValid() {
		fmt.Fprintf(&b, ", seen from %s", e.Caller)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the Kind of err, or "" if it is no [*Error].
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// transient reports whether the same call may work shortly.
func (e *Error) transient() bool {
	switch {
	case e.Kind != Transient:
		return false
	case e.Status >= 300 && e.Status < 500:
		return e.spurious401() || e.Status == 408 || e.Status == 429
	}
	return true
}

// spurious401 reports whether e is a 401 without a challenge or a code: Atlas
// occasionally returns one to a valid call.
func (e *Error) spurious401() bool { return e.Kind == Transient && e.Status == 401 }

// sanitize reduces a network error to what is safe to log. Errors of the HTTP
// library can quote the bytes that it could not read.
func sanitize(err error) error {
	var (
		inURL   *url.Error
		network *net.OpError
		lookup  *net.DNSError
		cert    *tls.CertificateVerificationError
	)
	through, isProxy := errors.AsType[*proxy.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case isProxy:
		return through
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.As(err, &lookup):
		return lookup
	case errors.As(err, &network):
		return network
	case errors.As(err, &cert):
		return cert
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.As(err, &inURL) && inURL.Timeout():
		return context.DeadlineExceeded
	}
	return errBroken
}

// ErrWebPage is the cause of an Error if the response is an HTML page, as of a
// captive portal, a proxy, or a login page.
var ErrWebPage = errors.New("answered with a web page instead of JSON: a proxy or a login page stands between")

var errBroken = errors.New("the connection or the response is broken")
