package slackui

import (
	"context"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// An extendView is the modal in which the owner of a live key asks for more
// time, at one moment.
type extendView struct {
	keyTarget
	most    time.Duration // that the key may live in all, as mostOf says; zero if no role does
	mostOf  approval.Role
	preview formPreview
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
func extendForm(s extendView) slack.ModalViewRequest {
	blocks := []slack.Block{section(mrkdwnf("The key%s of request %s (%s) ends %s. If it is approved, it gets more time; no new key is made.", keyName(s.r), s.r.ID, s.r.Access.Description, slackDate(s.r.KeyExpiresAt)))}
	if s.most > 0 {
		blocks = append(blocks, section(mrkdwnf("Because of %s it lives at most %s in all, with its extensions and rotations.", botText(titles([]approval.Role{s.mostOf})), botText(humanDuration(s.most)))))
	}
	blocks = append(blocks,
		dispatchOnChange(inputBlock(blockExtendLifetime, "How much longer?", "Added to the present end.", spansMenu(blockExtendLifetime, s.choices(), 0))),
		inputBlock(blockExtendReason, "Why?", "Approvers read this.", lines(blockExtendReason, "", approval.MaxReason)),
	)
	m := modal(viewExtend, "More time", append(blocks, slack.NewDividerBlock(), section(s.preview.route("This will go to")))...)
	m.Submit = plainText("Send")
	m.PrivateMetadata = s.metadata
	return m
}

// choices are those that the limit leaves; a menu without any Slack would
// refuse.
func (s extendView) choices() []time.Duration {
	all := s.org.Policy.Lifetimes
	within := slices.DeleteFunc(slices.Clone(all), func(d time.Duration) bool { return s.most > 0 && wholeLife(s.r, d) > s.most })
	if len(within) == 0 {
		return all
	}
	return within
}

func extension(v sentView) approval.ExtensionForm {
	return approval.ExtensionForm{IdempotencyKey: v.ID, Reason: v.input(blockExtendReason).text(), ExtendBy: v.input(blockExtendLifetime).span()}
}

// extend opens the form for more time.
func (a *App) extend(ctx context.Context, p action, answer ack) {
	a.openChange(ctx, p, answer, a.service.MayExtend, func(k keyTarget) slack.ModalViewRequest { return a.extendViewFor(ctx, p.by, k, 0) })
}

// refreshExtend is the form after a choice in it.
func (a *App) refreshExtend(ctx context.Context, i interaction) (slack.ModalViewRequest, error) {
	k, err := a.keyTargetOf(ctx, i, a.service.MayExtend)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return a.extendViewFor(ctx, i.who(), k, extension(i.View).ExtendBy), nil
}

// extendViewFor looks at what an extension would come to.
func (a *App) extendViewFor(ctx context.Context, who approval.Actor, k keyTarget, extra time.Duration) slack.ModalViewRequest {
	s := extendView{keyTarget: k, preview: a.previewChange(ctx, who, k, wholeLife(k.r, extra))}
	s.most, s.mostOf = k.org.Policy.MostLife(k.r.Access)
	return extendForm(s)
}

// wholeLife is how long a key would live in all, which is what a rule that
// approves looks at; zero if no extension is chosen.
func wholeLife(r approval.Request, extra time.Duration) time.Duration {
	if extra <= 0 {
		return 0
	}
	return r.LifeUntil(r.KeyExpiresAt.Add(extra))
}

// previewChange is what a key with the same access and that lifetime would come to.
// If the rules of now do not allow its addresses, no rule is known to approve
// it.
func (a *App) previewChange(ctx context.Context, who approval.Actor, k keyTarget, lifetime time.Duration) (o formPreview) {
	o.unknown = true
	defer logPanic(a.log, "looking at what an extension would come to panicked")
	f := formOf(stillNamed(k.r.Access, k.org.Policy))
	f.Org, f.Lifetime = k.org.ID, lifetime
	o = a.previewOf(ctx, who, f, previewTimeout)
	o.unknown = o.unknown || o.Rule != "" && slices.ContainsFunc(o.Problems, func(p approval.Problem) bool { return p.Field == approval.FieldNetworks })
	return o
}
