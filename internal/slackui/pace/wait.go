package pace

import (
	"errors"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

// CodeRateLimited is Slack's word for too many calls.
const CodeRateLimited = "ratelimited"

// RateLimited are all the ways in which Slack says that.
var RateLimited = []string{CodeRateLimited, "rate_limited", "http_429"}

// Readable is a wait in whole seconds, or minutes, and no shorter.
func Readable(wait time.Duration) time.Duration {
	unit := time.Second
	if wait > time.Minute {
		unit = time.Minute
	}
	return max((wait + unit - 1).Truncate(unit), unit)
}

// AskedToWait is how long Slack wants to be left alone; zero if it did not say.
func AskedToWait(err error) time.Duration {
	if f, ok := errors.AsType[*approval.CallError](err); ok && slices.Contains(RateLimited, f.Code) {
		return f.RetryAfter
	}
	return 0
}
