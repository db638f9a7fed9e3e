package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Suggest asks the app for the options of an external select, as typing does.
// Slack asks from min_query_length characters on, 3 if the app did not say.
func (w *Workspace) Suggest(ctx context.Context, user, viewID, blockID, actionID, typed string) ([]Option, error) {
	w.mu.Lock()
	p, err := w.actor(user)
	v := w.views[viewID]
	if err == nil && (v == nil || v.owner != user || v.element(blockID, actionID) == nil) {
		err = cannot("%s sees no field %s/%s", p.Name, blockID, actionID)
	}
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	if utf8.RuneCountInString(typed) < queryLength(v.element(blockID, actionID)) {
		w.mu.Unlock()
		return nil, nil
	}
	parcel := w.parcel(kindInteraction, w.suggestionPayload(p, v, blockID, actionID, typed), true)
	w.mu.Unlock()

	answer, err := w.door.deliver(ctx, parcel)
	if err != nil {
		return nil, fmt.Errorf("asking the app for options: %w", err)
	}
	var o obj
	if err := json.Unmarshal(answer, &o); err != nil {
		return nil, fmt.Errorf("reading the app's options: %w", err)
	}
	k := &checker{}
	suggested(k, "", o)
	if len(k.problems) > 0 {
		return nil, fmt.Errorf("reading the app's options: %s", k.problems[0])
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	v.offered[actionID] = append(v.offered[actionID], optionsOf(o)...)
	return shownOptions(o), nil
}

// queryLength is how much has to be typed before Slack asks.
func queryLength(e obj) int {
	if n, ok := e["min_query_length"].(float64); ok {
		return int(n)
	}
	return 3
}

// suggested is the shape of an answer to block_suggestion.
var suggested = also(record(fields{
	"options":       may(list(0, 100, selectOption)),
	"option_groups": may(list(0, 100, optionGroup)),
}), eitherOptions)

func shownOptions(o obj) []Option {
	var shown []Option
	for _, it := range optionsOf(o) {
		label, _ := it["text"].(obj)
		shown = append(shown, Option{Text: text(label["text"]), Value: text(it["value"])})
	}
	return shown
}
