package slackui

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"atlaskeybot/internal/approval"
)

// How what a key may do is said.

// maxName is for names that people or Atlas gave to something.
const maxName = 80

// titles names roles as Atlas does.
func titles(roles []approval.Role) string {
	all := make([]string, len(roles))
	for i, r := range roles {
		all[i] = r.Info().Title
	}
	return strings.Join(all, ", ")
}

// powers lists the roles that an approver should look at twice.
func powers(roles []approval.Role) string {
	var all []approval.Role
	for _, r := range roles {
		if r.Info().Powerful {
			all = append(all, r)
		}
	}
	return titles(all)
}

// allRoles are those in the organization and in projects, each once.
func allRoles(a approval.Access) []approval.Role { return withProjectRoles(a.Roles, a.Projects) }

func projectRoles(projects []approval.ProjectAccess) []approval.Role {
	return withProjectRoles(nil, projects)
}

func withProjectRoles(roles []approval.Role, projects []approval.ProjectAccess) []approval.Role {
	all := slices.Clone(roles)
	for _, p := range projects {
		for _, role := range p.Roles {
			if !slices.Contains(all, role) {
				all = append(all, role)
			}
		}
	}
	return all
}

// addresses lists where a key may be used from; single hosts without a mask.
func addresses(a approval.Access) string {
	all := make([]string, len(a.Networks))
	for i, n := range a.Networks {
		all[i] = n.String()
		if n.IsSingleIP() {
			all[i] = n.Addr().String()
		}
	}
	return strings.Join(all, ", ")
}

// namedAddresses lists the same, with what was picked by its name under that name.
func namedAddresses(a approval.Access) string {
	var all []string
	rest := a.Networks
	for _, n := range a.Named {
		all = append(all, fmt.Sprintf("%s (%s)", clip(n.Name, maxName), addresses(approval.Access{Networks: n.Networks})))
		rest = missingFrom(n.Networks, rest)
	}
	if len(rest) > 0 {
		all = append(all, addresses(approval.Access{Networks: rest}))
	}
	return strings.Join(all, ", ")
}

// missingFrom lists what of wanted is not in have.
func missingFrom(have, wanted []netip.Prefix) []netip.Prefix {
	var missing []netip.Prefix
	for _, n := range wanted {
		if !slices.Contains(have, n) {
			missing = append(missing, n)
		}
	}
	return missing
}

// aHandful of hosts can be counted by looking at them.
const aHandful = 8

// reach says how many hosts the addresses are, when that is not plain to see.
func reach(a approval.Access) string {
	switch hosts, countable := a.Hosts(); {
	case !countable:
		return "IPv6 networks with more hosts than can be counted"
	case hosts > aHandful:
		return fmt.Sprintf("%d hosts in all", hosts)
	}
	return ""
}

// from lists addresses with how many hosts they are.
func from(all []netip.Prefix) string { return usableFrom(approval.Access{Networks: all}) }

// usableFrom does the same, with names.
func usableFrom(a approval.Access) string {
	text := orNone(clip(namedAddresses(a), maxFact))
	if hosts := reach(a); hosts != "" {
		text += " (" + hosts + ")"
	}
	return text
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// inProject names a project and what a key may do in it.
func inProject(p approval.ProjectAccess) string {
	return projectName(p.Project) + ": " + orNone(titles(p.Roles))
}

func projectName(p approval.Project) string {
	if p.Name == "" {
		return "project " + string(p.ID)
	}
	return fmt.Sprintf("%s (%s)", clip(p.Name, maxName), p.ID)
}

// accessFacts is what a key may do, for the card and for whoever asked.
func accessFacts(a approval.Access) []fact {
	all := []fact{{"Description", a.Description}, rolesFact(a)}
	if len(a.Projects) > 0 {
		all = append(all, projectsFact(a))
	}
	return append(all, fact{"May be used from", usableFrom(a)})
}

const bullet = "\n • "

func rolesFact(a approval.Access) fact {
	value, before := "", ""
	if len(a.Roles) > 1 {
		before = bullet
	}
	for _, r := range a.Roles {
		value += before + r.Info().Title + ". " + r.Info().Grants
	}
	return fact{rolesLabel(a), value}
}

func rolesLabel(a approval.Access) string {
	if len(a.Roles) == 1 {
		return "Role"
	}
	return "Roles"
}

func projectsFact(a approval.Access) fact {
	var value string
	for _, p := range a.Projects {
		value += bullet + inProject(p)
	}
	return fact{"Projects", value}
}

// projectsText lists projects in a sentence.
func projectsText(projects []approval.ProjectAccess) string {
	all := make([]string, len(projects))
	for i, p := range projects {
		all[i] = inProject(p)
	}
	return strings.Join(all, "; ")
}

// mayText is what a key may do, to be read out.
func mayText(a approval.Access) mrkdwn {
	text := say("Description: %s. %s: %s.", a.Description, botText(rolesLabel(a)), botText(titles(a.Roles)))
	if len(a.Projects) > 0 {
		text = sentences(text, say("Projects: %s.", projectsText(a.Projects)))
	}
	return sentences(text, say("May be used from: %s.", namedAddresses(a)))
}

// mayDo is what a key may do, in a few words.
func mayDo(a approval.Access) string {
	if len(a.Projects) == 0 {
		return titles(a.Roles)
	}
	return titles(a.Roles) + "; " + projectsText(a.Projects)
}
