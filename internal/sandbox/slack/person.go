package slack

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrCannot is returned when a person cannot do an action: there is no such button,
// they are deactivated or away, or Slack does not allow it.
var ErrCannot = errors.New("the person cannot do that")

func cannot(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCannot, fmt.Sprintf(format, args...))
}

// Actions of people. Each waits until the app has acknowledged it or the time for
// that is over; a missing acknowledgement is a Notice, not an error.

// View opens a conversation on user's screen: its messages are read, and ephemeral
// messages are shown there.
func (w *Workspace) View(user, conversation string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, r, err := w.actorIn(user, conversation)
	if err != nil {
		return err
	}
	s := w.sessions[user]
	s.looking, s.read[r.id] = r.id, w.stamp()
	w.changed()
	return nil
}

// Away closes user's Slack: ephemeral messages do not reach them.
func (w *Workspace) Away(user string) { w.alter(user, func(p *Person) { p.Active = false }) }

// Active opens user's Slack.
func (w *Workspace) Active(user string) { w.alter(user, func(p *Person) { p.Active = !p.Deleted }) }

// alter changes what the workspace knows of a person, if it knows them.
func (w *Workspace) alter(user string, change func(*Person)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.people[user]; p != nil {
		change(p)
		w.changed()
	}
}

// Reload restarts user's client. Slack may drop ephemeral messages then, or
// keep them: drop says which. An open modal is gone either way.
func (w *Workspace) Reload(user string, drop bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.sessions[user]
	if s == nil {
		return
	}
	w.closeAll(user)
	if drop {
		for _, m := range s.notes {
			w.lost = append(w.lost, Ephemeral{TS: m.ts, User: user, Conversation: m.room, At: m.at, Why: "reload"})
		}
		s.notes = nil
	}
	w.changed()
}

// Lost lists the ephemeral messages that were not shown, or that a reload dropped.
func (w *Workspace) Lost() []Ephemeral {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lost)
}

// Say posts a person's own message.
func (w *Workspace) Say(user, conversation, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, r, err := w.actorIn(user, conversation)
	if err != nil {
		return err
	}
	if r.kind == KindApp && !w.opts.WritableMessagesTab {
		return cannot("the app's Messages tab is read-only")
	}
	w.post(r, &message{author: user, text: text})
	return nil
}

// OpenHome opens the app's Home tab, which sends the app an event. An event that
// is not acknowledged is sent again later; the caller does not wait for that.
func (w *Workspace) OpenHome(ctx context.Context, user string) error {
	w.mu.Lock()
	p, err := w.actor(user)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	if w.homeOff || p.stranger() {
		w.mu.Unlock()
		return cannot("there is no Home tab")
	}
	delivery := w.newDelivery(kindEvent, w.homeOpenedPayload(p), false)
	w.changed()
	w.mu.Unlock()
	w.sendEvent(ctx, delivery)
	return ctx.Err()
}

// actor returns a person who is there and may act.
func (w *Workspace) actor(user string) (Person, error) {
	p := w.people[user]
	switch {
	case p == nil:
		return Person{}, cannot("there is no user %s", user)
	case p.Deleted:
		return Person{}, cannot("%s is deactivated", p.Name)
	case !p.Active:
		return Person{}, cannot("%s is away", p.Name)
	}
	w.sessions[user].acted = w.opts.Now()
	return *p, nil
}

// actorIn returns a person and a conversation they are in. The app's DM opens
// when a person opens it.
func (w *Workspace) actorIn(user, conversation string) (Person, *room, error) {
	p, err := w.actor(user)
	if err != nil {
		return Person{}, nil, err
	}
	if conversation == AppDM(user) && !p.stranger() {
		return p, w.appRoom(user), nil
	}
	r := w.rooms[conversation]
	if r == nil || !r.has(user) {
		return Person{}, nil, cannot("%s is not in %s", p.Name, conversation)
	}
	return p, r, nil
}

// notify shows a person something Slack itself says.
func (w *Workspace) notify(user, format string, args ...any) {
	w.notices[user] = append(w.notices[user], Notice{At: w.opts.Now(), Text: fmt.Sprintf(format, args...)})
	w.changed()
}
