package approval

import (
	"time"
)

// IsWithin reports whether at is at most that long before now. A time that lies
// ahead is not: the clock went back, and nobody knows how old it is.
func IsWithin(at, now time.Time, d time.Duration) bool {
	age := now.Sub(at)
	return age >= 0 && age < d
}

// MaxWait is the longest wait between two tries, also if Atlas, Slack or a proxy
// before them asks for a longer one: a key that has to go must not stay for as
// long as somebody else says.
const MaxWait = 10 * time.Minute

// Backoff grows from 5 seconds to [MaxWait].
func Backoff(tries int) time.Duration {
	return min(5*time.Second<<min(max(tries-1, 0), 10), MaxWait)
}

// IsPast reports whether a wait that began at most [MaxWait] ago is over. One
// that is longer than that began before the clock went back.
func IsPast(at, now time.Time) bool {
	return !at.After(now) || at.After(now.Add(MaxWait))
}

// WaitAfter is how long to wait after that many failed tries, the last of which
// ended with f: as long as the other side asked, or longer, but at most [MaxWait].
func WaitAfter(f *CallError, tries int) time.Duration {
	return min(max(f.RetryAfter, Backoff(tries)), MaxWait)
}
