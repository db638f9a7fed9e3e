package policyfile

import (
	"fmt"
	"slices"
	"strings"

	"atlaskeybot/internal/approval/policy"
)

// Summary describes a policy in one sentence, for an operator who has just
// checked a file.
func Summary(p policy.Policy) string {
	parts := []string{count(len(p.Roles), "organization role")}
	if len(p.ProjectRoles) > 0 {
		parts = append(parts, count(len(p.ProjectRoles), "project role"))
	} else {
		parts = append(parts, "no access to projects")
	}
	parts = append(parts, requirementsText(p.Requirements))
	if n := rolesWithRequirements(p); n > 0 {
		parts = append(parts, count(n, "role")+" with required approvals of their own")
	}
	if len(p.Lifetimes) > 0 {
		parts = append(parts, "lifetimes up to "+FormatDuration(slices.Max(p.Lifetimes)))
	}
	if len(p.NetworkPresets) > 0 {
		parts = append(parts, count(len(p.NetworkPresets), "network preset"))
	}
	if len(p.AutoApprovals) > 0 {
		parts = append(parts, count(len(p.AutoApprovals), "rule")+" for automatic approval")
	}
	if p.EscalateAfter > 0 {
		parts = append(parts, "pending requests are escalated to "+Names(p.EscalateTo)+" after "+FormatDuration(p.EscalateAfter))
	}
	if !p.BreakGlass.AllowedRequesters.IsZero() {
		parts = append(parts, "break-glass for "+Names(p.BreakGlass.AllowedRequesters))
	}
	if p.AllowSelfApproval {
		parts = append(parts, "approvers may approve their own requests")
	}
	return strings.Join(parts, ", ") + "."
}

func requirementsText(requirements []policy.Requirement) string {
	var all []string
	for _, r := range requirements {
		all = append(all, fmt.Sprintf("%d of %s", r.Count, Names(r.From)))
	}
	return "usually approved by " + strings.Join(all, " and ")
}

// rolesWithRequirements counts the roles that replace the usual required
// approvals.
func rolesWithRequirements(p policy.Policy) int {
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
