package view

import (
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
)

// An extendView is the modal in which the owner of a live key asks for more
// time, at one moment.
type ExtendView struct {
	KeyTarget
	Most    time.Duration // that the key may live in all, as mostOf says; zero if no role does
	MostOf  policy.Role
	Preview FormPreview
}

// extendForm asks how much longer a key should live, and why.
//
//	┌──────────────────────────────────────────────┐
//	│ More time                                    │
//	│ The key abcdefgh of AKR-7F3K2 ends …         │
//	│ How much longer?   [ 8 hours             ▾ ] │
//	│ Why?               [                       ] │
//	│ This will go to 1 of @platform               │
//	│                        [ Cancel ] [ Send ]   │
//	└──────────────────────────────────────────────┘
func ExtendForm(s ExtendView) slack.ModalViewRequest {
	in := inputs{lifetimes: s.choices()}
	blocks := []slack.Block{mrkdwn.Section(mrkdwn.Mrkdwnf("The key%s of request %s (%s) ends %s. If it is approved, it gets more time; no new key is made.", KeyName(s.R), s.R.ID, s.R.Access.Description, mrkdwn.SlackDate(s.R.KeyExpiresAt)))}
	if s.Most > 0 {
		blocks = append(blocks, mrkdwn.Section(mrkdwn.Mrkdwnf("Because of %s it lives at most %s in all, with its extensions and rotations.", mrkdwn.BotText(Titles([]policy.Role{s.MostOf})), mrkdwn.BotText(mrkdwn.HumanDuration(s.Most)))))
	}
	blocks = append(blocks,
		in.block(policy.FieldLifetime, refreshing, asking("How much longer?", "Added to the present end.")),
		in.block(policy.FieldReason),
	)
	m := mrkdwn.Modal(ViewExtend, "More time", append(blocks, slack.NewDividerBlock(), mrkdwn.Section(s.Preview.route("This will go to")))...)
	m.Submit = mrkdwn.PlainText("Send")
	m.PrivateMetadata = s.Metadata
	return m
}

// choices are those that the limit leaves; a menu without any Slack would
// refuse.
func (s ExtendView) choices() []time.Duration {
	all := s.Org.Policy.Lifetimes
	within := slices.DeleteFunc(slices.Clone(all), func(d time.Duration) bool { return s.Most > 0 && WholeLife(s.R, d) > s.Most })
	if len(within) == 0 {
		return all
	}
	return within
}

// Extension is the form as it was sent.
func Extension(v payload.SentView) service.ExtensionForm {
	f := ReadForm(v)
	return service.ExtensionForm{IdempotencyKey: v.ID, Reason: f.Reason, ExtendBy: f.Lifetime}
}

// wholeLife is how long a key would live in all, which is what a rule that
// approves looks at; zero if no extension is chosen.
func WholeLife(r approval.Request, extra time.Duration) time.Duration {
	if extra <= 0 {
		return 0
	}
	return r.LifeUntil(r.KeyExpiresAt.Add(extra))
}
