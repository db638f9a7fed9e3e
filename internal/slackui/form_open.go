package slackui

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/isolate"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// previewTimeout bounds the look at what a form would come to before it is opened: a
// form without that remark is better than a trigger that has expired.
const previewTimeout = 500 * time.Millisecond

// openForm opens the form, filled in from from, or tells why not. Slack's
// trigger lives three seconds.
func (a *App) openForm(ctx context.Context, who policy.Actor, trigger string, from view.FormState, tell func(mrkdwn.Text)) {
	if _, err := a.service.Orgs.Find(from.Org); err != nil { // none yet, or one that is not configured any more
		from.Org = a.service.Orgs[0].ID
	}
	s, err := a.formViewFor(ctx, who, from, previewTimeout)
	if err != nil {
		a.logRefusal("opening the form", who, approval.Request{}, err)
		said := view.UserError(err, approval.Request{})
		if errors.Is(err, service.ErrNothingOffered) {
			said = view.NothingOffered(s.Offer.Org)
		}
		tell(said)
		return
	}
	if err := a.openView(ctx, trigger, view.Form(s)); err != nil {
		a.log.Warn("opening the form", "user", who.User, "error", err)
		tell(notOpened(err, "The form didn't open in time. Nothing was changed. Try again."))
	}
}

// formViewFor finds out at the same time what who may ask for in the draft's
// organization, and what the draft would come to.
func (a *App) formViewFor(ctx context.Context, who policy.Actor, from view.FormState, look time.Duration) (view.FormView, error) {
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	looked := make(chan view.FormPreview, 1)
	go func() { looked <- a.previewOf(bounded, who, from.Form, look) }()
	offer, err := a.service.Entitlements(bounded, who, from.Org)
	s := view.FormView{Orgs: a.service.Orgs, Offer: offer, Filled: from, Preview: <-looked}
	if len(offer.ProjectRoles) > 0 {
		a.service.Projects.Prefetch(offer.Org.ID)
	}
	return s, err
}

// previewOf looks at what a form would come to, for as long as limit.
func (a *App) previewOf(ctx context.Context, who policy.Actor, f policy.Form, limit time.Duration) (o view.FormPreview) {
	o.Unknown = true
	defer isolate.LogPanic(a.log, "looking at what a form would come to panicked")
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	preview, err := a.service.Preview(ctx, who, f)
	return view.FormPreview{Preview: preview, Unknown: err != nil}
}

// refreshForm is the form after a choice in it.
func (a *App) refreshForm(ctx context.Context, i payload.Interaction) (slack.ModalViewRequest, error) {
	s, err := a.formViewFor(ctx, i.Who(), view.SwitchOrg(i.View), serviceLimit)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return view.Form(s), nil
}

// openView opens a modal while its trigger lives.
func (a *App) openView(ctx context.Context, trigger string, v slack.ModalViewRequest) error {
	_, err := a.openViewWithID(ctx, trigger, v)
	return err
}

// openViewWithID is openView and returns the view's id.
func (a *App) openViewWithID(ctx context.Context, trigger string, v slack.ModalViewRequest) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, viewLimit)
	defer cancel()
	res, err := a.slack.API.OpenViewContext(ctx, trigger, v)
	if err != nil {
		return "", client.CallError(err)
	}
	if res.View.ID == "" {
		return "", client.MalformedResponse("views.open")
	}
	return res.View.ID, nil
}

// notOpened is said if a form is known not to be open. If Slack gave no clear
// answer it may be; and if the click was delivered again to a bot that was
// started meanwhile, it may have been opened the first time.
func notOpened(err error, said mrkdwn.Text) mrkdwn.Text {
	if slices.Contains([]string{"exchanged_trigger_id", "trigger_exchanged"}, client.CodeOf(err)) {
		return "The form is already open. If you don't see it, try again. Nothing was changed."
	}
	if f, ok := errors.AsType[*approval.CallError](err); ok && f.Class == approval.Indeterminate {
		return "Slack didn't say whether the form is open. If you don't see it, try again. Nothing was changed."
	}
	return said
}
