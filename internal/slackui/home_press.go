package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// inHome stands for a Home tab as the place of a button. It has no message: the
// service alone decides who may do what is pressed there.
const inHome approval.MessageName = "home"

// A homeContext is a Home tab as it was when something in it was pressed.
type homeContext struct {
	search search
	hash   string // of the view; empty if it is not known
	flash  mrkdwn // what the press came to; shown at the top
}

// homeContextOf returns nil if the press was not in a Home tab.
func homeContextOf(i interaction) *homeContext {
	if i.Container.Type != "view" || i.View.CallbackID != viewHome {
		return nil
	}
	return &homeContext{search: parseSearch(i.View.Metadata), hash: i.View.Hash}
}

// homeFilterOf returns what the press of an element changes that is about no
// request.
func homeFilterOf(i interaction) (homeFilter, bool) {
	if len(i.Actions) != 1 || homeContextOf(i) == nil {
		return nil, false
	}
	t, ok := homeFilters[i.Actions[0].ActionID]
	return t, ok
}

// filterHome shows something else of the live keys.
func (a *App) filterHome(ctx context.Context, i interaction, t homeFilter, answer ack) {
	a.seen.do(ctx, i.TriggerID, answer, func(answer ack) {
		answer(nil)
		a.turn(ctx, i, t)
	})
}

func (a *App) turn(ctx context.Context, i interaction, t homeFilter) {
	home, pressed := homeContextOf(i), i.Actions[0]
	if wait, tell := a.inHurry(i.who(), showing); wait > 0 {
		a.homeTooFast(ctx, i.who(), home.search, wait, tell)
		return
	}
	chosen := pressed.SelectedUser
	if o := pressed.Selected; o != nil && o.Value != anything {
		chosen = o.Value
	}
	home.search = t(home.search, chosen)
	if pressed.ActionID == actionHomeAsk {
		a.openForm(ctx, i.who(), i.TriggerID, formState{}, func(said mrkdwn) { home.flash = said })
	}
	a.publishHomeTo(ctx, i.who(), home)
}

// HomeOpened draws a tab that somebody opened. It is drawn from the store each
// time, with whatever was searched for before.
func (a *App) HomeOpened(ctx context.Context, e event, answer ack) {
	a.seen.do(ctx, e.ID, answer, func(answer ack) {
		answer(nil)
		if e.opensHome() {
			a.drawOpened(ctx, e.who(), parseSearch(e.Event.View.Metadata))
		}
	})
}

// drawOpened draws a tab, unless whoever opens it is too fast.
func (a *App) drawOpened(ctx context.Context, who approval.Actor, shown search) {
	if wait, tell := a.inHurry(who, showing); wait > 0 {
		a.homeTooFast(ctx, who, shown, wait, tell)
		return
	}
	a.publishHomeTo(ctx, who, &homeContext{search: shown})
}

// refreshHome shows in the tab what a press in it came to.
func (a *App) refreshHome(ctx context.Context, p action) { a.publishHomeTo(ctx, p.by, p.home) }

// publishHomeTo publishes somebody's tab, if there is one to publish. If somebody
// else did meanwhile, what is shown is read once more.
func (a *App) publishHomeTo(ctx context.Context, who approval.Actor, home *homeContext) {
	if home == nil {
		return
	}
	ctx = forDrawing(ctx)
	err := a.publishHome(ctx, who, *home)
	if codeOf(err) == "hash_conflict" {
		home.hash = ""
		err = a.publishHome(ctx, who, *home)
	}
	if err != nil {
		a.log.Warn("publishing a Home tab", "user", who.User, "error", err)
	}
}

func (a *App) publishHome(ctx context.Context, who approval.Actor, home homeContext) error {
	screen, err := a.homeOf(ctx, who, home)
	if err != nil {
		return err
	}
	return a.publish(ctx, who, screen, home.hash)
}

// publish shows a Home tab, over the one with that hash if there is one.
func (a *App) publish(ctx context.Context, who approval.Actor, screen homeView, hash string) error {
	req := slack.PublishViewContextRequest{UserID: string(who.User), View: a.screens.home(screen)}
	if hash != "" {
		req.Hash = &hash
	}
	res, err := a.slack.API.PublishViewContext(ctx, req)
	if err != nil {
		return callError(err)
	}
	if res.View.ID == "" {
		return malformedResponse("views.publish")
	}
	return nil
}

// homeOf reads what somebody may see. An error means that they have no tab.
func (a *App) homeOf(ctx context.Context, who approval.Actor, home homeContext) (homeView, error) {
	h := homeView{flash: home.flash, search: home.search}
	mine, err := a.service.MineOpen(ctx, who)
	if errors.Is(err, approval.ErrExternal) || errors.Is(err, approval.ErrDeactivated) {
		return h, err
	}
	if err != nil {
		a.logRefusal("showing a Home tab", who, approval.Request{}, err)
		return homeView{flash: userError(err, approval.Request{}), refused: true}, nil
	}
	h.mine = mine
	waiting, err := a.service.ListPending(ctx, who)
	if err == nil {
		h.unsigned, err = a.service.AwaitingReview(ctx, who)
	}
	if err == nil {
		h.live, err = a.service.ActiveKeys(ctx, who)
	}
	switch {
	case errors.Is(err, approval.ErrNotApprover):
		return h, nil
	case err != nil:
		a.logRefusal("showing approvers' part of a Home tab", who, approval.Request{}, err)
		h.flash = joinSentences(h.flash, "I could not find out just now what waits for you, if you are an approver. Open this tab once more in a minute.")
		return h, nil
	}
	h.approver, h.waiting = true, waiting
	h.live = a.searched(h.live, h.search)
	return h, nil
}

func (a *App) searched(live []approval.Request, s search) []approval.Request {
	var found []approval.Request
	for _, r := range live {
		if s.matches(r, a.slack.config.Now()) {
			found = append(found, r)
		}
	}
	return found
}
