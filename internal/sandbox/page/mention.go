package page

import (
	"cmp"
	"html"
	"strconv"
	"strings"
	"time"
)

// mention draws what stands between < and >: a person, a channel, a date, a
// group, a broadcast, or a link. Links are shown, never followed.
func (n names) mention(s string) string {
	target, label, _ := strings.Cut(s, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return n.person(target[1:], label)
	case strings.HasPrefix(target, "#"):
		return tag("mention", "", "#"+cmp.Or(n.channels[target[1:]], label, target[1:]))
	case strings.HasPrefix(target, "!date^"):
		return moment(strings.TrimPrefix(target, "!date^"), label)
	case strings.HasPrefix(target, "!subteam^"):
		id := strings.TrimPrefix(target, "!subteam^")
		return tag("mention", id, "@"+cmp.Or(n.groups[id], strings.TrimPrefix(label, "@"), id))
	case strings.HasPrefix(target, "!"):
		return tag("mention broadcast", "this reaches everybody", "@"+cmp.Or(label, target[1:]))
	case strings.Contains(target, ":"):
		return tag("link", decode(target), decode(cmp.Or(label, target)))
	}
	return html.EscapeString(decode("<" + s + ">"))
}

func (n names) person(id, label string) string {
	class := "mention"
	if id == n.me {
		class = "mention me"
	}
	return tag(class, id, "@"+cmp.Or(n.people[id], label, id))
}

func tag(class, title, text string) string {
	return `<span class="` + class + `" title="` + html.EscapeString(title) + `">` + html.EscapeString(text) + `</span>`
}

// moment draws <!date^seconds^format^link|fallback>. The script rewrites it in
// the browser's time zone; until then the fallback stands there.
func moment(s, fallback string) string {
	seconds, rest, _ := strings.Cut(s, "^")
	format, _, _ := strings.Cut(rest, "^")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return html.EscapeString(decode(fallback))
	}
	at := time.Unix(unix, 0).UTC().Format(time.RFC3339)
	return `<time datetime="` + at + `" data-format="` + html.EscapeString(decode(format)) + `">` + html.EscapeString(decode(fallback)) + `</time>`
}
