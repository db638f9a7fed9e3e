package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/store"
)

func newRestoreCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:     "restore FILE",
		Short:   "Put a backup in the place of the database; the bot must be stopped",
		GroupID: groupOperate,
		Long: "Put a backup in the place of the database. The bot must be stopped. The backup is checked before\n" +
			"anything changes, and the database that was there is kept under another name.\n" +
			"Before you start the bot, read \"Restoring an older database\" in docs/operations.md.",
		Example:           example("restore /var/backups/atlas-key-bot.db"),
		Args:              oneArgument("FILE"),
		ValidArgsFunction: files,
	}
	database := addDatabaseFlag(command, env)
	output := addOutputFlag(command, outputText, outputJSON)
	command.RunE = func(_ *cobra.Command, args []string) error {
		return restore(command.Context(), env, database(), args[0], output)
	}
	return command
}

// A restoreResult is what was restored, as JSON.
type restoreResult struct {
	File     string `json:"file"`
	Database string `json:"database"`
	databaseSize
	KeptAs string        `json:"kept_as,omitempty"` // the database that was there before
	Kept   *databaseSize `json:"kept,omitempty"`    // nothing if that one cannot be read
}

func restore(ctx context.Context, env Env, database, file string, output *outputFormat) error {
	done, err := store.Restore(ctx, database, file, env.Now(), progress(env.Stderr, time.Now()))
	if err != nil {
		return err
	}
	if output.isJSON() {
		result := restoreResult{
			File: file, Database: done.Path, KeptAs: done.KeptAs,
			databaseSize: databaseSize{done.Summary.Requests, done.Summary.Lines},
		}
		if done.Before != nil {
			result.Kept = &databaseSize{done.Before.Requests, done.Before.Lines}
		}
		return printJSON(env.Stdout, result)
	}
	text := fmt.Sprintf("%s is whole: %s\nit is the database %s now\n", file, sizeText(done.Summary), done.Path)
	switch {
	case done.KeptAs == "":
		text += "there was no database before\n"
	case done.Before == nil:
		text += fmt.Sprintf("the one before cannot be read; it is kept as %s\n", done.KeptAs)
	default:
		text += fmt.Sprintf("the one before, with %s, is kept as %s\n", sizeText(*done.Before), done.KeptAs)
	}
	text += "What happened since the backup is unknown to the bot. Before you start it, read \"Restoring an older database\" in docs/operations.md: keys made since may be deleted.\n"
	_, err = io.WriteString(env.Stdout, text)
	return err
}
