package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"atlaskeybot/internal/config"
	"atlaskeybot/internal/store"
)

// backup copies the database into a new file, beside a running bot.
func (p Env) backup(ctx context.Context, args []string) error {
	database, file, err := p.readCopy("backup", "the database to copy; the default is DATABASE_URL", args)
	if err != nil {
		return err
	}
	sum, err := store.Backup(ctx, database, file, p.progress("copied"))
	if err != nil && !errors.Is(err, store.ErrNotItsTrail) {
		return fmt.Errorf("backing up: %w", err)
	}
	fmt.Fprintf(p.Stdout, "%s is a backup of %s\n", file, inNumbers(sum))
	if sum.Head.Hash != "" {
		fmt.Fprintf(p.Stdout, "head %s line %d\n", sum.Head.Hash, sum.Head.Seq)
	}
	if err != nil {
		return fmt.Errorf("the backup is as the database is, and no bot starts with it: %w", err)
	}
	return nil
}

// restore puts a backup in the place of the database.
func (p Env) restore(ctx context.Context, args []string) error {
	database, file, err := p.readCopy("restore", "the database to replace; the default is DATABASE_URL", args)
	if err != nil {
		return err
	}
	done, err := store.Restore(ctx, database, file, p.Now(), p.progress("copied"))
	if err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "%s is whole: %s\n", file, inNumbers(done.Summary))
	fmt.Fprintf(p.Stdout, "it is the database %s now\n", done.Path)
	switch {
	case done.KeptAs == "":
		fmt.Fprintln(p.Stdout, "there was no database before")
	case done.Before == nil:
		fmt.Fprintf(p.Stdout, "the one before cannot be read; it is kept as %s\n", done.KeptAs)
	default:
		fmt.Fprintf(p.Stdout, "the one before, with %s, is kept as %s\n", inNumbers(*done.Before), done.KeptAs)
	}
	fmt.Fprintln(p.Stdout, "What happened since the backup is unknown to the bot. Before you start it, read \"Restoring an older database\" in docs/operations.md: keys made since may be deleted.")
	return nil
}

// readCopy reads the arguments of the two commands: one FILE, and which database.
func (p Env) readCopy(name, about string, args []string) (database, file string, err error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	flags.StringVar(&database, "database", config.DatabaseURL(p.Environ), about)
	usage := fmt.Errorf("usage: bot %s [-database URL] FILE: %w", name, errUsage)
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		return "", "", usage
	}
	file = flags.Arg(0)
	if err := flags.Parse(flags.Args()[1:]); err != nil || flags.NArg() > 0 || file == "" { // flags may follow, too
		return "", "", usage
	}
	return database, file, nil
}

func inNumbers(s store.Summary) string {
	return fmt.Sprintf("%s and %s of the audit trail", countOf(s.Requests, "request"), countOf(s.Lines, "line"))
}

func countOf(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

const (
	// progressAfter is how long a copy takes before its progress is said, and
	// progressEvery how often it is said from then on.
	progressAfter = 2 * time.Second
	progressEvery = 2 * time.Second
)

// progress says on standard error how far a copy is, if it takes long.
func (p Env) progress(what string) store.Progress {
	return p.progressFrom(what, time.Now())
}

func (p Env) progressFrom(what string, began time.Time) store.Progress {
	next := began.Add(progressAfter)
	return func(done, total int64) {
		if now := time.Now(); now.After(next) && total > 0 {
			next = now.Add(progressEvery)
			fmt.Fprintf(p.Stderr, "%s %d of %d MiB (%d%%)\n", what, done>>20, total>>20, 100*done/total)
		}
	}
}
