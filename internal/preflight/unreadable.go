package preflight

import (
	"fmt"
	"strings"

	"atlaskeybot/internal/approval/policy"
)

// DescribeUnreadable names the first of ids; it returns "" if there are none.
func DescribeUnreadable(ids []policy.ID) string {
	const named = 5
	if len(ids) == 0 {
		return ""
	}
	var names []string
	for _, id := range ids[:min(len(ids), named)] {
		names = append(names, string(id))
	}
	if more := len(ids) - named; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return "damaged in the database and in no list: " + strings.Join(names, ", ")
}
