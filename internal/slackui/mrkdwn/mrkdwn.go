package mrkdwn

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// UTC names a moment where Slack shows no reader's own time.
func UTC(t time.Time) string {
	if t.IsZero() {
		return unknownTime
	}
	return t.UTC().Format("2 Jan 2006 15:04 UTC")
}

// Text is mrkdwn that is safe to show. Make one with [Textf].
type Text string

// A BotText is text that the bot itself wrote, such as a role's title or a
// duration. It is escaped and otherwise shown as it is.
type BotText string

// escaper disarms the only three characters that Slack gives a meaning which
// reaches beyond the message: mentions and links begin with them.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Textf formats args into format. What the bot wrote and ids and numbers of its
// own stand there as they are. Everything else, such as a string, is taken for
// the text of people and becomes [code]: a description of "*prod* :key:" or
// "<!channel>" must be shown, not obeyed, and must not look like a sentence of
// the bot's.
func Textf(format string, args ...any) Text {
	safe := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case Text:
			safe[i] = string(a)
		case BotText, int, policy.ID, approval.State, policy.UserID, policy.GroupID:
			safe[i] = escaper.Replace(fmt.Sprint(a))
		default:
			safe[i] = string(Code(fmt.Sprint(a)))
		}
	}
	return Text(fmt.Sprintf(format, safe...))
}

// Code is text in which Slack formats nothing and draws no emoji: the groups of
// an address such as 2001:db8:100::5 are emoji codes elsewhere. A code span is
// one line and ends at a backtick, so both are replaced.
func Code(text string) Text {
	line := strings.Join(strings.Fields(strings.ReplaceAll(text, "`", "'")), " ")
	if line == "" {
		return ""
	}
	return Text("`" + escaper.Replace(line) + "`")
}

// plainName has nothing in it that Slack could format.
var plainName = regexp.MustCompile(`^[\p{L}\p{M}\p{N}]+(?:[ .,-][\p{L}\p{M}\p{N}]+)*$`)

// OrgText is a name that was given elsewhere, as of an organization or a person: as it is, or as
// [code] if Slack could format it.
func OrgText(name string) Text {
	if plainName.MatchString(name) {
		return Text(name)
	}
	return Code(name)
}

// JoinSentences joins what is said, leaving out what is empty.
func JoinSentences(all ...Text) Text { return JoinedBy(" ", all...) }

// JoinedBy joins the texts that are not empty.
func JoinedBy(with string, all ...Text) Text {
	var said []string
	for _, s := range all {
		if s != "" {
			said = append(said, string(s))
		}
	}
	return Text(strings.Join(said, with))
}

// unknownTime is said in the place of a time that was not recorded.
const unknownTime = "at an unknown time"

// Date names a moment in the reader's own time zone, with UTC for a client that
// cannot be shown that. The zero time is none, and is never shown as a date.
func Date(t time.Time) Text {
	if t.IsZero() {
		return unknownTime
	}
	return Textf("<!date^%s^{date_short_pretty} at {time}|%s>", BotText(fmt.Sprint(t.Unix())), BotText(UTC(t)))
}

// Duration says a duration as people do: "8 hours", "7 days".
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return Count(int(d/day), "day")
	case d >= time.Hour && d%time.Hour == 0:
		return Count(int(d/time.Hour), "hour")
	case d%time.Minute == 0:
		return Count(int(d/time.Minute), "minute")
	case d%time.Second == 0 && d < time.Minute:
		return Count(int(d/time.Second), "second")
	}
	return d.String()
}

// Count is a number with its noun, in the plural if need be.
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Truncate shortens s to limit characters, never cutting one in two.
func Truncate(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit-1]) + "…"
}

// TruncateText does the same to what is safe to show already. What Slack reads as
// one thing, such as a mention, is kept whole or left out, and code that was cut
// ends where the text does: its rest would be formatted.
func TruncateText(m Text, limit int) Text {
	if utf8.RuneCountInString(string(m)) <= limit {
		return m
	}
	short := Truncate(string(m), limit-1) // leaves room for the end of code
	for open, closing := range map[string]string{"<": ">", "&": ";"} {
		if at := strings.LastIndex(short, open); at > strings.LastIndex(short, closing) {
			short = short[:at] + "…"
		}
	}
	if strings.Count(short, "`")%2 == 1 {
		short += "`"
	}
	return Text(short)
}
