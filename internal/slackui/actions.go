package slackui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/pace"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// An action is one use of a button or a menu by one user.
type action struct {
	verb
	by          policy.Actor
	name        string    // of the verb
	arg         string    // what follows the verb in the action_id
	id          policy.ID // the request; empty if the verb is about none
	value       string    // of a button, as it was sent
	chosen      string    // in a menu: a user, or the value of an option
	trigger     string
	responseURL string

	// Where the action was.
	on          view.Surface
	message     approval.MessageName // if the surface is a tracked message
	channel, ts string
	text        string       // of the message
	home        *homeContext // set if it was in a Home tab
}

// Interact answers an action, a change of an input, or a view that was sent.
func (a *App) Interact(ctx context.Context, i payload.Interaction, answer payload.Ack) {
	switch i.Type {
	case "view_submission":
		a.submit(ctx, i, answer)
	case "block_actions":
		if isInputAction(i) {
			a.inputChanged(ctx, i, answer)
			return
		}
		a.handleAction(ctx, i, answer)
	case "block_suggestion":
		a.LoadOptions(ctx, i, answer)
	default: // a modal that was closed, or what Slack may add one day
		answer(nil)
	}
}

// handleAction checks that an action is one of ours, on a surface that it may be
// on and in the message that we track, then does it.
func (a *App) handleAction(ctx context.Context, i payload.Interaction, answer payload.Ack) {
	p, known := decodeAction(i)
	a.seen.Do(ctx, i.TriggerID, answer, func(answer payload.Ack) {
		if wait, tell := a.takePace(p.by, p.pace()); wait > 0 {
			a.actedTooFast(ctx, p, answer, wait, tell)
			return
		}
		switch {
		case !known:
			a.unknownAction(ctx, p, answer)
		case !a.isCurrentMessage(ctx, p, answer):
			return
		default:
			p.do(a, ctx, p, answer)
		}
		a.refreshHome(ctx, p)
	})
}

// pace is what the action counts as.
func (p action) pace() pace.Action {
	if p.do != nil && p.event == "" {
		return pace.Viewing
	}
	return pace.Acting
}

// decodeAction reads an action, and reports whether it is one that we offer on
// that surface. The block says which surface that is, and is believed only as
// far as Slack says the same of the container: a message, an ephemeral message
// or the Home tab. Which message it is, [App.isCurrentMessage] compares.
func decodeAction(i payload.Interaction) (action, bool) {
	p := action{
		by: i.Who(), trigger: i.TriggerID, responseURL: i.ResponseURL,
		channel: i.Container.ChannelID, ts: i.Container.MessageTS, text: i.Message.Text,
		home: homeContextOf(i),
	}
	if len(i.Actions) != 1 {
		return p, false
	}
	used := i.Actions[0]
	p.name, p.arg, _ = strings.Cut(used.ActionID, ":")
	p.value, p.chosen = used.Value, used.SelectedUser
	if used.Selected != nil {
		p.chosen = used.Selected.Value
	}
	in, request := view.ParseBlockID(used.BlockID)
	p.on = view.SurfaceOf(approval.MessageName(in))
	switch {
	case p.home != nil:
		p.on = view.HomeSurface
	case !p.on.IsEphemeral():
		p.message = approval.MessageName(in)
	}
	isOurs := false
	p.verb, isOurs = verbs[p.name]
	if p.name == view.ActionTransfer { // a menu has no value
		p.id, _ = approval.ParseID(request)
	} else {
		p.id, _ = approval.ParseID(p.value)
	}
	if p.event == "" {
		p.id = ""
	}
	return p, isOurs && slices.Contains(p.surfaces, p.on) && (p.id != "" || p.event == "") &&
		i.Container.IsEphemeral == p.on.IsEphemeral() && (p.home != nil) == (p.on == view.HomeSurface)
}

// unknownAction answers what is no action of ours, or one of ours on a surface
// that does not have it.
func (a *App) unknownAction(ctx context.Context, p action, answer payload.Ack) {
	a.log.Warn("an action that the bot does not offer there", "user", p.by.User)
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	switch {
	case p.do == nil:
	case p.event == "":
		a.logRefusal(p.name, p.by, approval.Request{}, a.service.RefuseView(bounded, p.by, "list", service.ErrMisplaced))
	case p.id != "":
		a.logRefusal(p.name, p.by, approval.Request{}, a.service.RefusePress(bounded, p.by, p.id, p.event))
	}
	answer(nil)
	a.respondToAction(ctx, p, "This button isn't available (any more), so nothing was changed. The slash command with “list” shows your requests.")
}

// act calls the service within the time that Slack leaves, then acknowledges.
func (a *App) act(ctx context.Context, p action, answer payload.Ack, do func(context.Context, policy.Actor, policy.ID) (approval.Request, error)) (approval.Request, error) {
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := do(bounded, p.by, p.id)
	answer(nil)
	if err != nil {
		a.logRefusal(p.name, p.by, r, err)
	}
	return r, err
}

// respondToAction says one thing to the user, where they acted.
func (a *App) respondToAction(ctx context.Context, p action, said mrkdwn.Text) {
	if p.home != nil {
		p.home.flash = said
		return
	}
	a.respond(ctx, p.responseURL, said)
}

// respondWithOutcome says what an action came to, if there is anything to say. In
// a list that is above the list, which is shown again.
func (a *App) respondWithOutcome(ctx context.Context, p action, said mrkdwn.Text) {
	switch {
	case p.on == view.ListSurface:
		a.sendPage(ctx, p.by, p.responseURL, said, true, a.pageOf(ctx, p))
	case said != "":
		a.respondToAction(ctx, p, said)
	}
}

// respondToOwner says why the owner's action was refused, if it was.
func (a *App) respondToOwner(ctx context.Context, p action, r approval.Request, err error) {
	a.respondWithOutcome(ctx, p, ownerRefusal(r, err))
}

func ownerRefusal(r approval.Request, err error) mrkdwn.Text {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, approval.ErrNotAllowed):
		return view.AlreadyDoneForOwner(r)
	}
	return view.UserError(err, r)
}

// openAbout opens a modal about a request, or says that it could not be opened.
func (a *App) openAbout(ctx context.Context, p action, v slack.ModalViewRequest) {
	if err := a.openView(ctx, p.trigger, v); err != nil {
		a.log.Warn("opening a form about a request", "action", p.name, "user", p.by.User, "request", p.id, "error", err)
		a.respondToAction(ctx, p, notOpened(err, "The form didn't open in time. Nothing was changed. Press the button again."))
	}
}
