package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/preflight"
)

// An explanation answers whether a person may request something, and who approves
// it.
type explanation struct {
	User         policy.UserID `json:"user"`
	Request      string        `json:"request"` // what is requested, in words
	Assumption   string        `json:"assumption,omitempty"`
	Allowed      bool          `json:"allowed"`
	Problems     []string      `json:"problems,omitempty"`
	AutoApproval string        `json:"auto_approval,omitempty"` // the name of the rule that approves
	Approvals    []approvals   `json:"approvals,omitempty"`
	Notes        []string      `json:"notes,omitempty"`

	refusedAs string // what the requester is, if only that is the problem
}

// approvals are approvals that a request needs.
type approvals struct {
	Count  int    `json:"count"`
	From   string `json:"from"`
	Reason string `json:"reason"`
}

// explain answers in the order in which the bot decides: may they, within the
// limits, and who approves.
func (x *explainCommand) explain(ctx context.Context, current policy.Policy, preview policy.Preview, status policy.MemberStatus) *explanation {
	e := &explanation{User: x.user, Request: x.requestText()}
	if x.assumed && !x.groupsGiven {
		e.Assumption = fmt.Sprintf("%s is in no user group. Say --groups S1,S2, or set SLACK_BOT_TOKEN to have Slack asked.", x.user)
	}
	if status != policy.Member {
		e.refusedAs = fmt.Sprintf("%s %s, and only full members of the workspace request keys.", x.user, preflight.NotMemberReason(status))
		e.Problems = []string{e.refusedAs}
		return e
	}
	e.Allowed = len(preview.Problems) == 0
	for _, p := range preview.Problems {
		e.Problems = append(e.Problems, x.problemText(current, p))
	}
	if preview.Rule != "" {
		e.AutoApproval = preview.Rule
		return e
	}
	for _, n := range preview.Requirements {
		e.Approvals = append(e.Approvals, approvals{n.Count, policyfile.Names(n.From), x.requirementReason(current, n)})
	}
	e.Notes = slices.Concat(x.approverNotes(current, preview), x.requesterNotes(ctx, current, preview), expiryNotes(current), x.detailNotes(current))
	return e
}

func (e *explanation) print(w io.Writer, output *outputFormat) error {
	if output.isJSON() {
		return printJSON(w, e)
	}
	_, err := io.WriteString(w, strings.Join(e.lines(), "\n")+"\n")
	return err
}

func (e *explanation) lines() []string {
	all := []string{fmt.Sprintf("%s requests %s.", e.User, e.Request)}
	if e.Assumption != "" {
		all = append(all, "Assumed: "+e.Assumption)
	}
	if e.refusedAs != "" {
		return append(all, "That is refused: "+e.refusedAs)
	}
	if e.Allowed {
		all = append(all, "That is allowed.")
	} else {
		all = append(all, "That is refused:")
		for _, p := range e.Problems {
			all = append(all, "- "+p)
		}
		all = append(all, "If it were allowed:")
	}
	if e.AutoApproval != "" {
		return append(all, fmt.Sprintf("No approval is needed: the rule %q applies.", e.AutoApproval))
	}
	return append(append(all, e.approvalLines()...), e.Notes...)
}

func (e *explanation) approvalLines() []string {
	total := 0
	for _, a := range e.Approvals {
		total += a.Count
	}
	all := []string{fmt.Sprintf("It takes %d approvals, each of another person:", total)}
	if total == 1 {
		all[0] = "It takes one approval:"
	}
	for _, a := range e.Approvals {
		all = append(all, fmt.Sprintf("- %d of %s, %s.", a.Count, a.From, a.Reason))
	}
	return all
}

