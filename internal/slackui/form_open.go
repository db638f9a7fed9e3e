package slackui

import (
	"context"
	"errors"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// lookLimit bounds the look at what a form would come to before it is opened: a
// form without that remark is better than a trigger that has expired.
const lookLimit = 500 * time.Millisecond

// openForm opens the form, filled in from from, or tells why not. Slack's
// trigger lives three seconds.
func (a *App) openForm(ctx context.Context, who approval.Actor, trigger string, from draft, tell func(mrkdwn)) {
	if _, err := a.service.Orgs.Find(from.Org); err != nil { // none yet, or one that is not configured any more
		from.Org = a.service.Orgs[0].ID
	}
	s, err := a.formScreen(ctx, who, from, lookLimit)
	if err != nil {
		a.logRefusal("opening the form", who, approval.Request{}, err)
		said := refusal(err, approval.Request{})
		if errors.Is(err, approval.ErrNothingOffered) {
			said = nothingOffered(s.offer.Org)
		}
		tell(said)
		return
	}
	if err := a.openView(ctx, trigger, form(s)); err != nil {
		a.log.Warn("opening the form", "user", who.User, "error", err)
		tell(notOpened(err, "The form could not be opened: Slack gives me three seconds for it, and they were over. Nothing is lost; try it once more."))
	}
}

// formScreen finds out at the same time what who may ask for in the draft's
// organization, and what the draft would come to.
func (a *App) formScreen(ctx context.Context, who approval.Actor, from draft, look time.Duration) (formScreen, error) {
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	looked := make(chan outlook, 1)
	go func() { looked <- a.outlook(bounded, who, from.Form, look) }()
	offer, err := a.service.Offer(bounded, who, from.Org)
	s := formScreen{orgs: a.service.Orgs, offer: offer, filled: from, outlook: <-looked}
	if len(offer.ProjectRoles) > 0 {
		a.service.Catalog.Warm(offer.Org.ID)
	}
	return s, err
}

// outlook looks at what a form would come to, for as long as limit.
func (a *App) outlook(ctx context.Context, who approval.Actor, f approval.Form, limit time.Duration) (o outlook) {
	o.unknown = true
	defer logPanic(a.log, "looking at what a form would come to panicked")
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	preview, err := a.service.Preview(ctx, who, f)
	return outlook{preview, err != nil}
}

// formAgain is the form after a choice in it.
func (a *App) formAgain(ctx context.Context, i interaction) (slack.ModalViewRequest, error) {
	s, err := a.formScreen(ctx, i.who(), formBlocks.moved(i.View), serviceLimit)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return form(s), nil
}
