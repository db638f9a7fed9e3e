package slackui

import (
	"context"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/isolate"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/pace"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// What users are told who are faster than their pace allows, or than Slack
// lets the bot be. Nothing is asked of Slack or of the store for it.

// takePace reports whether who has to wait, and takes one from their pace
// otherwise.
func (a *App) takePace(who policy.Actor, what pace.Action) (wait time.Duration, tell bool) {
	wait, tell = a.paced.Take(who.User, what)
	if tell {
		a.log.Info("refused", "doing", what, "user", who.User, "why", "too fast", "wait", wait.String())
	}
	if wait == 0 {
		a.reportActive(who)
	}
	return wait, tell
}

// reportActive has what Slack refused to take for who tried again: they are there, and
// what was wrong may be mended.
func (a *App) reportActive(who policy.Actor) {
	if a.service.UserActive == nil {
		return
	}
	a.inFlight.Go(func() {
		defer isolate.LogPanic(a.log, "having refused messages tried again panicked")
		ctx, cancel := context.WithTimeout(context.Background(), serviceLimit)
		defer cancel()
		a.service.UserActive(ctx, who.User)
	})
}

func tooFast(wait time.Duration) mrkdwn.Text {
	return mrkdwn.Textf("You're faster than I can follow, so I left this one out and nothing was changed. Try again in %s.", mrkdwn.BotText(mrkdwn.Duration(pace.Readable(wait))))
}

// actedTooFast answers an action that is left out. A Home tab is published once
// in a while only: Slack counts that.
func (a *App) actedTooFast(ctx context.Context, p action, answer payload.Ack, wait time.Duration, tell bool) {
	answer(nil)
	switch {
	case p.home == nil:
		a.respondToAction(ctx, p, tooFast(wait))
	case p.pace() == pace.Viewing:
		a.homeTooFast(ctx, p.by, p.home.search, wait, tell)
	case tell:
		p.home.flash = tooFast(wait)
		a.refreshHome(ctx, p)
	}
}

// homeTooFast says in a Home tab that it is not drawn for a while; once in a
// while only, for the same reason. It stays as it was drawn a moment ago
// otherwise.
func (a *App) homeTooFast(ctx context.Context, who policy.Actor, shown view.Search, wait time.Duration, tell bool) {
	if !tell {
		return
	}
	said := mrkdwn.Textf("You're faster than I can follow. Open this tab again in %s.", mrkdwn.BotText(mrkdwn.Duration(pace.Readable(wait))))
	if err := a.publish(ctx, who, view.HomeView{Flash: said, Refused: true, Search: shown}, ""); err != nil {
		a.log.Warn("publishing a Home tab", "user", who.User, "error", err)
	}
}

// submittedTooFast answers a form whose sender has to wait, and reports whether it
// did.
func (a *App) submittedTooFast(i payload.Interaction, answer payload.Ack) bool {
	wait, _ := a.takePace(i.Who(), pace.Submitting)
	if wait > 0 {
		answer(tooFastResponse(i.View, wait))
	}
	return wait > 0
}

// tooFastResponse is the answer to a modal that is left out: it stays open, with
// everything in it.
func tooFastResponse(v payload.SentView, wait time.Duration) *slack.ViewSubmissionResponse {
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
		block: "You're faster than I can follow, so this was not recorded. Nothing that you typed is lost: send it again in " + mrkdwn.Duration(pace.Readable(wait)) + ".",
	})
}

// soon is when something can be tried again that err kept from happening: as
// Slack says, or in a minute.
func soon(err error) string {
	if wait := pace.AskedToWait(err); wait > 0 {
		return "in " + mrkdwn.Duration(pace.Readable(wait))
	}
	return "in a minute"
}
