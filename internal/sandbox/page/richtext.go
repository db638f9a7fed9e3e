package page

import (
	"fmt"
	"html"
	"html/template"
	"strings"
	"time"
)

// richPart is any part of a rich_text block: a section, a list, a quote, a
// preformatted text, or a piece of one of them.
type richPart struct {
	Type     string     `json:"type"`
	Elements []richPart `json:"elements"`
	Style    richStyle  `json:"style"`
	Indent   int        `json:"indent"`

	Text        string `json:"text"`
	URL         string `json:"url"`
	Name        string `json:"name"` // emoji
	UserID      string `json:"user_id"`
	ChannelID   string `json:"channel_id"`
	UsergroupID string `json:"usergroup_id"`
	Range       string `json:"range"`
	Value       string `json:"value"` // color
	Timestamp   int64  `json:"timestamp"`
	Format      string `json:"format"`
	Fallback    string `json:"fallback"`
}

// richStyle is an object on a piece and a word on a list.
type richStyle struct {
	Bold, Italic, Strike, Code bool
	List                       string
}

// UnmarshalJSON takes either form.
func (s *richStyle) UnmarshalJSON(b []byte) error {
	if len(b) > 1 && b[0] == '"' {
		s.List = string(b[1 : len(b)-1])
		return nil
	}
	var marks struct{ Bold, Italic, Strike, Code bool }
	if err := unmarshal(b, &marks); err != nil {
		return err
	}
	s.Bold, s.Italic, s.Strike, s.Code = marks.Bold, marks.Italic, marks.Strike, marks.Code
	return nil
}

// rich draws a rich_text block. Its texts are characters, not markup: only what
// an element says is drawn, nothing that is written in it.
func (n names) rich(parts []richPart) template.HTML {
	var out strings.Builder
	for _, part := range parts {
		switch part.Type {
		case "rich_text_preformatted":
			out.WriteString("<pre>" + n.pieces(part.Elements, "\n") + "</pre>")
		case "rich_text_quote":
			out.WriteString("<blockquote>" + n.pieces(part.Elements, "<br>") + "</blockquote>")
		case "rich_text_list":
			out.WriteString(n.list(part))
		default:
			out.WriteString("<p>" + n.pieces(part.Elements, "<br>") + "</p>")
		}
	}
	return template.HTML(out.String())
}

func (n names) list(part richPart) string {
	element := "ul"
	if part.Style.List == "ordered" {
		element = "ol"
	}
	var items strings.Builder
	for _, item := range part.Elements {
		items.WriteString("<li>" + n.pieces(item.Elements, "<br>") + "</li>")
	}
	return fmt.Sprintf(`<%s class="indent-%d">%s</%[1]s>`, element, min(max(part.Indent, 0), 8), items.String())
}

func (n names) pieces(pieces []richPart, newline string) string {
	var out strings.Builder
	for _, piece := range pieces {
		out.WriteString(piece.Style.wrap(n.piece(piece, newline)))
	}
	return out.String()
}

func (n names) piece(p richPart, newline string) string {
	switch p.Type {
	case "user":
		return n.person(p.UserID, "")
	case "channel":
		return n.mention("#" + p.ChannelID)
	case "usergroup":
		return n.mention("!subteam^" + p.UsergroupID)
	case "broadcast":
		return n.mention("!" + p.Range)
	case "emoji":
		if emoji[p.Name] != "" {
			return picture(p.Name)
		}
		return html.EscapeString(":" + p.Name + ":")
	case "link":
		text := p.Text
		if text == "" {
			text = p.URL
		}
		return tag("link", p.URL, text)
	case "date":
		at := time.Unix(p.Timestamp, 0).UTC().Format(time.RFC3339)
		return `<time datetime="` + at + `" data-format="` + html.EscapeString(p.Format) + `">` + html.EscapeString(p.Fallback) + `</time>`
	}
	return strings.ReplaceAll(html.EscapeString(p.Text), "\n", newline)
}

func (s richStyle) wrap(drawn string) string {
	for _, mark := range []struct {
		on      bool
		element string
	}{{s.Code, "code"}, {s.Strike, "del"}, {s.Italic, "em"}, {s.Bold, "strong"}} {
		if mark.on {
			drawn = "<" + mark.element + ">" + drawn + "</" + mark.element + ">"
		}
	}
	return drawn
}
