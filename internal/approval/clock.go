package approval

import "time"

// IsWithin reports whether at is less than d before now. A time ahead of now is not: the
// clock went back, and how old it is cannot be known.
func IsWithin(at, now time.Time, d time.Duration) bool {
	age := now.Sub(at)
	return age >= 0 && age < d
}

// MaxWait is the longest wait between two tries, even if Atlas, Slack or a proxy asks for
// a longer one: none of them decides how long a key that has to be deleted stays.
const MaxWait = 10 * time.Minute

// Backoff is the pause after that many failed tries. It grows from 5 seconds to
// [MaxWait].
func Backoff(tries int) time.Duration {
	return min(5*time.Second<<min(max(tries-1, 0), 10), MaxWait)
}

// IsPast reports whether a wait that began at most [MaxWait] ago is over. One
// that is longer than that began before the clock went back.
func IsPast(at, now time.Time) bool {
	return !at.After(now) || at.After(now.Add(MaxWait))
}

// WaitAfter is the pause after that many failed tries, the last of which ended with f: at
// least as long as the other side asked, but at most [MaxWait].
func WaitAfter(f *CallError, tries int) time.Duration {
	return min(max(f.RetryAfter, Backoff(tries)), MaxWait)
}
