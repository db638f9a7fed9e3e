package config

import (
	"strings"

	"atlaskeybot/internal/approval/policy"
)

// ParsePrincipals reads a list of users and user groups.
func ParsePrincipals(ids []string) policy.Principals {
	var who policy.Principals
	for _, a := range ids {
		if a = strings.TrimSpace(a); strings.HasPrefix(a, "S") {
			who.Groups = append(who.Groups, policy.GroupID(a))
		} else {
			who.Users = append(who.Users, policy.UserID(a))
		}
	}
	return who
}
