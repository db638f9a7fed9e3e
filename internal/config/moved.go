package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// moved maps variables of earlier versions to the keys of the policy file that
// replace them.
var moved = map[string]string{
	"ALLOWED_ROLES":        "roles",
	"ALLOW_SELF_APPROVAL":  "allow_self_approval",
	"COLLECT_WITHIN":       "issue_within",
	"CONFIRM_WITHIN":       "confirm_within",
	"LIFETIMES":            "lifetimes",
	"MAX_ENTRIES":          "networks: max_entries",
	"PENDING_LAPSES_AFTER": "pending: expire_after",
	"REMIND_BEFORE_END":    "remind_before_expiry",
	"ROTATE_OVERLAP":       "rotation_grace_period",
	"WIDEST_IPV4":          "networks: min_prefix_ipv4",
	"WIDEST_IPV6":          "networks: min_prefix_ipv6",
}

// movedVariables refuses variables that moved to the policy file: an operator who
// sets one relies on a rule that would not apply.
func movedVariables(environ map[string]string) []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(moved)) {
		if environ[name] != "" {
			errs = append(errs, fmt.Errorf("%s moved to the policy file: write it there as %s, and unset the variable", name, moved[name]))
		}
	}
	if len(errs) > 0 && !namesPolicyFile(environ) {
		errs = append(errs, errors.New("POLICY_FILE is not set: run 'atlas-key-bot policy init policy.yaml', which writes a file with every rule, and name that file there"))
	}
	return errs
}

// namesPolicyFile reports whether an organization has a policy file.
func namesPolicyFile(environ map[string]string) bool {
	for name, value := range environ {
		if value != "" && (name == "POLICY_FILE" || strings.HasPrefix(name, "ORG_") && strings.HasSuffix(name, "_POLICY_FILE")) {
			return true
		}
	}
	return false
}
