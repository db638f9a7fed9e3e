package policyfile

// The keys of each mapping of the file, in the order in which messages list them.
// The schema and docs/policy.md have the same.
var (
	fileKeys = []string{
		"required_approvals", "excluded_approvers", "allow_self_approval", "roles", "project_roles", "lifetimes",
		"networks", "network_presets", "auto_approvals", "pending", "issue_within", "confirm_within",
		"remind_before_expiry", "rotation_grace_period", "break_glass", "limits",
	}
	requirementKeys = []string{"from", "count"}
	roleKeys        = []string{"allowed_requesters", "required_approvals", "max_lifetime", "min_prefix_ipv4", "min_prefix_ipv6"}
	networksKeys    = []string{"min_prefix_ipv4", "min_prefix_ipv6", "max_entries"}
	autoRuleKeys    = []string{"name", "allowed_requesters", "roles", "network_presets", "max_lifetime", "projects"}
	pendingKeys     = []string{"remind_approvers_after", "escalate_after", "escalate_to", "expire_after"}
	breakGlassKeys  = []string{"allowed_requesters", "roles", "lifetime"}
	limitsKeys      = []string{"open_requests", "active_keys", "requests_per_hour"}

	// autoRuleRequired and breakGlassRequired are the keys that cannot be left out.
	autoRuleRequired   = []string{"name", "allowed_requesters", "roles", "max_lifetime"}
	breakGlassRequired = breakGlassKeys
)
