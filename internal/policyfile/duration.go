package policyfile

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	minLifetime  = time.Hour   // of a key
	minWait      = time.Minute // of every other duration
	maxOptions   = 100         // in a menu of Slack's
	maxReminders = 10          // of one list: each is a message
)

// ParseDuration reads a duration as operators write it: 90m, 8h or 30d.
func ParseDuration(word string) (time.Duration, error) {
	word = strings.TrimSpace(word)
	if days, ok := strings.CutSuffix(word, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err == nil && n > 0 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(word)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration, like 90m, 8h or 30d", word)
	}
	return d, nil
}

// FormatDuration writes a duration as operators write it.
func FormatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d > day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	word := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(word, zero) {
			word = word[:len(word)-2]
		}
	}
	return word
}

// ParsePrefixLength reads the prefix length of a network, in bits: /24 or 24.
func ParsePrefixLength(word string) (int, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(word), "/"), 10, 8)
	if err != nil {
		return 0, fmt.Errorf("%q is not the prefix length of a network, like /24", word)
	}
	return int(n), nil
}

func (r *reader) duration(n *yaml.Node, what string, base time.Duration) time.Duration {
	if d, ok := r.atLeast(n, what, minWait); ok {
		return d
	}
	return base
}

func (r *reader) atLeast(n *yaml.Node, what string, least time.Duration) (time.Duration, bool) {
	if n == nil {
		return 0, false
	}
	word, ok := r.scalar(n, what)
	if !ok {
		return 0, false
	}
	d, err := ParseDuration(word)
	switch {
	case r.problemIf(n, err != nil, "%s: %v", what, err):
		return 0, false
	case r.problemIf(n, d < least, "%s is %s: at least %s", what, word, FormatDuration(least)):
		return 0, false
	}
	return d, true
}

// durations reads a list of durations, which may not be empty.
func (r *reader) durations(n *yaml.Node, what string, least time.Duration, most int) []time.Duration {
	var all []time.Duration
	for _, item := range r.scalars(n, what) {
		if d, ok := r.atLeast(item, what, least); ok {
			all = append(all, d)
		}
	}
	r.problemIf(n, n.Kind == yaml.SequenceNode && len(n.Content) == 0, "%s is empty", what)
	r.problemIf(n, len(n.Content) > most, "%s has %d entries: at most %d", what, len(n.Content), most)
	return all
}

// reminders reads the times of reminders. An empty list means none.
func (r *reader) reminders(n *yaml.Node, what string, base []time.Duration) []time.Duration {
	switch {
	case n == nil:
		return base
	case n.Kind == yaml.SequenceNode && len(n.Content) == 0:
		return nil
	}
	return r.durations(n, what, minWait, maxReminders)
}
