package slack

import (
	"regexp"
	"strconv"
	"unicode/utf8"
)

var (
	anyNumber   = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
	wholeNumber = regexp.MustCompile(`^-?\d+$`)
)

// unfilled is what Slack's client itself finds wrong with a modal before it
// asks the app: block_id to sentence.
func (v *view) unfilled() map[string]string {
	wrong := map[string]string{}
	for _, block := range v.blocks() {
		e, _ := block["element"].(obj)
		if block["type"] != "input" || e == nil {
			continue
		}
		id := text(block["block_id"])
		given := v.entered[id][text(e["action_id"])].given()
		switch {
		case len(given) > 0:
			if s := unfit(e, given); s != "" {
				wrong[id] = s
			}
		case block["optional"] != true:
			wrong[id] = "Please complete this required field."
		}
	}
	return wrong
}

// unfit says what is wrong with a value that is there; empty if nothing is.
func unfit(e obj, v Value) string {
	switch e["type"] {
	case "plain_text_input":
		return wrongLength(e, utf8.RuneCountInString(v[0]))
	case "number_input":
		return wrongNumber(e, v[0])
	case "datepicker":
		if !isDate.MatchString(v[0]) {
			return "Please enter a date."
		}
	}
	if most, ok := e["max_selected_items"].(float64); ok && len(v) > int(most) {
		return "Please choose fewer items."
	}
	return ""
}

func wrongLength(e obj, n int) string {
	least, _ := e["min_length"].(float64)
	most, limited := e["max_length"].(float64)
	switch {
	case n < int(least):
		return "This text is too short."
	case limited && n > int(most), n > 3000:
		return "This text is too long."
	}
	return ""
}

func wrongNumber(e obj, s string) string {
	pattern := wholeNumber
	if e["is_decimal_allowed"] == true {
		pattern = anyNumber
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !pattern.MatchString(s) {
		return "Please enter a number."
	}
	least, errLeast := strconv.ParseFloat(text(e["min_value"]), 64)
	most, errMost := strconv.ParseFloat(text(e["max_value"]), 64)
	switch {
	case errLeast == nil && n < least:
		return "This number is too small."
	case errMost == nil && n > most:
		return "This number is too large."
	}
	return ""
}
