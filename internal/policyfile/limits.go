package policyfile

import "go.yaml.in/yaml/v3"

// mostOfOne is the largest number that a limit of one person can have.
const mostOfOne = 1000

// limits reads what one person has at a time.
func (r *reader) limits(n *yaml.Node) {
	if n == nil {
		return
	}
	m := r.mapping(n, "limits", "open_requests", "live_keys", "requests_per_hour")
	l := &r.policy.Limits
	l.OpenRequests = r.number(m["open_requests"], "open_requests", 1, mostOfOne, l.OpenRequests)
	l.LiveKeys = r.number(m["live_keys"], "live_keys", 1, mostOfOne, l.LiveKeys)
	l.RequestsPerHour = r.number(m["requests_per_hour"], "requests_per_hour", 1, mostOfOne, l.RequestsPerHour)
}
