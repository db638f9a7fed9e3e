package mrkdwn

import (
	"regexp"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
)

var (
	personMention = regexp.MustCompile(`<@([UW][A-Z0-9]+)>`)
	groupMention  = regexp.MustCompile(`<!subteam\^(S[A-Z0-9]+)>`)
)

// maxName bounds the name of a person or a group.
const maxName = 80

// Naming returns m as it is posted: those who are called stay mentioned, so that Slack
// notifies them, and all others are only named. What has no name stays mentioned too. m
// must not be used afterwards.
func (m Message) Naming(called policy.Principals, person func(policy.UserID) string, group func(policy.GroupID) string) Message {
	isCalled := map[string]bool{}
	for _, u := range called.Users {
		isCalled[string(u)] = true
	}
	for _, g := range called.Groups {
		isCalled[string(g)] = true
	}
	replace := func(s string, mention *regexp.Regexp, name func(id string) string) string {
		return mention.ReplaceAllStringFunc(s, func(token string) string {
			id := mention.FindStringSubmatch(token)[1]
			if isCalled[id] {
				return token
			}
			if named := name(id); named != "" {
				return string(OrgText(Truncate(named, maxName)))
			}
			return token
		})
	}
	named := func(s *string) {
		*s = replace(*s, personMention, func(id string) string { return person(policy.UserID(id)) })
		*s = replace(*s, groupMention, func(id string) string { return group(policy.GroupID(id)) })
	}
	named(&m.Text)
	for _, b := range m.Blocks {
		for _, t := range mrkdwnOf(b) {
			named(&t.Text)
		}
	}
	return m
}

// mrkdwnOf lists the texts of a block that Slack reads as mrkdwn.
func mrkdwnOf(b slack.Block) []*slack.TextBlockObject {
	var all []*slack.TextBlockObject
	add := func(t *slack.TextBlockObject) {
		if t != nil && t.Type == slack.MarkdownType {
			all = append(all, t)
		}
	}
	switch b := b.(type) {
	case *slack.SectionBlock:
		add(b.Text)
		for _, f := range b.Fields {
			add(f)
		}
	case *slack.ContextBlock:
		for _, e := range b.ContextElements.Elements {
			if t, ok := e.(*slack.TextBlockObject); ok {
				add(t)
			}
		}
	}
	return all
}
