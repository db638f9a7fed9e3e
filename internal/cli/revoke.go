package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"time"
	"unicode/utf8"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/approval/worker"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/plaintext"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/store"
)

const (
	// revokeWait is longer than a running bot takes to look at its rows.
	revokeWait = 90 * time.Second

	// revokePollInterval is how often the row is read meanwhile.
	revokePollInterval = 250 * time.Millisecond
)

// revoke has a live key deleted, for whoever runs the bot: when Slack is down, or
// the approvers are asleep. It moves the row beside the running bot, which does
// the rest; see docs/adr/0011-a-second-process-moves-rows.md.
func (p Env) revoke(ctx context.Context, args []string) error {
	v, err := readRevoke(p, args)
	if err != nil {
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	v.store, err = store.Open(ctx, v.database, store.Options{Attach: true})
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer v.store.Close()
	r, err := v.move(ctx)
	if err != nil {
		return err
	}
	others, err := v.endWith(ctx, r)
	if err != nil {
		return err
	}
	return v.watch(ctx, append([]approval.Request{r}, others...))
}

// A revokeCommand is one key that has to go.
type revokeCommand struct {
	process  Env
	store    *store.Store
	database string
	id       policy.ID
	reason   string
	wait     time.Duration
}

func readRevoke(p Env, args []string) (*revokeCommand, error) {
	v := &revokeCommand{process: p}
	flags := flag.NewFlagSet("revoke", flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	flags.StringVar(&v.database, "database", config.DatabaseURL(p.Environ), "the bot's database; the default is DATABASE_URL")
	flags.StringVar(&v.reason, "reason", "", "why; the owner of the key reads it")
	flags.DurationVar(&v.wait, "wait", revokeWait, "how long to wait until the key is gone")
	const usage = "bot revoke [-reason TEXT] ID, as in bot revoke AKR-7F3K2"
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		return nil, errors.New(usage)
	}
	id, ok := approval.TypedID(flags.Arg(0))
	if err := flags.Parse(flags.Args()[1:]); err != nil || flags.NArg() > 0 { // flags may follow, too
		return nil, errors.New(usage)
	}
	v.reason = plaintext.Line(v.reason)
	bad, refused := plaintext.Refused(v.reason, false)
	switch {
	case !ok:
		return nil, errors.New("an id looks like AKR-7F3K2")
	case utf8.RuneCountInString(v.reason) > policy.MaxReason:
		return nil, fmt.Errorf("-reason has more than %d characters", policy.MaxReason)
	case refused:
		return nil, fmt.Errorf("-reason is one line of plain text, without %s", plaintext.Name(bad))
	}
	v.id = id
	return v, nil
}

// move notes in the row that the key has to go.
func (v *revokeCommand) move(ctx context.Context) (approval.Request, error) {
	r, err := v.store.Get(ctx, v.id)
	switch {
	case errors.Is(err, approval.ErrNotFound):
		return r, fmt.Errorf("there is no request %s in this database", v.id)
	case err != nil:
		return r, fmt.Errorf("reading request %s: %w", v.id, err)
	}
	service := &service.Service{Store: v.store, Now: v.process.Now, Wake: func() {}}
	if r.IsDeleting() {
		v.say("The key %s of %s is being deleted already.", r.Key.PublicKey, r.ID)
		if r, err = service.TryAgainAsOperator(ctx, v.id); err != nil {
			return r, fmt.Errorf("having the deletion of %s tried again: %w", v.id, err)
		}
		return r, nil
	}
	r, err = service.RevokeAsOperator(ctx, v.id, v.reason)
	switch {
	case errors.Is(err, approval.ErrNotAllowed):
		return r, errors.New(noKeyReason(r))
	case err != nil:
		return r, fmt.Errorf("revoking %s: %w", v.id, err)
	}
	v.say("It is recorded that the key %s of %s has to go. Its owner is %s.", r.Key.PublicKey, r.ID, cmp.Or(r.Requester, "not known"))
	return r, nil
}

// endWith lists the requests of the other keys that go with r's, says so, and has
// waiting deletions of them tried at once.
func (v *revokeCommand) endWith(ctx context.Context, r approval.Request) ([]approval.Request, error) {
	all, err := worker.RotationsOf(ctx, v.store, r)
	if err != nil {
		return nil, fmt.Errorf("looking for the keys that go with the one of %s: %w", r.ID, err)
	}
	service := &service.Service{Store: v.store, Now: v.process.Now, Wake: func() {}}
	var going []approval.Request
	for _, other := range all {
		switch {
		case other.IsDeleting():
			if other, err = service.TryAgainAsOperator(ctx, other.ID); err != nil {
				return nil, fmt.Errorf("having the deletion of %s tried again: %w", other.ID, err)
			}
		case r.Cascade != approval.CascadeAll || !other.State.HasKey():
			continue
		}
		v.say("%s goes with it: a rotation connects the two.", keyOf(other))
		going = append(going, other)
	}
	return going, nil
}

// keyOf names the key of a request at the beginning of a sentence.
func keyOf(r approval.Request) string {
	if r.Key.PublicKey == "" {
		return fmt.Sprintf("The key that is being made for %s", r.ID)
	}
	return fmt.Sprintf("The key %s of %s", r.Key.PublicKey, r.ID)
}

// isGoing reports whether the key of a request that has to go may be alive.
func isGoing(r approval.Request, named policy.ID) bool {
	return r.IsDeleting() || r.ID != named && r.State.HasKey()
}

// watch waits until the bot has deleted the keys of all, and says of each that it
// did.
func (v *revokeCommand) watch(ctx context.Context, all []approval.Request) error {
	if running, err := v.running(ctx); err != nil || !running {
		return cmp.Or(err, errNoBot)
	}
	what := "it"
	if len(all) > 1 {
		what = "them"
	}
	v.say("Waiting up to %s for the bot to delete %s in Atlas.", policyfile.FormatDuration(v.wait), what)
	deadline := time.NewTimer(v.wait)
	defer deadline.Stop()
	look := time.NewTicker(revokePollInterval)
	defer look.Stop()
	for {
		left, err := v.lookAt(ctx, all)
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
			return v.late(ctx, left[0])
		case <-look.C:
		}
	}
}

