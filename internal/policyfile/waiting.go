package policyfile

import (
	"cmp"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
)

// pending reads what becomes of a request that nobody decides. Reminders that
// are left out come when half the time is over.
func (r *reader) pending(n *yaml.Node) {
	if n == nil {
		return
	}
	p := &r.policy
	m := r.mapping(n, "pending", "remind_after", "escalate_after", "escalate_to", "lapse_after")
	p.RequestTTL = r.duration(m["lapse_after"], "lapse_after", p.RequestTTL)
	p.RemindApproversAfter = r.reminders(m["remind_after"], "remind_after", []time.Duration{p.RequestTTL / 2})
	slices.Sort(p.RemindApproversAfter)
	for _, after := range p.RemindApproversAfter {
		r.beforeLapse(m["remind_after"], "remind_after", after)
	}
	r.escalation(m)
}

func (r *reader) escalation(m map[string]*yaml.Node) {
	p := &r.policy
	after, to := m["escalate_after"], m["escalate_to"]
	if after == nil && to == nil {
		return
	}
	r.problemIf(cmp.Or(after, to), after == nil || to == nil, "escalate_after and escalate_to go together: when, and to whom")
	p.EscalateAfter = r.duration(after, "escalate_after", 0)
	r.beforeLapse(after, "escalate_after", p.EscalateAfter)
	if to == nil {
		return
	}
	p.EscalateTo = r.principals(to, "escalate_to")
	r.problemIf(to, !p.EscalateTo.IsZero() && !minus(p.EscalateTo, p.ExcludedApprovers), "escalate_to names only people of never_approve")
}

func (r *reader) beforeLapse(n *yaml.Node, what string, after time.Duration) {
	lapses := r.policy.RequestTTL
	r.problemIf(n, n != nil && after >= lapses, "%s is %s, and the request lapses after %s (lapse_after)", what, FormatDuration(after), FormatDuration(lapses))
}

const (
	minBreakGlassLifetime = time.Hour
	maxBreakGlassLifetime = 24 * time.Hour
)

// breakGlass reads who may have a key at once. Projects are not among it: who
// needs one in an emergency has a role that reaches it.
func (r *reader) breakGlass(n *yaml.Node) {
	if n == nil {
		return
	}
	m := r.mapping(n, "break_glass", "people", "roles", "lifetime")
	if n.Kind != yaml.MappingNode || r.missing(n, "break_glass", m, "people", "roles", "lifetime") {
		return
	}
	b := policy.BreakGlass{People: r.principals(m["people"], "people"), Roles: r.some(m["roles"], "roles of break_glass", organization)}
	b.Lifetime, _ = r.atLeast(m["lifetime"], "lifetime", minBreakGlassLifetime)
	r.problemIf(m["lifetime"], b.Lifetime > maxBreakGlassLifetime, "lifetime is %s: at most %s, since nobody approves it", FormatDuration(b.Lifetime), FormatDuration(maxBreakGlassLifetime))
	confirm := r.policy.ConfirmWithin
	r.problemIf(m["lifetime"], b.Lifetime > 0 && b.Lifetime < confirm, "lifetime is %s, which is shorter than confirm_within (%s)", FormatDuration(b.Lifetime), FormatDuration(confirm))
	r.policy.BreakGlass = b
}
