package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/plaintext"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/store"
)

// A listFilter picks requests, or the keys of requests. What is zero picks all.
type listFilter struct {
	store.Selection
	role          policy.Role
	ticket        string
	expiresBefore time.Time
}

var roleName = regexp.MustCompile(`^(ORG|GROUP)_[A-Z_]+$`)

// newListCommand completes a command that lists what a filter picks from the
// database; person is what the command calls the person whom a row belongs to.
func newListCommand(
	env Env, command *cobra.Command, person string, states []approval.State,
	list func(context.Context, Env, *store.Store, *listFilter, *outputFormat) error,
) *cobra.Command {
	command.GroupID, command.Args = groupRead, noArguments
	filter := addListFlags(command, env, person, states)
	database := addDatabaseFlag(command, env)
	output := addOutputFlag(command, outputText, outputJSON)
	command.RunE = func(*cobra.Command, []string) error {
		s, err := filter.openForList(command.Context(), env, database())
		if err != nil {
			return err
		}
		defer s.Close()
		return list(command.Context(), env, s, filter, output)
	}
	return command
}

// addListFlags adds a flag for each field of a filter. The person is the owner of a
// key or the requester of a request; states are those that can be asked for.
func addListFlags(command *cobra.Command, env Env, person string, states []approval.State) *listFilter {
	var f listFilter
	flags := command.Flags()
	flags.Func(person, "only of this "+person+": a Slack user `ID`, as in U012ABCDEF", func(word string) error {
		if f.Requester = policy.UserID(word); !config.IsApproverID(word) || word[0] == 'S' {
			return errors.New("a user ID looks like U012ABCDEF")
		}
		return nil
	})
	var names []string
	for _, s := range states {
		names = append(names, string(s))
	}
	flags.Func("state", "only in one of these `states`, separated by commas: "+strings.Join(names, ", "), func(words string) error {
		for _, s := range commas[approval.State](words) {
			if !slices.Contains(states, s) {
				return fmt.Errorf("%q is not one of %s", s, strings.Join(names, ", "))
			}
			f.States = append(f.States, s)
		}
		return notEmpty(strings.Trim(words, ", "))
	})
	flags.Func("role", "only with this `role`, in the organization or in a project", func(word string) error {
		if f.role = policy.Role(word); !roleName.MatchString(word) {
			return errors.New("a role looks like ORG_READ_ONLY or GROUP_READ_ONLY")
		}
		return nil
	})
	flags.Func("org", "only of this Atlas `organization`: its ID, or its name in the configuration", func(word string) error {
		f.Org = policy.OrgID(word)
		return notEmpty(word)
	})
	flags.Func("ticket", "only with this `ticket`, as it was typed", func(word string) error {
		f.ticket = plaintext.Line(word)
		return notEmpty(word)
	})
	flags.Func("expires-before", "only what expires before this `time`: RFC 3339, or the beginning of a day (UTC)", func(word string) error {
		at, err := time.Parse(time.RFC3339, word)
		if err != nil {
			at, err = time.Parse(time.DateOnly, word)
		}
		if err != nil {
			return fmt.Errorf("%q is no time like 2026-03-02T09:00:00Z and no day like 2026-03-02; --expires-within takes a duration", word)
		}
		f.expireBefore(at)
		return nil
	})
	flags.Func("expires-within", "only what expires within this `duration`, as in 24h or 7d", func(word string) error {
		d, err := policyfile.ParseDuration(word)
		f.expireBefore(env.Now().Add(d))
		return err
	})
	addListCompletions(command, env, names)
	return &f
}

// addListCompletions lets shells complete the values of filters.
func addListCompletions(command *cobra.Command, env Env, states []string) {
	complete := func(flag string, choices []cobra.Completion) {
		_ = command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that is not there
	}
	complete("state", states)
	var roles []cobra.Completion
	for _, all := range [][]policy.RoleInfo{policy.OrgRoles, policy.ProjectRoles} {
		for _, info := range all {
			roles = append(roles, cobra.CompletionWithDesc(string(info.Name), info.Title))
		}
	}
	complete("role", roles)
	_ = command.RegisterFlagCompletionFunc("org", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return organizationNames(env), cobra.ShellCompDirectiveNoFileComp
	})
}

// organizationNames are the names of the organizations that the environment has.
func organizationNames(env Env) []string {
	c, _ := config.Read(env.Environ) // problems of other variables do not matter here
	var all []string
	for _, o := range c.Organizations {
		if o.ID != "" {
			all = append(all, o.Name)
		}
	}
	return all
}

// expireBefore keeps the earlier one of two times.
func (f *listFilter) expireBefore(at time.Time) {
	if f.expiresBefore.IsZero() || at.Before(f.expiresBefore) {
		f.expiresBefore = at
	}
}

// matches reports whether r is picked; the columns of its row are checked by the
// selection.
func (f *listFilter) matches(r approval.Request) bool {
	expires := expiresAt(r)
	return (f.ticket == "" || r.Details[string(policy.FieldTicket)] == f.ticket) &&
		(f.role == "" || hasRole(r.Access, f.role)) &&
		(f.expiresBefore.IsZero() || !expires.IsZero() && expires.Before(f.expiresBefore))
}

func hasRole(a policy.Access, role policy.Role) bool {
	return slices.Contains(a.Roles, role) ||
		slices.ContainsFunc(a.Projects, func(p policy.ProjectAccess) bool { return slices.Contains(p.Roles, role) })
}

// expiresAt is when a request that waits for people expires, or otherwise its key;
// zero if nothing expires.
func expiresAt(r approval.Request) time.Time {
	switch r.State {
	case approval.StatePending, approval.StateApproved:
		return r.ExpiresAt
	case approval.StateDelivered, approval.StateActive, approval.StateRevoking:
		return r.KeyExpiresAt
	}
	return time.Time{}
}

// openForList opens the database beside a running bot and resolves the name of an
// organization.
func (f *listFilter) openForList(ctx context.Context, env Env, database string) (*store.Store, error) {
	f.Org = organizationID(env, f.Org)
	return openReadOnly(ctx, database)
}

// An unreadableError says which requests cannot be read. The others were printed.
type unreadableError struct{ ids []policy.ID }

func (e unreadableError) Error() string {
	const most = 5
	var names []string
	for _, id := range e.ids[:min(len(e.ids), most)] {
		names = append(names, string(id))
	}
	text := strings.Join(names, ", ")
	if more := len(e.ids) - most; more > 0 {
		text = fmt.Sprintf("%s and %d more", text, more)
	}
	return fmt.Sprintf("these requests cannot be read: %s; docs/operations.md says what to do", text)
}
