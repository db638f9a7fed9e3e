package policyfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"

	"atlaskeybot/internal/approval/policy"
)

// Schema returns the JSON Schema of the file, for editors and other tools. It is
// draft 7, which every editor reads, and without references to other files. It
// knows shapes, names and bounds; what depends on other keys, only [Parse] checks.
func Schema() []byte {
	root := object("The policy of one organization. What is left out has its default.", schema{
		"required_approvals": requirementsSchema("The approvals that every request requires, unless a role has its own. " +
			"One person counts for one approval. Left out: one approval by SLACK_APPROVERS."),
		"excluded_approvers":  principalsSchema("The approvals of these people never count. Left out: of no one.", 0),
		"allow_self_approval": boolean("Whether approvers may approve their own requests: for a one-person trial only.", false),
		"roles":               rolesSchema("The organization roles that can be requested, in the order of the form. Left out: all but ORG_OWNER.", orgRole, policy.OrgRoles),
		"project_roles": anyOf("The project roles that can be requested, or the word default for all but the two that make more keys. Left out: no access to projects.",
			schema{"const": "default"}, rolesSchema("", projectRole, policy.ProjectRoles)),
		"lifetimes":       list("The lifetimes that requesters choose from, each at least 1h. Left out: [8h, 24h, 7d, 30d, 90d].", durationSchema(""), 1, maxOptions),
		"networks":        networksSchema(),
		"network_presets": networkPresetsSchema(),
		"auto_approvals": list("Rules for requests that need no approval. They are recorded and announced like any other. The first rule that matches applies.",
			autoRuleSchema(), 0, maxRules),
		"notify": schema{"enum": policy.Notifies, "default": policy.NotifyApprovers}.described(
			"Whom Slack notifies of a request: the approvers whose approval is missing, or everyone active in the channel (here), or nobody."),
		"pending":               pendingSchema(),
		"issue_within":          durationSchema("How long an approved request waits for the press of Create my key. Left out: 24h."),
		"confirm_within":        durationSchema("How long a key that was shown waits for I saved it. Left out: 1h."),
		"remind_before_expiry":  list("When the owner is reminded that a key expires; [] for never. Left out: [24h, 1h].", durationSchema(""), 0, maxReminders),
		"rotation_grace_period": durationSchema("How long a key stays active after its successor is saved. Left out: 24h."),
		"break_glass":           breakGlassSchema(),
		"limits":                limitsSchema(),
		"ticket":                detailSchema("A field of the form for the ticket, or whatever else the key belongs to. Left out: no such field."),
	})
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Atlas Key Bot policy"
	root["definitions"] = schema{"role": roleRuleSchema()}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic("the schema is not JSON: " + err.Error())
	}
	return b.Bytes()
}

// A schema is a JSON Schema, or a mapping of names to schemas.
type schema map[string]any

// object is the schema of a mapping with fixed keys.
func object(description string, properties schema, required ...string) schema {
	s := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s.described(description)
}

// list is the schema of a list; a bound of zero is none.
func list(description string, items schema, least, most int) schema {
	s := schema{"type": "array", "items": items}
	if least > 0 {
		s["minItems"] = least
	}
	if most > 0 {
		s["maxItems"] = most
	}
	return s.described(description)
}

func anyOf(description string, choices ...schema) schema {
	return schema{"anyOf": choices}.described(description)
}

func boolean(description string, byDefault bool) schema {
	return schema{"type": "boolean", "default": byDefault}.described(description)
}

func number(description string, least, most, byDefault int) schema {
	return schema{"type": "integer", "minimum": least, "maximum": most, "default": byDefault}.described(description)
}

func matching(description string, pattern *regexp.Regexp) schema {
	return schema{"type": "string", "pattern": pattern.String()}.described(description)
}

func (s schema) described(description string) schema {
	if description != "" {
		s["description"] = description
	}
	return s
}

func durationSchema(description string) schema {
	return schema{"type": "string", "pattern": `^([0-9]*[1-9][0-9]*d|([0-9]+(\.[0-9]+)?[hms])+)$`}.described(description)
}

// prefixSchema is the schema of a prefix length, /24 or 24.
func prefixSchema(description, pattern string, bits int) schema {
	return schema{"type": []string{"string", "integer"}, "pattern": "^/?(" + pattern + ")$", "minimum": 0, "maximum": bits}.described(description)
}

func prefixesSchema(leftOut4, leftOut6 string) (ipv4, ipv6 schema) {
	const description = "The shortest prefix, and so the widest %s network. Left out: %s."
	return prefixSchema(fmt.Sprintf(description, "IPv4", leftOut4), "[0-9]|[12][0-9]|3[0-2]", 32),
		prefixSchema(fmt.Sprintf(description, "IPv6", leftOut6), "[0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]", 128)
}

func principalsSchema(description string, least int) schema {
	s := list(description, matching("", regexp.MustCompile(`^[UWS][A-Z0-9]{2,}$`)), least, 0)
	s["uniqueItems"] = true
	return s
}

func principalsOrEveryoneSchema(description string) schema {
	return anyOf(description, schema{"const": "everyone"}, principalsSchema("", 1))
}

func requirementsSchema(description string) schema {
	return list(description, object("", schema{
		"from":  principalsSchema("Whose approvals: users (U… or W…) and user groups (S…).", 1),
		"count": number("How many approvals.", 1, maxCount, 1),
	}, "from"), 1, maxRequirements)
}

