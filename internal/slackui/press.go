package slackui

import (
	"context"
	"errors"

	"atlaskeybot/internal/approval"
)

// A press is one button, pressed by one person, on one request.
type press struct {
	who         approval.Actor
	id          approval.ID
	action      string
	trigger     string
	responseURL string

	// Where the button was. An ephemeral message has no place of its own.
	channel, ts string
	text        string // of the message
	ephemeral   bool
}

// A route says what a button does and in which message it is.
type route struct {
	in approval.MessageName // empty: in an ephemeral message
	do func(*App, context.Context, press, ack)
}

// routes lists every button there is. One short method each.
var routes = map[string]route{
	actionCardApprove:    {approval.CardMessage, (*App).approve},
	actionCardDeny:       {approval.CardMessage, (*App).deny},
	actionAskedWithdraw:  {approval.AskedMessage, (*App).withdraw},
	actionReadyCreate:    {approval.ReadyMessage, (*App).create},
	actionReadyWithdraw:  {approval.ReadyMessage, (*App).withdraw},
	actionReadySaved:     {approval.ReadyMessage, (*App).saved},
	actionReadyUnseen:    {approval.ReadyMessage, (*App).unseen},
	actionReadyRevoke:    {approval.ReadyMessage, (*App).revoke},
	actionReminderSaved:  {approval.ReminderMessage, (*App).saved},
	actionReminderUnseen: {approval.ReminderMessage, (*App).unseen},
	actionOutcomeAgain:   {approval.OutcomeMessage, (*App).askAgain},
	actionDriftRevoke:    {approval.DriftNotice, (*App).revokeAsApprover},
	actionFoundRevoke:    {approval.FoundNotice, (*App).revokeAsApprover},
	actionNoteSaved:      {"", (*App).saved},
	actionNoteUnseen:     {"", (*App).unseen},
	actionListRevoke:     {"", (*App).revokeListed},
	actionListWithdraw:   {"", (*App).withdrawListed},
}

// interact answers a press or a modal.
func (a *App) interact(ctx context.Context, i interaction, answer ack) {
	switch i.Type {
	case "view_submission":
		a.submit(ctx, i, answer)
	case "block_actions":
		a.pressed(ctx, i, answer)
	default: // a modal that was closed; whatever else Slack may send one day
		answer(nil)
	}
}

// pressed checks the shape of a press and that the button is where we put it,
// then does what the button is for.
func (a *App) pressed(ctx context.Context, i interaction, answer ack) {
	p, to, ok := a.decodePress(i)
	if !ok {
		a.log.Warn("a press that is not of a button of ours", "user", i.User.ID)
		answer(nil)
		a.tell(ctx, i.ResponseURL, "I do not know this button (any more), so nothing was changed. Type the slash command with “list” to see your requests.")
		return
	}
	if !a.seen.first(i.TriggerID) {
		answer(nil)
		return
	}
	if !a.inPlace(ctx, p, to.in, answer) {
		return
	}
	to.do(a, ctx, p, answer)
}

func (a *App) decodePress(i interaction) (press, route, bool) {
	if len(i.Actions) != 1 {
		return press{}, route{}, false
	}
	to, known := routes[i.Actions[0].ActionID]
	id, valid := approval.ParseID(i.Actions[0].Value)
	p := press{
		who: i.who(), id: id, action: i.Actions[0].ActionID, trigger: i.TriggerID, responseURL: i.ResponseURL,
		channel: i.Container.ChannelID, ts: i.Container.MessageTS, text: i.Message.Text, ephemeral: i.Container.IsEphemeral,
	}
	return p, to, known && valid && p.ephemeral == (to.in == "")
}

// act calls the service within the time that Slack leaves, then acknowledges.
func (a *App) act(ctx context.Context, p press, answer ack, do func(context.Context, approval.Actor, approval.ID) (approval.Request, error)) (approval.Request, error) {
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := do(bounded, p.who, p.id)
	answer(nil)
	if err != nil {
		a.logRefusal(p.action, p.who, r, err)
	}
	return r, err
}

// approve needs no words when it works: the card is drawn again.
func (a *App) approve(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Approve)
	a.tellDecider(ctx, p, r, err)
}

// deny opens the form for a reason; the request is denied when that is sent.
func (a *App) deny(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.MayDecide)
	if err != nil {
		a.tellDecider(ctx, p, r, err)
		return
	}
	if err := a.openView(ctx, p.trigger, denyForm(r)); err != nil {
		a.log.Warn("opening the form for a denial", "user", p.who.User, "request", p.id, "error", err)
		a.tell(ctx, p.responseURL, notOpened(err, "The form for the reason could not be opened: Slack gives me three seconds for it, and they were over. Nothing was changed; press *Deny* once more."))
	}
}

