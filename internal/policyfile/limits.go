package policyfile

import "go.yaml.in/yaml/v3"

// maxLimit is the largest value of a limit of one person.
const maxLimit = 1000

// limits reads what one person may have in the organization at a time.
func (r *reader) limits(n *yaml.Node) {
	if n == nil {
		return
	}
	m := r.mapping(n, "limits", limitsKeys...)
	l := &r.policy.Limits
	l.OpenRequests = r.number(m["open_requests"], "open_requests", 1, maxLimit, l.OpenRequests)
	l.ActiveKeys = r.number(m["active_keys"], "active_keys", 1, maxLimit, l.ActiveKeys)
	l.RequestsPerHour = r.number(m["requests_per_hour"], "requests_per_hour", 1, maxLimit, l.RequestsPerHour)
}
