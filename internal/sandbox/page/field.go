package page

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"atlaskeybot/internal/sandbox/slack"
)

// fieldName is the form field of an element; fieldOf is its inverse.
func fieldName(blockID, actionID string) string {
	return "field/" + url.PathEscape(blockID) + "/" + url.PathEscape(actionID)
}

// fields reads a submitted form back: block_id, action_id, values.
func fields(form url.Values) (map[string]map[string]slack.Value, error) {
	values := map[string]map[string]slack.Value{}
	for name, filled := range form {
		blockID, actionID, ok, err := fieldOf(name)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if values[blockID] == nil {
			values[blockID] = map[string]slack.Value{}
		}
		values[blockID][actionID] = valueOf(filled)
	}
	return values, nil
}

// fieldOf is the inverse of fieldName. Other fields of a form are not ok.
func fieldOf(name string) (blockID, actionID string, ok bool, err error) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 || parts[0] != "field" {
		return "", "", false, nil
	}
	for i, part := range parts {
		if parts[i], err = url.PathUnescape(part); err != nil {
			return "", "", false, fmt.Errorf("reading the field %q: %w", name, err)
		}
	}
	return parts[1], parts[2], true, nil
}

// valueOf is what was filled in. A choice of many always comes with one empty
// value, since a browser sends nothing for a box that is not ticked.
func valueOf(filled []string) slack.Value {
	value := slack.Value{}
	for _, s := range filled {
		if s != "" {
			value = append(value, strings.ReplaceAll(s, "\r\n", "\n"))
		}
	}
	return slices.Clip(value)
}
