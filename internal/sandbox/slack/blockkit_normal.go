package slack

// What Slack adds to blocks before it shows them or hands them back.

// normal returns a copy of blocks with the ids and defaults filled in that the
// app left out. newID makes an id.
func normal(blocks []any, newID func() string) []any {
	full := make([]any, len(blocks))
	for i, it := range blocks {
		block := deepCopy(it).(obj)
		setDefault(block, "block_id", newID())
		if block["type"] == "input" {
			setDefault(block, "optional", false)
			setDefault(block, "dispatch_action", false)
		}
		for _, e := range interactive(block) {
			setDefault(e, "action_id", newID())
		}
		fillTexts(block)
		full[i] = block
	}
	return full
}

// fillTexts sets emoji and verbatim where they were left out. Rich text has
// text elements of its own kind, without either.
func fillTexts(v any) {
	switch v := v.(type) {
	case []any:
		for _, it := range v {
			fillTexts(it)
		}
	case obj:
		switch v["type"] {
		case "rich_text":
			return
		case "plain_text":
			setDefault(v, "emoji", true)
		case "mrkdwn":
			setDefault(v, "verbatim", false)
		}
		for _, it := range v {
			fillTexts(it)
		}
	}
}

// interactive lists the elements of a block that have an action id.
func interactive(block obj) []obj {
	var found []obj
	add := func(v any) {
		if e, ok := v.(obj); ok && e["type"] != "image" {
			found = append(found, e)
		}
	}
	switch block["type"] {
	case "section":
		add(block["accessory"])
	case "input":
		add(block["element"])
	case "actions":
		items, _ := block["elements"].([]any)
		for _, it := range items {
			add(it)
		}
	}
	return found
}

func setDefault(o obj, name string, value any) {
	if _, ok := o[name]; !ok {
		o[name] = value
	}
}

func deepCopy(v any) any {
	switch v := v.(type) {
	case obj:
		c := make(obj, len(v))
		for name, it := range v {
			c[name] = deepCopy(it)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, it := range v {
			c[i] = deepCopy(it)
		}
		return c
	default:
		return v
	}
}
