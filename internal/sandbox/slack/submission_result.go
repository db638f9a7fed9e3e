package slack

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// troubleText is what a modal shows after an invalid response of the app, which does
// not learn of it.
const troubleText = "We had some trouble connecting. Try again?"

// answerKeys are the keys each answer to a submission has, besides
// response_action. Anything else is trouble.
var answerKeys = map[string]string{"errors": "errors", "update": "view", "push": "view", "clear": ""}

// submissionResult applies the app's response to the submission of a view. A view
// that has been closed stays closed.
func (w *Workspace) submissionResult(v *view, answer []byte, err error) Result {
	o, ok := w.parseSuggestions(v, answer)
	if err != nil || !ok {
		v.trouble = troubleText
		w.changed()
		return Result{Outcome: Trouble, Trouble: troubleText}
	}
	open := w.views[v.id] == v
	v.trouble, v.errors = "", nil
	switch o["response_action"] {
	case "errors":
		v.errors = sentences(o["errors"])
		w.changed()
		return Result{Outcome: Refused, Errors: maps.Clone(v.errors)}
	case "update":
		w.inspectContent("view_submission", o["view"])
		w.replace(v, o["view"].(obj))
		return Result{Outcome: Updated}
	case "push":
		w.inspectContent("view_submission", o["view"])
		if open {
			w.push(w.newView(v.owner, o["view"].(obj)))
		}
		return Result{Outcome: Pushed}
	case "clear":
		w.closeAll(v.owner)
		return Result{Outcome: Cleared}
	}
	if open {
		w.closeView(v)
	}
	return Result{Outcome: Closed}
}

// parseSuggestions parses an answer; an empty one is an empty object. It returns
// false for an answer that Slack would not accept.
func (w *Workspace) parseSuggestions(v *view, answer []byte) (obj, bool) {
	if s := strings.TrimSpace(string(answer)); s == "" || s == "null" || s == "{}" {
		return obj{}, true
	}
	var o obj
	if json.Unmarshal(answer, &o) != nil {
		return nil, false
	}
	action := text(o["response_action"])
	key, known := answerKeys[action]
	if !known {
		return nil, false
	}
	for name := range o {
		if name != "response_action" && name != key {
			return nil, false
		}
	}
	switch action {
	case "errors":
		return o, v.markable(o["errors"])
	case "push":
		return o, len(w.stacks[v.owner]) < stackLimit && len(checkView(w.opts.AppName, onModal, o["view"])) == 0
	case "update":
		return o, len(checkView(w.opts.AppName, onModal, o["view"])) == 0
	}
	return o, true
}

// markable reports whether errors names input blocks of the view, and nothing
// else, with a sentence each.
func (v *view) markable(errors any) bool {
	o, ok := errors.(obj)
	if !ok || len(o) == 0 {
		return false
	}
	for id, sentence := range o {
		input := slices.ContainsFunc(v.blocks(), func(b obj) bool { return b["type"] == "input" && b["block_id"] == id })
		if !input || text(sentence) == "" {
			return false
		}
	}
	return true
}

func sentences(errors any) map[string]string {
	list := map[string]string{}
	o, _ := errors.(obj)
	for id, sentence := range o {
		list[id] = text(sentence)
	}
	return list
}
