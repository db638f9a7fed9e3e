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

// A Kind says what a failed call leaves behind, and whom it concerns.
type Kind string

const (
	Permanent         Kind = "refused"   // Atlas said no to this call and would again; nothing was done
	Transient         Kind = "not now"   // nothing was done, or the call may be repeated; later it may work
	Indeterminate     Kind = "unknown"   // a POST that may have been done: look before doing it again
	InvalidCredential Kind = "bad login" // the bot's credential is wrong, too weak, or used from a wrong address; nothing was done
	Gone              Kind = "gone"      // what the call is about does not exist
	Mismatch          Kind = "mismatch"  // it was done, but not as it was asked for
)

// An Error is why a call did not work. It never holds what Atlas answered,
// since that can echo what was sent or be a private key cut in half.
type Error struct {
	Op     string // as in "creating an API key"
	Kind   Kind
	Status int    // of HTTP; 0 without an answer
	Code   string // Atlas's own word, as in "INVALID_ENUM_VALUE"; often empty

	// Fields names the parts of the request that are complained of.
	Fields []string

	// Caller is the address Atlas saw the bot at, if it refused that address.
	Caller netip.Addr

	// RetryAfter is how long Atlas asked to wait; 0 if it did not say.
	RetryAfter time.Duration

	// Err is the cause on our side of the wire, cleared of what Atlas sent.
	Err error
}

// Error says what was being done and what came of it.
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

// transient reports whether the same call may work in a moment.
func (e *Error) transient() bool {
	switch {
	case e.Kind != Transient:
		return false
	case e.Status >= 300 && e.Status < 500:
		return e.spurious401() || e.Status == 408 || e.Status == 429
	}
	return true
}

// spurious401 reports whether e is a 401 that is no challenge and gives no reason:
// Atlas answers so now and then, to calls that are all right.
func (e *Error) spurious401() bool { return e.Kind == Transient && e.Status == 401 }

// sanitize keeps of a network error what is worth logging. Errors of the HTTP
// library can quote the bytes that it could not read, so they are replaced.
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

// ErrWebPage is the cause of an Error of an answer that is a page for people, as of a captive portal, a
// proxy, or a login that the call was sent on to.
var ErrWebPage = errors.New("answered with a web page instead of JSON: a proxy or a login page stands between")

var errBroken = errors.New("the connection or the answer is broken")
