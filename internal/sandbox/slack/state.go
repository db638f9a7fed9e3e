package slack

import (
	"errors"
	"fmt"
	"slices"
)

// A holder says how Slack reports what was filled into an element, and where
// the element keeps what it starts with.
type holder struct {
	key     string // in the state: "selected_option"
	initial string
	many    bool
	choice  bool // one of the options, not a text
}

// holders are the elements that hold a value. Buttons and overflow menus do not.
var holders = map[string]holder{
	"plain_text_input":      {key: "value", initial: "initial_value"},
	"number_input":          {key: "value", initial: "initial_value"},
	"datepicker":            {key: "selected_date", initial: "initial_date"},
	"users_select":          {key: "selected_user", initial: "initial_user"},
	"multi_users_select":    {key: "selected_users", initial: "initial_users", many: true},
	"static_select":         {key: "selected_option", initial: "initial_option", choice: true},
	"external_select":       {key: "selected_option", initial: "initial_option", choice: true},
	"radio_buttons":         {key: "selected_option", initial: "initial_option", choice: true},
	"checkboxes":            {key: "selected_options", initial: "initial_options", many: true, choice: true},
	"multi_static_select":   {key: "selected_options", initial: "initial_options", many: true, choice: true},
	"multi_external_select": {key: "selected_options", initial: "initial_options", many: true, choice: true},
}

// initialValues are the values blocks start with. Where block_id and action_id
// were there before, what was filled in stays.
func initialValues(blocks []obj, before map[string]map[string]Value) map[string]map[string]Value {
	values := map[string]map[string]Value{}
	eachHolder(blocks, func(block, action string, e obj, h holder) {
		if values[block] == nil {
			values[block] = map[string]Value{}
		}
		old, kept := before[block][action]
		if !kept {
			old = initialValue(e, h)
		}
		values[block][action] = old
	})
	return values
}

func initialValue(e obj, h holder) Value {
	var v Value
	add := func(it any) {
		if o, ok := it.(obj); ok {
			it = o["value"]
		}
		if s := text(it); s != "" {
			v = append(v, s)
		}
	}
	if items, ok := e[h.initial].([]any); ok {
		for _, it := range items {
			add(it)
		}
		return v
	}
	add(e[h.initial])
	return v
}

// stateValues is "state.values" of a payload.
func stateValues(blocks []obj, entered map[string]map[string]Value, offered map[string][]obj) obj {
	if entered == nil {
		entered = initialValues(blocks, nil)
	}
	state := obj{}
	eachHolder(blocks, func(block, action string, e obj, h holder) {
		if state[block] == nil {
			state[block] = obj{}
		}
		state[block].(obj)[action] = reported(e, h, entered[block][action], offered[action])
	})
	return state
}

func eachHolder(blocks []obj, visit func(block, action string, e obj, h holder)) {
	for _, block := range blocks {
		for _, e := range interactive(block) {
			if h, ok := holders[text(e["type"])]; ok {
				visit(text(block["block_id"]), text(e["action_id"]), e, h)
			}
		}
	}
}

// reported is one element's value as Slack reports it: null where a single
// value is missing, an empty list where many could be.
func reported(e obj, h holder, v Value, offered []obj) obj {
	items := []any{}
	for _, s := range v.given() {
		if h.choice {
			items = append(items, pickedOption(e, s, offered))
		} else {
			items = append(items, s)
		}
	}
	o := obj{"type": e["type"], h.key: nil}
	switch {
	case h.many:
		o[h.key] = items
	case len(items) > 0:
		o[h.key] = items[0]
	}
	return o
}

// given is the value without empty strings.
func (v Value) given() Value {
	return slices.DeleteFunc(slices.Clone(v), func(s string) bool { return s == "" })
}

// choices are the options a person can pick of an element.
func choices(e obj, offered []obj) []obj {
	all := append(optionsOf(e), offered...)
	if o, ok := e["initial_option"].(obj); ok {
		all = append(all, o)
	}
	return append(all, objects(e["initial_options"])...)
}

// pickedOption is the whole option with the given value, or nil.
func pickedOption(e obj, value string, offered []obj) any {
	for _, o := range choices(e, offered) {
		if o["value"] == value {
			return o
		}
	}
	return nil
}

var errNoOption = errors.New("there is no such option")

// fits reports whether a person can fill v into e.
func (v Value) fits(e obj, offered []obj) error {
	h := holders[text(e["type"])]
	if !h.many && len(v) > 1 {
		return fmt.Errorf("%w: one value only for a %s", ErrCannot, e["type"])
	}
	for _, s := range v.given() {
		if h.choice && pickedOption(e, s, offered) == nil {
			return fmt.Errorf("%w: %w: %q", ErrCannot, errNoOption, s)
		}
	}
	return nil
}
