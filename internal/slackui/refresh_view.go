package slackui

import (
	"context"
	"errors"
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/pace"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// refreshers are the modals that follow what is chosen in them: how each looks
// after a choice.
var refreshers = map[string]func(*App, context.Context, payload.Interaction) (slack.ModalViewRequest, error){
	view.ViewForm:       (*App).refreshForm,
	view.ViewBreakGlass: (*App).refreshBreakGlass,
	view.ViewExtend:     (*App).refreshExtend,
	view.ViewAccessList: (*App).refreshAccessList,
}

// isInputAction reports whether something was chosen in a modal that follows it.
func isInputAction(i payload.Interaction) bool {
	return refreshers[i.View.CallbackID] != nil && i.Container.Type == "view"
}

// inputChanged shows a modal as it is after a choice in it.
func (a *App) inputChanged(ctx context.Context, i payload.Interaction, answer payload.Ack) {
	a.seen.Do(ctx, i.TriggerID, answer, func(answer payload.Ack) {
		answer(nil)
		if wait, _ := a.takePace(i.Who(), pace.Choosing); wait > 0 {
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
func (a *App) refreshView(ctx context.Context, i payload.Interaction, at string) {
	hash, done, isNewest := a.updates.acquire(ctx, i.View.ID, i.View.Hash, at)
	if !isNewest {
		return
	}
	hash, err := a.updateView(ctx, i, hash)
	done(hash)
	if _, isSlacks := errors.AsType[*approval.CallError](err); isSlacks {
		a.log.Warn("drawing a modal again", "user", i.User.ID, "error", err)
	} else if err != nil {
		a.logRefusal("drawing a modal again", i.Who(), approval.Request{}, err)
	}
}

// updateView returns the hash of what is on the screen then; empty if it is the
// same as before or not known.
func (a *App) updateView(ctx context.Context, i payload.Interaction, hash string) (string, error) {
	v, err := refreshers[i.View.CallbackID](a, client.ForRefresh(ctx), i)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, viewLimit)
	defer cancel()
	res, err := a.slack.API.UpdateViewContext(ctx, v, "", hash, i.View.ID)
	switch {
	case slices.Contains([]string{"hash_conflict", "not_found"}, client.CodeOf(err)):
		return "", nil // it was changed or closed meanwhile
	case err != nil:
		return "", client.CallError(err)
	}
	return res.View.Hash, nil
}
