package slack

import (
	"maps"
	"reflect"
	"regexp"
)

// What elements have in common.
var (
	actionID    = fields{"action_id": may(str(1, 255))}
	confirms    = fields{"confirm": may(confirm)}
	focuses     = fields{"focus_on_load": may(focus)}
	placeholder = fields{"placeholder": may(plainText(150))}

	choosing = actionID.with(confirms).with(focuses)
	menu     = choosing.with(placeholder)
	many     = fields{"max_selected_items": may(whole(1, 100))}
	isDate   = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	date     = matching(isDate)
	number   = matching(anyNumber)
	userID   = matching(regexp.MustCompile(`^[UW][A-Z0-9]+$`))
)

// elements are the interactive elements this workspace knows, and the image.
// Slack has more; what it rolls out unevenly is refused here.
var elements = map[string]spec{
	"button": record(actionID.with(confirms).with(fields{
		"text":                must(plainText(75)),
		"value":               may(str(0, 2000)),
		"url":                 may(str(1, 3000)),
		"style":               may(oneOf("primary", "danger")),
		"accessibility_label": may(str(1, 75)),
	})),
	"overflow":      record(actionID.with(confirms).with(fields{"options": must(list(1, 5, menuOption))})),
	"checkboxes":    also(record(choosing.with(fields{"options": must(list(1, 10, markedOption)), "initial_options": may(list(1, 10, markedOption))})), initialListed),
	"radio_buttons": also(record(choosing.with(fields{"options": must(list(1, 10, markedOption)), "initial_option": may(markedOption)})), initialListed),

	"static_select":       also(record(menu.with(listed).with(fields{"initial_option": may(selectOption)})), eitherOptions, initialListed),
	"multi_static_select": also(record(menu.with(listed).with(many).with(fields{"initial_options": may(list(1, 100, selectOption))})), eitherOptions, initialListed),
	"external_select":     record(menu.with(fields{"min_query_length": may(whole(0, 3000)), "initial_option": may(selectOption)})),
	"multi_external_select": record(menu.with(many).with(fields{
		"min_query_length": may(whole(0, 3000)), "initial_options": may(list(1, 100, selectOption)),
	})),
	"users_select":       record(menu.with(fields{"initial_user": may(userID)})),
	"multi_users_select": record(menu.with(many).with(fields{"initial_users": may(list(1, 100, userID))})),
	"datepicker":         record(menu.with(fields{"initial_date": may(date)})),

	"plain_text_input": record(actionID.with(focuses).with(placeholder).with(fields{
		"initial_value":          may(str(0, 3000)),
		"multiline":              may(boolean),
		"min_length":             may(whole(0, 3000)),
		"max_length":             may(whole(1, 3000)),
		"dispatch_action_config": may(dispatchConfig),
	})),
	"number_input": record(actionID.with(focuses).with(placeholder).with(fields{
		"is_decimal_allowed":     must(boolean),
		"initial_value":          may(number),
		"min_value":              may(number),
		"max_value":              may(number),
		"dispatch_action_config": may(dispatchConfig),
	})),
	"image": picture,
}

var (
	listed = fields{
		"options":       may(list(1, 100, selectOption)),
		"option_groups": may(list(1, 100, optionGroup)),
	}
	dispatchConfig = record(fields{"trigger_actions_on": may(list(1, 2, oneOf("on_enter_pressed", "on_character_entered")))})
	picture        = record(fields{"image_url": must(str(1, 3000)), "alt_text": must(str(1, 2000))})
)

// but leaves elements out by type.
func but(types ...string) map[string]spec {
	rest := maps.Clone(elements)
	for _, t := range types {
		delete(rest, t)
	}
	return rest
}

func matching(re *regexp.Regexp) spec {
	return func(k *checker, at string, v any) {
		if s, ok := v.(string); !ok || !re.MatchString(s) {
			k.say(at, "failed to match schema")
		}
	}
}

func focus(k *checker, at string, v any) {
	boolean(k, at, v)
	if v == true {
		k.focused++
	}
}

// eitherOptions wants options or option_groups, and not both.
func eitherOptions(k *checker, at string, v any) {
	o, _ := v.(obj)
	_, flat := o["options"]
	_, grouped := o["option_groups"]
	switch {
	case !flat && !grouped:
		k.say(at, "missing required field: options")
	case flat && grouped:
		k.say(at, "invalid additional property: option_groups")
	}
}

// initialListed wants whatever is chosen at first to be one of the options,
// equal to the last character.
func initialListed(k *checker, at string, v any) {
	o, _ := v.(obj)
	choices := optionsOf(o)
	offered := func(pick any) bool {
		for _, c := range choices {
			if reflect.DeepEqual(c, pick) {
				return true
			}
		}
		return false
	}
	if pick, ok := o["initial_option"].(obj); ok && !offered(pick) {
		k.say(at+"/initial_option", "failed to match schema")
	}
	picks, _ := o["initial_options"].([]any)
	for _, pick := range picks {
		if !offered(pick) {
			k.say(at+"/initial_options", "failed to match schema")
		}
	}
}

// optionsOf lists the options of an element, grouped or not.
func optionsOf(element obj) []obj {
	var all []obj
	collect := func(v any) {
		items, _ := v.([]any)
		for _, it := range items {
			if o, ok := it.(obj); ok {
				all = append(all, o)
			}
		}
	}
	collect(element["options"])
	groups, _ := element["option_groups"].([]any)
	for _, g := range groups {
		if o, ok := g.(obj); ok {
			collect(o["options"])
		}
	}
	return all
}
