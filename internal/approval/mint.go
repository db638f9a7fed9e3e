package approval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// freshFor is how long after the press a key may still be shown: later the
	// requester need not be there any more.
	freshFor = 90 * time.Second

	// mintTries and mintWithin bound how long Atlas is asked again by itself.
	mintTries  = 3
	mintWithin = time.Minute

	// showWithin is how long after the press a key that was made is shown. The
	// making alone cannot take so long: the clock was moved, or the machine slept.
	showWithin = freshFor + workLimit

	// tellAfter is how long a key that should be gone may live in silence.
	tellAfter = 15 * time.Minute
)

// mint makes the key that the requester pressed for, or clears up after an
// earlier run that was stopped while making it.
func (w *Worker) mint(ctx context.Context, r Request) error {
	switch {
	case r.Mint.Stage == Undoing:
		return w.clear(ctx, r)
	case r.Mint.Stage == Begun, w.Now().Sub(r.Mint.CollectedAt) > freshFor:
		return w.undo(ctx, r, PutBack, &Fault{Cause: CauseInterrupted})
	case hasNoConversation(r) && w.isRefused(r, ReadyMessage):
		return w.undo(ctx, r, PutBack, &Fault{Cause: CauseNotShown, Code: "no_conversation"})
	case hasNoConversation(r):
		return &retry{time.Second, errors.New("there is no conversation yet in which the key could be shown")}
	}
	return w.attempt(ctx, r)
}

// hasNoConversation reports whether no message to the requester was posted yet: it
// is not known where the key could be shown.
func hasNoConversation(r Request) bool {
	return r.Places[ReadyMessage].TS == "" && r.Places[AskedMessage].TS == ""
}

// attempt is the one function in which a private key is in memory.
func (w *Worker) attempt(ctx context.Context, r Request) error {
	if err := w.predecessorLives(ctx, r); err != nil {
		return w.predecessorGone(ctx, r, err)
	}
	if err := w.removeEarlier(ctx, r); err != nil {
		return w.later(ctx, r, faultOf(err))
	}
	r, err := w.move(ctx, r, Begin, fmt.Sprintf("attempt %d", r.Attempt), func(next *Request, _ time.Time) {
		next.Mint.Stage = Begun
		next.Key = Key{}
	})
	if err != nil {
		return err
	}
	order := Order{Org: r.Org, Request: r.ID, Attempt: r.Attempt, Access: r.Access}
	credential, err := w.Keys.Make(ctx, order, func(k Key) error {
		r, err = w.move(ctx, r, Made, "key "+k.ID+" "+k.PublicKey, func(next *Request, _ time.Time) { next.Key = k })
		return err
	})
	if err != nil {
		return w.notMade(ctx, r, faultOf(err))
	}
	if r, err = w.stillOurs(ctx, r); err != nil {
		return err
	}
	if err := w.predecessorLives(ctx, r); err != nil {
		return w.predecessorGone(ctx, r, err)
	}
	if w.Now().Sub(r.Mint.CollectedAt) > showWithin {
		return w.undo(ctx, r, PutBack, &Fault{Cause: CauseInterrupted})
	}
	if err := w.Screens.Reveal(ctx, r, credential); err != nil {
		f := faultOf(err)
		return w.undo(ctx, r, PutBack, &Fault{Cause: CauseNotShown, Code: f.Code, Err: f})
	}
	_, err = w.move(ctx, r, HandOver, "", w.handOver)
	return err
}

// predecessorGone gives up a successor whose predecessor is gone, and tries again
// if that could not be read: a key that was made is found there and removed.
func (w *Worker) predecessorGone(ctx context.Context, r Request, err error) error {
	if f, ok := errors.AsType[*Fault](err); ok {
		return w.undo(ctx, r, GiveUp, f)
	}
	return err
}

// stillOurs returns r as it is on disk, just before its key is shown. If the
// attempt went on without us, as it does once our lease is over, its key is dead
// and must not be shown: [ErrConflict].
func (w *Worker) stillOurs(ctx context.Context, r Request) (Request, error) {
	now, err := w.Store.Get(ctx, r.ID)
	switch {
	case err != nil:
		return r, fmt.Errorf("reading request %s before its key is shown: %w", r.ID, err)
	case now.State != Minting, now.Attempt != r.Attempt, now.Mint.Stage != Begun, now.Key.ID != r.Key.ID:
		return r, ErrConflict
	}
	return now, nil
}

func (w *Worker) handOver(next *Request, now time.Time) {
	wait := w.policy(next.Org).ConfirmWithin
	next.Mint = Mint{}
	next.Custody = Custody{ShownAt: now, RemindAt: now.Add(wait / 2), ConfirmBy: now.Add(wait)}
	next.showMade()
	if next.EndsAt.IsZero() {
		next.EndsAt = next.Key.MadeAt.Add(next.Access.Lifetime)
	}
	if next.Since.IsZero() {
		next.Since = next.Key.MadeAt
	}
}

