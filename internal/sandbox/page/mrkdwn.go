package page

import (
	"html"
	"html/template"
	"strings"
	"unicode"
	"unicode/utf8"
)

// names turns ids into what people call them.
type names struct {
	me       string
	people   map[string]string
	channels map[string]string
	groups   map[string]string
}

// mrkdwn draws Slack's markup. Whatever s holds, the result is escaped text and
// the few elements written in this file and in mention.go, without attributes
// that run or load anything.
func (n names) mrkdwn(s string) template.HTML {
	var out strings.Builder
	parts := strings.Split(s, "```")
	for i, part := range parts {
		last := i == len(parts)-1
		switch {
		case i%2 == 1 && !last:
			out.WriteString("<pre>" + n.literal(strings.Trim(part, "\n")) + "</pre>")
			continue
		case i%2 == 1: // a fence that nothing closes is text
			part = "```" + part
		case i > 0: // the fence broke the line already
			part = strings.TrimPrefix(part, "\n")
		}
		if !last {
			part = strings.TrimSuffix(part, "\n")
		}
		n.lines(&out, part)
	}
	return template.HTML(out.String())
}

// lines draws text without fences: quotes are whole lines.
func (n names) lines(out *strings.Builder, s string) {
	var quoted, plain []string
	flush := func() {
		if len(quoted) > 0 {
			out.WriteString("<blockquote>" + strings.Join(quoted, "<br>") + "</blockquote>")
		}
		if text := strings.Join(plain, "<br>"); text != "" {
			out.WriteString(text)
		}
		quoted, plain = nil, nil
	}
	for line := range strings.SplitSeq(s, "\n") {
		if said, ok := cutQuote(line); ok {
			if len(plain) > 0 {
				flush()
			}
			quoted = append(quoted, n.inline(said))
			continue
		}
		if len(quoted) > 0 {
			flush()
		}
		plain = append(plain, n.inline(line))
	}
	flush()
}

func cutQuote(line string) (string, bool) {
	said, ok := strings.CutPrefix(line, "&gt;")
	if !ok {
		said, ok = strings.CutPrefix(line, ">")
	}
	return strings.TrimPrefix(said, " "), ok
}

// styles are the marks that come in pairs around words of one line.
var styles = map[byte]string{'*': "strong", '_': "em", '~': "del"}

// inline draws one line.
func (n names) inline(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		drawn, size := n.token(s, i)
		out.WriteString(drawn)
		i += size
	}
	return out.String()
}

// token draws what starts at s[i] and says how many bytes of s that was.
func (n names) token(s string, i int) (drawn string, size int) {
	rest := s[i:]
	switch c := rest[0]; c {
	case '<':
		if end := strings.IndexByte(rest, '>'); end > 0 {
			return n.mention(rest[1:end]), end + 1
		}
	case '`':
		if end := strings.IndexByte(rest[1:], '`'); end > 0 {
			return "<code>" + n.literal(rest[1:end+1]) + "</code>", end + 2
		}
	case '*', '_', '~':
		if inner, ok := between(s, i); ok {
			return "<" + styles[c] + ">" + n.inline(inner) + "</" + styles[c] + ">", len(inner) + 2
		}
	case ':':
		if name, length := shortcode(rest); length > 0 {
			return picture(name), length
		}
	case '&':
		for _, entity := range []string{"&amp;", "&lt;", "&gt;"} {
			if strings.HasPrefix(rest, entity) {
				return entity, len(entity)
			}
		}
	}
	_, size = utf8.DecodeRuneInString(rest)
	return html.EscapeString(rest[:size]), size
}

// between finds the text from the mark at s[i] to its twin. Marks inside a word
// (snake_case, 2*3*4) and marks next to blanks mean nothing.
func between(s string, i int) (string, bool) {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	if i > 0 && plural(before) {
		return "", false
	}
	inner := s[i+1:]
	for end := 1; end < len(inner); end++ {
		if inner[end] != s[i] || inner[end-1] == ' ' || inner[0] == ' ' {
			continue
		}
		after, _ := utf8.DecodeRuneInString(inner[end+1:])
		if end+1 == len(inner) || !plural(after) {
			return inner[:end], true
		}
	}
	return "", false
}

func plural(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// literal draws code: no styles, but Slack's entities are characters here too.
func (n names) literal(s string) string { return html.EscapeString(decode(s)) }

// plainText draws a plain_text object: no markup, but pictures unless the app
// said no.
func plainText(s string, pictures bool) template.HTML {
	var out strings.Builder
	eachPicture(decode(s), pictures, func(text, name string) {
		out.WriteString(html.EscapeString(text))
		if name != "" {
			out.WriteString(picture(name))
		}
	})
	return template.HTML(out.String())
}

// label is a plain_text object where only characters go, as in a menu.
func label(s string, pictures bool) string {
	var out strings.Builder
	eachPicture(decode(s), pictures, func(text, name string) { out.WriteString(text + emoji[name]) })
	return out.String()
}

// eachPicture calls draw for every emoji with the text before it, and once with
// the text after the last.
func eachPicture(s string, pictures bool, draw func(text, name string)) {
	start := 0
	for i := 0; pictures && i < len(s); {
		name, length := shortcode(s[i:])
		if length == 0 {
			i++
			continue
		}
		draw(s[start:i], name)
		i += length
		start = i
	}
	draw(s[start:], "")
}

// decode undoes the three entities Slack knows, once.
func decode(s string) string {
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(s)
}
