// Package retryafter parses the Retry-After header of HTTP, as sent by an API, a
// proxy or a maintenance page.
package retryafter

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Longest is the longest wait that [Parse] returns. Callers should bound their waits
// further.
const Longest = 100 * 365 * 24 * time.Hour

// Parse returns how long a Retry-After value asks to wait at now, from zero to
// [Longest]. A value is a number of seconds or a date (RFC 9110, 10.2.3); an
// invalid value is zero, and so is a date in the past.
func Parse(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if whole, fraction, found := strings.Cut(value, "."); found && isDigits(fraction) {
		value = whole // some proxies send fractions of a second
	}
	seconds, err := strconv.ParseUint(value, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return Longest
	case err == nil:
		return time.Duration(min(seconds, uint64(Longest/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), Longest) // Sub saturates
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
