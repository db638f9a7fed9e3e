package policyfile

import (
	"cmp"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
)

// pending reads what happens to a request without a decision. Left out, the
// approvers are reminded once, at half of expire_after.
func (r *reader) pending(n *yaml.Node) {
	if n == nil {
		return
	}
	p := &r.policy
	m := r.mapping(n, "pending", pendingKeys...)
	p.ExpireAfter = r.duration(m["expire_after"], "expire_after", p.ExpireAfter)
	p.RemindApproversAfter = r.reminders(m["remind_approvers_after"], "remind_approvers_after", []time.Duration{p.ExpireAfter / 2})
	slices.Sort(p.RemindApproversAfter)
	for _, after := range p.RemindApproversAfter {
		r.checkBeforeExpiry(m["remind_approvers_after"], "remind_approvers_after", after)
	}
	r.escalation(m)
}

// notify reads whom Slack notifies of a request.
func (r *reader) notify(n *yaml.Node, base policy.Notify) policy.Notify {
	if n == nil {
		return base
	}
	s, ok := r.scalar(n, "notify")
	if !ok {
		return base
	}
	who := policy.Notify(s)
	r.problemIf(n, !slices.Contains(policy.Notifies, who), "notify is %q: approvers, here or nobody", s)
	return who
}

func (r *reader) escalation(m map[string]*yaml.Node) {
	p := &r.policy
	after, to := m["escalate_after"], m["escalate_to"]
	if after == nil && to == nil {
		return
	}
	r.problemIf(cmp.Or(after, to), after == nil || to == nil, "escalate_after and escalate_to go together: when, and to whom")
	p.EscalateAfter = r.duration(after, "escalate_after", 0)
	r.checkBeforeExpiry(after, "escalate_after", p.EscalateAfter)
	if to == nil {
		return
	}
	p.EscalateTo = r.nonEmptyPrincipals(to, "escalate_to")
	r.problemIf(to, !p.EscalateTo.IsZero() && !canApprove(p.EscalateTo, p.ExcludedApprovers), "escalate_to names only people of excluded_approvers")
}

func (r *reader) checkBeforeExpiry(n *yaml.Node, what string, after time.Duration) {
	expiry := r.policy.ExpireAfter
	r.problemIf(n, n != nil && after >= expiry, "%s is %s, and the request expires after %s (expire_after)", what, FormatDuration(after), FormatDuration(expiry))
}

const (
	minBreakGlassLifetime = time.Hour
	maxBreakGlassLifetime = 24 * time.Hour
)

// breakGlass reads who may issue a key without approval. It takes organization
// roles only, since such a role reaches every project.
func (r *reader) breakGlass(n *yaml.Node) {
	if n == nil {
		return
	}
	m := r.mapping(n, "break_glass", breakGlassKeys...)
	if n.Kind != yaml.MappingNode || r.missing(n, "break_glass", m, breakGlassRequired...) {
		return
	}
	b := policy.BreakGlass{
		AllowedRequesters: r.nonEmptyPrincipals(m["allowed_requesters"], "allowed_requesters"),
		Roles:             r.roleNames(m["roles"], "roles of break_glass", orgRole),
	}
	b.Lifetime, _ = r.atLeast(m["lifetime"], "lifetime", minBreakGlassLifetime)
	r.problemIf(m["lifetime"], b.Lifetime > maxBreakGlassLifetime, "lifetime is %s: at most %s, since there is no approval", FormatDuration(b.Lifetime), FormatDuration(maxBreakGlassLifetime))
	confirm := r.policy.ConfirmWithin
	r.problemIf(m["lifetime"], b.Lifetime > 0 && b.Lifetime < confirm, "lifetime is %s, which is shorter than confirm_within (%s)", FormatDuration(b.Lifetime), FormatDuration(confirm))
	r.policy.BreakGlass = b
}
