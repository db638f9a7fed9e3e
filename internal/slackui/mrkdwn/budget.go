package mrkdwn

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// MaxMessage is how many characters the texts of a message's blocks may have
// together. Slack names no number and refuses with msg_blocks_too_long somewhere
// between 11,300 and 13,200 (github.com/slackapi/bolt-js issues 2509 and 2867).
const MaxMessage = 10_000

// Size counts the characters of all texts in blocks, as Slack gets them.
func Size(blocks ...slack.Block) int {
	encoded, err := json.Marshal(blocks)
	var decoded any
	if err != nil || json.Unmarshal(encoded, &decoded) != nil {
		return MaxMessage + 1 // it cannot be sent either
	}
	return sizeOf(decoded)
}

func sizeOf(v any) int {
	sum := 0
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			sum += sizeOf(inner)
		}
	case map[string]any:
		for key, inner := range v {
			if text, ok := inner.(string); ok && key == "text" {
				sum += utf8.RuneCountInString(text)
			}
			sum += sizeOf(inner)
		}
	}
	return sum
}

// within shortens the longest texts of blocks until they fit into one message.
// It is the last resort: screens leave out whole entries, and say how many.
func within(limit int, blocks []slack.Block) []slack.Block {
	var texts []text
	for _, b := range blocks {
		texts = append(texts, textsOf(b)...)
	}
	for over := Size(blocks...) - limit; over > 0 && len(texts) > 0; over = Size(blocks...) - limit {
		longest := texts[0]
		for _, t := range texts {
			if t.length() > longest.length() {
				longest = t
			}
		}
		was := longest.length()
		if longest.shorten(max(was-over, was/2)); longest.length() >= was {
			break
		}
	}
	return blocks
}

// A text is one that can be shortened where it is.
type text struct {
	at       *string
	isMrkdwn bool
}

func (t text) length() int { return utf8.RuneCountInString(*t.at) }

func (t text) shorten(limit int) {
	if t.isMrkdwn {
		*t.at = string(TruncateText(Text(*t.at), limit))
	} else {
		*t.at = Truncate(*t.at, limit)
	}
}

func textsOf(b slack.Block) []text {
	var texts []text
	switch b := b.(type) {
	case *slack.SectionBlock:
		if b.Text != nil {
			texts = append(texts, text{&b.Text.Text, b.Text.Type == slack.MarkdownType})
		}
	case *slack.RichTextBlock:
		for _, e := range b.Elements {
			var inner []slack.RichTextSectionElement
			switch e := e.(type) {
			case *slack.RichTextSection:
				inner = e.Elements
			case *slack.RichTextQuote:
				inner = e.Elements
			}
			for _, i := range inner {
				if t, ok := i.(*slack.RichTextSectionTextElement); ok {
					texts = append(texts, text{at: &t.Text})
				}
			}
		}
	}
	return texts
}

// ListUpTo joins entries up to limit characters, and counts those left out.
func ListUpTo(limit int, between string, all []string) string {
	list, length := "", 0
	for i, entry := range all {
		if i > 0 {
			entry = between + entry
		}
		if length += utf8.RuneCountInString(entry); length > limit {
			return list + between + fmt.Sprintf("+%d more", len(all)-i)
		}
		list += entry
	}
	return list
}
