package slackui

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/slack-go/slack"
)

// Slack's limits, in characters, for what this package sends.
const (
	maxHeader  = 150
	maxSection = 3000
	maxText    = 3900 // of a message's text; chat.update refuses more than 4,000
	maxConfirm = 300
	maxOption  = 75
	maxFact    = 2500 // Slack names no limit; what is longer nobody reads
)

// A message is what people see (blocks) and what is read out to them or shown
// in a notification (text). The text says everything that matters.
type message struct {
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks"`
}

func newMessage(text mrkdwn, blocks ...slack.Block) message {
	return message{Text: string(truncateMrkdwn(text, maxText)), Blocks: within(maxMessage, present(blocks))}
}

// present leaves out the blocks that there is nothing to say in.
func present(blocks []slack.Block) []slack.Block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b slack.Block) bool { return b == nil })
}

// options sends m as it is: nothing in it is turned into a link, a mention or a
// preview by Slack.
func (m message) options() []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(m.Text, false),
		slack.MsgOptionBlocks(m.Blocks...),
		slack.MsgOptionParse(false),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	}
}

// digest tells whether two messages look the same.
func (m message) digest() string {
	content, err := json.Marshal(m)
	if err != nil {
		return "" // never equal to what is shown: it is sent
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

func plainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// emojiText is plain text of our own in which :warning: becomes a picture.
func emojiText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, true, false)
}

// mrkdwnText is verbatim: Slack does not look for links and mentions in it on its own.
func mrkdwnText(m mrkdwn) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, string(truncateMrkdwn(m, maxSection)), false, true)
}

func header(s string) slack.Block { return slack.NewHeaderBlock(plainText(truncate(s, maxHeader))) }

func section(m mrkdwn) slack.Block { return slack.NewSectionBlock(mrkdwnText(m), nil, nil) }

// plainSection is a section in which Slack formats nothing: its sentences quote
// what people typed.
func plainSection(s string) slack.Block {
	return slack.NewSectionBlock(plainText(truncate(s, maxSection)), nil, nil)
}

func footnote(m mrkdwn) slack.Block { return slack.NewContextBlock("", mrkdwnText(m)) }

// buttons is a row of them, or nothing.
func buttons(all ...*slack.ButtonBlockElement) slack.Block {
	if len(all) == 0 {
		return nil
	}
	elements := make([]slack.BlockElement, len(all))
	for i, b := range all {
		elements[i] = b
	}
	return slack.NewActionBlock("", elements...)
}

func button(action, value, label string, style slack.Style) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(action, value, plainText(label)).WithStyle(style)
}

// withConfirm is a button that asks once more before it acts.
func withConfirm(b *slack.ButtonBlockElement, question string, text *slack.TextBlockObject, yes, no string) *slack.ButtonBlockElement {
	text.Text = truncate(text.Text, maxConfirm)
	return b.WithConfirm(slack.NewConfirmationBlockObject(plainText(question), text, plainText(yes), plainText(no)).WithStyle(b.Style))
}

// inputBlock is an input whose block_id and action_id are both id.
func inputBlock(id, label, hint string, element slack.BlockElement) *slack.InputBlock {
	var below *slack.TextBlockObject
	if hint != "" {
		below = plainText(hint)
	}
	return slack.NewInputBlock(id, plainText(label), below, element)
}

// quote sets somebody's own words apart. Nothing in them is obeyed.
func quote(words string) slack.Block {
	return slack.NewRichTextBlock("", &slack.RichTextQuote{
		Type:     slack.RTEQuote,
		Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(words, nil)},
	})
}

// A fact is a line of what was asked for: its name and somebody's own words.
type fact struct{ Name, Value string }

// facts lists them one a line. Nothing in their values is obeyed.
func facts(all ...fact) slack.Block {
	var elements []slack.RichTextSectionElement
	for i, f := range all {
		if i > 0 {
			elements = append(elements, slack.NewRichTextSectionTextElement("\n", nil))
		}
		elements = append(elements,
			slack.NewRichTextSectionTextElement(f.Name+": ", &slack.RichTextSectionTextStyle{Bold: true}),
			slack.NewRichTextSectionTextElement(f.Value, nil),
		)
	}
	return slack.NewRichTextBlock("", slack.NewRichTextSection(elements...))
}

// codeBlock is text to be copied exactly.
func codeBlock(text string) slack.Block {
	return slack.NewRichTextBlock("", &slack.RichTextPreformatted{
		Type:     slack.RTEPreformatted,
		Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(text, nil)},
	})
}

func modal(callback, title string, blocks ...slack.Block) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, Title: plainText(title),
		Close: plainText("Cancel"), Blocks: slack.Blocks{BlockSet: blocks},
	}
}
