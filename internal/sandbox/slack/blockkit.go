package slack

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// obj is a JSON object. Payloads and views are passed on as they came, so they
// are kept as JSON and not as types of ours.
type obj = map[string]any

// A surface is where blocks are shown; it decides which of them are allowed.
type surface string

const (
	onMessage surface = "message"
	onModal   surface = "modal"
	onHome    surface = "home"
)

// A problem is one thing wrong with blocks or a view, in Slack's words.
type problem struct{ text, at string }

func (p problem) String() string {
	if p.at == "" {
		return p.text
	}
	return fmt.Sprintf("%s [json-pointer:%s]", p.text, p.at)
}

// checker walks blocks and collects problems.
type checker struct {
	app      string
	on       surface
	problems []problem
	blockIDs map[string]bool
	focused  int
}

func (k *checker) say(at, format string, args ...any) {
	k.problems = append(k.problems, problem{fmt.Sprintf(format, args...), at})
}

// A spec checks one JSON value. The texts are Slack's where they are
// known; "failed to match schema" stands for the others.
type spec func(k *checker, at string, v any)

type field struct {
	check    spec
	required bool
}

type fields map[string]field

func must(s spec) field { return field{s, true} }
func may(s spec) field  { return field{s, false} }

// with returns f and more; more wins.
func (f fields) with(more fields) fields {
	all := fields{}
	for name, it := range f {
		all[name] = it
	}
	for name, it := range more {
		all[name] = it
	}
	return all
}

// record is an object with exactly these fields, "type" aside.
func record(f fields) spec {
	return func(k *checker, at string, v any) {
		o, ok := v.(obj)
		if !ok {
			k.say(at, "must provide an object")
			return
		}
		for _, name := range sorted(f) {
			value, present := o[name]
			switch {
			case present:
				f[name].check(k, at+"/"+name, value)
			case f[name].required:
				k.say(at, "missing required field: %s", name)
			}
		}
		for _, name := range sorted(o) {
			if _, known := f[name]; !known && name != "type" {
				k.say(at, "invalid additional property: %s", name)
			}
		}
	}
}

// str is a string of least to most characters.
func str(least, most int) spec {
	return func(k *checker, at string, v any) {
		s, ok := v.(string)
		switch n := utf8.RuneCountInString(s); {
		case !ok:
			k.say(at, "must provide a string")
		case n < least:
			k.say(at, "must be more than %d characters", least-1)
		case n > most:
			k.say(at, "must be less than %d characters", most+1)
		}
	}
}

// list is an array of least to most items.
func list(least, most int, item spec) spec {
	return func(k *checker, at string, v any) {
		items, ok := v.([]any)
		if !ok {
			k.say(at, "must provide an array")
			return
		}
		if len(items) > most {
			k.say(at, "no more than %d items allowed", most)
		}
		if len(items) < least {
			k.say(at, "no fewer than %d items allowed", least)
		}
		for i, it := range items {
			item(k, fmt.Sprintf("%s/%d", at, i), it)
		}
	}
}

func boolean(k *checker, at string, v any) {
	if _, ok := v.(bool); !ok {
		k.say(at, "failed to match schema")
	}
}

// whole is an integer from least to most.
func whole(least, most float64) spec {
	return func(k *checker, at string, v any) {
		n, ok := v.(float64)
		if !ok || n < least || n > most || n != float64(int(n)) {
			k.say(at, "failed to match schema")
		}
	}
}

func oneOf(allowed ...string) spec {
	return func(k *checker, at string, v any) {
		if s, ok := v.(string); !ok || !slices.Contains(allowed, s) {
			k.say(at, "failed to match schema")
		}
	}
}

// variant is an object whose type picks the spec.
func variant(kinds map[string]spec) spec {
	return func(k *checker, at string, v any) {
		o, ok := v.(obj)
		if !ok {
			k.say(at, "must provide an object")
			return
		}
		kind, ok := o["type"].(string)
		if !ok {
			k.say(at, "missing required field: type")
			return
		}
		check, ok := kinds[kind]
		if !ok {
			k.say(at+"/type", "unsupported type: %s", kind)
			return
		}
		check(k, at, v)
	}
}

// also runs more checks on the same value.
func also(checks ...spec) spec {
	return func(k *checker, at string, v any) {
		for _, check := range checks {
			check(k, at, v)
		}
	}
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// checkBlocks returns what is wrong with a message's blocks.
func checkBlocks(app string, blocks any) []problem {
	k := &checker{app: app, on: onMessage, blockIDs: map[string]bool{}}
	list(0, 50, anyBlock)(k, "/blocks", blocks)
	return k.problems
}

// checkView returns what is wrong with a modal or a Home view.
func checkView(app string, on surface, v any) []problem {
	k := &checker{app: app, on: on, blockIDs: map[string]bool{}}
	o, isObject := v.(obj)
	kind, _ := o["type"].(string)
	switch {
	case !isObject:
		k.say("/view", "must provide an object")
	case kind != string(on):
		k.say("/view/type", "unsupported type: %s", kind)
	case on == onModal:
		checkModal(k, "/view", o)
	default:
		checkHome(k, "/view", o)
	}
	if k.focused > 1 {
		k.say("/view/blocks", "focus_on_load may be set on one element only")
	}
	if len(k.problems) > 0 {
		return append([]problem{{"failed to match all allowed schemas", "/view"}}, k.problems...)
	}
	return nil
}

// errorTexts are problems as "errors" carries them; errorMessages as
// response_metadata.messages does.
func errorTexts(problems []problem) []string {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.String()
	}
	return texts
}

func errorMessages(problems []problem) []string {
	texts := errorTexts(problems)
	for i, s := range texts {
		if !strings.HasPrefix(s, "invalid `") {
			texts[i] = "[ERROR] " + s
		}
	}
	return texts
}
