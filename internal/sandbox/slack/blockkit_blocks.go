package slack

import "fmt"

var blockID = fields{"block_id": may(str(1, 255))}

// blocks are the block types this workspace knows, on every surface.
var blocks = map[string]spec{
	"divider": record(blockID),
	"header":  record(blockID.with(fields{"text": must(plainText(150))})),
	"section": also(record(blockID.with(fields{
		"text":      may(anyText(3000)),
		"fields":    may(list(1, 10, anyText(2000))),
		"accessory": may(variant(but("plain_text_input", "number_input"))),
		"expand":    may(boolean),
	})), textOrFields),
	"context": record(blockID.with(fields{"elements": must(list(1, 10, contextElement))})),
	"actions": also(record(blockID.with(fields{
		"elements": must(list(1, 25, variant(but("plain_text_input", "number_input", "image")))),
	})), ownActionIDs),
	"input": record(blockID.with(fields{
		"label":           must(plainText(2000)),
		"element":         must(variant(but("button", "overflow", "image"))),
		"hint":            may(plainText(2000)),
		"optional":        may(boolean),
		"dispatch_action": may(boolean),
	})),
	"image": record(blockID.with(fields{
		"image_url": must(str(1, 3000)), "alt_text": must(str(1, 2000)), "title": may(plainText(2000)),
	})),
	"rich_text": record(blockID.with(fields{"elements": must(list(1, 1000, richPart))})),
}

func anyBlock(k *checker, at string, v any) {
	variant(blocks)(k, at, v)
	o, _ := v.(obj)
	id, ok := o["block_id"].(string)
	if !ok {
		return
	}
	if k.blockIDs[id] {
		k.say(at+"/block_id", "duplicate block_id: %s", id)
	}
	k.blockIDs[id] = true
}

func contextElement(k *checker, at string, v any) {
	o, _ := v.(obj)
	switch o["type"] {
	case "image":
		picture(k, at, v)
	case "plain_text", "mrkdwn":
		anyText(3000)(k, at, v)
	default:
		variant(nil)(k, at, v)
	}
}

func textOrFields(k *checker, at string, v any) {
	o, _ := v.(obj)
	if o["text"] == nil && o["fields"] == nil {
		k.say(at, "missing required field: text")
	}
}

// ownActionIDs wants action ids to differ within a block.
func ownActionIDs(k *checker, at string, v any) {
	o, _ := v.(obj)
	items, _ := o["elements"].([]any)
	seen := map[string]bool{}
	for i, it := range items {
		element, _ := it.(obj)
		id, ok := element["action_id"].(string)
		if ok && seen[id] {
			k.say(fmt.Sprintf("%s/elements/%d/action_id", at, i), "duplicate action_id: %s", id)
		}
		seen[id] = true
	}
}
