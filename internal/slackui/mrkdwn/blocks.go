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
	MaxFact    = 2500 // Slack names no limit; what is longer nobody reads
)

// A message is what people see (blocks) and what is read out to them or shown
// in a notification (text). The text says everything that matters.
type Message struct {
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks"`
}

func NewMessage(text Mrkdwn, blocks ...slack.Block) Message {
	return Message{Text: string(TruncateMrkdwn(text, maxText)), Blocks: within(MaxMessage, Present(blocks))}
}

// present leaves out the blocks that there is nothing to say in.
func Present(blocks []slack.Block) []slack.Block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b slack.Block) bool { return b == nil })
}

// options sends m as it is: nothing in it is turned into a link, a mention or a
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

// digest tells whether two messages look the same.
func (m Message) Digest() string {
	content, err := json.Marshal(m)
	if err != nil {
		return "" // never equal to what is shown: it is sent
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

func PlainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// emojiText is plain text of our own in which :warning: becomes a picture.
func emojiText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, true, false)
}

// mrkdwnText is verbatim: Slack does not look for links and mentions in it on its own.
func MrkdwnText(m Mrkdwn) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, string(TruncateMrkdwn(m, maxSection)), false, true)
}

func Header(s string) slack.Block { return slack.NewHeaderBlock(PlainText(Truncate(s, maxHeader))) }

func Section(m Mrkdwn) slack.Block { return slack.NewSectionBlock(MrkdwnText(m), nil, nil) }

// plainSection is a section in which Slack formats nothing: its sentences quote
// what people typed.
func PlainSection(s string) slack.Block {
	return slack.NewSectionBlock(PlainText(Truncate(s, maxSection)), nil, nil)
}

func Footnote(m Mrkdwn) slack.Block { return slack.NewContextBlock("", MrkdwnText(m)) }

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

func Button(action, value, label string, style slack.Style) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(action, value, PlainText(label)).WithStyle(style)
}

// withConfirm is a button that asks once more before it acts.
func WithConfirm(b *slack.ButtonBlockElement, question string, text *slack.TextBlockObject, yes, no string) *slack.ButtonBlockElement {
	text.Text = Truncate(text.Text, maxConfirm)
	return b.WithConfirm(slack.NewConfirmationBlockObject(PlainText(question), text, PlainText(yes), PlainText(no)).WithStyle(b.Style))
}

// inputBlock is an input whose block_id and action_id are both id.
func InputBlock(id, label, hint string, element slack.BlockElement) *slack.InputBlock {
	var below *slack.TextBlockObject
	if hint != "" {
		below = PlainText(hint)
	}
	return slack.NewInputBlock(id, PlainText(label), below, element)
}

// quote sets somebody's own words apart. Nothing in them is obeyed.
func Quote(words string) slack.Block {
	return slack.NewRichTextBlock("", &slack.RichTextQuote{
		Type:     slack.RTEQuote,
		Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(words, nil)},
	})
}

// A fact is a line of what was asked for: its name and somebody's own words.
type Fact struct{ Name, Value string }

// facts lists them one a line. Nothing in their values is obeyed.
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

// codeBlock is text to be copied exactly.
func CodeBlock(text string) slack.Block {
	return slack.NewRichTextBlock("", &slack.RichTextPreformatted{
		Type:     slack.RTEPreformatted,
		Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(text, nil)},
	})
}

func Modal(callback, title string, blocks ...slack.Block) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, Title: PlainText(title),
		Close: PlainText("Cancel"), Blocks: slack.Blocks{BlockSet: blocks},
	}
}

// sentence is a message of nothing but what is said.
func Sentence(said Mrkdwn) Message { return NewMessage(said, Section(said)) }
