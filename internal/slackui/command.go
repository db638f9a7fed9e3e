package slackui

import (
	"context"
	"errors"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/plaintext"
)

// Command answers the slash command, wherever it was typed: by the
// acknowledgment or by its response_url, never by a message of the bot.
func (a *App) Command(ctx context.Context, c command, answer ack) {
	a.seen.do(ctx, c.trigger, answer, func(answer ack) { a.obey(ctx, c, answer) })
}

// obey does what was typed.
func (a *App) obey(ctx context.Context, c command, answer ack) {
	text := plaintext.Foreign(c.text) // phones type other spaces and dashes
	word, rest, _ := strings.Cut(text, " ")
	what := showing
	if strings.EqualFold(word, "revoke") || strings.EqualFold(text, "emergency") {
		what = pressing
	}
	if wait, _ := a.inHurry(c.who, what); wait > 0 {
		answer(ephemeral(sentence(tooFast(wait))))
		return
	}
	if strings.EqualFold(word, "revoke") {
		answer(nil)
		a.askToRevoke(ctx, c, strings.TrimSpace(rest))
		return
	}
	switch strings.ToLower(text) {
	case "":
		answer(nil)
		a.openForm(ctx, c.who, c.trigger, formState{}, func(said mrkdwn) { a.respond(ctx, c.responseURL, said) })
	case "emergency":
		answer(nil)
		a.openBreakGlass(ctx, c)
	case "help":
		answer(ephemeral(a.screens.help("")))
	case "list":
		answer(nil)
		a.sendList(ctx, c.who, c.responseURL, "", false)
	case "pending":
		answer(nil)
		a.sendPending(ctx, c)
	default:
		answer(ephemeral(a.screens.help(mrkdwnf("I do not know %s. This is what I can do:", truncate(text, 60)))))
	}
}

// sendList shows somebody the newest of their requests; replace puts the list in
// the place of the one in which a button was pressed.
func (a *App) sendList(ctx context.Context, who approval.Actor, responseURL string, first mrkdwn, replace bool) {
	a.sendPage(ctx, who, responseURL, first, replace, approval.Cursor{})
}

// respond says one thing to whoever acted, and to nobody else.
func (a *App) respond(ctx context.Context, responseURL string, said mrkdwn) {
	if err := a.responses.post(ctx, responseURL, ephemeral(sentence(said))); err != nil {
		a.log.Warn("answering somebody", "error", err)
	}
}

// respondRefused says why nothing was changed, and logs what is not a person's doing.
func (a *App) respondRefused(ctx context.Context, doing string, who approval.Actor, responseURL string, r approval.Request, err error) {
	a.logRefusal(doing, who, r, err)
	a.respond(ctx, responseURL, userError(err, r))
}

func (a *App) logRefusal(doing string, who approval.Actor, r approval.Request, err error) {
	for _, w := range userErrors {
		if errors.Is(err, w.err) && !errors.Is(err, approval.ErrCannotCheck) || errors.Is(err, approval.ErrNotAllowed) || errors.Is(err, approval.ErrRotationUnderway) {
			a.log.Info("refused", "doing", doing, "user", who.User, "request", r.ID, "why", err)
			return
		}
	}
	if askedToWait(err) > 0 {
		a.log.Warn(doing, "user", who.User, "request", r.ID, "error", err)
		return
	}
	a.log.Error(doing, "user", who.User, "request", r.ID, "error", err)
}
