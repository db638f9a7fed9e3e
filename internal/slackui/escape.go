package slackui

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"atlaskeybot/internal/approval"
)

// A mrkdwn is text that is already safe to show. Make one with [mrkdwnf].
type mrkdwn string

// A botText is text that the bot itself wrote, such as a role's title or a
// duration. It is escaped and otherwise shown as it is.
type botText string

// escaper disarms the only three characters that Slack gives a meaning which
// reaches beyond the message: mentions and links begin with them.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// mrkdwnf formats args into format. What the bot wrote and ids and numbers of its
// own stand there as they are. Everything else, such as a string, is taken for
// the text of people and becomes [code]: a description of "*prod* :key:" or
// "<!channel>" must be shown, not obeyed, and must not look like a sentence of
// the bot's.
func mrkdwnf(format string, args ...any) mrkdwn {
	safe := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case mrkdwn:
			safe[i] = string(a)
		case botText, int, approval.ID, approval.State, approval.UserID, approval.GroupID:
			safe[i] = escaper.Replace(fmt.Sprint(a))
		default:
			safe[i] = string(code(fmt.Sprint(a)))
		}
	}
	return mrkdwn(fmt.Sprintf(format, safe...))
}

// code is text in which Slack formats nothing and draws no emoji: the groups of
// an address such as 2001:db8:100::5 are emoji codes elsewhere. A code span is
// one line and ends at a backtick, so both are replaced.
func code(text string) mrkdwn {
	line := strings.Join(strings.Fields(strings.ReplaceAll(text, "`", "'")), " ")
	if line == "" {
		return ""
	}
	return mrkdwn("`" + escaper.Replace(line) + "`")
}

// plainName has nothing in it that Slack could format.
var plainName = regexp.MustCompile(`^[\p{L}\p{M}\p{N}]+(?:[ .,-][\p{L}\p{M}\p{N}]+)*$`)

// orgText is an organization's name as its operator gave it: as it is, or as
// [code] if Slack could format it.
func orgText(name string) mrkdwn {
	if plainName.MatchString(name) {
		return mrkdwn(name)
	}
	return code(name)
}

// joinSentences joins what is said, leaving out what is empty.
func joinSentences(all ...mrkdwn) mrkdwn { return joinedBy(" ", all...) }

func joinedBy(with string, all ...mrkdwn) mrkdwn {
	var said []string
	for _, s := range all {
		if s != "" {
			said = append(said, string(s))
		}
	}
	return mrkdwn(strings.Join(said, with))
}

// unknownTime is said in the place of a time that was not recorded.
const unknownTime = "at an unknown time"

// slackDate names a moment in the reader's own time zone, with UTC for whoever
// cannot be shown that. The zero time is none, and is never shown as a date.
func slackDate(t time.Time) mrkdwn {
	if t.IsZero() {
		return unknownTime
	}
	return mrkdwnf("<!date^%s^{date_short_pretty} at {time}|%s>", botText(fmt.Sprint(t.Unix())), botText(utc(t)))
}

// humanDuration says a duration as people do: "8 hours", "7 days".
func humanDuration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return count(int(d/day), "day")
	case d >= time.Hour && d%time.Hour == 0:
		return count(int(d/time.Hour), "hour")
	case d%time.Minute == 0:
		return count(int(d/time.Minute), "minute")
	case d%time.Second == 0 && d < time.Minute:
		return count(int(d/time.Second), "second")
	}
	return d.String()
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// truncate shortens s to limit characters, never cutting one in two.
func truncate(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit-1]) + "…"
}

// truncateMrkdwn does the same to what is safe to show already. What Slack reads as
// one thing, such as a mention, is kept whole or left out, and code that was cut
// ends where the text does: its rest would be formatted.
func truncateMrkdwn(m mrkdwn, limit int) mrkdwn {
	if utf8.RuneCountInString(string(m)) <= limit {
		return m
	}
	short := truncate(string(m), limit-1) // leaves room for the end of code
	for open, closing := range map[string]string{"<": ">", "&": ";"} {
		if at := strings.LastIndex(short, open); at > strings.LastIndex(short, closing) {
			short = short[:at] + "…"
		}
	}
	if strings.Count(short, "`")%2 == 1 {
		short += "`"
	}
	return mrkdwn(short)
}
