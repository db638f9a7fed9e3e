package policy

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNoOrg says that a request is about an organization that is not, or no
// longer, configured.
var ErrNoOrg = errors.New("the organization is not configured")

// An Org is an Atlas organization that keys can be asked for, with its rules.
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
