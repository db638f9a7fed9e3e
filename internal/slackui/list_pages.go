package slackui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// The buttons below the list are about no request. Their value is a place in the
// list and no more: whose list it is, the signed payload says.

// listPages are the buttons that show another page, and whether that is a newer
// one.
var listPages = map[string]bool{actionListNewer: true, actionListOlder: false}

// pageButtons leads to the pages before and after the rows that are shown; nil
// if there is no other page.
func pageButtons(p approval.Page, shown []approval.Request) slack.Block {
	var all []*slack.ButtonBlockElement
	if p.Newer && len(shown) > 0 {
		all = append(all, button(actionListNewer, cursorValue(shown[0]), "Newer", ""))
	}
	if (p.Older || len(shown) < len(p.Requests)) && len(shown) > 0 {
		all = append(all, button(actionListOlder, cursorValue(shown[len(shown)-1]), "Older", ""))
	}
	if len(all) == 0 {
		return nil
	}
	return buttons(all...)
}

// cursorValue is the value of a button: milliseconds since 1970, and the id.
func cursorValue(r approval.Request) string {
	return strconv.FormatInt(r.RequestedAt.UnixMilli(), 10) + "." + string(r.ID)
}

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
	return approval.Cursor{AskedAt: time.UnixMilli(millis), ID: id}, true
}

// isPageTurn reports whether a button below the list was pressed.
func isPageTurn(i interaction) bool {
	if len(i.Actions) != 1 {
		return false
	}
	_, is := listPages[i.Actions[0].ActionID]
	return is
}

// turnPage puts another page in the place of the one that is shown.
func (a *App) turnPage(ctx context.Context, i interaction, answer ack) {
	p, _, _ := a.decodeAction(i)
	at, valid := parseCursor(i.Actions[0].Value)
	at.Newer = listPages[p.actionID]
	a.seen.do(ctx, i.TriggerID, answer, func(answer ack) {
		if wait, tell := a.inHurry(p.by, showing); wait > 0 {
			a.pressedTooFast(ctx, p, answer, wait, tell)
			return
		}
		answer(nil)
		if !valid || !p.ephemeral {
			err := a.service.RefuseView(ctx, p.by, "list", approval.ErrMisplaced)
			a.respondRefused(ctx, p.actionID, p.by, p.responseURL, approval.Request{}, err)
			return
		}
		a.sendPage(ctx, p.by, p.responseURL, "", true, at)
	})
}

// sendPage shows a person a page of their requests; see [App.sendList].
func (a *App) sendPage(ctx context.Context, who approval.Actor, responseURL string, first mrkdwn, replace bool, at approval.Cursor) {
	mine, err := a.service.Mine(forDrawing(ctx), who, at, maxListed)
	if err != nil {
		err = a.service.RefuseView(ctx, who, "list", err)
		a.respondRefused(ctx, "listing requests", who, responseURL, approval.Request{}, err)
		return
	}
	if a.screens.troubles.tabIsOff() {
		first = joinSentences(first, tabOff)
	}
	what := ephemeral(a.screens.list(mine, first))
	what.ReplaceOriginal = replace
	if err := a.responses.post(ctx, responseURL, what); err != nil {
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
	newest, err := a.service.Mine(forDrawing(ctx), p.by, approval.Cursor{}, maxListed)
	if err != nil || len(newest.Requests) == 0 || !newest.Requests[len(newest.Requests)-1].RequestedAt.After(r.RequestedAt) {
		return approval.Cursor{}
	}
	return approval.Cursor{AskedAt: r.RequestedAt}
}
