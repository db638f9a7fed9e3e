package policyfile

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

type durationOf = time.Duration

const (
	minLifetime  = time.Hour   // of a key
	minWait      = time.Minute // that anybody could keep
	maxChoices   = 100         // in a menu of Slack's
	maxReminders = 10          // since each is a message
)

// ParseDuration reads a length of time in an operator's words: 90m, 8h or 30d.
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
		return 0, fmt.Errorf("%q is not a length of time, like 90m, 8h or 30d", word)
	}
	return d, nil
}

// FormatDuration writes a length of time in an operator's words.
func FormatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d > day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	word := d.String()
	for _, nothing := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(word, nothing) {
			word = word[:len(word)-2]
		}
	}
	return word
}

// ParseMask reads the length of a network's prefix, in bits: /24 or 24.
func ParseMask(word string) (int, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(word), "/"), 10, 8)
	if err != nil {
		return 0, fmt.Errorf("%q is not the length of a network's prefix, like /24", word)
	}
	return int(n), nil
}

func (r *reader) duration(n *yaml.Node, what string, stay time.Duration) time.Duration {
	if d, ok := r.atLeast(n, what, minWait); ok {
		return d
	}
	return stay
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

// durations reads a list that has to have something in it.
func (r *reader) durations(n *yaml.Node, what string, least time.Duration, most int) []time.Duration {
	var all []time.Duration
	for _, item := range r.scalars(n, what) {
		if d, ok := r.atLeast(item, what, least); ok {
			all = append(all, d)
		}
	}
	r.problemIf(n, n.Kind == yaml.SequenceNode && len(n.Content) == 0, "%s has nothing in it", what)
	r.problemIf(n, len(n.Content) > most, "%s has %d entries: at most %d", what, len(n.Content), most)
	return all
}

// reminders reads times at which somebody gets a message. None is a wish, too.
func (r *reader) reminders(n *yaml.Node, what string, stay []time.Duration) []time.Duration {
	switch {
	case n == nil:
		return stay
	case n.Kind == yaml.SequenceNode && len(n.Content) == 0:
		return nil
	}
	return r.durations(n, what, minWait, maxReminders)
}
