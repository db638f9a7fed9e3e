package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/audittrail"
)

func newAuditVerifyCommand(env Env) *cobra.Command {
	command := &cobra.Command{
		Use:   "verify",
		Short: "Check that no line of the audit trail was changed or removed",
		Long: "Follow the chain of hashes over the whole audit trail and print its head. Keep the head on another\n" +
			"machine and give it to a later run: that shows a chain that was written anew.\n" +
			"It ends with 1 if the chain is broken, and with 2 if it could not be checked.",
		Example: example("audit verify", "audit verify --head 38e5157ac59b88c750ac9201c3f8bd621d2b1dc03a53d614eaeffdf41ce3927f"),
		Args:    noArguments,
	}
	head := command.Flags().String("head", "", "a `hash` that an earlier run printed, which must still be in the chain")
	database := addDatabaseFlag(command, env)
	output := addOutputFlag(command, outputText, outputJSON)
	command.RunE = func(*cobra.Command, []string) error {
		kept := strings.ToLower(strings.TrimSpace(*head))
		if kept != "" && !lineHash.MatchString(kept) {
			return usagef("--head is not a hash: it is 64 hexadecimal digits, as this command prints them")
		}
		return verify(command.Context(), env, database(), kept, output)
	}
	return command
}

var lineHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

func verify(ctx context.Context, env Env, database, head string, output *outputFormat) error {
	s, err := openReadOnly(ctx, database)
	if err != nil {
		return uncheckedError{err}
	}
	defer s.Close()
	found, err := audittrail.Verify(ctx, s, head)
	if err != nil && !errors.Is(err, approval.ErrBrokenChain) {
		return uncheckedError{err}
	}
	if err != nil {
		return err
	}
	if output.isJSON() {
		return printJSON(env.Stdout, found)
	}
	return printVerification(env.Stdout, found)
}

func printVerification(w io.Writer, v audittrail.Verification) error {
	text := fmt.Sprintf("%d lines, the chain is whole\n", v.Lines)
	if v.Lines == 0 {
		text = "0 lines: the trail is empty and has no head\n"
	}
	if v.KeptLine != 0 {
		text += fmt.Sprintf("the head that was kept is line %d: up to there everything is as it was\n", v.KeptLine)
	}
	if v.Head != "" {
		text += fmt.Sprintf("head %s line %d\n", v.Head, v.HeadLine)
	}
	_, err := io.WriteString(w, text)
	return err
}
