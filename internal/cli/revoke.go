package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/approval/worker"
	"atlaskeybot/internal/plaintext"
	"atlaskeybot/internal/store"
)

const (
	// revokeWait is longer than a running bot takes to find work in the database.
	revokeWait = 90 * time.Second

	// revokePollInterval is how often the rows are read meanwhile.
	revokePollInterval = 250 * time.Millisecond
)

func newRevokeCommand(env Env) *cobra.Command {
	v := &revokeCommand{env: env, progress: env.Stdout}
	command := &cobra.Command{
		Use:     "revoke KEY",
		Short:   "Revoke an active key, beside a running bot",
		GroupID: groupOperate,
		Long: "Revoke a key, and every other key of its rotations, when Slack is down or no approver is there. KEY is\n" +
			"its request, its public key, or its ID in Atlas. The command records the revocation in the database; the\n" +
			"running bot deletes the keys in Atlas. Without a running bot they are deleted once one is started.",
		Example: example(`revoke AKR-7F3K2 --reason "found in a log"`, "revoke abcdefgh"),
		Args:    oneArgument("KEY, as in AKR-7F3K2"),
	}
	database := addDatabaseFlag(command, env)
	command.Flags().StringVar(&v.reason, "reason", "", "why, as a `text` that the owner of the key reads")
	command.Flags().DurationVar(&v.wait, "wait", revokeWait, "wait at most this `duration` until the keys are deleted")
	output := addOutputFlag(command, outputText, outputJSON)
	command.RunE = func(_ *cobra.Command, args []string) error {
		if err := v.read(args[0]); err != nil {
			return err
		}
		if output.isJSON() {
			v.progress = env.Stderr
		}
		err := v.run(command.Context(), database())
		if output.isJSON() && len(v.keys) > 0 {
			return errors.Join(err, printJSON(env.Stdout, map[string]any{"keys": v.keys}))
		}
		return err
	}
	return command
}

// A revokeCommand revokes the key of one request. It moves the row beside the
// running bot, which does the rest; see
// docs/adr/0011-a-second-process-moves-rows.md.
type revokeCommand struct {
	env      Env
	progress io.Writer
	store    *store.Store
	database string
	name     keyName
	id       policy.ID // of its request
	reason   string
	wait     time.Duration
	keys     []*revokedKey
}

// A revokedKey is a key that is revoked, as JSON.
type revokedKey struct {
	Request policy.ID `json:"request"`
	Key     string    `json:"key,omitempty"` // its public key; empty while it is being created
	Deleted bool      `json:"deleted"`       // in Atlas
}

// read checks what was typed.
func (v *revokeCommand) read(word string) error {
	var err error
	if v.name, err = parseKeyName(word); err != nil {
		return err
	}
	v.reason = plaintext.Line(v.reason)
	bad, refused := plaintext.Refused(v.reason, false)
	switch {
	case utf8.RuneCountInString(v.reason) > policy.MaxReason:
		return usagef("--reason has more than %d characters", policy.MaxReason)
	case refused:
		return usagef("--reason is one line of plain text, without %s", plaintext.Name(bad))
	}
	return nil
}

func (v *revokeCommand) run(ctx context.Context, database string) error {
	var err error
	v.database = database
	v.store, err = store.Open(ctx, database, store.Options{Attach: true})
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer v.store.Close()
	if v.id, err = v.name.find(ctx, v.store); err != nil {
		return err
	}
	r, err := v.record(ctx)
	if err != nil {
		return err
	}
	others, err := v.connected(ctx, r)
	if err != nil {
		return err
	}
	all := append([]approval.Request{r}, others...)
	for _, r := range all {
		v.keys = append(v.keys, &revokedKey{Request: r.ID, Key: r.Key.PublicKey})
	}
	return v.watch(ctx, all)
}

// record records the revocation in the database.
func (v *revokeCommand) record(ctx context.Context) (approval.Request, error) {
	r, err := v.store.Get(ctx, v.id)
	switch {
	case errors.Is(err, approval.ErrNotFound):
		return r, fmt.Errorf("there is no request %s in this database", v.id)
	case err != nil:
		return r, fmt.Errorf("reading request %s: %w", v.id, err)
	}
	service := &service.Service{Store: v.store, Now: v.env.Now, Wake: func() {}}
	if r.IsDeleting() {
		v.printf("The key %s of %s is being deleted already.", r.Key.PublicKey, r.ID)
		if r, err = service.TryAgainAsOperator(ctx, v.id); err != nil {
			return r, fmt.Errorf("retrying the deletion of %s: %w", v.id, err)
		}
		return r, nil
	}
	r, err = service.RevokeAsOperator(ctx, v.id, v.reason)
	switch {
	case errors.Is(err, approval.ErrNotAllowed):
		return r, v.nothingToRevoke(ctx, r)
	case err != nil:
		return r, fmt.Errorf("revoking %s: %w", v.id, err)
	}
	v.printf("The revocation is recorded of the key %s of %s. Its owner is %s.", r.Key.PublicKey, r.ID, cmp.Or(r.Requester, "not known"))
	return r, nil
}

// nothingToRevoke says why r has no active key, and which other keys of its
// rotations are left.
func (v *revokeCommand) nothingToRevoke(ctx context.Context, r approval.Request) error {
	all, err := worker.RotationsOf(ctx, v.store, r)
	if err != nil {
		return fmt.Errorf("%s; looking for other keys of its rotations: %w", noKeyReason(r), err)
	}
	return errors.New(noKeyReason(r) + remainingKeys(all))
}

// connected returns the requests of the other keys that are deleted with that of r.
// It schedules deletions that wait for another attempt at once.
func (v *revokeCommand) connected(ctx context.Context, r approval.Request) ([]approval.Request, error) {
	all, err := worker.RotationsOf(ctx, v.store, r)
	if err != nil {
		return nil, fmt.Errorf("finding the keys that are deleted with that of %s: %w", r.ID, err)
	}
	service := &service.Service{Store: v.store, Now: v.env.Now, Wake: func() {}}
	var connected []approval.Request
	for _, other := range all {
		switch {
		case other.IsDeleting():
			if other, err = service.TryAgainAsOperator(ctx, other.ID); err != nil {
				return nil, fmt.Errorf("retrying the deletion of %s: %w", other.ID, err)
			}
		case r.Cascade != approval.CascadeAll || !other.State.HasKey():
			continue
		}
		v.printf("Deleted with it is %s: a rotation connects the two.", keyText(other))
		connected = append(connected, other)
	}
	return connected, nil
}

// keyText names the key of a request.
func keyText(r approval.Request) string {
	if r.Key.PublicKey == "" {
		return fmt.Sprintf("the key that is being created for %s", r.ID)
	}
	return fmt.Sprintf("the key %s of %s", r.Key.PublicKey, r.ID)
}

// printf prints what happens; with --output json to standard error.
func (v *revokeCommand) printf(format string, args ...any) {
	fmt.Fprintf(v.progress, format+"\n", args...)
}
