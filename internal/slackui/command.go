package slackui

import (
	"context"
	"errors"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/plaintext"
)

// command answers the slash command, wherever it was typed: by the
// acknowledgment or by its response_url, never by a message of the bot.
func (a *App) command(ctx context.Context, c command, answer ack) {
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
		answer(whisper(sentence(tooFast(wait))))
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
		a.openForm(ctx, c.who, c.trigger, draft{}, func(said mrkdwn) { a.tell(ctx, c.responseURL, said) })
	case "emergency":
		answer(nil)
		a.askEmergency(ctx, c)
	case "help":
		answer(whisper(a.views.help("")))
	case "list":
		answer(nil)
		a.sendList(ctx, c.who, c.responseURL, "", false)
	case "pending":
		answer(nil)
		a.sendPending(ctx, c)
	default:
		answer(whisper(a.views.help(say("I do not know %s. This is what I can do:", clip(text, 60)))))
	}
}

// sendList shows somebody the newest of their requests; replace puts the list in
// the place of the one in which a button was pressed.
func (a *App) sendList(ctx context.Context, who approval.Actor, responseURL string, first mrkdwn, replace bool) {
	a.sendPage(ctx, who, responseURL, first, replace, approval.Cursor{})
}

// tell says one thing to whoever acted, and to nobody else.
func (a *App) tell(ctx context.Context, responseURL string, said mrkdwn) {
	if err := a.reply.post(ctx, responseURL, whisper(sentence(said))); err != nil {
		a.log.Warn("answering somebody", "error", err)
	}
}

// refused says why nothing was changed, and logs what is not a person's doing.
func (a *App) refused(ctx context.Context, doing string, who approval.Actor, responseURL string, r approval.Request, err error) {
	a.logRefusal(doing, who, r, err)
	a.tell(ctx, responseURL, refusal(err, r))
}

func (a *App) logRefusal(doing string, who approval.Actor, r approval.Request, err error) {
	for _, w := range refusals {
		if errors.Is(err, w.err) && !errors.Is(err, approval.ErrCannotCheck) || errors.Is(err, approval.ErrNotAllowed) || errors.Is(err, approval.ErrUnderway) {
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
