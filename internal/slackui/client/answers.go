package client

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
)

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 8 << 20

// errWebPage says that something between us and Slack answered: a captive
// portal, a proxy, a login page.
var errWebPage = errors.New("a web page instead of JSON: something between the bot and Slack answers in its place")

// answers is a transport for the Web API that takes no answer without bound, and
// no web page for one.
type answers struct {
	next http.RoundTripper // nil: the default
}

// RoundTrip implements [http.RoundTripper].
func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	next := a.next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(r)
	if err != nil || res.StatusCode == http.StatusSwitchingProtocols {
		return res, err
	}
	body := bufio.NewReaderSize(io.LimitReader(res.Body, maxAnswer), 512)
	if res.StatusCode == http.StatusOK && isOfWebAPI(r) && startsPage(body) {
		res.Body.Close()
		return nil, errWebPage
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{body, res.Body}
	return res, nil
}

// isOfWebAPI reports whether JSON is due. A response_url answers "ok".
func isOfWebAPI(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/api/")
}

// startsPage looks at the first character that is no space, and leaves it there.
func startsPage(b *bufio.Reader) bool {
	for n := 1; n <= 64; n++ {
		start, err := b.Peek(n)
		if err != nil {
			return false
		}
		switch start[n-1] {
		case ' ', '\t', '\r', '\n', 0xEF, 0xBB, 0xBF: // a byte order mark, too
		default:
			return start[n-1] == '<'
		}
	}
	return false
}
