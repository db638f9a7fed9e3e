package slack

import "fmt"

// view fields that modals and Home share. Slack does not say whether a Home
// without blocks passes; here it does not.
var viewFields = fields{
	"blocks":           must(list(1, 100, anyBlock)),
	"private_metadata": may(str(0, 3000)),
	"callback_id":      may(str(0, 255)),
	"external_id":      may(str(0, 255)),
}

var (
	checkHomeFields  = record(viewFields)
	checkModalFields = record(viewFields.with(fields{
		"title":           must(plainText(24)),
		"submit":          may(plainText(24)),
		"close":           may(plainText(24)),
		"clear_on_close":  may(boolean),
		"notify_on_close": may(boolean),
		"submit_disabled": may(boolean),
	}))
)

func checkHome(k *checker, at string, v obj) { checkHomeFields(k, at, v) }

func checkModal(k *checker, at string, v obj) {
	checkModalFields(k, at, v)
	if v["submit"] != nil {
		return
	}
	items, _ := v["blocks"].([]any)
	for i, it := range items {
		if block, ok := it.(obj); ok && block["type"] == "input" {
			k.say(fmt.Sprintf("%s/blocks/%d/input", at, i), "%s must define `submit` to use an `input` block in modals", k.app)
			return
		}
	}
}
