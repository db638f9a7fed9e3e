package slackui

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// What somebody is told who is faster than their pace allows, or than Slack
// lets the bot be. Nothing is asked of Slack or of the store for it.

// inHurry reports whether who has to wait, and takes one from their pace
// otherwise.
func (a *App) inHurry(who approval.Actor, what doing) (wait time.Duration, tell bool) {
	wait, tell = a.paced.take(who.User, what)
	if tell {
		a.log.Info("refused", "doing", what, "user", who.User, "why", "too fast", "wait", wait.String())
	}
	return wait, tell
}

func tooFast(wait time.Duration) mrkdwn {
	return mrkdwnf("You're faster than I can follow, so I left this one out and nothing was changed. Try again in %s.", botText(humanDuration(readable(wait))))
}

// pressedTooFast answers a press that is left out. A Home tab is published once
// in a while only: Slack counts that.
func (a *App) pressedTooFast(ctx context.Context, p action, answer ack, wait time.Duration, tell bool) {
	answer(nil)
	if p.home == nil {
		a.respondToAction(ctx, p, tooFast(wait))
		return
	}
	if tell {
		p.home.flash = tooFast(wait)
		a.refreshHome(ctx, p)
	}
}

// homeTooFast says in a Home tab that it is not drawn for a while; once in a
// while only, for the same reason. It stays as it was drawn a moment ago
// otherwise.
func (a *App) homeTooFast(ctx context.Context, who approval.Actor, shown search, wait time.Duration, tell bool) {
	if !tell {
		return
	}
	said := mrkdwnf("You're faster than I can follow. Open this tab again in %s.", botText(humanDuration(readable(wait))))
	if err := a.publish(ctx, who, homeView{flash: said, refused: true, search: shown}, ""); err != nil {
		a.log.Warn("publishing a Home tab", "user", who.User, "error", err)
	}
}

// sentInHurry answers a form whose sender has to wait, and reports whether it
// did.
func (a *App) sentInHurry(i interaction, answer ack) bool {
	wait, _ := a.inHurry(i.who(), sending)
	if wait > 0 {
		answer(sentTooFast(i.View, wait))
	}
	return wait > 0
}

// sentTooFast is the answer to a modal that is left out: it stays open, with
// everything in it.
func sentTooFast(v sentView, wait time.Duration) *slack.ViewSubmissionResponse {
	block := ""
	for id := range v.State.Values {
		if block == "" || id < block {
			block = id
		}
	}
	if block == "" {
		return replaceView(tooFast(wait))
	}
	return slack.NewErrorsViewSubmissionResponse(map[string]string{
		block: "You're faster than I can follow, so this was not recorded. Nothing that you typed is lost: send it again in " + humanDuration(readable(wait)) + ".",
	})
}

// readable is a wait in whole seconds, or minutes, and no shorter.
func readable(wait time.Duration) time.Duration {
	unit := time.Second
	if wait > time.Minute {
		unit = time.Minute
	}
	return max((wait + unit - 1).Truncate(unit), unit)
}

// soon is when something can be tried again that err kept from happening: as
// Slack says, or in a minute.
func soon(err error) string {
	if wait := askedToWait(err); wait > 0 {
		return "in " + humanDuration(readable(wait))
	}
	return "in a minute"
}

// askedToWait is how long Slack wants to be left alone; zero if it did not say.
func askedToWait(err error) time.Duration {
	if f, ok := errors.AsType[*approval.CallError](err); ok && slices.Contains(rateLimited, f.Code) {
		return f.RetryAfter
	}
	return 0
}

// notChecked says that somebody could not be looked up.
func notChecked(err error) mrkdwn {
	if wait := askedToWait(err); wait > 0 {
		return mrkdwnf("Slack wants me to wait before I look up who you are, so nothing was changed. Try again in %s.", botText(humanDuration(readable(wait))))
	}
	return "Slack did not tell me in time who you are, so nothing was changed. Try again in a minute."
}
