package slackui

import (
	"fmt"
	"strings"
	"time"
)

// A mrkdwn is text that is already safe to show. Make one with [say].
type mrkdwn string

// escaper disarms the only three characters that Slack gives a meaning which
// reaches beyond the message: mentions and links begin with them.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// say formats args into format, escaping every argument that is not itself
// mrkdwn: a reason of "<!channel>" must be shown, not obeyed.
func say(format string, args ...any) mrkdwn {
	safe := make([]any, len(args))
	for i, a := range args {
		if m, ok := a.(mrkdwn); ok {
			safe[i] = string(m)
		} else {
			safe[i] = escaper.Replace(fmt.Sprint(a))
		}
	}
	return mrkdwn(fmt.Sprintf(format, safe...))
}

// sentences joins what is said, leaving out what is empty.
func sentences(all ...mrkdwn) mrkdwn { return joinedBy(" ", all...) }

func joinedBy(with string, all ...mrkdwn) mrkdwn {
	var said []string
	for _, s := range all {
		if s != "" {
			said = append(said, string(s))
		}
	}
	return mrkdwn(strings.Join(said, with))
}

// when names a moment in the reader's own time zone, with UTC for whoever
// cannot be shown that.
func when(t time.Time) mrkdwn {
	return say("<!date^%s^{date_short_pretty} at {time}|%s>", fmt.Sprint(t.Unix()), t.UTC().Format("2 Jan 2006 15:04 UTC"))
}

// span says a duration as people do: "8 hours", "7 days".
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return count(int(d/day), "day")
	case d >= time.Hour && d%time.Hour == 0:
		return count(int(d/time.Hour), "hour")
	case d%time.Minute == 0:
		return count(int(d/time.Minute), "minute")
	}
	return d.String()
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// clip shortens s to limit characters, never cutting one in two.
func clip(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit-1]) + "…"
}

// shorten does the same to what is safe to show already. What Slack reads as
// one thing, such as a mention, is kept whole or left out.
func shorten(m mrkdwn, limit int) mrkdwn {
	short := clip(string(m), limit)
	if short == string(m) {
		return m
	}
	for open, closing := range map[string]string{"<": ">", "&": ";"} {
		if at := strings.LastIndex(short, open); at > strings.LastIndex(short, closing) {
			short = short[:at] + "…"
		}
	}
	return mrkdwn(short)
}
