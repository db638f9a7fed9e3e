package slack

import (
	"errors"
	"fmt"
	"slices"
)

// A form is what a person fills in: a view, or a message as they see it.
type form struct {
	blocks  []obj
	entered map[string]map[string]Value // block_id, action_id
	offered map[elementRef][]obj        // of an external select: what the app suggested
}

// An elementRef identifies an element by the app's ids.
type elementRef struct{ block, action string }

func newForm(blocks []obj) form {
	return form{blocks: blocks, entered: initialValues(blocks), offered: map[elementRef][]obj{}}
}

func (v *view) form() form { return form{v.blocks(), v.entered, v.offered} }

// messageForm is a message with what user chose in it. Slack keeps that in
// the person's client, and sends it with every action on the message.
func (w *Workspace) messageForm(user string, m *message) form {
	f := newForm(objects(anyList(m.blocks)))
	s := w.sessions[user]
	if s == nil {
		return f // a forged click of an unknown user
	}
	for at, value := range s.chosen[m.ts] {
		if _, e := f.find(at); e != nil && w.fits(value, e, nil) == nil {
			f.entered[at.block][at.action] = value
		}
	}
	return f
}

func (s *session) choose(ts string, at elementRef, value Value) {
	if s.chosen == nil {
		s.chosen = map[string]map[elementRef]Value{}
	}
	if s.chosen[ts] == nil {
		s.chosen[ts] = map[elementRef]Value{}
	}
	s.chosen[ts][at] = value
}

// find returns the element that holds a value there, with its block, or nil.
func (f form) find(at elementRef) (block, element obj) {
	for _, b := range f.blocks {
		for _, e := range interactive(b) {
			_, holds := holders[text(e["type"])]
			if holds && b["block_id"] == at.block && e["action_id"] == at.action {
				return b, e
			}
		}
	}
	return nil, nil
}

// enter puts values in, if all of them fit.
func (w *Workspace) enter(f form, values map[string]map[string]Value) error {
	for _, block := range sorted(values) {
		for _, action := range sorted(values[block]) {
			at := elementRef{block, action}
			_, e := f.find(at)
			if e == nil {
				return cannot("the modal has no field %s/%s", block, action)
			}
			if err := w.fits(values[block][action], e, f.offered[at]); err != nil {
				return err
			}
		}
	}
	for block, actions := range values {
		for action, value := range actions {
			f.entered[block][action] = value
			w.typed = append(w.typed, value.given()...)
		}
	}
	return nil
}

var (
	errNoOption    = errors.New("there is no such option")
	errUnknownUser = errors.New("no listed person has that id")
)

// fits reports whether a person can fill v into e.
func (w *Workspace) fits(v Value, e obj, offered []obj) error {
	h := holders[text(e["type"])]
	if !h.many && len(v) > 1 {
		return fmt.Errorf("%w: one value only for a %s", ErrCannot, e["type"])
	}
	for _, s := range v.given() {
		switch {
		case h.choice && pickedOption(e, s, offered) == nil:
			return fmt.Errorf("%w: %w: %q", ErrCannot, errNoOption, s)
		case h.person && !w.listed(s) && !slices.Contains(initialValue(e, h), s):
			return fmt.Errorf("%w: %w: %q", ErrCannot, errUnknownUser, s)
		}
	}
	return nil
}

// listed reports whether a menu of people offers a user: members, guests and
// bots, and external users while a channel is shared with them, but no deactivated ones.
func (w *Workspace) listed(id string) bool {
	p := w.people[id]
	if p == nil {
		return id == BotUser
	}
	return !p.Deleted && (!p.stranger() || w.meets(id))
}
