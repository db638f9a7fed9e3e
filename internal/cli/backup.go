package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/store"
)

func newBackupCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:     "backup FILE",
		Short:   "Copy the database into a new file, beside a running bot",
		GroupID: groupOperate,
		Long: "Copy the database into a new file, beside a running bot, and check the copy. The head of the audit\n" +
			"trail that it prints is what 'audit verify --head' takes.",
		Example:           example("backup /var/backups/atlas-key-bot.db"),
		Args:              oneArgument("FILE"),
		ValidArgsFunction: files,
	}
	database := addDatabaseFlag(command, env)
	output := addOutputFlag(command, outputText, outputJSON)
	command.RunE = func(_ *cobra.Command, args []string) error {
		return backup(command.Context(), env, database(), args[0], output)
	}
	return command
}

// A backupResult is what a backup has in it, as JSON.
type backupResult struct {
	File string `json:"file"`
	databaseSize
	Head *auditHead `json:"head,omitempty"`
}

// A databaseSize counts what is in a database.
type databaseSize struct {
	Requests   int64 `json:"requests"`
	AuditLines int64 `json:"audit_lines"`
}

// An auditHead is the end of an audit trail.
type auditHead struct {
	Hash string `json:"hash"`
	Line int64  `json:"line"`
}

func backup(ctx context.Context, env Env, database, file string, output *outputFormat) error {
	sum, err := store.Backup(ctx, database, file, progress(env.Stderr, time.Now()))
	if err != nil && !errors.Is(err, store.ErrNotItsTrail) {
		return fmt.Errorf("backing up: %w", err)
	}
	if err := printBackup(env.Stdout, file, sum, output); err != nil {
		return err
	}
	if err != nil {
		return fmt.Errorf("the backup is as the database is, and no bot starts with it: %w", err)
	}
	return nil
}

func printBackup(w io.Writer, file string, sum store.Summary, output *outputFormat) error {
	if output.isJSON() {
		result := backupResult{File: file, databaseSize: databaseSize{sum.Requests, sum.Lines}}
		if sum.Head.Hash != "" {
			result.Head = &auditHead{sum.Head.Hash, sum.Head.Seq}
		}
		return printJSON(w, result)
	}
	text := fmt.Sprintf("%s is a backup of %s\n", file, sizeText(sum))
	if sum.Head.Hash != "" {
		text += fmt.Sprintf("head %s line %d\n", sum.Head.Hash, sum.Head.Seq)
	}
	_, err := io.WriteString(w, text)
	return err
}

func sizeText(s store.Summary) string {
	return fmt.Sprintf("%s and %s of the audit trail", plural(s.Requests, "request"), plural(s.Lines, "line"))
}

func plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

const (
	// progressAfter is how long a copy takes before its progress is printed.
	progressAfter = 2 * time.Second

	// progressInterval is how often the progress is printed from then on.
	progressInterval = 2 * time.Second
)

// progress prints how far a copy is that began at some time, if it takes long.
func progress(w io.Writer, began time.Time) store.Progress {
	next := began.Add(progressAfter)
	return func(done, total int64) {
		if now := time.Now(); now.After(next) && total > 0 {
			next = now.Add(progressInterval)
			fmt.Fprintf(w, "copied %d of %d MiB (%d%%)\n", done>>20, total>>20, 100*done/total)
		}
	}
}
