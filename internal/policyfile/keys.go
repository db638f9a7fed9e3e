package policyfile

// The keys of each mapping of the file, in the order in which messages list them.
// The schema and docs/policy.md have the same.
var (
	requirementKeys = []string{"from", "count"}
	roleKeys        = []string{"allowed_requesters", "required_approvals", "max_lifetime", "min_prefix_ipv4", "min_prefix_ipv6"}
	networksKeys    = []string{"min_prefix_ipv4", "min_prefix_ipv6", "max_entries"}
	autoRuleKeys    = []string{"name", "allowed_requesters", "roles", "network_presets", "max_lifetime", "projects"}
	pendingKeys     = []string{"remind_approvers_after", "escalate_after", "escalate_to", "expire_after"}
	breakGlassKeys  = []string{"allowed_requesters", "roles", "lifetime"}
	detailKeys      = []string{"label", "pattern", "example", "required"}
	limitsKeys      = []string{"open_requests", "active_keys", "requests_per_hour"}

	// autoRuleRequired, breakGlassRequired and detailRequired are the keys that cannot be left out.
	autoRuleRequired   = []string{"name", "allowed_requesters", "roles", "max_lifetime"}
	breakGlassRequired = breakGlassKeys
	detailRequired     = []string{"label", "pattern"}
)
