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

// A homePress is a Home tab as it was when something in it was pressed.
type homePress struct {
	search search
	hash   string // of the view; empty if it is not known
	said   mrkdwn // what the press came to; shown at the top
}

// pressedHome returns nil if the press was not in a Home tab.
func pressedHome(i interaction) *homePress {
	if i.Container.Type != "view" || i.View.CallbackID != viewHome {
		return nil
	}
	return &homePress{search: parseSearch(i.View.Metadata), hash: i.View.Hash}
}

// homeControl returns what the press of an element changes that is about no
// request.
func homeControl(i interaction) (turn, bool) {
	if len(i.Actions) != 1 || pressedHome(i) == nil {
		return nil, false
	}
	t, ok := homeControls[i.Actions[0].ActionID]
	return t, ok
}

// turnHome shows something else of the live keys.
func (a *App) turnHome(ctx context.Context, i interaction, t turn, answer ack) {
	a.seen.do(ctx, i.TriggerID, answer, func(answer ack) {
		answer(nil)
		a.turn(ctx, i, t)
	})
}

func (a *App) turn(ctx context.Context, i interaction, t turn) {
	home, pressed := pressedHome(i), i.Actions[0]
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
		a.openForm(ctx, i.who(), i.TriggerID, draft{}, func(said mrkdwn) { home.said = said })
	}
	a.drawHomeOf(ctx, i.who(), home)
}

// homeOpened draws a tab that somebody opened. It is drawn from the store each
// time, with whatever was searched for before.
func (a *App) homeOpened(ctx context.Context, e event, answer ack) {
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
	a.drawHomeOf(ctx, who, &homePress{search: shown})
}

// drawHomeAgain shows in the tab what a press in it came to.
func (a *App) drawHomeAgain(ctx context.Context, p press) { a.drawHomeOf(ctx, p.who, p.home) }

// drawHomeOf publishes somebody's tab, if there is one to publish. If somebody
// else did meanwhile, what is shown is read once more.
func (a *App) drawHomeOf(ctx context.Context, who approval.Actor, home *homePress) {
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

func (a *App) publishHome(ctx context.Context, who approval.Actor, home homePress) error {
	screen, err := a.homeOf(ctx, who, home)
	if err != nil {
		return err
	}
	return a.publish(ctx, who, screen, home.hash)
}

// publish shows a Home tab, over the one with that hash if there is one.
func (a *App) publish(ctx context.Context, who approval.Actor, screen homeScreen, hash string) error {
	req := slack.PublishViewContextRequest{UserID: string(who.User), View: a.views.home(screen)}
	if hash != "" {
		req.Hash = &hash
	}
	res, err := a.slack.api.PublishViewContext(ctx, req)
	if err != nil {
		return fault(err)
	}
	if res.View.ID == "" {
		return unclear("views.publish")
	}
	return nil
}

// homeOf reads what somebody may see. An error means that they have no tab.
func (a *App) homeOf(ctx context.Context, who approval.Actor, home homePress) (homeScreen, error) {
	h := homeScreen{said: home.said, search: home.search}
	mine, err := a.service.MineOpen(ctx, who)
	if errors.Is(err, approval.ErrOutsider) || errors.Is(err, approval.ErrDeactivated) {
		return h, err
	}
	if err != nil {
		a.logRefusal("showing a Home tab", who, approval.Request{}, err)
		return homeScreen{said: refusal(err, approval.Request{}), refused: true}, nil
	}
	h.mine = mine
	waiting, err := a.service.Waiting(ctx, who)
	if err == nil {
		h.unsigned, err = a.service.Unsigned(ctx, who)
	}
	if err == nil {
		h.live, err = a.service.LiveKeys(ctx, who)
	}
	switch {
	case errors.Is(err, approval.ErrNotApprover):
		return h, nil
	case err != nil:
		a.logRefusal("showing approvers' part of a Home tab", who, approval.Request{}, err)
		h.said = sentences(h.said, "I could not find out just now what waits for you, if you are an approver. Open this tab once more in a minute.")
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
