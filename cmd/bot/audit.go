package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/store"
)

// audit prints the audit trail, oldest first, one JSON object a line. It reads
// beside a running bot and changes nothing.
func (p process) audit(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("audit", flag.ContinueOnError)
	flags.SetOutput(p.stderr)
	url := flags.String("database", cmp.Or(p.environ["DATABASE_URL"], "sqlite:atlas-key-bot.db"), "the database to read; the default is DATABASE_URL")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return errUsage
	}
	s, err := store.Open(ctx, *url, store.Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer s.Close()
	lines := json.NewEncoder(p.stdout)
	lines.SetEscapeHTML(false)
	if err := s.Audit(ctx, func(e approval.Entry) error { return lines.Encode(e) }); err != nil {
		return fmt.Errorf("reading the audit trail: %w", err)
	}
	return nil
}
