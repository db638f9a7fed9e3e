package slack

import (
	"context"
	"maps"
	"slices"
)

// Fill fills in values (block_id, action_id) over what is in user's open modal,
// and does not submit. Where DispatchRules say so, the app gets a
// block_actions for each changed field, in the order of the blocks, each with the
// whole current state. Screen shows the result.
func (w *Workspace) Fill(ctx context.Context, user string, values map[string]map[string]Value) error {
	return w.inModal(ctx, user, func(v *view) ([]obj, error) {
		f := v.form()
		before := form{blocks: f.blocks, entered: map[string]map[string]Value{}}
		for block, actions := range f.entered {
			before.entered[block] = maps.Clone(actions)
		}
		if err := mayPick(f, values); err != nil {
			return nil, err
		}
		if err := w.enter(f, values); err != nil {
			return nil, err
		}
		return w.changes(before, f), nil
	})
}

// changes are the actions that are sent to the app.
func (w *Workspace) changes(before, now form) []obj {
	var actions []obj
	for _, block := range now.blocks {
		for _, e := range interactive(block) {
			id, action := text(block["block_id"]), text(e["action_id"])
			h, holds := holders[text(e["type"])]
			if holds && !h.same(before.entered[id][action], now.entered[id][action]) && tells(block, e, onChange) {
				actions = append(actions, w.action(now, block, e))
			}
		}
	}
	return actions
}

// ClickEnter presses Enter in a text field of user's open modal, which is sent to the
// app where DispatchRules say so.
func (w *Workspace) ClickEnter(ctx context.Context, user, blockID, actionID string) error {
	return w.inModal(ctx, user, func(v *view) ([]obj, error) {
		f := v.form()
		block, e := f.find(elementRef{blockID, actionID})
		if e == nil || !holders[text(e["type"])].text {
			return nil, cannot("the modal has no text field %s/%s", blockID, actionID)
		}
		if !tells(block, e, onEnter) {
			return nil, nil
		}
		return []obj{w.action(f, block, e)}, nil
	})
}

// inModal changes something in user's open modal, and sends the resulting actions to
// the app.
func (w *Workspace) inModal(ctx context.Context, user string, do func(*view) ([]obj, error)) error {
	deliveries, err := w.actionsInModal(user, do)
	if err != nil {
		return err
	}
	for _, p := range deliveries {
		if err := w.sendClick(ctx, user, p); err != nil {
			return err
		}
	}
	return nil
}

func (w *Workspace) actionsInModal(user string, do func(*view) ([]obj, error)) ([]delivery, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, err := w.actor(user)
	if err != nil {
		return nil, err
	}
	v := w.top(user)
	if v == nil {
		return nil, cannot("%s has no open modal", p.Name)
	}
	actions, err := do(v)
	if err != nil {
		return nil, err
	}
	var deliveries []delivery
	for _, action := range actions {
		deliveries = append(deliveries, w.newDelivery(kindInteraction, w.viewClickPayload(p, v, action), false))
	}
	w.changed()
	return deliveries, nil
}

// mayPick keeps a person from choosing more than a field takes, as the client
// does. Submit lets them, and says what is wrong.
func mayPick(f form, values map[string]map[string]Value) error {
	for block, actions := range values {
		for action, value := range actions {
			_, e := f.find(elementRef{block, action})
			if most, ok := e["max_selected_items"].(float64); ok && len(value.given()) > int(most) {
				return cannot("at most %d can be chosen", int(most))
			}
		}
	}
	return nil
}

// same compares two values of a field. A choice of many has no order.
func (h holder) same(a, b Value) bool {
	a, b = a.given(), b.given()
	if h.many {
		slices.Sort(a)
		slices.Sort(b)
	}
	return slices.Equal(a, b)
}