// rolesSchema is the schema of a mapping of roles to their rules. It names the
// roles that this build knows and accepts others that look like them.
func rolesSchema(description string, kind roleKind, known []policy.RoleInfo) schema {
	rule := schema{"$ref": "#/definitions/role"}
	properties := schema{}
	for _, info := range known {
		properties[string(info.Name)] = schema{"allOf": []schema{rule}, "description": info.Title + ". " + info.Grants}
	}
	return schema{
		"type": "object", "minProperties": 1, "maxProperties": maxOptions, "additionalProperties": false,
		"properties": properties, "patternProperties": schema{kind.pattern.String(): rule},
	}.described(description)
}

func roleRuleSchema() schema {
	ipv4, ipv6 := prefixesSchema("as under networks", "as under networks")
	s := object("The rule of one role. Empty: everyone may request it, with the usual approvals.", schema{
		"allowed_requesters": principalsOrEveryoneSchema("Who may request it: users and user groups, or everyone. Left out: everyone."),
		"required_approvals": requirementsSchema("The approvals that it requires in place of those of every request."),
		"max_lifetime":       durationSchema("How long a key with it is valid at most, with extensions and rotations. Left out: no limit of its own."),
		"min_prefix_ipv4":    ipv4,
		"min_prefix_ipv6":    ipv6,
	})
	s["type"] = []string{"object", "null"}
	return s
}

func networksSchema() schema {
	ipv4, ipv6 := prefixesSchema("/24", "/64")
	return object("The bounds of what requesters type.", schema{
		"min_prefix_ipv4": ipv4,
		"min_prefix_ipv6": ipv6,
		"max_entries":     number("How many addresses and blocks a key's access list may have.", 1, maxEntries, 20),
	})
}

func networkPresetsSchema() schema {
	prefix := matching("A public address or block.", regexp.MustCompile(`^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$`))
	s := list("", prefix, 1, maxEntries)
	s["uniqueItems"] = true
	return schema{
		"type": "object", "maxProperties": maxOptions, "additionalProperties": false,
		"patternProperties": schema{presetName.String(): s},
	}.described("Networks that requesters choose by name. They may be wider than what requesters type.")
}

// roleNamesSchema is the schema of a list of roles: known ones, or if others is
// true also those that look like organization roles.
func roleNamesSchema(description string, known []policy.Role, others bool) schema {
	items := schema{"enum": known}
	if others {
		items = anyOf("", items, matching("", orgRole.pattern))
	}
	s := list(description, items, 1, 0)
	s["uniqueItems"] = true
	return s
}

func autoRuleSchema() schema {
	var harmless []policy.Role
	for _, all := range [][]policy.RoleInfo{policy.OrgRoles, policy.ProjectRoles} {
		for _, info := range all {
			if !info.Powerful {
				harmless = append(harmless, info.Name)
			}
		}
	}
	presets := list("The request names these network presets and no other network. Left out: any network that is allowed.", matching("", presetName), 1, maxOptions)
	presets["uniqueItems"] = true
	return object("", schema{
		"name":               schema{"type": "string", "minLength": 1, "description": "What people read, and what the audit trail has."},
		"allowed_requesters": principalsOrEveryoneSchema("Who requests: users and user groups, or everyone."),
		"roles":              roleNamesSchema("The request has no other roles. A powerful role always requires an approval.", harmless, false),
		"network_presets":    presets,
		"max_lifetime":       durationSchema("The request is for no longer."),
		"projects":           boolean("Whether the request may include access to projects. The project roles are then among roles.", false),
	}, autoRuleRequired...)
}

func pendingSchema() schema {
	s := object("What happens to a request without a decision. Times count from the request.", schema{
		"remind_approvers_after": list("When the approvers are reminded; [] for never. Left out: once, at half of expire_after.", durationSchema(""), 0, maxReminders),
		"escalate_after":         durationSchema("When the request is escalated to escalate_to. Left out, both: never."),
		"escalate_to":            principalsSchema("Users and user groups, each of whom then counts for an approver who is missing.", 1),
		"expire_after":           durationSchema("When the request expires. Left out: 24h."),
	})
	s["dependencies"] = map[string][]string{"escalate_after": {"escalate_to"}, "escalate_to": {"escalate_after"}}
	return s
}

func breakGlassSchema() schema {
	var known []policy.Role
	for _, info := range policy.OrgRoles {
		known = append(known, info.Name)
	}
	return object("Who may issue a key without approval. An approver other than its owner reviews it afterwards. Left out: no one.", schema{
		"allowed_requesters": principalsSchema("Users and user groups.", 1),
		"roles":              roleNamesSchema("Organization roles, also such as are not under roles.", known, true),
		"lifetime":           durationSchema("How long such a key is valid: 1h to 24h."),
	}, breakGlassRequired...)
}

func limitsSchema() schema {
	limits := Default(policy.Principals{}).Limits
	return object("What one person may have in the organization at a time.", schema{
		"open_requests":     number("Requests that wait: for a decision, for the key to be issued or for the change to be applied.", 1, maxLimit, limits.OpenRequests),
		"active_keys":       number("Active keys, and new ones that are on their way.", 1, maxLimit, limits.ActiveKeys),
		"requests_per_hour": number("Requests of every kind.", 1, maxLimit, limits.RequestsPerHour),
	})
}
