package policyfile

import (
	"fmt"
	"slices"
	"strings"

	"atlaskeybot/internal/approval/policy"
)

// Summary says in one sentence what a policy has, for whoever has just checked a
// file.
func Summary(p policy.Policy) string {
	parts := []string{count(len(p.Roles), "organization role")}
	if len(p.ProjectRoles) > 0 {
		parts = append(parts, count(len(p.ProjectRoles), "project role"))
	} else {
		parts = append(parts, "no access to projects")
	}
	parts = append(parts, usually(p.Requirements))
	if n := own(p); n > 0 {
		parts = append(parts, count(n, "role")+" with approvals of their own")
	}
	if len(p.Lifetimes) > 0 {
		parts = append(parts, "lifetimes up to "+FormatDuration(slices.Max(p.Lifetimes)))
	}
	if len(p.NetworkPresets) > 0 {
		parts = append(parts, count(len(p.NetworkPresets), "named network"))
	}
	if len(p.AutoApprovals) > 0 {
		parts = append(parts, count(len(p.AutoApprovals), "rule")+" by which nobody has to approve")
	}
	if p.EscalateAfter > 0 {
		parts = append(parts, "undecided requests go to "+Names(p.EscalateTo)+" after "+FormatDuration(p.EscalateAfter))
	}
	if !p.BreakGlass.People.IsZero() {
		parts = append(parts, "break-glass for "+Names(p.BreakGlass.People))
	}
	if p.AllowSelfApproval {
		parts = append(parts, "approvers may decide on their own requests")
	}
	return strings.Join(parts, ", ") + "."
}

func usually(needs []policy.Requirement) string {
	var all []string
	for _, n := range needs {
		all = append(all, fmt.Sprintf("%d of %s", n.Count, Names(n.From)))
	}
	return "usually approved by " + strings.Join(all, " and ")
}

// own counts the roles that do not take the usual approvals.
func own(p policy.Policy) int {
	n := 0
	for _, rules := range [][]policy.RoleRule{p.Roles, p.ProjectRoles} {
		for _, rule := range rules {
			if len(rule.Requirements) > 0 {
				n++
			}
		}
	}
	return n
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