// requestText is the form in words.
func (x *explainCommand) requestText() string {
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

// approverNotes describes approvals that do not count or cannot be given.
func (x *explainCommand) approverNotes(current policy.Policy, preview policy.Preview) []string {
	var notes []string
	if !current.ExcludedApprovers.IsZero() {
		notes = append(notes, fmt.Sprintf("Of these, excluded_approvers do not count: %s.", policyfile.Names(current.ExcludedApprovers)))
	}
	if preview.NoEligibleApprover {
		notes = append(notes, fmt.Sprintf("Only %s could give them, and not to themselves.", x.user))
	}
	if len(current.AutoApprovals) > 0 {
		notes = append(notes, fmt.Sprintf("No rule for automatic approval applies%s.", x.addressesMissing()))
	}
	return notes
}

// addressesMissing points out that rules for automatic approval depend on the
// addresses, if none were given.
func (x *explainCommand) addressesMissing() string {
	if x.form.Networks == "" && len(x.form.NetworkPresets) == 0 {
		return "; such rules depend on the addresses, too: give --from or --network"
	}
	return ""
}

// requirementReason names the roles whose rule asks for an approval, or those for which none
// asks for others.
func (x *explainCommand) requirementReason(current policy.Policy, n policy.Requirement) string {
	if len(n.For) > 0 {
		return "required by the rule of " + join(n.For)
	}
	own := map[policy.Role]bool{}
	for _, rule := range slices.Concat(current.Roles, current.ProjectRoles) {
		own[rule.Role] = len(rule.Requirements) > 0
	}
	plain := slices.DeleteFunc(slices.Concat(x.form.Roles, x.form.ProjectRoles), func(role policy.Role) bool { return own[role] })
	return "the usual: no rule requires other approvals of " + join(plain)
}

// requesterNotes describes what the requester may do: approvers do not decide on
// their own requests, and some requesters may break the glass.
func (x *explainCommand) requesterNotes(ctx context.Context, current policy.Policy, preview policy.Preview) []string {
	var notes []string
	isApprover := slices.ContainsFunc(preview.Requirements, func(n policy.Requirement) bool { return x.isAmong(ctx, n.From) })
	if isApprover && !current.AllowSelfApproval {
		notes = append(notes, fmt.Sprintf("%s is among them, and does not decide on their own request.", x.user))
	}
	if x.isAmong(ctx, current.BreakGlass.AllowedRequesters) {
		notes = append(notes, fmt.Sprintf("In an emergency %s may take %s for %s without approval; another approver reviews it afterwards.",
			x.user, join(current.BreakGlass.Roles), policyfile.FormatDuration(current.BreakGlass.Lifetime)))
	}
	return notes
}

// isAmong reports whether the requester is one of who. A group that cannot be
// listed counts as one that they are not in.
func (x *explainCommand) isAmong(ctx context.Context, who policy.Principals) bool {
	return who.Everyone || slices.Contains(who.Users, x.user) || slices.ContainsFunc(who.Groups, func(g policy.GroupID) bool {
		members, err := x.directory.Members(ctx, g)
		return err == nil && slices.Contains(members, x.user)
	})
}

// expiryNotes describes what happens to a request without a decision.
func expiryNotes(current policy.Policy) []string {
	var notes []string
	if current.EscalateAfter > 0 {
		notes = append(notes, fmt.Sprintf("Undecided after %s it goes to %s as well.", policyfile.FormatDuration(current.EscalateAfter), policyfile.Names(current.EscalateTo)))
	}
	return append(notes, fmt.Sprintf("Undecided after %s it expires.", policyfile.FormatDuration(current.ExpireAfter)))
}

// detailNotes names what the form asks for beside the access, and what was given for
// a field that it does not have.
func (x *explainCommand) detailNotes(current policy.Policy) []string {
	var notes []string
	known := policy.Details{}
	for _, d := range current.DetailFields {
		known[string(d.Field)] = d.Label
		if d.Required && x.form.Details[string(d.Field)] == "" {
			notes = append(notes, fmt.Sprintf("The form asks for “%s” as well.", d.Label))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.form.Details)) {
		if known[name] == "" {
			notes = append(notes, fmt.Sprintf("The form has no field for the %s: this policy doesn't ask for one.", name))
		}
	}
	return notes
}
