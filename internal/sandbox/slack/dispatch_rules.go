package slack

import "slices"

// An occasion is something a person does with a field.
type occasion string

const (
	onChange occasion = "on_character_entered" // of a text; any other field changes as a whole
	onEnter  occasion = "on_enter_pressed"
)

// A DispatchRule says when a change of a field sends block_actions to the app before
// the view is submitted. The first rule that holds for a field decides.
type DispatchRule struct {
	Field  string // which fields
	Hears  string // which changes are sent
	Source string

	holds func(block, e obj) bool
	on    func(e obj) []occasion
}

// Where the rules come from.
const (
	inputPage    = "docs.slack.dev/reference/block-kit/blocks/input-block"
	dispatchPage = "docs.slack.dev/reference/block-kit/composition-objects/dispatch-action-configuration-object"
)

// DispatchRules are checked in order.
var DispatchRules = []DispatchRule{
	{"in a section or an actions block", "every change", blockPages,
		func(block, _ obj) bool { return block["type"] != "input" }, always(onChange)},
	{"in an input block without dispatch_action", "nothing", inputPage,
		func(block, _ obj) bool { return block["dispatch_action"] != true }, always()},
	{"a choice, a date, or people, with dispatch_action", "every change; of a choice of many, also every one in between", inputPage,
		func(_, e obj) bool { return !holders[text(e["type"])].text }, always(onChange)},
	{"a text or a number with trigger_actions_on", "Enter, every character, or both, as it says", dispatchPage,
		func(_, e obj) bool { return len(triggers(e)) > 0 }, triggers},
	{"a text or a number without trigger_actions_on", "Enter", guess,
		func(_, _ obj) bool { return true }, always(onEnter)},
}

func always(on ...occasion) func(obj) []occasion { return func(obj) []occasion { return on } }

// triggers are the occasions an element names itself.
func triggers(e obj) []occasion {
	config, _ := e["dispatch_action_config"].(obj)
	named, _ := config["trigger_actions_on"].([]any)
	var on []occasion
	for _, it := range named {
		on = append(on, occasion(text(it)))
	}
	return on
}

// tells reports whether an occasion is sent to the app.
func tells(block, e obj, what occasion) bool {
	for _, rule := range DispatchRules {
		if rule.holds(block, e) {
			return slices.Contains(rule.on(e), what)
		}
	}
	return false
}
