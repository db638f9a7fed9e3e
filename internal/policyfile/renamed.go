package policyfile

// renamed maps keys of earlier policy files to the keys that replace them, so
// that the message about an unknown key can name its successor.
var renamed = map[string]string{
	"approvals":         "required_approvals",
	"ask":               "allowed_requesters",
	"auto_approve":      "auto_approvals",
	"collect_within":    "issue_within",
	"for":               "allowed_requesters",
	"lapse_after":       "expire_after",
	"live_keys":         "active_keys",
	"longest":           "max_lifetime",
	"named":             "network_presets, a key of the file",
	"networks":          "network_presets",
	"never_approve":     "excluded_approvers",
	"people":            "allowed_requesters",
	"projects":          "project_roles, which has the roles directly",
	"remind_after":      "remind_approvers_after",
	"remind_before_end": "remind_before_expiry",
	"rotate_overlap":    "rotation_grace_period",
	"self_approval":     "allow_self_approval",
	"widest_ipv4":       "min_prefix_ipv4",
	"widest_ipv6":       "min_prefix_ipv6",
}
