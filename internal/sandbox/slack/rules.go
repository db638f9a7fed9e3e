package slack

import "slices"

// A Rule is one thing Slack refuses.
type Rule struct {
	Code   string   // the "error" Slack answers with
	Why    string   // what should have been; no two rules share one
	Source string   // where that is written
	For    []string // the methods it holds for; nil means all

	broken func(*call) bool
}

// Rules are checked in order; the first broken one answers the call.
func Rules() []Rule {
	return slices.Concat(transportRules, chatRules, messageRules, conversationRules, peopleRules, viewRules)
}

// broken returns the first rule c breaks, or nil. The caller holds mu.
func broken(c *call) *Rule {
	for _, rule := range Rules() {
		if rule.For != nil && !slices.Contains(rule.For, c.name) {
			continue
		}
		if rule.broken(c) {
			return &rule
		}
	}
	return nil
}

// warn notes what to say about a broken rule, and returns whether it is.
func (c *call) warn(broken bool, text string) bool {
	if broken {
		c.texts = append(c.texts, text)
	}
	return broken
}

// Where the rules come from.
const (
	webAPI      = "docs.slack.dev/apis/web-api"
	rateLimits  = "docs.slack.dev/apis/web-api/rate-limits"
	methodPage  = "docs.slack.dev/reference/methods, the method's error table"
	blockPages  = "docs.slack.dev/reference/block-kit"
	modalPage   = "docs.slack.dev/surfaces/modals"
	interaction = "docs.slack.dev/interactivity/handling-user-interaction"
	guess       = "not documented; the stricter reading"
)
