package page

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"slices"

	"atlaskeybot/internal/sandbox/slack"
)

// control is something to press, pick or fill in, ready for the template of
// its Kind.
type control struct {
	Kind        string // see kinds; also "picture" and "note"
	ID          string
	Name        string // of the form field
	Label       template.HTML
	Spoken      string // accessibility label
	URL         string // where pressing it is sent; empty: nothing happens until submit
	Style       string
	Value       string // of a text field
	Placeholder string
	Focus       bool
	Required    bool
	Invalid     bool
	Labelled    bool   // by a label around or beside it
	Notes       string // DOM ids of hint and error
	Tells       string // in a modal, when the app hears of it: change, enter
	Search      *search
	Groups      []drawnGroup
	Confirm     *drawnConfirm
}

type drawnGroup struct {
	Label   string
	Options []drawnOption
}

type drawnOption struct {
	ID          string
	Value       string
	URL         string // in an overflow menu, where every option is a button
	Plain       string
	Text        template.HTML
	Description template.HTML
	Chosen      bool
}

type drawnConfirm struct {
	ID    string
	Title template.HTML
	Text  template.HTML
	Yes   template.HTML
	No    template.HTML
	Style string
}

// kinds says which template draws an element.
var kinds = map[string]string{
	"button":              "button",
	"overflow":            "overflow",
	"static_select":       "select",
	"users_select":        "select",
	"radio_buttons":       "one",
	"checkboxes":          "many",
	"multi_static_select": "many",
	"multi_users_select":  "many",
	"plain_text_input":    "text",
	"number_input":        "number",
	"datepicker":          "date",
	"image":               "picture",

	"external_select":       "search",
	"multi_external_select": "search",
}

// control draws the element at place i of a block.
func (d drawer) control(i int, b block, e element) control {
	c := control{
		Kind:        kinds[e.Type],
		ID:          d.elementID(i, e),
		Name:        "value",
		Label:       d.text(e.Text),
		Spoken:      e.Label,
		Style:       e.Style,
		Placeholder: e.Placeholder.label(),
		Focus:       e.Focus,
	}
	chosen := d.chosen(b.BlockID, e)
	if c.Kind == "" || c.Kind == "search" && !d.inForm {
		c.Kind, c.Label = "note", plainText(fmt.Sprintf("This page cannot draw the element %q.", e.Type), false)
		return c
	}
	switch c.Kind {
	case "picture":
		c.Label = plainText(e.AltText, false)
		return c
	case "text", "number", "date":
		c.Value = slices.Concat(chosen, []string{""})[0]
		if e.Multiline {
			c.Kind = "area"
		}
	}
	c.URL = d.pressing(e.ActionID, e.Value)
	c.Groups = d.groups(c, e, chosen)
	if d.inForm && c.Kind != "button" && c.Kind != "overflow" {
		c.URL, c.Name, c.Tells = "", fieldName(b.BlockID, e.ActionID), notes(b, e)
		c.Search = d.search(c, b, e)
	}
	if e.Confirm != nil {
		c.Confirm = &drawnConfirm{
			ID: c.ID + "-confirm", Style: e.Confirm.Style,
			Title: d.text(&e.Confirm.Title), Text: d.text(&e.Confirm.Text),
			Yes: d.text(&e.Confirm.Confirm), No: d.text(&e.Confirm.Deny),
		}
	}
	return c
}

// elementID names an element by the app's ids: another id is another field, in
// which nothing of what a person typed is left.
func (d drawer) elementID(i int, e element) string {
	if e.ActionID == "" {
		return fmt.Sprintf("%s-%d", d.id, i)
	}
	return d.id + "/" + url.PathEscape(e.ActionID)
}

// chosen is what stands in an element now.
func (d drawer) chosen(blockID string, e element) []string {
	if v, touched := d.values[blockID][e.ActionID]; touched {
		return v
	}
	return e.initial()
}

func (d drawer) groups(c control, e element, chosen []string) []drawnGroup {
	if e.Type == "users_select" || e.Type == "multi_users_select" {
		e.Options = d.peopleOptions(chosen)
	}
	var groups []drawnGroup
	for g, from := range e.choices() {
		group := drawnGroup{Label: from.Label.label()}
		for i, o := range from.Options {
			group.Options = append(group.Options, drawnOption{
				ID: fmt.Sprintf("%s-%d-%d", c.ID, g, i), Value: o.Value, URL: d.pressing(e.ActionID, o.Value),
				Plain: o.Text.label(), Text: d.text(&o.Text), Description: d.text(o.Description),
				Chosen: slices.Contains(chosen, o.Value),
			})
		}
		groups = append(groups, group)
	}
	return groups
}

// peopleOptions are the people a menu offers, and who is chosen already: they
// may have left since.
func (d drawer) peopleOptions(chosen []string) []option {
	var options []option
	for _, p := range d.listed {
		options = append(options, option{Text: text{Text: p.RealName}, Value: p.ID})
	}
	for _, id := range chosen {
		if !slices.ContainsFunc(d.listed, func(p slack.Person) bool { return p.ID == id }) {
			options = append(options, option{Text: text{Text: cmp.Or(d.names.people[id], id)}, Value: id})
		}
	}
	return options
}

// pressing is the URL of pressing an action. A button without a value sends none.
func (d drawer) pressing(actionID, value string) string {
	query := url.Values{"action": {actionID}}
	if value != "" {
		query.Set("value", value)
	}
	return d.press + "&" + query.Encode()
}
