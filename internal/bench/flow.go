package bench

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// approversInGroup is how many approvers share the decisions: the bot lets each of them
// press so often a minute.
const approversInGroup = 2000

// approver is the n-th member of the group.
func approver(n int64) string { return fmt.Sprintf("U0APPR%04d", n%approversInGroup) }

func approvers() []string {
	all := make([]string, approversInGroup)
	for i := range all {
		all[i] = approver(int64(i))
	}
	return all
}

// flows counts the flows of the program, so that each has people and a marker of its own.
var flows atomic.Int64

// flow is the life of a key until it is saved: the form is opened and sent, an approver
// approves, the requester creates the key and says that it is saved. It returns how long
// that took.
func (w *workspace) flow(ctx context.Context) (time.Duration, error) {
	n := flows.Add(1)
	requester, marker := fmt.Sprintf("U0R%07d", n), markerOf(n)
	trigger, direct := w.trigger(), directChannel(requester)
	inbox, card, form := w.stub.expect(direct), w.stub.expect(marker), w.stub.expect(trigger)
	defer w.stub.forget(direct)
	defer w.stub.forget(marker)
	defer w.stub.forget(trigger)

	began := time.Now()
	if _, err := w.command(ctx, requester, trigger); err != nil {
		return 0, err
	}
	opened, err := next(ctx, form, func(posted) bool { return true })
	if err != nil {
		return 0, fmt.Errorf("waiting for the form: %w", err)
	}
	if err := w.submit(ctx, requester, opened, marker); err != nil {
		return 0, err
	}
	if err := w.clickWhenShown(ctx, approver(n), card, "approve"); err != nil {
		return 0, err
	}
	if err := w.clickWhenShown(ctx, requester, inbox, "issue"); err != nil {
		return 0, err
	}
	if err := w.save(ctx, requester, inbox); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// save says that the key is saved and waits until its message says so, too. A program
// reads the key before the bot has recorded that it was shown, and is told then that
// nothing was changed; it tries again, as a person would.
func (w *workspace) save(ctx context.Context, user string, inbox <-chan posted) error {
	shown, err := next(ctx, inbox, func(p posted) bool { return p.method == "chat.postEphemeral" })
	if err != nil {
		return fmt.Errorf("waiting for the key: %w", err)
	}
	for {
		if err := w.click(ctx, user, shown, "confirm"); err != nil {
			return err
		}
		isSaved := false
		_, err := next(ctx, inbox, func(p posted) bool {
			_, err := buttonIn(p.blocks, "extend")
			isSaved = err == nil
			return isSaved || p.method == "response_url" && !strings.Contains(p.blocks, "delete_original")
		})
		if isSaved || err != nil {
			return err
		}
		<-time.After(time.Millisecond)
	}
}

func (w *workspace) clickWhenShown(ctx context.Context, user string, inbox <-chan posted, action string) error {
	in, err := next(ctx, inbox, func(p posted) bool { _, err := buttonIn(p.blocks, action); return err == nil })
	if err != nil {
		return fmt.Errorf("waiting for the button %s: %w", action, err)
	}
	return w.click(ctx, user, in, action)
}

// next waits for something posted.
func next(ctx context.Context, inbox <-chan posted, is func(posted) bool) (posted, error) {
	limit := time.NewTimer(answerLimit)
	defer limit.Stop()
	for {
		select {
		case p := <-inbox:
			if is(p) {
				return p, nil
			}
		case <-limit.C:
			return posted{}, fmt.Errorf("not in %s", answerLimit)
		case <-ctx.Done():
			return posted{}, ctx.Err()
		}
	}
}

// during runs do again and again, people at a time, until a time has passed, and returns
// how long each took. The first error ends it.
func during(ctx context.Context, people int, length time.Duration, do func(context.Context) (time.Duration, error)) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	for ends := time.Now().Add(length); people > 0; people-- {
		all.Go(func() {
			for time.Now().Before(ends) && ctx.Err() == nil {
				d, err := do(ctx)
				if err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return took, context.Cause(ctx)
}

// times runs do so often, people at a time.
func times(ctx context.Context, n int, do func(context.Context) error) error {
	running, ctx := errgroup.WithContext(ctx)
	running.SetLimit(people)
	for range n {
		running.Go(func() error { return do(ctx) })
	}
	return running.Wait()
}

// onlyRequest sends a form that is not decided on, and waits for its card.
func (w *workspace) onlyRequest(ctx context.Context) error {
	n := flows.Add(1)
	requester, marker, trigger := fmt.Sprintf("U0R%07d", n), markerOf(n), w.trigger()
	card, form := w.stub.expect(marker), w.stub.expect(trigger)
	defer w.stub.forget(marker)
	defer w.stub.forget(trigger)
	if _, err := w.command(ctx, requester, trigger); err != nil {
		return err
	}
	opened, err := next(ctx, form, func(posted) bool { return true })
	if err != nil {
		return fmt.Errorf("waiting for the form: %w", err)
	}
	if err := w.submit(ctx, requester, opened, marker); err != nil {
		return err
	}
	if _, err := next(ctx, card, func(posted) bool { return true }); err != nil {
		return fmt.Errorf("waiting for the card: %w", err)
	}
	return nil
}
