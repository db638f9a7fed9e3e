package page

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"atlaskeybot/internal/sandbox/slack"
)

// action is something a person does. ask has the fields of the query and the form;
// "as" is a person of the workspace. An error is a sentence for the person.
type action func(ctx context.Context, ask url.Values) error

// maxForm is more than a full form of Slack's needs.
const maxForm = 1 << 20

// errUnknown answers a request without a known person.
var errUnknown = errors.New("this page does not know who you are: choose a person at the top")

// actions are all of them, by the path under /page/.
func (p *page) actions() map[string]action {
	return map[string]action{
		"view":           p.view,
		"command":        p.command,
		"click":          p.click,
		"click-in-modal": p.clickInModal,
		"click-in-home":  p.clickInHome,
		"fill":           p.fill,
		"enter":          p.enter,
		"submit":         p.submit,
		"close":          p.closeModal,
		"home":           p.openHome,
		"presence":       p.presence,
		"reload":         p.reload,
		"share":          p.share,
		"staff":          p.administerPerson,
		"advance":        p.advance,
		"fault":          p.fault,
		"calm":           p.clearFaults,
	}
}

// actingUser answers 204, or 422 with the sentence. What changed is seen by
// fetching the page again.
func (p *page) actingUser(do action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		err := r.ParseForm()
		if err == nil {
			err = errUnknown
			if p.knows(r.Form.Get("as")) {
				err = do(r.Context(), r.Form)
			}
		}
		p.hub.notify()
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func (p *page) view(_ context.Context, ask url.Values) error {
	return p.Slack.View(ask.Get("as"), ask.Get("in"))
}

// command takes slash commands only: the bot reads no messages, so a message
// would show that nothing happens, slowly.
func (p *page) command(ctx context.Context, ask url.Values) error {
	typed := strings.TrimSpace(ask.Get("text"))
	if !strings.HasPrefix(typed, "/") {
		return fmt.Errorf("only commands work here, so nothing was posted: try %s", p.Command)
	}
	name, rest, _ := strings.Cut(typed, " ")
	return p.Slack.Command(ctx, ask.Get("as"), ask.Get("in"), name, strings.TrimSpace(rest))
}

func (p *page) click(ctx context.Context, ask url.Values) error {
	return p.Slack.Click(ctx, ask.Get("as"), ask.Get("in"), ask.Get("ts"), ask.Get("action"), valueOf(ask["value"])...)
}

// clickInModal comes with the whole form, as Slack's client sends it.
func (p *page) clickInModal(ctx context.Context, ask url.Values) error {
	if err := p.fill(ctx, ask); err != nil {
		return err
	}
	return p.Slack.ClickInModal(ctx, ask.Get("as"), ask.Get("action"), valueOf(ask["value"])...)
}

func (p *page) clickInHome(ctx context.Context, ask url.Values) error {
	return p.Slack.ClickInHome(ctx, ask.Get("as"), ask.Get("action"), valueOf(ask["value"])...)
}

// submit reports no refusal: errors and trouble are in the modal.
func (p *page) submit(ctx context.Context, ask url.Values) error {
	values, err := p.filled(ask)
	if err != nil {
		return err
	}
	_, err = p.Slack.Submit(ctx, ask.Get("as"), values)
	return err
}

func (p *page) closeModal(ctx context.Context, ask url.Values) error {
	return p.Slack.CloseModal(ctx, ask.Get("as"))
}

func (p *page) openHome(ctx context.Context, ask url.Values) error {
	return p.Slack.OpenHome(ctx, ask.Get("as"))
}

func (p *page) presence(_ context.Context, ask url.Values) error {
	switch to := ask.Get("to"); to {
	case "away":
		p.Slack.Away(ask.Get("as"))
	case "active":
		p.Slack.Active(ask.Get("as"))
	default:
		return fmt.Errorf("%q is not a presence: only away or active", to)
	}
	return nil
}

func (p *page) reload(_ context.Context, ask url.Values) error {
	p.Slack.Reload(ask.Get("as"), ask.Get("drop") == "yes")
	return nil
}

// share lets strangers into the approvers' channel, through Slack Connect.
func (p *page) share(_ context.Context, ask url.Values) error {
	p.Slack.ShareChannel(slack.Approvals, ask.Get("to") == "yes")
	return nil
}

func (p *page) advance(_ context.Context, ask url.Values) error {
	by, err := time.ParseDuration(cmp.Or(ask.Get("by"), "0"))
	if err != nil || by <= 0 {
		return errors.New("the clock moves forward only, by a time such as 30m")
	}
	p.Clock.Advance(by)
	return nil
}

func (p *page) fault(_ context.Context, ask url.Values) error { return p.setFault(ask.Get("id")) }

func (p *page) clearFaults(context.Context, url.Values) error {
	p.Wire.Clear()
	return nil
}
