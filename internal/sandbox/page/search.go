package page

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"atlaskeybot/internal/sandbox/slack"
)

// A modal while it is filled in. Slack's client keeps what stands in it and
// sends it along with whatever is pressed; here the whole form comes along.

// search is a select whose options the app suggests while a person types.
type search struct {
	URL   string // where what is typed is sent
	One   bool   // the next choice replaces the last
	Picks []drawnOption
}

func (d drawer) search(c control, b block, e element) *search {
	if c.Kind != "search" {
		return nil
	}
	query := url.Values{"block": {b.BlockID}, "action": {e.ActionID}}
	s := &search{URL: "/page/load-options?" + query.Encode(), One: e.Type == "external_select"}
	for _, o := range d.state.picked(b.BlockID, e.ActionID) {
		s.Picks = append(s.Picks, drawnOption{
			ID: domID(c.ID+"-pick", o.Value), Value: o.Value, Plain: o.Text.label(), Text: d.text(&o.Text),
		})
	}
	return s
}

// notes says when a field is sent while it is filled in: slack.DispatchRules,
// as far as they are about what a browser has to do.
func notes(b block, e element) string {
	switch {
	case b.Type != "input":
		return "change"
	case !b.Dispatch:
		return ""
	case e.Type != "plain_text_input" && e.Type != "number_input":
		return "change"
	case len(e.Dispatch.On) == 0:
		return "enter"
	}
	words := strings.Join(e.Dispatch.On, " ")
	return strings.NewReplacer("on_character_entered", "change", "on_enter_pressed", "enter").Replace(words)
}

// fill sends changes to the app where the dispatch rules say so.
func (p *page) fill(ctx context.Context, ask url.Values) error {
	values, err := p.filled(ask)
	if err != nil || len(values) == 0 {
		return err
	}
	return p.Slack.Fill(ctx, ask.Get("as"), values)
}

func (p *page) enter(ctx context.Context, ask url.Values) error {
	if err := p.fill(ctx, ask); err != nil {
		return err
	}
	blockID, actionID, _, err := fieldOf(ask.Get("field"))
	if err != nil {
		return err
	}
	return p.Slack.ClickEnter(ctx, ask.Get("as"), blockID, actionID)
}

// filled are the fields of a form that the modal still has: it may have changed
// while a person typed.
func (p *page) filled(ask url.Values) (map[string]map[string]slack.Value, error) {
	values, err := fields(ask)
	if err != nil {
		return nil, err
	}
	open := p.Slack.Screen(ask.Get("as")).Modal
	if open == nil {
		return values, nil // which Slack refuses
	}
	for blockID, actions := range values {
		for actionID := range actions {
			if _, there := open.Values[blockID][actionID]; !there {
				delete(actions, actionID)
			}
		}
		if len(actions) == 0 {
			delete(values, blockID)
		}
	}
	return values, nil
}

// menu is what drops down under a search.
type menu struct {
	ID      string // begins the DOM ids of its options
	Groups  []menuGroup
	Nothing string
}

type menuGroup struct {
	Label   string
	Options []slack.Option
}

// loadOptions answers with the menu itself: it changes with what a person
// types, and is no part of the screen that everything else is.
func (p *page) loadOptions(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	if err == nil && !p.knows(r.Form.Get("as")) {
		err = errUnknown
	}
	var found slack.LoadedOptions
	if err == nil {
		found, err = p.Slack.LoadOptions(r.Context(), r.Form.Get("as"), r.Form.Get("block"), r.Form.Get("action"), r.Form.Get("typed"))
	}
	var out bytes.Buffer
	if err == nil {
		err = p.drawing.ExecuteTemplate(&out, "menu", menuOf(r.Form.Get("menu"), found))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(out.Bytes()) // the browser is gone
}

// menuOf puts suggestions under their labels, in the app's order.
func menuOf(id string, found slack.LoadedOptions) menu {
	m := menu{ID: id, Nothing: found.Nothing}
	for _, o := range found.Options {
		last := len(m.Groups) - 1
		if last < 0 || m.Groups[last].Label != o.Group {
			m.Groups = append(m.Groups, menuGroup{Label: o.Group})
			last++
		}
		m.Groups[last].Options = slices.Concat(m.Groups[last].Options, []slack.Option{o})
	}
	return m
}
