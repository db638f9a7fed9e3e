package slack

import "slices"

// carry is what a form with new blocks starts with. What was filled in stays
// where block_id, action_id and the kind of element stay, and there an initial
// value is not read again, even if the field was not touched. Everything else
// starts from its initial value, and an option that is gone cannot stay chosen.
//
// docs.slack.dev/reference/block-kit/blocks/input-block and, for initial
// values, slackapi/bolt-js#290 and slackapi/bolt-python#1064.
func carry(was form, blocks []obj) form {
	f := newForm(blocks)
	eachHolder(was.blocks, func(block, action string, old obj, h holder) {
		at := elementRef{block, action}
		_, e := f.find(at)
		if e == nil || e["type"] != old["type"] {
			return
		}
		value := was.entered[block][action]
		if external(e) {
			f.offered[at] = remembered(old, value, was.offered[at])
		}
		if h.choice {
			value = slices.DeleteFunc(slices.Clone(value), func(s string) bool {
				return pickedOption(e, s, f.offered[at]) == nil
			})
		}
		f.entered[block][action] = value
	})
	return f
}

// remembered are the options of an external select that a client still knows
// after an update: those that were suggested, and those that are chosen.
func remembered(e obj, chosen Value, offered []obj) []obj {
	known := slices.Clone(offered)
	for _, s := range chosen.given() {
		if o, ok := pickedOption(e, s, offered).(obj); ok && pickedOption(obj{}, s, known) == nil {
			known = append(known, o)
		}
	}
	return known
}

// external reports whether an element loads its options from the app.
func external(e obj) bool {
	return e["type"] == "external_select" || e["type"] == "multi_external_select"
}
