package slack

import (
	"context"
	"fmt"
	"unicode/utf8"
)

// LoadedOptions are what the menu of an external select shows.
type LoadedOptions struct {
	Options []Option `json:"options"`
	// Nothing is what the menu says instead, if there are no options. Slack does
	// not tell a person that an app did not answer, or answered invalidly.
	Nothing string `json:"nothing,omitempty"`
}

// noResults is the text that people report, even if the app was late:
// slackapi/bolt-js#1479, slackapi/bolt-python#1083, slackapi/java-slack-sdk#1204.
const noResults = "No results found"

// LoadOptions types into an external select of user's open modal, for which Slack
// sends the app a block_suggestion. The response has to come within three seconds. Slack asks from min_query_length characters on, 3 if the app did not
// say. What the app suggested can be chosen from then on.
func (w *Workspace) LoadOptions(ctx context.Context, user, blockID, actionID, typed string) (LoadedOptions, error) {
	w.mu.Lock()
	v, e, p, err := w.searching(user, elementRef{blockID, actionID})
	if err != nil {
		w.mu.Unlock()
		return LoadedOptions{}, err
	}
	if n := queryLength(e); utf8.RuneCountInString(typed) < n {
		w.mu.Unlock()
		return LoadedOptions{Nothing: fmt.Sprintf("Type at least %d characters", n)}, nil // Slack's own words are not known
	}
	delivery := w.newDelivery(kindInteraction, w.optionsPayload(p, v, blockID, actionID, typed), true)
	w.mu.Unlock()

	answer, err := w.transport.deliver(ctx, delivery)
	if ctx.Err() != nil {
		return LoadedOptions{}, ctx.Err()
	}
	secrets := w.opts.Secrets()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.optionsResult(v, elementRef{blockID, actionID}, optionsResponse{app: w.opts.AppName, raw: answer, err: err}, secrets), nil
}

// searching finds the external select that a person types into.
func (w *Workspace) searching(user string, at elementRef) (v *view, e obj, p Person, err error) {
	if p, err = w.actor(user); err != nil {
		return nil, nil, p, err
	}
	if v = w.top(user); v == nil {
		return nil, nil, p, cannot("%s has no open modal", p.Name)
	}
	if _, e = v.form().find(at); e == nil || !external(e) {
		return nil, nil, p, cannot("the modal has no field %s/%s that asks the app", at.block, at.action)
	}
	return v, e, p, nil
}

// optionsResult is what the menu shows of an answer. The caller holds mu.
func (w *Workspace) optionsResult(v *view, at elementRef, s optionsResponse, secrets []string) LoadedOptions {
	const where = "block_suggestion"
	w.seek(where, secrets, string(s.raw))
	if rule, detail := s.broken(); rule != nil {
		w.find(FoundOptions, where, "a rule is broken: "+rule.Why+detail)
		return LoadedOptions{Nothing: noResults}
	}
	o, _ := s.object()
	fillTexts(o)
	if len(optionsOf(o)) == 0 {
		return LoadedOptions{Nothing: noResults}
	}
	v.offered[at] = append(optionsOf(o), v.offered[at]...)
	return LoadedOptions{Options: shownOptions(o)}
}

// queryLength is how much has to be typed before Slack asks.
func queryLength(e obj) int {
	if n, ok := e["min_query_length"].(float64); ok {
		return int(n)
	}
	return 3
}

func shownOptions(o obj) []Option {
	var shown []Option
	add := func(group string, options []obj) {
		for _, it := range options {
			shown = append(shown, Option{Text: label(it["text"]), Value: text(it["value"]), Group: group})
		}
	}
	add("", objects(o["options"]))
	for _, g := range objects(o["option_groups"]) {
		add(label(g["label"]), objects(g["options"]))
	}
	return shown
}

// label is the text of a text object.
func label(v any) string {
	o, _ := v.(obj)
	return text(o["text"])
}
