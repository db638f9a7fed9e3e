package slack

import (
	"encoding/json"
	"errors"
	"strings"
)

// An OptionRule is a requirement of Slack for a response to block_suggestion.
// If it is broken the menu stays empty, and a finding says why.
type OptionRule struct {
	Why    string
	Source string

	broken func(optionsResponse) (bool, string)
}

// optionsResponse is the app's response, or why there is none.
type optionsResponse struct {
	app string
	raw []byte
	err error
}

// Where the rules come from.
const (
	selectPage     = "docs.slack.dev/reference/block-kit/block-elements/select-menu-element"
	suggestionPage = "docs.slack.dev/reference/interaction-payloads/block_suggestion-payload"
)

// OptionRules are checked in order.
var OptionRules = []OptionRule{
	{"the app can be reached: by its WebSocket, or at /slack/options, its Options Load URL", selectPage, failed(errNoConnection)},
	{"it answers within three seconds", interaction, failed(errNoAck)},
	{"it answers with status 200", interaction, failed(errBadAnswer)},
	{"the answer is a JSON object; nothing at all means that there are no options", suggestionPage, func(s optionsResponse) (bool, string) {
		_, ok := s.object()
		return !ok, ""
	}},
	{"it has options or option_groups, and not both", suggestionPage, func(s optionsResponse) (bool, string) {
		o, _ := s.object()
		return len(o) > 0 && has(o, "options") == has(o, "option_groups"), ""
	}},
	{"it has at most 100 options or 100 groups, and a group at most 100 options", suggestionPage, func(s optionsResponse) (bool, string) {
		return s.checked(crowded)
	}},
	{"an option is made as in a static select, and an answer has nothing but options", selectPage, func(s optionsResponse) (bool, string) {
		return s.checked(also(record(fields{"options": may(list(0, 100, selectOption)), "option_groups": may(list(0, 100, optionGroup))})))
	}},
}

// broken is the first rule the answer breaks, or nil, and where it does.
func (s optionsResponse) broken() (rule *OptionRule, detail string) {
	for _, it := range OptionRules {
		if broken, detail := it.broken(s); broken {
			return &it, detail
		}
	}
	return nil, ""
}

func failed(why error) func(optionsResponse) (bool, string) {
	return func(s optionsResponse) (bool, string) { return errors.Is(s.err, why), "" }
}

// object parses the answer; an empty one is an empty object.
func (s optionsResponse) object() (o obj, ok bool) {
	if raw := strings.TrimSpace(string(s.raw)); raw == "" || raw == "null" {
		return obj{}, true
	}
	return o, json.Unmarshal(s.raw, &o) == nil
}

func (s optionsResponse) checked(shape spec) (broken bool, detail string) {
	o, _ := s.object()
	k := &checker{app: s.app}
	shape(k, "", o)
	if len(k.problems) == 0 {
		return false, ""
	}
	return true, ": " + k.problems[0].String()
}

// crowded counts options and groups, and looks at nothing else.
func crowded(k *checker, at string, v any) {
	anything := func(*checker, string, any) {}
	few := func(at string, v any) {
		if items, ok := v.([]any); ok {
			list(0, 100, anything)(k, at, items)
		}
	}
	o, _ := v.(obj)
	few(at+"/options", o["options"])
	few(at+"/option_groups", o["option_groups"])
	for _, g := range objects(o["option_groups"]) {
		few(at+"/option_groups/options", g["options"])
	}
}

func has(o obj, name string) bool {
	_, ok := o[name]
	return ok
}
