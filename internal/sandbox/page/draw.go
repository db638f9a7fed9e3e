package page

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"atlaskeybot/internal/sandbox/slack"
)

// A drawer turns blocks into what the templates lay out. Where they are shown
// decides what their buttons do.
type drawer struct {
	names
	people []slack.Person
	listed []slack.Person // whom a menu of people offers
	id     string         // begins the DOM ids of everything drawn
	press  string         // the act of its buttons: a path with its query
	inForm bool           // a modal: what is chosen is sent with everything else
	state  state
	values map[string]map[string]slack.Value
	errors map[string]string
}

// drawnBlock is a block ready for the template of its Kind.
type drawnBlock struct {
	Kind      string
	ID        string
	Text      template.HTML
	Fields    []template.HTML
	Items     []contextItem
	Controls  []control
	Accessory *control
	Input     *input
}

type contextItem struct {
	Alt  string // of a picture, which is never loaded
	Text template.HTML
}

type input struct {
	ID       string
	Label    template.HTML
	Hint     template.HTML
	Error    string
	Optional bool
	Group    bool // the label names several fields
	Enter    bool // Enter tells the app
	Field    control
	HintID   string
	ErrorID  string
}

func (d drawer) text(t *text) template.HTML {
	switch {
	case t == nil:
		return ""
	case t.Type == "mrkdwn":
		return d.mrkdwn(t.Text)
	}
	return plainText(t.Text, t.pictures())
}

func (t text) pictures() bool { return t.Emoji == nil || *t.Emoji }

func (t *text) label() string {
	if t == nil {
		return ""
	}
	return label(t.Text, t.pictures())
}

func (d drawer) blocks(all []block) []drawnBlock {
	drawn := make([]drawnBlock, len(all))
	for i, b := range all {
		drawn[i] = d.block(i, b)
	}
	return drawn
}

func (d drawer) block(i int, b block) drawnBlock {
	id := domID(d.id, b.BlockID)
	if b.BlockID == "" {
		id = fmt.Sprintf("%s-%d", d.id, i)
	}
	d.id = id
	drawn := drawnBlock{Kind: b.Type, ID: id, Text: d.text(b.Text)}
	switch b.Type {
	case "header", "divider":
	case "section":
		for _, f := range b.Fields {
			drawn.Fields = append(drawn.Fields, d.text(&f))
		}
		if b.Accessory != nil {
			drawn.Accessory = new(d.control(0, b, *b.Accessory))
		}
	case "context":
		drawn.Items = d.context(b.Elements)
	case "actions":
		drawn.Controls = d.controls(b)
	case "rich_text":
		drawn.Text = d.richBlock(b.Elements)
	case "image":
		drawn.Items = []contextItem{{Alt: b.AltText, Text: d.text(b.Title)}}
	case "input":
		drawn.Input = d.input(b)
	default:
		drawn.Kind, drawn.Text = "unknown", plainText(b.Type, false)
	}
	return drawn
}

func (d drawer) context(raw json.RawMessage) []contextItem {
	var elements []struct {
		text
		AltText string `json:"alt_text"`
	}
	if err := unmarshal(raw, &elements); err != nil {
		return []contextItem{{Text: plainText(err.Error(), false)}}
	}
	items := make([]contextItem, len(elements))
	for i, e := range elements {
		items[i] = contextItem{Alt: e.AltText}
		if e.Type != "image" {
			items[i].Text = d.text(&e.text)
		}
	}
	return items
}

func (d drawer) controls(b block) []control {
	var elements []element
	if err := unmarshal(b.Elements, &elements); err != nil {
		return []control{{Kind: "note", Label: plainText(err.Error(), false)}}
	}
	drawn := make([]control, len(elements))
	for i, e := range elements {
		drawn[i] = d.control(i, b, e)
	}
	return drawn
}

func (d drawer) richBlock(raw json.RawMessage) template.HTML {
	var parts []richPart
	if err := unmarshal(raw, &parts); err != nil {
		return plainText(err.Error(), false)
	}
	return d.rich(parts)
}

func (d drawer) input(b block) *input {
	if b.Element == nil {
		return nil
	}
	in := &input{
		ID: d.id, Label: d.text(b.Label), Hint: d.text(b.Hint), Error: d.errors[b.BlockID], Optional: b.Optional,
		HintID: d.id + "//hint", ErrorID: d.id + "//error",
	}
	in.Field = d.control(0, b, *b.Element)
	in.Field.Labelled = true
	in.Field.Required, in.Field.Notes, in.Field.Invalid = !b.Optional, in.notes(), in.Error != ""
	if !b.Dispatch {
		in.Field.URL = ""
	}
	in.Enter = slices.Contains(strings.Fields(in.Field.Tells), "enter") && in.Field.Kind != "area"
	in.Group = slices.Contains([]string{"many", "one"}, in.Field.Kind)
	return in
}

// notes are the DOM ids of what explains the field.
func (in *input) notes() string {
	var ids []string
	if in.Error != "" {
		ids = append(ids, in.ErrorID)
	}
	if in.Hint != "" {
		ids = append(ids, in.HintID)
	}
	return strings.Join(ids, " ")
}

// domID joins parts into an id without blanks, whatever is in them.
func domID(prefix, part string) string { return prefix + "-" + url.PathEscape(part) }
