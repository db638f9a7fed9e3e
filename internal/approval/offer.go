package approval

import (
	"context"
	"errors"
	"time"
)

// ErrNoProjects says that Atlas's projects could not be listed just now.
var ErrNoProjects = errors.New("the projects could not be listed")

// An Entitlements is what one person can ask for in one organization.
type Entitlements struct {
	Org            Org
	Roles          []Role
	ProjectRoles   []Role // none: no access to projects
	NetworkPresets []NetworkPreset
	Lifetimes      []time.Duration
}

// Entitlements returns what who can ask for, or [ErrNothingOffered] with the
// organization if that is nothing and there is no other one. The form shows it
// before they choose; what is sent is checked again. Nothing is recorded but a
// refusal.
func (s *Service) Entitlements(ctx context.Context, who Actor, id OrgID) (Entitlements, error) {
	offer, err := s.offer(ctx, who, id)
	if err == nil && len(offer.Roles) == 0 && len(s.Orgs) == 1 {
		err = ErrNothingOffered
	}
	if err != nil {
		return offer, s.refuseToAsk(ctx, s.orgIDOf(Form{Org: id}), who.User, "form", err)
	}
	return offer, nil
}

func (s *Service) offer(ctx context.Context, who Actor, id OrgID) (Entitlements, error) {
	org, err := s.orgOf(Form{Org: id})
	if err != nil {
		return Entitlements{}, err
	}
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return Entitlements{}, err
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	offer := Entitlements{Org: org, NetworkPresets: org.Policy.NetworkPresets, Lifetimes: org.Policy.Lifetimes}
	offer.Roles = rd.requestable(who.User, org.Policy.Roles)
	if s.Projects != nil {
		offer.ProjectRoles = rd.requestable(who.User, org.Policy.ProjectRoles)
	}
	return offer, nil
}

// requestable lists the roles that user may ask for. One whose people are not known
// just now is offered: sending decides.
func (rd ResolvedPolicy) requestable(user UserID, rules []RoleRule) []Role {
	var roles []Role
	for _, rule := range rules {
		if may, err := rd.members.contains(rule.AllowedRequesters, user); may || err != nil {
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

// Preview looks at a form before it is sent. Nothing is recorded.
func (s *Service) Preview(ctx context.Context, who Actor, f Form) (Preview, error) {
	org, err := s.orgOf(f)
	if err != nil {
		return Preview{}, err
	}
	preview, err := org.Policy.Resolve(ctx, s.Directory).preview(who.User, f)
	if err != nil {
		return preview, err
	}
	limits, err := s.limitsReached(ctx, who.User, org)
	preview.Problems = append(preview.Problems, limits...)
	return preview, err
}

// Explain is Preview for an operator: of one policy, for anybody.
func (p Policy) Explain(ctx context.Context, d Directory, user UserID, f Form) (Preview, error) {
	return p.Resolve(ctx, d).preview(user, f)
}

func (rd ResolvedPolicy) preview(user UserID, f Form) (Preview, error) {
	var preview Preview
	_, problems := rd.checkForm(f)
	forOthers, err := rd.checkAsker(user, f)
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
	named, _ := rd.checkNamed(f.NetworkPresets, nil)
	access.Networks, _ = rd.parseNetworks(f.Networks, named, nil)
	if rule, auto := rd.auto(user, access); auto && len(access.Roles) > 0 && access.Lifetime > 0 && len(access.Networks) > 0 {
		preview.Rule = rule.Name
		return preview, nil
	}
	preview.Requirements = rd.requirementsFor(access)
	possible, err := rd.couldBeApproved(user, access)
	preview.NoEligibleApprover = err == nil && !possible
	return preview, nil
}
