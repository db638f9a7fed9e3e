package policy

import "context"

// Requestable lists the roles that user may request. A role whose groups cannot be
// listed just now is offered: submitting decides.
func (p ResolvedPolicy) Requestable(user UserID, rules []RoleRule) []Role {
	var roles []Role
	for _, rule := range rules {
		if may, err := p.Members.Contains(rule.AllowedRequesters, user); may || err != nil {
			roles = append(roles, rule.Role)
		}
	}
	return roles
}

// A Preview says what submitting a form would lead to, as far as it is filled in.
type Preview struct {
	Requirements       []Requirement // the approvals that it would need
	Rule               string        // or the rule by which it would need none
	NoEligibleApprover bool          // no user but the requester could give them, as far as is known
	Problems           []Problem     // with the fields that are filled in
}

// Explain is Preview for an operator, for any user.
func (p Policy) Explain(ctx context.Context, d Directory, user UserID, f Form) (Preview, error) {
	return p.Resolve(ctx, d).Preview(user, f)
}

// Preview evaluates a form that is perhaps not filled in completely.
func (p ResolvedPolicy) Preview(user UserID, f Form) (Preview, error) {
	var preview Preview
	_, problems := p.CheckForm(f)
	notTheirs, err := p.CheckAsker(user, f)
	if err != nil {
		return preview, err
	}
	for _, p := range append(problems, notTheirs...) {
		if p.Code != Missing && !(p.Code == LifetimeNotAllowed && f.Lifetime == 0) {
			preview.Problems = append(preview.Problems, p)
		}
	}
	access := Access{Roles: dedupe(f.Roles), Lifetime: f.Lifetime}
	access.Projects, _ = p.checkProjects(f)
	named, _ := p.CheckNamed(f.NetworkPresets, nil)
	access.Networks, _ = p.ParseNetworks(f.Networks, named, nil)
	if rule, auto := p.Auto(user, access); auto && len(access.Roles) > 0 && access.Lifetime > 0 && len(access.Networks) > 0 {
		preview.Rule = rule.Name
		return preview, nil
	}
	preview.Requirements = p.RequirementsFor(access)
	possible, err := p.couldBeApproved(user, access)
	preview.NoEligibleApprover = err == nil && !possible
	return preview, nil
}
