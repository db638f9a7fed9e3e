package policy

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNoOrg refuses requests for an organization that is not configured, or not any
// more.
var ErrNoOrg = errors.New("the organization is not configured")

// An Org is an Atlas organization in which keys can be requested, with its policy.
type Org struct {
	ID     OrgID
	Name   string // as people know it, as in "Production"
	Policy Policy
}

// Orgs lists the organizations, in the order in which they are offered.
type Orgs []Org

// Find returns the organization, or [ErrNoOrg].
func (o Orgs) Find(id OrgID) (Org, error) {
	i := slices.IndexFunc(o, func(org Org) bool { return org.ID == id })
	if i < 0 {
		return Org{ID: id}, fmt.Errorf("%w: %s", ErrNoOrg, id)
	}
	return o[i], nil
}
