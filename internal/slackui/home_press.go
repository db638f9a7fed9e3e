package slackui

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/pace"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// A homeContext is a Home tab as it was when something in it was pressed.
type homeContext struct {
	search view.Search
	hash   string      // of the view; empty if it is not known
	flash  mrkdwn.Text // what the press came to; shown at the top
}

// homeContextOf returns nil if the action was not in a Home tab.
func homeContextOf(i payload.Interaction) *homeContext {
	if i.Container.Type != "view" || i.View.CallbackID != view.ViewHome {
		return nil
	}
	return &homeContext{search: view.ParseSearch(i.View.Metadata), hash: i.View.Hash}
}

// filterHome shows other active keys.
func (a *App) filterHome(ctx context.Context, p action, answer payload.Ack) {
	filter, ok := view.HomeFilters[p.arg]
	if !ok {
		a.unknownAction(ctx, p, answer)
		return
	}
	answer(nil)
	if p.chosen == view.AnyOption {
		p.chosen = ""
	}
	p.home.search = filter(p.home.search, p.chosen)
}

// requestFromHome opens the form.
func (a *App) requestFromHome(ctx context.Context, p action, answer payload.Ack) {
	answer(nil)
	a.openForm(ctx, p.by, p.trigger, view.FormState{}, func(said mrkdwn.Text) { a.respondToAction(ctx, p, said) })
}

// HomeOpened publishes a tab that a user opened. It is read from the store each
// time, with whatever was searched for before.
func (a *App) HomeOpened(ctx context.Context, e payload.Event, answer payload.Ack) {
	a.seen.Do(ctx, e.ID, answer, func(answer payload.Ack) {
		answer(nil)
		switch {
		case e.OpensMessages():
			a.reportActive(e.Who())
		case e.OpensHome():
			a.publishOpened(ctx, e.Who(), view.ParseSearch(e.Event.View.Metadata))
		}
	})
}

// publishOpened publishes a tab, unless the user opens it too often.
func (a *App) publishOpened(ctx context.Context, who policy.Actor, shown view.Search) {
	if wait, tell := a.takePace(who, pace.Viewing); wait > 0 {
		a.homeTooFast(ctx, who, shown, wait, tell)
		return
	}
	a.publishHomeTo(ctx, who, &homeContext{search: shown})
}

// refreshHome shows in the tab what a press in it came to.
func (a *App) refreshHome(ctx context.Context, p action) { a.publishHomeTo(ctx, p.by, p.home) }

// publishHomeTo publishes a user's tab, if there is one to publish. If another
// delivery did meanwhile, what is shown is read once more.
func (a *App) publishHomeTo(ctx context.Context, who policy.Actor, home *homeContext) {
	if home == nil {
		return
	}
	ctx = client.ForRefresh(ctx)
	err := a.publishHome(ctx, who, *home)
	if client.CodeOf(err) == "hash_conflict" {
		home.hash = ""
		err = a.publishHome(ctx, who, *home)
	}
	if err != nil {
		a.log.Warn("publishing a Home tab", "user", who.User, "error", err)
	}
}

func (a *App) publishHome(ctx context.Context, who policy.Actor, home homeContext) error {
	screen, err := a.readHome(ctx, who, home)
	if err != nil {
		return err
	}
	return a.publish(ctx, who, screen, home.hash)
}

// publish shows a Home tab, over the one with that hash if there is one.
func (a *App) publish(ctx context.Context, who policy.Actor, screen view.HomeView, hash string) error {
	req := slack.PublishViewContextRequest{UserID: string(who.User), View: a.screens.Home(screen)}
	if hash != "" {
		req.Hash = &hash
	}
	res, err := a.slack.API.PublishViewContext(ctx, req)
	if err != nil {
		return client.CallError(err)
	}
	if res.View.ID == "" {
		return client.MalformedResponse("views.publish")
	}
	return nil
}

// readHome reads what a user may see. An error means that they have no tab.
func (a *App) readHome(ctx context.Context, who policy.Actor, home homeContext) (view.HomeView, error) {
	h := view.HomeView{Flash: home.flash, Search: home.search}
	mine, err := a.service.MineOpen(ctx, who)
	if errors.Is(err, approval.ErrExternal) || errors.Is(err, approval.ErrDeactivated) {
		return h, err
	}
	if err != nil {
		a.logRefusal("showing a Home tab", who, approval.Request{}, err)
		return view.HomeView{Flash: view.UserError(err, approval.Request{}), Refused: true}, nil
	}
	h.Own = mine
	var waiting []approval.Request
	waiting, h.MorePending, err = a.service.FirstPending(ctx, who, view.MaxHomePending)
	if err == nil {
		h.AwaitingReview, err = a.service.AwaitingReview(ctx, who)
	}
	if err == nil {
		var keys service.KeyPage
		keys, err = a.service.ActiveKeys(ctx, who, h.Search.Keys(a.slack.Config.Now()), h.Search.Page, view.HomePageSize)
		h.Active, h.ActiveTotal, h.Search.Page = keys.Keys, keys.Total, keys.Page
	}
	switch {
	case errors.Is(err, policy.ErrNotApprover):
		return h, nil
	case err != nil:
		a.logRefusal("showing approvers' part of a Home tab", who, approval.Request{}, err)
		h.Flash = mrkdwn.JoinSentences(h.Flash, "I couldn't load requests for approvers just now. Open this tab again in a minute.")
		return h, nil
	}
	h.Approver, h.Pending = true, waiting
	return h, nil
}
