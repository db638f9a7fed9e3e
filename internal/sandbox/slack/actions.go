package slack

import (
	"context"
	"encoding/json"
	"slices"
)

// Click uses a button (or a select, with the values chosen) of a message as
// user sees it now. With several buttons of one action id, value says which.
// Confirmation dialogs are the page's business.
func (w *Workspace) Click(ctx context.Context, user, conversation, ts, actionID string, value ...string) error {
	return w.click(ctx, user, func() (obj, error) {
		p, r, err := w.actorIn(user, conversation)
		if err != nil {
			return nil, err
		}
		m := w.onScreen(user, r, ts)
		if m == nil {
			return nil, cannot("%s sees no message %s in %s", p.Name, ts, conversation)
		}
		return w.useMessage(p, r, m, actionID, value)
	})
}

// useMessage is the payload of using an element of a message; nil if it
// is not sent to the app. What is chosen there stays on the person's screen.
func (w *Workspace) useMessage(p Person, r *room, m *message, actionID string, value Value) (obj, error) {
	f := w.messageForm(p.ID, m)
	action, told, err := w.use(f, actionID, value)
	if err != nil {
		return nil, err
	}
	if chosen, ok := f.entered[text(action["block_id"])][actionID]; ok {
		w.sessions[p.ID].choose(m.ts, elementRef{text(action["block_id"]), actionID}, chosen)
	}
	if !told {
		return nil, nil
	}
	return w.clickPayload(p, r, m, action), nil
}

// ClickStale presses a button on an old copy of a message, as a person does
// whose screen has not caught up.
func (w *Workspace) ClickStale(ctx context.Context, user, conversation string, old Message, actionID string, value ...string) error {
	return w.click(ctx, user, func() (obj, error) {
		p, r, err := w.actorIn(user, conversation)
		if err != nil {
			return nil, err
		}
		var blocks []any
		if err := json.Unmarshal(old.Blocks, &blocks); err != nil {
			return nil, cannot("the old message has no buttons")
		}
		action, _, err := w.use(newForm(objects(blocks)), actionID, value)
		if err != nil {
			return nil, err
		}
		payload := w.clickPayload(p, r, &message{
			ts: old.TS, room: r.id, author: old.Author, bot: old.Bot, ephemeral: old.Ephemeral, text: old.Text, blocks: blocks, threadTS: old.ThreadTS,
		}, action)
		if now := w.onScreen(user, r, old.TS); now != nil {
			payload["response_url"] = w.newResponseURL(user, r, now) // for the message, not for the copy
		}
		return payload, nil
	})
}

// ClickInModal uses a button or a select in user's open modal. What is chosen
// in an input block is sent to the app only if the block says so; see Fill.
func (w *Workspace) ClickInModal(ctx context.Context, user, actionID string, value ...string) error {
	return w.clickInView(ctx, user, "open modal", func() *view { return w.top(user) }, actionID, value)
}

// ClickInHome uses a button or a select of user's Home tab.
func (w *Workspace) ClickInHome(ctx context.Context, user, actionID string, value ...string) error {
	return w.clickInView(ctx, user, "Home tab", func() *view { return w.homes[user] }, actionID, value)
}

func (w *Workspace) clickInView(ctx context.Context, user, what string, which func() *view, actionID string, value []string) error {
	return w.click(ctx, user, func() (obj, error) {
		p, err := w.actor(user)
		if err != nil {
			return nil, err
		}
		v := which()
		if v == nil {
			return nil, cannot("%s has no %s", p.Name, what)
		}
		action, told, err := w.use(v.form(), actionID, value)
		if err != nil || !told {
			return nil, err
		}
		return w.viewClickPayload(p, v, action), nil
	})
}

// click makes a payload under the lock and delivers it, if there is one.
func (w *Workspace) click(ctx context.Context, user string, payload func() (obj, error)) error {
	w.mu.Lock()
	o, err := payload()
	if err != nil || o == nil {
		w.changed()
		w.mu.Unlock()
		return err
	}
	delivery := w.newDelivery(kindInteraction, o, false)
	w.mu.Unlock()
	return w.sendClick(ctx, user, delivery)
}

func (w *Workspace) sendClick(ctx context.Context, user string, p delivery) error {
	_, err := w.send(ctx, p)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.notify(user, "%s is not responding right now.", w.opts.AppName)
	}
	return nil
}

// onScreen is the message with a timestamp as user sees it, or nil.
func (w *Workspace) onScreen(user string, r *room, ts string) *message {
	if m := r.find(ts); m != nil {
		return m
	}
	notes := w.sessions[user].notes
	i := slices.IndexFunc(notes, func(m *message) bool { return m.ts == ts && m.room == r.id })
	if i < 0 {
		return nil
	}
	return notes[i]
}

// use makes the action of a payload: the element with this action id, used
// with these values, which stay in the form. told is false if it is not
// sent to the app. A text that is typed here is ended with Enter.
func (w *Workspace) use(f form, actionID string, value Value) (action obj, told bool, err error) {
	block, e := locate(f.blocks, actionID, value)
	if e == nil {
		return nil, false, cannot("there is no %q %q to press", actionID, value)
	}
	h, holds := holders[text(e["type"])]
	switch {
	case e["type"] == "button":
		return w.action(f, block, e), true, nil
	case e["type"] == "overflow" && len(value) == 1 && pickedOption(e, value[0], nil) != nil:
		action = w.action(f, block, e)
		action["selected_option"] = pickedOption(e, value[0], nil)
		return action, true, nil
	case !holds:
		return nil, false, cannot("a %s needs one of its options", e["type"])
	}
	at := elementRef{text(block["block_id"]), text(e["action_id"])}
	if err := w.fits(value, e, f.offered[at]); err != nil {
		return nil, false, err
	}
	f.entered[at.block][at.action] = value
	told = tells(block, e, onChange) || h.text && tells(block, e, onEnter)
	return w.action(f, block, e), told, nil
}

// action is an element as "actions" of a payload have it, with what is filled
// into it now.
func (w *Workspace) action(f form, block, e obj) obj {
	at := elementRef{text(block["block_id"]), text(e["action_id"])}
	action := obj{"type": e["type"], "action_id": at.action, "block_id": at.block, "action_ts": w.stamp()}
	for _, name := range []string{"text", "value", "style", "confirm", "url", "placeholder", "initial_option", "initial_user", "min_query_length"} {
		if it, ok := e[name]; ok {
			action[name] = it
		}
	}
	if h, holds := holders[text(e["type"])]; holds {
		action[h.key] = reported(e, h, f.entered[at.block][at.action], f.offered[at])[h.key]
	}
	return action
}

// locate finds an element by its action id; of several buttons the one with
// the value given.
func locate(blocks []obj, actionID string, value []string) (block, element obj) {
	for _, b := range blocks {
		for _, e := range interactive(b) {
			if e["action_id"] != actionID {
				continue
			}
			if e["type"] == "button" && len(value) > 0 && e["value"] != value[0] {
				continue
			}
			return b, e
		}
	}
	return nil, nil
}
