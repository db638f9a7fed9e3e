package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
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
	if err := a.openView(ctx, c.Trigger, view.BreakGlassForm(s)); err != nil {
		a.log.Warn("opening break-glass", "user", c.Who.User, "error", err)
		a.respond(ctx, c.ResponseURL, notOpened(err, "The form could not be opened: Slack gives me three seconds for it, and they were over. No key was made; try it once more."))
	}
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
