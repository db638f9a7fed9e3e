package slackui

import (
	"context"
	"errors"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/pace"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// Command answers the slash command, wherever it was typed: by the
// acknowledgment or by its response_url, never by a message of the bot.
func (a *App) Command(ctx context.Context, c payload.Command, answer payload.Ack) {
	a.seen.Do(ctx, c.Trigger, answer, func(answer payload.Ack) { a.runCommand(ctx, c, answer) })
}

// runCommand does what was typed.
func (a *App) runCommand(ctx context.Context, c payload.Command, answer payload.Ack) {
	text := plaintext.Foreign(c.Text) // phones type other spaces and dashes
	word, rest, _ := strings.Cut(text, " ")
	what := pace.Viewing
	if strings.EqualFold(word, "revoke") || strings.EqualFold(text, "emergency") {
		what = pace.Acting
	}
	if wait, _ := a.takePace(c.Who, what); wait > 0 {
		answer(client.Ephemeral(mrkdwn.Sentence(tooFast(wait))))
		return
	}
	if strings.EqualFold(word, "revoke") {
		answer(nil)
		a.confirmRevoke(ctx, c, strings.TrimSpace(rest))
		return
	}
	switch strings.ToLower(text) {
	case "":
		answer(nil)
		a.openForm(ctx, c.Who, c.Trigger, view.FormState{}, func(said mrkdwn.Text) { a.respond(ctx, c.ResponseURL, said) })
	case "emergency":
		answer(nil)
		a.openBreakGlass(ctx, c)
	case "help":
		answer(client.Ephemeral(a.screens.Help("", a.helpReader(ctx, c.Who))))
	case "list":
		answer(nil)
		a.sendList(ctx, c.Who, c.ResponseURL, "", false)
	case "pending":
		answer(nil)
		a.sendPending(ctx, c)
	default:
		answer(client.Ephemeral(a.screens.Help(mrkdwn.Textf("I don't know %s. This is what I can do:", mrkdwn.Truncate(text, 60)), a.helpReader(ctx, c.Who))))
	}
}

// helpReader finds out what of the help concerns a user; what cannot be found out in
// time does not.
func (a *App) helpReader(ctx context.Context, who policy.Actor) view.HelpReader {
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	err := a.service.MayAdminister(bounded, who)
	return view.HelpReader{Guest: errors.Is(err, approval.ErrGuest), Approver: err == nil}
}

// sendList shows a user the newest of their requests; replace puts the list in
// the place of the one in which a button was pressed.
func (a *App) sendList(ctx context.Context, who policy.Actor, responseURL string, first mrkdwn.Text, replace bool) {
	a.sendPage(ctx, who, responseURL, first, replace, approval.Cursor{})
}

// respond says one thing to the user who acted, and to no other.
func (a *App) respond(ctx context.Context, responseURL string, said mrkdwn.Text) {
	if err := a.responses.Post(ctx, responseURL, client.Ephemeral(mrkdwn.Sentence(said))); err != nil {
		a.log.Warn("answering a user", "error", err)
	}
}

// respondRefused says why nothing was changed, and logs what is not a person's doing.
func (a *App) respondRefused(ctx context.Context, doing string, who policy.Actor, responseURL string, r approval.Request, err error) {
	a.logRefusal(doing, who, r, err)
	a.respond(ctx, responseURL, view.UserError(err, r))
}

func (a *App) logRefusal(doing string, who policy.Actor, r approval.Request, err error) {
	for _, w := range view.UserErrors {
		if errors.Is(err, w.Err) && !errors.Is(err, policy.ErrCannotCheck) || errors.Is(err, approval.ErrNotAllowed) || errors.Is(err, approval.ErrRotationUnderway) {
			a.log.Info("refused", "doing", doing, "user", who.User, "request", r.ID, "why", err)
			return
		}
	}
	if pace.AskedToWait(err) > 0 {
		a.log.Warn(doing, "user", who.User, "request", r.ID, "error", err)
		return
	}
	a.log.Error(doing, "user", who.User, "request", r.ID, "error", err)
}
