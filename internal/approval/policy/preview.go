package policy

import (
	"context"
)

// requestable lists the roles that user may ask for. One whose people are not known
// just now is offered: sending decides.
func (rd ResolvedPolicy) Requestable(user UserID, rules []RoleRule) []Role {
	var roles []Role
	for _, rule := range rules {
		if may, err := rd.Members.Contains(rule.AllowedRequesters, user); may || err != nil {
			roles = append(roles, rule.Role)
		}
	}
	return roles
}

// A Preview is what sending a form would come to, as far as it is filled in.
type Preview struct {
	Requirements       []Requirement // whose approvals it would take
	Rule               string        // or the rule by which it would take none
	NoEligibleApprover bool          // nobody but the asker could give them, as far as is known
	Problems           []Problem     // with what is filled in, and not with what is missing
}

// Explain is Preview for an operator: of one policy, for anybody.
func (p Policy) Explain(ctx context.Context, d Directory, user UserID, f Form) (Preview, error) {
	return p.Resolve(ctx, d).Preview(user, f)
}

func (rd ResolvedPolicy) Preview(user UserID, f Form) (Preview, error) {
	var preview Preview
	_, problems := rd.CheckForm(f)
	forOthers, err := rd.CheckAsker(user, f)
	if err != nil {
		return preview, err
	}
	for _, p := range append(problems, forOthers...) {
		if p.Code != Missing && !(p.Code == LifetimeNotAllowed && f.Lifetime == 0) {
			preview.Problems = append(preview.Problems, p)
		}
	}
	access := Access{Roles: dedupe(f.Roles), Lifetime: f.Lifetime}
	access.Projects, _ = rd.checkProjects(f)
	named, _ := rd.CheckNamed(f.NetworkPresets, nil)
	access.Networks, _ = rd.ParseNetworks(f.Networks, named, nil)
	if rule, auto := rd.Auto(user, access); auto && len(access.Roles) > 0 && access.Lifetime > 0 && len(access.Networks) > 0 {
		preview.Rule = rule.Name
		return preview, nil
	}
	preview.Requirements = rd.RequirementsFor(access)
	possible, err := rd.couldBeApproved(user, access)
	preview.NoEligibleApprover = err == nil && !possible
	return preview, nil
}
