package slackui

import (
	"context"
	"errors"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/pace"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// A action is one button, pressed by one person, on one request.
type action struct {
	by          policy.Actor
	id          policy.ID
	actionID    string
	trigger     string
	responseURL string

	// Where the button was. An ephemeral message has no place of its own.
	channel, ts string
	text        string // of the message
	ephemeral   bool

	home *homeContext // set if the button was in a Home tab

	chosen policy.UserID // of a menu of people
}

// Interact answers a press, a choice, or a modal.
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
	default: // a modal that was closed; whatever else Slack may send one day
		answer(nil)
	}
}

// handleAction checks the shape of a press and that the button is where we put it,
// then does what the button is for.
func (a *App) handleAction(ctx context.Context, i payload.Interaction, answer payload.Ack) {
	if turn, isControl := homeFilterOf(i); isControl {
		a.filterHome(ctx, i, turn, answer)
		return
	}
	if isPageTurn(i) {
		a.turnPage(ctx, i, answer)
		return
	}
	p, to, ok := a.decodeAction(i)
	a.seen.Do(ctx, i.TriggerID, answer, func(answer payload.Ack) {
		if wait, tell := a.inHurry(p.by, pace.Pressing); wait > 0 {
			a.pressedTooFast(ctx, p, answer, wait, tell)
			return
		}
		if !ok {
			a.unknownButton(ctx, p, answer)
			a.refreshHome(ctx, p)
			return
		}
		if !a.isCurrentMessage(ctx, p, to.in, answer) {
			return
		}
		to.do(a, ctx, p, answer)
		a.refreshHome(ctx, p)
	})
}

// unknownButton answers the press of what is no button of ours, or one of ours
// in a place where it never is.
func (a *App) unknownButton(ctx context.Context, p action, answer payload.Ack) {
	a.log.Warn("a press that is not of a button of ours", "user", p.by.User)
	if on := eventOf(p.actionID); on != "" && p.id != "" {
		bounded, cancel := context.WithTimeout(ctx, serviceLimit)
		defer cancel()
		a.logRefusal(p.actionID, p.by, approval.Request{}, a.service.RefusePress(bounded, p.by, p.id, on))
	}
	answer(nil)
	a.respondToAction(ctx, p, "I do not know this button (any more), so nothing was changed. Type the slash command with “list” in any channel to see your requests.")
}

// respondToAction says one thing to whoever pressed, where they pressed.
func (a *App) respondToAction(ctx context.Context, p action, said mrkdwn.Mrkdwn) {
	if p.home != nil {
		p.home.flash = said
		return
	}
	a.respond(ctx, p.responseURL, said)
}

func (a *App) decodeAction(i payload.Interaction) (action, route, bool) {
	p := action{
		by: i.Who(), trigger: i.TriggerID, responseURL: i.ResponseURL,
		channel: i.Container.ChannelID, ts: i.Container.MessageTS, text: i.Message.Text, ephemeral: i.Container.IsEphemeral,
		home: homeContextOf(i),
	}
	if len(i.Actions) != 1 {
		return p, route{}, false
	}
	pressed := i.Actions[0]
	p.actionID, p.chosen = pressed.ActionID, policy.UserID(pressed.SelectedUser)
	to, known := routes[p.actionID]
	name := pressed.Value
	if p.actionID == view.ActionOwnerGoneHandTo { // a menu has no value
		name = strings.TrimPrefix(pressed.BlockID, view.BlockOwnerGone)
	}
	id, valid := approval.ParseID(name)
	p.id = id
	return p, to, known && valid && p.ephemeral == (to.in == "") && (p.home != nil) == (to.in == inHome)
}

// act calls the service within the time that Slack leaves, then acknowledges.
func (a *App) act(ctx context.Context, p action, answer payload.Ack, do func(context.Context, policy.Actor, policy.ID) (approval.Request, error)) (approval.Request, error) {
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := do(bounded, p.by, p.id)
	answer(nil)
	if err != nil {
		a.logRefusal(p.actionID, p.by, r, err)
	}
	return r, err
}

// approve needs no words when it works: the card is drawn again. Who meant to
// give the last approval, and did not, is told what is missing.
func (a *App) approve(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Approve)
	if err == nil {
		if said := view.StillMissing(r); said != "" {
			a.respondToAction(ctx, p, said)
		}
		return
	}
	a.respondToApprover(ctx, p, r, err)
}

// deny opens the form for a reason; the request is denied when that is sent.
func (a *App) deny(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.MayDeny)
	if err != nil {
		a.respondToApprover(ctx, p, r, err)
		return
	}
	if err := a.openView(ctx, p.trigger, view.DenyForm(r, requestMetadata(p))); err != nil {
		a.log.Warn("opening the form for a denial", "user", p.by.User, "request", p.id, "error", err)
		a.respondToAction(ctx, p, notOpened(err, "The form for the reason could not be opened: Slack gives me three seconds for it, and they were over. Nothing was changed; press *Deny* once more."))
	}
}

