package mrkdwn

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
	MaxOption  = 75
	MaxFact    = 2500 // Slack names no limit; longer texts are not read
)

// A Message is what people see (blocks) and what is read out to them or shown
// in a notification (text). The text says everything that matters.
type Message struct {
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks"`
}

// NewMessage cuts text and leaves out blocks so that Slack takes the message.
func NewMessage(text Text, blocks ...slack.Block) Message {
	return Message{Text: string(TruncateText(text, maxText)), Blocks: within(MaxMessage, Present(blocks))}
}

// Present leaves out the blocks that there is nothing to say in.
func Present(blocks []slack.Block) []slack.Block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b slack.Block) bool { return b == nil })
}

// Options sends m as it is: nothing in it is turned into a link, a mention or a
// preview by Slack.
func (m Message) Options() []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(m.Text, false),
		slack.MsgOptionBlocks(m.Blocks...),
		slack.MsgOptionParse(false),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	}
}

// Digest tells whether two messages look the same.
func (m Message) Digest() string {
	content, err := json.Marshal(m)
	if err != nil {
		return "" // never equal to what is shown: it is sent
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

// PlainText is text in which Slack formats nothing.
func PlainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// emojiText is plain text of our own in which :warning: becomes a picture.
func emojiText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, true, false)
}

// TextObject is verbatim: Slack does not look for links and mentions in it on its own.
func TextObject(m Text) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, string(TruncateText(m, maxSection)), false, true)
}

// Header is a heading.
func Header(s string) slack.Block { return slack.NewHeaderBlock(PlainText(Truncate(s, maxHeader))) }

// Section is a paragraph.
func Section(m Text) slack.Block { return slack.NewSectionBlock(TextObject(m), nil, nil) }

// PlainSection is a section in which Slack formats nothing: its sentences quote
// what people typed.
func PlainSection(s string) slack.Block {
	return slack.NewSectionBlock(PlainText(Truncate(s, maxSection)), nil, nil)
}

// Footnote is a line in small type.
func Footnote(m Text) slack.Block { return slack.NewContextBlock("", TextObject(m)) }

// Buttons is a row of them, or nil without any. Slack makes up the block_id if
// it is empty.
func Buttons(blockID string, all ...*slack.ButtonBlockElement) slack.Block {
	if len(all) == 0 {
		return nil
	}
	elements := make([]slack.BlockElement, len(all))
	for i, b := range all {
		elements[i] = b
	}
	return slack.NewActionBlock(blockID, elements...)
}

// Button is a button with an action_id and a value.
func Button(action, value, label string, style slack.Style) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(action, value, PlainText(label)).WithStyle(style)
}

// WithConfirm is a button that asks once more before it acts.
func WithConfirm(b *slack.ButtonBlockElement, question string, text *slack.TextBlockObject, yes, no string) *slack.ButtonBlockElement {
	text.Text = Truncate(text.Text, maxConfirm)
	return b.WithConfirm(slack.NewConfirmationBlockObject(PlainText(question), text, PlainText(yes), PlainText(no)).WithStyle(b.Style))
}

// InputBlock is an input whose block_id and action_id are both id.
func InputBlock(id, label, hint string, element slack.BlockElement) *slack.InputBlock {
	var below *slack.TextBlockObject
	if hint != "" {
		below = PlainText(hint)
	}
	return slack.NewInputBlock(id, PlainText(label), below, element)
}

// Quote sets a user's own words apart. Slack interprets nothing in them.
func Quote(words string) slack.Block {
	return slack.NewRichTextBlock("", &slack.RichTextQuote{
		Type:     slack.RTEQuote,
		Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(words, nil)},
	})
}

// A Fact is a line of what was requested: its name and the user's own words.
type Fact struct{ Name, Value string }

// Facts lists them one a line. Nothing in their values is obeyed.
func Facts(all ...Fact) slack.Block {
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

// CodeBlock is text to be copied exactly.
func CodeBlock(text string) slack.Block {
	return slack.NewRichTextBlock("", &slack.RichTextPreformatted{
		Type:     slack.RTEPreformatted,
		Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(text, nil)},
	})
}

// Modal is a modal that can be closed and not submitted.
func Modal(callback, title string, blocks ...slack.Block) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, Title: PlainText(title),
		Close: PlainText("Cancel"), Blocks: slack.Blocks{BlockSet: blocks},
	}
}

// Sentence is a message of nothing but what is said.
func Sentence(said Text) Message { return NewMessage(said, Section(said)) }
