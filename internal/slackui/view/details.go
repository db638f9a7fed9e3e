package view

import (
	"maps"
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
)

// detailField is an input for a line of text that the policy adds. Its label and
// its hint are the policy's; see [inputs.detailBlocks].
func detailField(id policy.Field) field {
	return field{
		id: id,
		element: func(name string, in inputs) slack.BlockElement {
			return mrkdwn.Line(name, in.filled.Details[string(id)], policy.MaxDetail)
		},
		read: func(from payload.Input, to *FormState) {
			text := from.Text()
			if text == "" {
				return
			}
			if to.Details == nil {
				to.Details = policy.Details{}
			}
			to.Details[string(id)] = text
		},
	}
}

// detailBlocks ask for the details that the policy adds to the forms.
func (in inputs) detailBlocks() []slack.Block {
	var blocks []slack.Block
	for _, d := range in.policy.DetailFields {
		edits := []func(*slack.InputBlock){asking(d.Label, exampleText(d.Example))}
		if !d.Required {
			edits = append(edits, optionalInput)
		}
		blocks = append(blocks, in.block(d.Field, edits...))
	}
	return blocks
}

func exampleText(example string) string {
	if example == "" {
		return ""
	}
	return "As in " + example + "."
}

// detailProblem says what a detail that is missing or wrong should look like.
func detailProblem(p policy.Problem) string {
	like := ""
	if p.Hint != "" {
		like = ", as in " + p.Hint
	}
	if p.Code == policy.Missing {
		return "Enter the value of “" + p.Label + "”" + like + "."
	}
	return "“" + mrkdwn.Truncate(p.Given, maxGiven) + "” is not what “" + p.Label + "” has to look like: correct it" + like + "."
}

// detailFacts are the details of r, with the labels of the policy as far as it
// still has them.
func (v Screens) detailFacts(r approval.Request) []mrkdwn.Fact {
	rest := r.Details.Clone()
	var facts []mrkdwn.Fact
	for _, d := range v.Policy(r).DetailFields {
		if value, ok := rest[string(d.Field)]; ok {
			facts = append(facts, mrkdwn.Fact{Name: d.Label, Value: value})
			delete(rest, string(d.Field))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		facts = append(facts, mrkdwn.Fact{Name: name, Value: rest[name]})
	}
	return facts
}

// detailText is the details of r in a line.
func (v Screens) detailText(r approval.Request) mrkdwn.Text {
	var text mrkdwn.Text
	for _, f := range v.detailFacts(r) {
		text = mrkdwn.JoinSentences(text, mrkdwn.Textf("%s: %s.", mrkdwn.OrgText(f.Name), f.Value))
	}
	return text
}
