package slack

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
)

// Command types a slash command, such as "/atlas-key", into a conversation.
func (w *Workspace) Command(ctx context.Context, user, conversation, command, text string) error {
	w.mu.Lock()
	p, r, err := w.actorIn(user, conversation)
	if err == nil {
		err = w.mayType(p, r)
	}
	if err != nil || command != w.opts.Command {
		if err == nil {
			w.notify(user, "%s is not a valid command.", command)
		}
		w.mu.Unlock()
		return err
	}
	w.typed = append(w.typed, text)
	delivery := w.newDelivery(kindCommand, w.commandPayload(p, r, command, text), true)
	w.mu.Unlock()

	answer, err := w.send(ctx, delivery)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	secrets := w.opts.Secrets()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.commandFailed(user, command, err)
		return nil
	}
	w.commandAnswered(user, r, command, answer, secrets)
	return nil
}

// mayType says why a person cannot type a command into r.
func (w *Workspace) mayType(p Person, r *room) error {
	switch {
	case p.stranger():
		return cannot("people of other workspaces have no slash commands here")
	case r.kind == KindApp && !w.opts.WritableMessagesTab:
		return cannot("the app's Messages tab is read-only")
	case r.archived:
		return cannot("#%s is archived", r.name)
	}
	return nil
}

// commandFailed tells the person in the words people report.
func (w *Workspace) commandFailed(user, command string, err error) {
	if errors.Is(err, errNoAck) {
		w.notify(user, "%s failed because the app did not respond. Please try again or contact the app developer.", command)
		return
	}
	w.notify(user, "%s failed with the error \"dispatch_failed\"", command)
}

// commandAnswered shows what came with the acknowledgement: nothing, plain
// text, or a JSON message.
func (w *Workspace) commandAnswered(user string, r *room, command string, answer []byte, secrets []string) {
	said := strings.TrimSpace(string(answer))
	if said == "" || said == "null" || said == "{}" {
		return
	}
	var body obj
	if json.Unmarshal(answer, &body) != nil {
		body = obj{"text": said}
	}
	if body["blocks"] != nil && len(checkBlocks(w.opts.AppName, body["blocks"])) > 0 {
		w.notify(user, "%s failed with the error \"invalid_blocks\"", command)
		return
	}
	w.respond(&responseURL{user: user, room: r}, body, secrets)
}