func (a *App) tellDecider(ctx context.Context, p press, r approval.Request, err error) {
	switch {
	case err == nil:
	case errors.Is(err, approval.ErrNotAllowed):
		a.tell(ctx, p.responseURL, tooLateToDecide(r, p.who.User))
	default:
		a.tell(ctx, p.responseURL, refusal(err, r))
	}
}

func (a *App) withdraw(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Withdraw)
	a.tellOwner(ctx, p, r, err)
}

// create needs no words when it works: the message is drawn again.
func (a *App) create(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Collect)
	a.tellOwner(ctx, p, r, err)
}

// saved ends the bot's worry about a key. A note with the key goes away, also
// when the key in it is no longer the one that works.
func (a *App) saved(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Confirm)
	switch {
	case err == nil && !p.ephemeral:
		a.tell(ctx, p.responseURL, say("Thank you. The key%s is yours until %s.", keyName(r), when(r.EndsAt)))
	case err != nil && r.State == approval.Active && r.Requester == p.who.User:
		a.tell(ctx, p.responseURL, "Thank you, it is noted already. There is nothing else to do.")
	case err != nil && r.State == approval.Minting:
		a.tell(ctx, p.responseURL, "I am not quite done with this key. Press that once more in a moment.")
	default:
		a.tellOwner(ctx, p, r, err)
	}
	a.removeNote(ctx, p, r, err)
}

func (a *App) unseen(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Replace)
	a.tellOwner(ctx, p, r, err)
	a.removeNote(ctx, p, r, err)
}

// removeNote takes a note with a key off the screen once its owner is done with
// it. It stays while the key in it may be the one that works: somebody can press
// faster than the showing is recorded.
func (a *App) removeNote(ctx context.Context, p press, r approval.Request, err error) {
	mayWork := r.State == approval.Delivered || r.State == approval.Minting
	done := err == nil || errors.Is(err, approval.ErrNotAllowed) && !mayWork
	if !p.ephemeral || !done {
		return
	}
	if err := a.reply.deleteOriginal(ctx, p.responseURL); err != nil {
		a.log.Warn("a note with a key could not be removed from a screen", "request", p.id, "error", err)
	}
}

func (a *App) revoke(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Revoke)
	a.tellOwner(ctx, p, r, err)
}

// revokeAsApprover is under a notice: whoever may not is told who may.
func (a *App) revokeAsApprover(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Revoke)
	switch {
	case err == nil:
	case errors.Is(err, approval.ErrNotOwner):
		a.tell(ctx, p.responseURL, refusal(approval.ErrNotApprover, r))
	default:
		a.tell(ctx, p.responseURL, refusal(err, r))
	}
}

func (a *App) revokeListed(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Revoke)
	a.listAgain(ctx, p, r, err)
}

func (a *App) withdrawListed(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.service.Withdraw)
	a.listAgain(ctx, p, r, err)
}

// listAgain draws the list in its place, after a refusal with the reason above.
func (a *App) listAgain(ctx context.Context, p press, r approval.Request, err error) {
	a.sendList(ctx, p.who, p.responseURL, ownerRefusal(r, err), true)
}

// askAgain opens the form filled in from a request of one's own.
func (a *App) askAgain(ctx context.Context, p press, answer ack) {
	r, err := a.act(ctx, p, answer, a.readOwn)
	if err != nil {
		a.tellOwner(ctx, p, r, err)
		return
	}
	a.openForm(ctx, p.who, p.trigger, p.responseURL, again(r))
}

// readOwn reads a request for whoever asked it, and for nobody else.
func (a *App) readOwn(ctx context.Context, who approval.Actor, id approval.ID) (approval.Request, error) {
	r, err := a.service.Get(ctx, id)
	if err == nil && r.Requester != who.User {
		return approval.Request{}, approval.ErrNotOwner
	}
	return r, err
}

func (a *App) tellOwner(ctx context.Context, p press, r approval.Request, err error) {
	if err != nil {
		a.tell(ctx, p.responseURL, ownerRefusal(r, err))
	}
}

func ownerRefusal(r approval.Request, err error) mrkdwn {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, approval.ErrNotAllowed):
		return tooLateForOwner(r)
	}
	return refusal(err, r)
}
