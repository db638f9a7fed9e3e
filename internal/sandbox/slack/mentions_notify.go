package slack

import (
	"regexp"
	"slices"
)

// Mentions are whom a message calls by name, each once, in order. Slack
// notifies them when the message is posted, and not when it is changed.
type Mentions struct {
	Crowds []string `json:"crowds,omitempty"` // here, channel, everyone
	Groups []string `json:"groups,omitempty"` // user group ids
	People []string `json:"people,omitempty"` // user ids
}

var (
	crowdMention  = regexp.MustCompile(`<!(here|channel|everyone)(?:\|[^<>]*)?>`)
	groupMention  = regexp.MustCompile(`<!subteam\^(S[A-Z0-9]+)(?:\|[^<>]*)?>`)
	personMention = regexp.MustCompile(`<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>`)
)

// mentions reads what a message says: its text, which notifications are made
// of, and its blocks.
func (m *message) mentions() Mentions {
	var found Mentions
	found.inMarkup(m.text)
	found.inBlocks(anyList(m.blocks))
	for _, list := range []*[]string{&found.Crowds, &found.Groups, &found.People} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return found
}

func (m *Mentions) inMarkup(s string) {
	collect := func(into *[]string, re *regexp.Regexp) {
		for _, match := range re.FindAllStringSubmatch(s, -1) {
			*into = append(*into, match[1])
		}
	}
	collect(&m.Crowds, crowdMention)
	collect(&m.Groups, groupMention)
	collect(&m.People, personMention)
}

// inBlocks looks for mentions in mrkdwn and in rich text. Plain text has none.
func (m *Mentions) inBlocks(v any) {
	switch v := v.(type) {
	case []any:
		for _, it := range v {
			m.inBlocks(it)
		}
	case obj:
		switch v["type"] {
		case "mrkdwn":
			m.inMrkdwn(v)
		case "broadcast":
			m.Crowds = append(m.Crowds, text(v["range"]))
		case "usergroup":
			m.Groups = append(m.Groups, text(v["usergroup_id"]))
		case "user":
			m.People = append(m.People, text(v["user_id"]))
		}
		for _, name := range sorted(v) {
			m.inBlocks(v[name])
		}
	}
}

// inMrkdwn also finds what Slack makes live by itself: @here, written out.
func (m *Mentions) inMrkdwn(o obj) {
	m.inMarkup(text(o["text"]))
	if o["verbatim"] == true {
		return
	}
	for _, match := range typedCrowd.FindAllStringSubmatch(text(o["text"]), -1) {
		m.Crowds = append(m.Crowds, match[1])
	}
}
