package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/preflight"
)

// print answers in the order in which it is decided: may they, within the
// limits, and who is asked.
func (x *explainCommand) print(ctx context.Context, current policy.Policy, preview policy.Preview, standing policy.MemberStatus) {
	x.say("%s asks for %s.", x.user, x.wish())
	if x.assumed && !x.groupsGiven {
		x.say("Assumed: %s is in no user group. Say -groups S1,S2, or set SLACK_BOT_TOKEN to have Slack asked.", x.user)
	}
	if standing != policy.Member {
		x.say("That is refused: %s %s, and only full members of the workspace ask.", x.user, preflight.NotMemberReason(standing))
		return
	}
	if len(preview.Problems) > 0 {
		x.say("That is refused:")
		for _, p := range preview.Problems {
			x.say("- %s", x.problem(current, p))
		}
		x.say("Were it not:")
	} else {
		x.say("That is allowed.")
	}
	if preview.Rule != "" {
		x.say("Nobody has to approve: the rule %q fits.", preview.Rule)
		return
	}
	x.approvals(current, preview)
	x.own(ctx, current, preview)
	x.later(current)
}

func (x *explainCommand) say(format string, args ...any) {
	fmt.Fprintf(x.process.Stdout, format+"\n", args...)
}

// wish is the form in words.
func (x *explainCommand) wish() string {
	f := x.form
	words := join(f.Roles) + " for " + policyfile.FormatDuration(f.Lifetime)
	if len(f.Projects) > 0 {
		words += fmt.Sprintf(", and %s in %d projects", join(f.ProjectRoles), x.projects)
	}
	var from []string
	if f.Networks != "" {
		from = append(from, f.Networks)
	}
	for _, name := range f.NetworkPresets {
		from = append(from, "the network preset "+name)
	}
	if len(from) > 0 {
		words += ", from " + strings.Join(from, " and ")
	}
	if x.org.Prefix != "" {
		words += ", in " + x.org.Name
	}
	return words
}

func join[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, one := range all {
		words[i] = string(one)
	}
	return strings.Join(words, ", ")
}

// approvals says whose it takes, and why theirs.
func (x *explainCommand) approvals(current policy.Policy, preview policy.Preview) {
	total := 0
	for _, n := range preview.Requirements {
		total += n.Count
	}
	switch total {
	case 1:
		x.say("It takes one approval:")
	default:
		x.say("It takes %d approvals, each of another person:", total)
	}
	for _, n := range preview.Requirements {
		x.say("- %d of %s, %s.", n.Count, policyfile.Names(n.From), x.why(current, n))
	}
	if !current.ExcludedApprovers.IsZero() {
		x.say("Of these, excluded_approvers do not count: %s.", policyfile.Names(current.ExcludedApprovers))
	}
	if preview.NoEligibleApprover {
		x.say("Nobody but %s could give them, so nobody would.", x.user)
	}
	if len(current.AutoApprovals) > 0 {
		x.say("No rule by which nobody has to approve fits%s.", x.unsaid())
	}
}

// unsaid reminds of what the rules look at and the question does not say.
func (x *explainCommand) unsaid() string {
	if x.form.Networks == "" && len(x.form.NetworkPresets) == 0 {
		return "; they look at the addresses, too: say -from or -network"
	}
	return ""
}

// why names the roles whose rule asks for an approval, or those for which none
// asks for others.
func (x *explainCommand) why(current policy.Policy, n policy.Requirement) string {
	if len(n.For) > 0 {
		return "which the rule of " + join(n.For) + " asks for"
	}
	own := map[policy.Role]bool{}
	for _, rule := range slices.Concat(current.Roles, current.ProjectRoles) {
		own[rule.Role] = len(rule.Requirements) > 0
	}
	plain := slices.DeleteFunc(slices.Concat(x.form.Roles, x.form.ProjectRoles), func(role policy.Role) bool { return own[role] })
	return "as usual: no rule asks for other approvals of " + join(plain)
}

// own tells an approver that their own yes does not count, and whoever may break
// the glass that they may.
func (x *explainCommand) own(ctx context.Context, current policy.Policy, preview policy.Preview) {
	for _, n := range preview.Requirements {
		if !current.AllowSelfApproval && x.isAmong(ctx, n.From) {
			x.say("%s is among them, and does not decide on their own request.", x.user)
			break
		}
	}
	if x.isAmong(ctx, current.BreakGlass.AllowedRequesters) {
		x.say("In an emergency %s may take %s for %s without approval; somebody else signs for it afterwards.",
			x.user, join(current.BreakGlass.Roles), policyfile.FormatDuration(current.BreakGlass.Lifetime))
	}
}

// requireAmong takes a group that cannot be listed for one that the user is not in:
// what hangs on it was decided before.
func (x *explainCommand) isAmong(ctx context.Context, who policy.Principals) bool {
	return who.Everyone || slices.Contains(who.Users, x.user) || slices.ContainsFunc(who.Groups, func(g policy.GroupID) bool {
		members, err := x.directory.Members(ctx, g)
		return err == nil && slices.Contains(members, x.user)
	})
}

// later says what becomes of the request if nobody decides.
func (x *explainCommand) later(current policy.Policy) {
	if current.EscalateAfter > 0 {
		x.say("Undecided after %s it goes to %s as well.", policyfile.FormatDuration(current.EscalateAfter), policyfile.Names(current.EscalateTo))
	}
	x.say("Undecided after %s it expires.", policyfile.FormatDuration(current.ExpireAfter))
}
