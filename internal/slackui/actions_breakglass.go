package slackui

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/cache"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// openBreakGlass answers the command's "emergency".
func (a *App) openBreakGlass(ctx context.Context, c payload.Command) {
	s, err := a.breakGlassViewFor(ctx, c.Who, view.FormState{})
	if err != nil {
		a.logRefusal("opening break-glass", c.Who, approval.Request{}, err)
		a.respond(ctx, c.ResponseURL, a.breakGlassRefusal(err))
		return
	}
	form, err := a.openViewWithID(ctx, c.Trigger, view.BreakGlassForm(s))
	if err != nil {
		a.log.Warn("opening break-glass", "user", c.Who.User, "error", err)
		a.respond(ctx, c.ResponseURL, notOpened(err, "The form could not be opened: Slack gives me three seconds for it, and they were over. No key was made; try it once more."))
		return
	}
	a.emergencies.opened(form, c.ResponseURL)
}

// sayKeyIsReady tells a user whose break-glass was recorded, where they typed the
// command, that their key is in another conversation. After a restart that is not known
// any more, and the message there says it alone.
func (a *App) sayKeyIsReady(ctx context.Context, form string) {
	if responseURL := a.emergencies.submitted(form); responseURL != "" {
		a.respond(ctx, responseURL, mrkdwn.Textf("Your emergency key is ready: open my messages (%s) and press *Show my key*.", view.Mention(policy.UserID(a.slack.BotUser))))
	}
}

// emergencies are the forms for break-glass that are open, and where the answer to each
// goes.
type emergencies struct {
	now func() time.Time

	mu   sync.Mutex
	open *cache.Cache[string, string]
}

const (
	responseURLLife = 30 * time.Minute
	maxEmergencies  = 1_000 // forms in each generation
)

func newEmergencies(now func() time.Time) *emergencies {
	return &emergencies{now: now, open: cache.New[string, string](cache.Limits{TTL: responseURLLife, Entries: maxEmergencies})}
}

func (e *emergencies) opened(form, responseURL string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open.Put(form, responseURL, e.now())
}

// submitted returns where the answer goes, once.
func (e *emergencies) submitted(form string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	responseURL, _ := e.open.Get(form, e.now())
	e.open.Put(form, "", e.now())
	return responseURL
}

func (a *App) breakGlassRefusal(err error) mrkdwn.Text {
	if errors.Is(err, service.ErrBreakGlassNotAllowed) {
		return mrkdwn.Textf("You're not on the emergency list, so no key was created. Use `%s` and put the urgency in the reason.", mrkdwn.BotText(a.screens.Command))
	}
	return view.UserError(err, approval.Request{})
}

// breakGlassViewFor finds out where who may take a key. A draft for no
// organization of those is one for the first.
func (a *App) breakGlassViewFor(ctx context.Context, who policy.Actor, from view.FormState) (view.BreakGlassView, error) {
	ctx, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	orgs, err := a.service.MayBreakGlass(ctx, who)
	if err != nil {
		return view.BreakGlassView{}, err
	}
	org, err := orgs.Find(from.Org)
	if err != nil {
		org = orgs[0]
	}
	return view.BreakGlassView{Orgs: orgs, Org: org, Channel: a.screens.Channels[org.ID], Filled: from}, nil
}

// refreshBreakGlass is the modal after a choice in it.
func (a *App) refreshBreakGlass(ctx context.Context, i payload.Interaction) (slack.ModalViewRequest, error) {
	s, err := a.breakGlassViewFor(ctx, i.Who(), view.SwitchOrg(i.View))
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return view.BreakGlassForm(s), nil
}
