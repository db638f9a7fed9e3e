package slack

import "slices"

// A holder says how Slack reports what was filled into an element, and where
// the element keeps what it starts with.
type holder struct {
	key     string // in the state: "selected_option"
	initial string
	many    bool
	choice  bool // one of the options, not a text
	person  bool // the id of a person
	text    bool // typed, character by character
}

// holders are the elements that hold a value. Buttons and overflow menus do not.
var holders = map[string]holder{
	"plain_text_input":      {key: "value", initial: "initial_value", text: true},
	"number_input":          {key: "value", initial: "initial_value", text: true},
	"datepicker":            {key: "selected_date", initial: "initial_date"},
	"users_select":          {key: "selected_user", initial: "initial_user", person: true},
	"multi_users_select":    {key: "selected_users", initial: "initial_users", many: true, person: true},
	"static_select":         {key: "selected_option", initial: "initial_option", choice: true},
	"external_select":       {key: "selected_option", initial: "initial_option", choice: true},
	"radio_buttons":         {key: "selected_option", initial: "initial_option", choice: true},
	"checkboxes":            {key: "selected_options", initial: "initial_options", many: true, choice: true},
	"multi_static_select":   {key: "selected_options", initial: "initial_options", many: true, choice: true},
	"multi_external_select": {key: "selected_options", initial: "initial_options", many: true, choice: true},
}

// initialValues are the values blocks start with.
func initialValues(blocks []obj) map[string]map[string]Value {
	values := map[string]map[string]Value{}
	eachHolder(blocks, func(block, action string, e obj, h holder) {
		if values[block] == nil {
			values[block] = map[string]Value{}
		}
		values[block][action] = initialValue(e, h)
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

// values is "state.values" of a payload.
func (f form) values() obj {
	state := obj{}
	eachHolder(f.blocks, func(block, action string, e obj, h holder) {
		if state[block] == nil {
			state[block] = obj{}
		}
		state[block].(obj)[action] = reported(e, h, f.entered[block][action], f.offered[elementRef{block, action}])
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

// choices are the options a person can pick of an element, the latest first.
func choices(e obj, offered []obj) []obj {
	all := append(slices.Clone(offered), optionsOf(e)...)
	return append(all, initialOptions(e)...)
}

func initialOptions(e obj) []obj {
	if o, ok := e["initial_option"].(obj); ok {
		return []obj{o}
	}
	return objects(e["initial_options"])
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