// removeEarlier removes what earlier attempts made or may have made, so that
// the last key shown is the one that works. The first attempt has nothing to
// look for.
func (w *Worker) removeEarlier(ctx context.Context, r Request) error {
	if r.Key.ID != "" {
		if err := w.Keys.Remove(ctx, r.Org, r.Key.ID); err != nil {
			return err
		}
	}
	if r.Attempt == 1 && r.Mint.Tries == 0 {
		return nil
	}
	found, err := w.ownedBy(ctx, r)
	if err != nil {
		return err
	}
	for _, k := range found {
		if err := w.Keys.Remove(ctx, r.Org, k.ID); err != nil {
			return err
		}
	}
	return nil
}

// notMade decides what follows a create that did not work.
func (w *Worker) notMade(ctx context.Context, r Request, f *Fault) error {
	then := PutBack
	if f.Verdict == Refused {
		then = GiveUp
	}
	switch {
	case r.Key.ID != "" || then == GiveUp:
		return w.undo(ctx, r, then, f)
	case f.Verdict == NotNow:
		return w.later(ctx, r, f)
	}
	w.warn(r, "a create call without an answer", f)
	_, err := w.move(ctx, r, PutBack, note(f), func(next *Request, now time.Time) {
		next.owe(now)
		w.putBack(next, now, f)
	})
	return err
}

// later tries the attempt again by itself a few times, then puts it back.
func (w *Worker) later(ctx context.Context, r Request, f *Fault) error {
	tries := r.Mint.Tries + 1
	at := w.Now().Add(waitAfter(f, tries))
	if tries >= mintTries || at.Sub(r.Mint.CollectedAt) > mintWithin {
		return w.undo(ctx, r, PutBack, f)
	}
	w.warn(r, "Atlas says later", f)
	_, err := w.move(ctx, r, Pause, note(f), func(next *Request, now time.Time) {
		next.Mint.Stage = Waiting
		next.Mint.RetryAt = at
		next.Mint.Tries = tries
	})
	return err
}

// undo notes that what the attempt may have made has to go, and why, and then
// removes it.
func (w *Worker) undo(ctx context.Context, r Request, then Event, f *Fault) error {
	w.warn(r, "undoing an attempt", f)
	r, err := w.move(ctx, r, Undo, note(f), func(next *Request, now time.Time) {
		if next.Mint.Stage == Begun && next.Key.ID == "" && f.Cause == CauseInterrupted {
			next.owe(now) // nobody knows whether Atlas heard the call
		}
		next.Mint.Stage, next.Mint.Then, next.Mint.Cause, next.Mint.Code = Undoing, then, f.Cause, f.Code
		next.Mint.Tries = 0
		next.Mint.RetryAt = now
		next.Removal = Removal{Since: now}
	})
	if err != nil {
		return err
	}
	return w.clear(ctx, r)
}

// clear removes the attempt's key and goes where undo said.
func (w *Worker) clear(ctx context.Context, r Request) error {
	r, err := w.tellStuck(ctx, r, Undo)
	if err != nil {
		return err
	}
	if r.Key.ID != "" {
		if err := w.Keys.Remove(ctx, r.Org, r.Key.ID); err != nil {
			return w.stillThere(ctx, r, Undo, faultOf(err))
		}
	}
	f := &Fault{Cause: r.Mint.Cause, Code: r.Mint.Code}
	_, err = w.move(ctx, r, r.Mint.Then, note(f), func(next *Request, now time.Time) {
		next.Key = Key{}
		if r.Mint.Then == GiveUp {
			giveUp(next, now, f)
			return
		}
		w.putBack(next, now, f)
	})
	return err
}

func (w *Worker) putBack(next *Request, now time.Time, f *Fault) {
	next.Mint = Mint{Cause: f.Cause, Code: f.Code}
	next.Removal = Removal{}
	next.LapsesAt = now.Add(cmp.Or(w.policy(next.Org).CollectWithin, collectAnyway))
}

func giveUp(next *Request, now time.Time, f *Fault) {
	next.Mint = Mint{}
	next.Removal = Removal{}
	next.End = End{Cause: f.Cause, Code: f.Code, At: now}
	next.show(OutcomeMessage)
	next.show(FailedNotice)
}

// note says for the audit trail what went wrong, in closed words only.
func note(f *Fault) string {
	if f.Code == "" {
		return string(f.Cause)
	}
	return string(f.Cause) + " " + f.Code
}

func (w *Worker) warn(r Request, what string, f *Fault) {
	w.Log.Warn(what, "request", r.ID, "attempt", r.Attempt, "cause", f.Cause, "code", f.Code, "error", f.Err)
}