func (a *App) respondToApprover(ctx context.Context, p action, r approval.Request, err error) {
	switch {
	case err == nil:
	case errors.Is(err, approval.ErrNotAllowed):
		a.respondToAction(ctx, p, view.TooLateToDecide(r, p.by.User))
	default:
		a.respondToAction(ctx, p, view.UserError(err, r))
	}
}

func (a *App) withdraw(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Withdraw)
	a.respondToOwner(ctx, p, r, err)
}

// nudge needs no words when it works: the message is drawn again.
func (a *App) nudge(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Nudge)
	a.respondToOwner(ctx, p, r, err)
}

// create needs no words when it works: the message is drawn again.
func (a *App) create(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Issue)
	a.respondToOwner(ctx, p, r, err)
}

// confirm ends the bot's worry about a key. A note with the key goes away, also
// when the key in it is no longer the one that works.
func (a *App) confirm(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Confirm)
	switch {
	case err == nil && !p.ephemeral:
		a.respondToAction(ctx, p, mrkdwn.Mrkdwnf("Thank you. The key%s is yours until %s.", view.KeyName(r), mrkdwn.SlackDate(r.KeyExpiresAt)))
	case err != nil && r.State == approval.StateActive && r.Requester == p.by.User:
		a.respondToAction(ctx, p, "Thank you, it is noted already. There is nothing else to do.")
	case isUndone(r, err):
		a.respondToAction(ctx, p, view.UndoneForOwner(r))
	case err != nil && r.State == approval.StateIssuing:
		a.respondToAction(ctx, p, "I am not quite done with this key. Press that once more in a moment.")
	default:
		a.respondToOwner(ctx, p, r, err)
	}
	a.dismissKeyMessage(ctx, p, r, err)
}

func (a *App) replace(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Replace)
	a.respondToOwner(ctx, p, r, err)
	a.dismissKeyMessage(ctx, p, r, err)
}

// dismissKeyMessage takes a note with a key off the screen once its owner is done with
// it. It stays while the key in it may be the one that works: somebody can press
// faster than the showing is recorded.
func (a *App) dismissKeyMessage(ctx context.Context, p action, r approval.Request, err error) {
	mayWork := r.State == approval.StateDelivered || r.State == approval.StateIssuing
	done := err == nil || errors.Is(err, approval.ErrNotAllowed) && !mayWork
	if !p.ephemeral || !done {
		return
	}
	if err := a.responses.DeleteOriginal(ctx, p.responseURL); err != nil {
		a.log.Warn("a note with a key could not be removed from a screen", "request", p.id, "error", err)
	}
}

func (a *App) revoke(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.revokeNow)
	a.respondToOwner(ctx, p, r, err)
}

// revokeNow revokes without a reason: an owner needs none.
func (a *App) revokeNow(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	return a.service.Revoke(ctx, who, id, "")
}

// revokeAsApprover is under a notice that says reason enough.
func (a *App) revokeAsApprover(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.revokeNow)
	a.respondToKeyAdmin(ctx, p, r, err)
}

func (a *App) revokeListed(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.revokeNow)
	a.listAgain(ctx, p, r, err)
}

func (a *App) nudgeListed(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Nudge)
	a.listAgain(ctx, p, r, err)
}

func (a *App) withdrawListed(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.Withdraw)
	a.listAgain(ctx, p, r, err)
}

// listAgain draws the list in its place, after a refusal with the reason above.
func (a *App) listAgain(ctx context.Context, p action, r approval.Request, err error) {
	a.sendPage(ctx, p.by, p.responseURL, ownerRefusal(r, err), true, a.pageOf(ctx, p))
}

// requestAgain opens the form filled in from a request of one's own.
func (a *App) requestAgain(ctx context.Context, p action, answer payload.Ack) {
	r, err := a.act(ctx, p, answer, a.service.MayRequestAgain)
	if err != nil {
		a.respondToOwner(ctx, p, r, err)
		return
	}
	a.openForm(ctx, p.by, p.trigger, view.Again(a.screens.Policy(r), r), func(said mrkdwn.Mrkdwn) { a.respondToAction(ctx, p, said) })
}

func (a *App) respondToOwner(ctx context.Context, p action, r approval.Request, err error) {
	if err != nil {
		a.respondToAction(ctx, p, ownerRefusal(r, err))
	}
}

func ownerRefusal(r approval.Request, err error) mrkdwn.Mrkdwn {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, approval.ErrNotAllowed):
		return view.TooLateForOwner(r)
	}
	return view.UserError(err, r)
}
