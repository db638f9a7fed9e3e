package slackui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// maxCursorTime is the latest time that a button's value may name: it has four digits
// for the year.
var maxCursorTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).UnixMilli()

// parseCursor reads the value of a button.
func parseCursor(value string) (approval.Cursor, bool) {
	at, name, _ := strings.Cut(value, ".")
	millis, err := strconv.ParseInt(at, 10, 64)
	id, valid := approval.ParseID(name)
	if err != nil || !valid || millis <= 0 || millis > maxCursorTime {
		return approval.Cursor{}, false
	}
	return approval.Cursor{RequestedAt: time.UnixMilli(millis), ID: id}, true
}

// turnPage shows another page of the Home tab, or of the list in its place. The
// value of the list's buttons is a place in the list and no more: whose list it
// is, the signed payload says.
func (a *App) turnPage(ctx context.Context, p action, answer payload.Ack) {
	if p.home != nil {
		answer(nil)
		p.home.search = p.home.search.Turn(p.arg)
		return
	}
	at, valid := parseCursor(p.value)
	if !valid {
		a.unknownAction(ctx, p, answer)
		return
	}
	answer(nil)
	at.Newer = p.arg == view.PagePrevious
	a.sendPage(ctx, p.by, p.responseURL, "", true, at)
}

// sendPage shows a person a page of their requests; see [App.sendList].
func (a *App) sendPage(ctx context.Context, who policy.Actor, responseURL string, first mrkdwn.Text, replace bool, at approval.Cursor) {
	mine, err := a.service.Mine(client.ForRefresh(ctx), who, at, view.MaxListed)
	if err != nil {
		err = a.service.RefuseView(ctx, who, "list", err)
		a.respondRefused(ctx, "listing requests", who, responseURL, approval.Request{}, err)
		return
	}
	if a.screens.MessagesTabIsOff() {
		first = mrkdwn.JoinSentences(first, view.MessagesTabOff)
	}
	what := client.Ephemeral(a.screens.List(mine, first))
	what.ReplaceOriginal = replace
	if err := a.responses.Post(ctx, responseURL, what); err != nil {
		a.log.Warn("showing the list", "user", who.User, "error", err)
	}
}

// pageOf is the place of the page to show after a press in the list: the first,
// unless the request is not on that. Then it is the page that begins with it.
func (a *App) pageOf(ctx context.Context, p action) approval.Cursor {
	r, err := a.service.Get(ctx, p.id)
	if err != nil || r.Requester != p.by.User {
		return approval.Cursor{}
	}
	newest, err := a.service.Mine(client.ForRefresh(ctx), p.by, approval.Cursor{}, view.MaxListed)
	if err != nil || len(newest.Requests) == 0 || !newest.Requests[len(newest.Requests)-1].RequestedAt.After(r.RequestedAt) {
		return approval.Cursor{}
	}
	return approval.Cursor{RequestedAt: r.RequestedAt}
}