// lookAt reads the requests of keys that have to go, says which keys are gone by
// now, and returns the others.
func (v *revokeCommand) lookAt(ctx context.Context, all []approval.Request) ([]approval.Request, error) {
	var left []approval.Request
	for _, was := range all {
		r, err := v.store.Get(ctx, was.ID)
		if err != nil {
			return nil, fmt.Errorf("reading request %s: %w", was.ID, err)
		}
		if isGoing(r, v.id) {
			left = append(left, r)
			continue
		}
		key := cmp.Or(was.Key.PublicKey, "of "+string(was.ID)) // a request that is put back forgets it
		v.say("The key %s is gone: it was deleted in Atlas.", key)
	}
	return left, nil
}

// errNoBot is an error of a revocation that nobody carries out yet.
var errNoBot = errors.New("no bot seems to be running: the key works until one is started, which then deletes it")

// late says why the key of r, which has to go, is still there.
func (v *revokeCommand) late(ctx context.Context, r approval.Request) error {
	if running, err := v.running(ctx); err != nil || !running {
		return cmp.Or(err, errNoBot)
	}
	which := "the key"
	if r.ID != v.id {
		which = "the key of " + string(r.ID)
	}
	return fmt.Errorf("%s is not gone yet: %s. The bot goes on trying; to see, run the same command again", which, pendingReason(r.Deletion))
}

// running reports whether some process has the database for its own.
func (v *revokeCommand) running(ctx context.Context) (bool, error) {
	found, err := store.Inspect(ctx, v.database)
	if err != nil {
		return false, fmt.Errorf("looking for a running bot: %w", err)
	}
	return found.InUse, nil
}

func (v *revokeCommand) say(format string, args ...any) {
	fmt.Fprintf(v.process.Stdout, format+"\n", args...)
}
