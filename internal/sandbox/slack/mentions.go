package slack

import (
	"regexp"
	"strings"
)

var (
	// What is live in mrkdwn: mentions, dates and links.
	live = regexp.MustCompile(`<(@[UW][A-Z0-9]+|#C[A-Z0-9]+|!subteam\^S[A-Z0-9]+|!date\^|!here|!channel|!everyone|https?://|mailto:)[^<>]*>`)
	// What pings a crowd. The app has no business doing so.
	crowd = regexp.MustCompile(`<!(here|channel|everyone)[^<>]*>`)
	// What Slack makes live by itself where verbatim is false.
	typedCrowd = regexp.MustCompile(`@(here|channel|everyone)\b`)
)

// inspectContent looks at every mrkdwn text of blocks.
func (w *Workspace) inspectContent(where string, v any) {
	switch v := v.(type) {
	case []any:
		for _, it := range v {
			w.inspectContent(where, it)
		}
	case obj:
		if v["type"] == "mrkdwn" {
			w.inspectMarkup(where, text(v["text"]))
			if v["verbatim"] != true && typedCrowd.MatchString(text(v["text"])) {
				w.find(FoundMention, where, "@here and the like come alive where verbatim is false")
			}
		}
		for _, name := range sorted(v) {
			w.inspectContent(where, v[name])
		}
	}
}

// inspectMarkup looks at one text that Slack reads as mrkdwn.
func (w *Workspace) inspectMarkup(where, s string) {
	if crowd.MatchString(s) && !w.opts.MayCallCrowds {
		w.find(FoundMention, where, "the message pings a crowd")
	}
	for _, token := range live.FindAllString(s, -1) {
		if w.wasTyped(token) {
			w.find(FoundMention, where, "a mention or link that a person typed is live")
		}
	}
	if strings.Contains(live.ReplaceAllString(s, ""), "<") {
		w.find(FoundUnescaped, where, "a < that starts no mention, date or link")
	}
}

func (w *Workspace) wasTyped(token string) bool {
	for _, s := range w.typed {
		if strings.Contains(s, token) {
			return true
		}
	}
	return false
}
