package slack

// plainText is a plain_text object of at most most characters.
func plainText(most int) spec {
	plain := record(fields{"text": must(str(1, most)), "emoji": may(boolean)})
	return func(k *checker, at string, v any) {
		if o, ok := v.(obj); ok && o["type"] != "plain_text" {
			k.say(at, "failed to match all allowed schemas")
			return
		}
		plain(k, at, v)
	}
}

// anyText is a plain_text or mrkdwn object of at most most characters. Slack
// documents emoji for the former and verbatim for the latter only.
func anyText(most int) spec {
	markup := record(fields{"text": must(str(1, most)), "verbatim": may(boolean)})
	return func(k *checker, at string, v any) {
		if o, ok := v.(obj); ok && o["type"] == "mrkdwn" {
			markup(k, at, v)
			return
		}
		plainText(most)(k, at, v)
	}
}

// confirm is the "are you sure?" of an element.
var confirm = record(fields{
	"title":   must(plainText(100)),
	"text":    must(anyText(300)),
	"confirm": must(plainText(30)),
	"deny":    must(plainText(30)),
	"style":   may(oneOf("primary", "danger")),
})

// option is one choice. Slack's pages disagree whether a value may have 75 or
// 150 characters; the smaller number is safe.
func option(text func(int) spec, more fields) spec {
	return record(fields{
		"text":        must(text(75)),
		"value":       must(str(1, 75)),
		"description": may(text(75)),
	}.with(more))
}

var (
	selectOption = option(plainText, nil)
	markedOption = option(anyText, nil) // radio buttons and checkboxes
	menuOption   = option(plainText, fields{"url": may(str(1, 3000))})

	optionGroup = record(fields{
		"label":   must(plainText(75)),
		"options": must(list(1, 100, selectOption)),
	})
)

// inlineStyle is how a piece of rich text looks.
var inlineStyle = record(fields{
	"bold": may(boolean), "italic": may(boolean), "strike": may(boolean), "code": may(boolean), "underline": may(boolean),
})

var inline = variant(map[string]spec{
	"text":      record(fields{"text": must(str(1, 3000)), "style": may(inlineStyle)}),
	"link":      record(fields{"url": must(str(1, 3000)), "text": may(str(1, 3000)), "unsafe": may(boolean), "style": may(inlineStyle)}),
	"emoji":     record(fields{"name": must(str(1, 255)), "unicode": may(str(1, 255)), "style": may(inlineStyle)}),
	"user":      record(fields{"user_id": must(str(1, 255)), "style": may(inlineStyle)}),
	"channel":   record(fields{"channel_id": must(str(1, 255)), "style": may(inlineStyle)}),
	"usergroup": record(fields{"usergroup_id": must(str(1, 255)), "style": may(inlineStyle)}),
	"broadcast": record(fields{"range": must(oneOf("here", "channel", "everyone")), "style": may(inlineStyle)}),
	"date":      record(fields{"timestamp": must(whole(0, 1e11)), "format": must(str(1, 255)), "url": may(str(1, 3000)), "fallback": may(str(1, 255)), "style": may(inlineStyle)}),
	"color":     record(fields{"value": must(str(1, 255))}),
})

// The parts of a rich_text block. A list holds sections and nothing else.
var (
	richInline  = must(list(0, 1000, inline))
	richSection = record(fields{"elements": richInline})

	richPart = variant(map[string]spec{
		"rich_text_section":      richSection,
		"rich_text_quote":        record(fields{"elements": richInline, "border": may(whole(0, 1))}),
		"rich_text_preformatted": record(fields{"elements": richInline, "border": may(whole(0, 1)), "language": may(str(1, 255))}),
		"rich_text_list": record(fields{
			"elements": must(list(1, 1000, variant(map[string]spec{"rich_text_section": richSection}))),
			"style":    must(oneOf("bullet", "ordered")),
			"indent":   may(whole(0, 8)), "offset": may(whole(0, 1e6)), "border": may(whole(0, 1)),
		}),
	})
)
