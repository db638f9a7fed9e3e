package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/store"
)

// isBeingDeleted reports whether the key of a revoked request may still be active.
func isBeingDeleted(r approval.Request, named policy.ID) bool {
	return r.IsDeleting() || r.ID != named && r.State.HasKey()
}

// watch waits until the bot has deleted the keys of all, and prints each.
func (v *revokeCommand) watch(ctx context.Context, all []approval.Request) error {
	if running, err := v.botIsRunning(ctx); err != nil || !running {
		return cmp.Or(err, errNoBot)
	}
	what := "it"
	if len(all) > 1 {
		what = "them"
	}
	v.printf("Waiting up to %s for the bot to delete %s in Atlas.", policyfile.FormatDuration(v.wait), what)
	deadline := time.NewTimer(v.wait)
	defer deadline.Stop()
	poll := time.NewTicker(revokePollInterval)
	defer poll.Stop()
	for {
		left, err := v.poll(ctx, all)
		switch {
		case ctx.Err() != nil:
			return errors.New("stopped waiting: the bot deletes the key all the same")
		case err != nil:
			return err
		case len(left) == 0:
			return nil
		}
		all = left
		select {
		case <-ctx.Done():
		case <-deadline.C:
			return v.notDeletedYet(ctx, left[0])
		case <-poll.C:
		}
	}
}

// poll reads the requests, prints which keys are deleted by now, and returns the
// requests of the others.
func (v *revokeCommand) poll(ctx context.Context, all []approval.Request) ([]approval.Request, error) {
	var left []approval.Request
	for _, was := range all {
		r, err := v.store.Get(ctx, was.ID)
		if err != nil {
			return nil, fmt.Errorf("reading request %s: %w", was.ID, err)
		}
		if isBeingDeleted(r, v.id) {
			left = append(left, r)
			continue
		}
		key := cmp.Or(was.Key.PublicKey, "of "+string(was.ID)) // a request that returned to approved has none
		v.printf("The key %s was deleted in Atlas.", key)
		for _, k := range v.keys {
			k.Deleted = k.Deleted || k.Request == was.ID
		}
	}
	return left, nil
}

// errNoBot is the error of a revocation that no bot carries out yet.
var errNoBot = errors.New("no bot seems to be running: the key works until a bot is started, which deletes it")

// notDeletedYet returns why the key of r still exists.
func (v *revokeCommand) notDeletedYet(ctx context.Context, r approval.Request) error {
	if running, err := v.botIsRunning(ctx); err != nil || !running {
		return cmp.Or(err, errNoBot)
	}
	which := "the key"
	if r.ID != v.id {
		which = "the key of " + string(r.ID)
	}
	return fmt.Errorf("%s is not deleted yet: %s. The bot keeps trying; run the same command again to see", which, pendingReason(r.Deletion))
}

// botIsRunning reports whether a process has locked the database.
func (v *revokeCommand) botIsRunning(ctx context.Context) (bool, error) {
	found, err := store.Inspect(ctx, v.database)
	if err != nil {
		return false, fmt.Errorf("finding out whether a bot is running: %w", err)
	}
	return found.InUse, nil
}
