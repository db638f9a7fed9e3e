package slack

import (
	"context"
	"encoding/json"
	"maps"
)

// submission is what SubmitAgain sends again.
type submission struct {
	view *view
	wire json.RawMessage
}

// Submit fills in values (block_id, action_id) over what is there, and presses
// the modal's submit button. The app gets the values with the submission
// only, even if a block dispatches: to send changes first, call Fill.
func (w *Workspace) Submit(ctx context.Context, user string, values map[string]map[string]Value) (Result, error) {
	w.mu.Lock()
	p, err := w.actor(user)
	if err != nil {
		w.mu.Unlock()
		return Result{}, err
	}
	v, err := w.fillModal(user, values)
	if err != nil {
		w.mu.Unlock()
		return Result{}, err
	}
	v.errors, v.trouble = nil, ""
	if wrong := v.unfilled(); len(wrong) > 0 {
		defer w.mu.Unlock()
		v.errors = wrong
		w.changed()
		return Result{Outcome: Refused, Errors: maps.Clone(wrong), Local: true}, nil
	}
	sent := submission{view: v, wire: encode(v.wire())}
	w.last[user] = sent
	delivery := w.newDelivery(kindInteraction, w.submissionPayload(p, sent.wire), true)
	w.mu.Unlock()
	return w.sendSubmission(ctx, delivery, v)
}

// SubmitAgain sends user's last submission once more: same view id, new
// trigger, as after a lost response. The screen changes only if the
// view is still open.
func (w *Workspace) SubmitAgain(ctx context.Context, user string) (Result, error) {
	w.mu.Lock()
	p, err := w.actor(user)
	sent, ok := w.last[user]
	if err == nil && !ok {
		err = cannot("%s has submitted nothing", p.Name)
	}
	if err != nil {
		w.mu.Unlock()
		return Result{}, err
	}
	delivery := w.newDelivery(kindInteraction, w.submissionPayload(p, sent.wire), true)
	w.mu.Unlock()
	return w.sendSubmission(ctx, delivery, sent.view)
}

func (w *Workspace) sendSubmission(ctx context.Context, p delivery, v *view) (Result, error) {
	answer, err := w.send(ctx, p)
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	secrets := w.opts.Secrets()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seek("view_submission", secrets, string(answer))
	return w.submissionResult(v, answer, err), nil
}

// fillModal puts values into user's top modal.
func (w *Workspace) fillModal(user string, values map[string]map[string]Value) (*view, error) {
	v := w.top(user)
	switch {
	case v == nil:
		return nil, cannot("%s has no open modal", user)
	case v.src["submit"] == nil:
		return nil, cannot("the modal has no submit button")
	}
	return v, w.enter(v.form(), values)
}

// CloseModal presses Cancel: the top view closes, and the app gets
// view_closed if it asked for it.
func (w *Workspace) CloseModal(ctx context.Context, user string) error {
	return w.dismiss(ctx, user, false)
}

// DismissModals presses the ×: all views close.
func (w *Workspace) DismissModals(ctx context.Context, user string) error {
	return w.dismiss(ctx, user, true)
}

func (w *Workspace) dismiss(ctx context.Context, user string, all bool) error {
	w.mu.Lock()
	p, err := w.actor(user)
	v := w.top(user)
	if err == nil && v == nil {
		err = cannot("%s has no open modal", p.Name)
	}
	if err != nil {
		w.mu.Unlock()
		return err
	}
	all = all || v.src["clear_on_close"] == true
	if all {
		v = w.views[w.stacks[user][0]] // the × reports the root view
	}
	told := v.src["notify_on_close"] == true
	delivery := w.newDelivery(kindInteraction, w.closedPayload(p, v.wire(), all), false)
	if all {
		w.closeAll(user)
	} else {
		w.closeView(v)
	}
	w.mu.Unlock()
	if told {
		_, _ = w.send(ctx, delivery) // Slack does not show whether this arrived
	}
	return ctx.Err()
}
