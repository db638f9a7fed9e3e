package preflight

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/proxy"
	"atlaskeybot/internal/slackui/transport"
)

const (
	// callTimeout bounds one call of a preflight.
	callTimeout = 10 * time.Second

	// Slack's signatures are valid for five minutes by the clock of this machine.
	// The warning comes long before, the failure shortly before.
	maxSkewOK = 30 * time.Second
	maxSkew   = 240 * time.Second

	// skewPrecision is the smallest difference that can be measured: Date headers
	// count whole seconds, and answers take time.
	skewPrecision = 3 * time.Second
)

// proxies reports which calls go through a proxy, if any do.
func (c *checker) proxies(context.Context) {
	var through []string
	for _, to := range []struct{ who, address string }{
		{"Slack", c.config.SlackAPIURL}, {"Socket Mode", transport.SocketHost}, {"Atlas", c.config.AtlasBaseURL},
	} {
		if host := c.config.Proxy.Host(to.address); host != "" {
			through = append(through, fmt.Sprintf("calls to %s go through %s", to.who, host))
		}
	}
	if len(through) > 0 {
		c.ok("proxy", sentence(strings.Join(through, ", ")))
	}
}

// reach makes one call without any credential, which separates a problem of the
// network from one of the credential, and reads the clock of the other side.
// It adds the findings "<who> connection" and "<who> clock".
func (c *checker) reach(ctx context.Context, who, variable, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		c.bad(who+" connection", "The address in "+variable+" cannot be called.", "Correct "+variable+".")
		c.skip("There was no answer to read the time from.", who+" clock")
		return false
	}
	transport := c.config.Proxy.Transport()
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	before := c.now()
	res, err := client.Do(req)
	if err != nil {
		message, hint := networkProblem(req.URL, variable, err)
		c.bad(who+" connection", message, hint)
		c.skip("There was no answer to read the time from.", who+" clock")
		return false
	}
	defer res.Body.Close()
	message := req.URL.Host + " answers"
	if through := c.config.Proxy.Host(address); through != "" {
		message += " through the proxy " + through
	}
	c.ok(who+" connection", message+".")
	c.clock(who+" clock", res.Header.Get("Date"), before, c.now())
	return true
}

// clock compares the time of an answer with the middle of the call. The fraction of
// a second that Date leaves out is half a second on average.
func (c *checker) clock(check, date string, before, after time.Time) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		c.unknown(check, "The answer does not tell the time.", "")
		return
	}
	ours := before.Add(after.Sub(before) / 2)
	skew := ours.Sub(theirs.Add(500 * time.Millisecond)).Round(time.Second)
	message := fmt.Sprintf("This machine's clock is %s %s.", skew.Abs(), map[bool]string{true: "ahead", false: "behind"}[skew > 0])
	const hint = "Synchronize the clock of this machine with NTP: signatures and the expiry of keys depend on it."
	switch {
	case skew.Abs() > maxSkew:
		c.bad(check, message, hint)
	case skew.Abs() > maxSkewOK:
		c.warn(check, message, hint)
	case skew.Abs() > skewPrecision:
		c.ok(check, message)
	default:
		c.ok(check, "This machine's clock agrees.")
	}
}

// networkProblem explains why a call got no answer. variable is the one that sets
// the address.
func networkProblem(u *url.URL, variable string, err error) (message, hint string) {
	lookup, isLookup := errors.AsType[*net.DNSError](err)
	through, isProxy := errors.AsType[*proxy.Error](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case isProxy:
		return sentence(through.Error()), "Correct HTTPS_PROXY, with its user and password if it wants them, or have the proxy let the bot through to " + u.Host + "; NO_PROXY names what needs none."
	case isLookup:
		return fmt.Sprintf("The name %s cannot be looked up.", lookup.Name), "Check " + variable + " and this machine's DNS."
	case isCertificate:
		return "The certificate of " + u.Host + " is not trusted here.", "If a proxy opens TLS, tell Go its certificate with SSL_CERT_FILE."
	case errors.Is(err, http.ErrSchemeMismatch):
		return u.Host + " does not speak TLS.", "Check " + variable + "."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens at " + u.Host + ".", "Check " + variable + ", and HTTPS_PROXY if there is one."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("%s did not answer within %s.", u.Host, callTimeout), "Let this machine reach it: a firewall may be in the way, or HTTPS_PROXY be missing."
	}
	return "The connection to " + u.Host + " broke off.", "Try again; if it stays so, something between here and there cuts it: look at firewalls and proxies."
}

// AtlasProblem explains why a call to Atlas failed, where the caller has no better
// explanation.
func AtlasProblem(baseURL string, err error) (message, hint string) {
	e, ok := errors.AsType[*atlas.Error](err)
	switch {
	case !ok:
		return "Atlas could not be asked.", "Try again."
	case errors.Is(err, atlas.ErrWebPage):
		return "ATLAS_BASE_URL (" + baseURL + ") answers with a web page instead of JSON: a proxy or a login page stands between, or the address is not that of Atlas.",
			"Let the machine of the bot reach Atlas without a login page, and check ATLAS_BASE_URL: it has no path."
	case e.Status == http.StatusTooManyRequests:
		return "Atlas asks to wait.", "Try again in a minute."
	case e.Status >= 300 && e.Code != "":
		return fmt.Sprintf("Atlas refuses with %s (status %d).", e.Code, e.Status), "Look the code up in the Atlas Administration API's list of errors."
	case e.Status >= 300:
		return fmt.Sprintf("Atlas, or something before it, answers with status %d and no reason.", e.Status), "Try again; if it stays so, look at status.mongodb.com and at proxies."
	case e.Status != 0:
		return "The answer is not one of Atlas.", "Check ATLAS_BASE_URL, and whether a proxy answers instead."
	}
	u, _ := url.Parse(baseURL) // readable: it was reached
	return networkProblem(u, "ATLAS_BASE_URL", err)
}
