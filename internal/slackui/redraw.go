package slackui

import (
	"context"
	"errors"
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// refreshers are the modals that follow what is chosen in them: how each looks
// after a choice.
var refreshers = map[string]func(*App, context.Context, interaction) (slack.ModalViewRequest, error){
	viewForm:       (*App).refreshForm,
	viewBreakGlass: (*App).refreshBreakGlass,
	viewExtend:     (*App).refreshExtend,
	viewAddresses:  (*App).refreshAccessList,
}

// isInputAction reports whether something was chosen in a modal that follows it.
func isInputAction(i interaction) bool {
	return refreshers[i.View.CallbackID] != nil && i.Container.Type == "view"
}

// inputChanged shows a modal as it is after a choice in it.
func (a *App) inputChanged(ctx context.Context, i interaction, answer ack) {
	a.seen.do(ctx, i.TriggerID, answer, func(answer ack) {
		answer(nil)
		if wait, _ := a.inHurry(i.who(), choosing); wait > 0 {
			return // there is no room for a sentence: what is sent is checked in any case
		}
		if i.View.ID != "" && len(i.Actions) == 1 {
			a.refreshView(ctx, i, i.Actions[0].ActionTS)
		}
	})
}

// refreshView draws a modal again after what was done at that time of Slack's, if
// nothing later does. If that does not work the modal stays as it is, with
// everything in it: what is sent is checked in any case.
func (a *App) refreshView(ctx context.Context, i interaction, at string) {
	hash, done, isNewest := a.updates.acquire(ctx, i.View.ID, i.View.Hash, at)
	if !isNewest {
		return
	}
	hash, err := a.updateView(ctx, i, hash)
	done(hash)
	if _, isSlacks := errors.AsType[*approval.CallError](err); isSlacks {
		a.log.Warn("drawing a modal again", "user", i.User.ID, "error", err)
	} else if err != nil {
		a.logRefusal("drawing a modal again", i.who(), approval.Request{}, err)
	}
}

// updateView returns the hash of what is on the screen then; empty if it is the
// same as before or not known.
func (a *App) updateView(ctx context.Context, i interaction, hash string) (string, error) {
	v, err := refreshers[i.View.CallbackID](a, forDrawing(ctx), i)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, viewLimit)
	defer cancel()
	res, err := a.slack.API.UpdateViewContext(ctx, v, "", hash, i.View.ID)
	switch {
	case slices.Contains([]string{"hash_conflict", "not_found"}, codeOf(err)):
		return "", nil // it was changed or closed meanwhile
	case err != nil:
		return "", callError(err)
	}
	return res.View.Hash, nil
}
