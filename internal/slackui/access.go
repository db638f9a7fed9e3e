package slackui

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"atlaskeybot/internal/approval"
)

// How what a key may do is said.

// Limits of ours, in characters, so that everything has its place in a message.
const (
	maxName    = 80   // that people or Atlas gave to something
	maxNetwork = 800  // the addresses of a network with a name
	maxOneList = 1200 // of addresses, where there are several lists
	maxFolded  = 1500 // what a key may do in projects, before it is said once for all
)

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

// addresses lists where a key may be used from.
func addresses(a approval.Access) string { return strings.Join(hosts(a.Networks), ", ") }

// hosts writes networks; single hosts without a mask.
func hosts(networks []netip.Prefix) []string {
	all := make([]string, len(networks))
	for i, n := range networks {
		all[i] = n.String()
		if n.IsSingleIP() {
			all[i] = n.Addr().String()
		}
	}
	return all
}

// namedAddresses lists the same, with what was picked by its name under that name.
func namedAddresses(a approval.Access) string { return strings.Join(addressEntries(a), ", ") }

func addressEntries(a approval.Access) []string {
	var all []string
	rest := a.Networks
	for _, n := range a.NetworkPresets {
		all = append(all, fmt.Sprintf("%s (%s)", truncate(n.Name, maxName), listUpTo(maxNetwork, ", ", hosts(n.Networks))))
		rest = missingFrom(n.Networks, rest)
	}
	return append(all, hosts(rest)...)
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

// smallNetwork of hosts can be counted by looking at them.
const smallNetwork = 8

// addressCountText says how many hosts the addresses are, when that is not plain to see.
func addressCountText(a approval.Access) string {
	switch hosts, countable := a.AddressCount(); {
	case !countable:
		return "IPv6 networks with more hosts than can be counted"
	case hosts > smallNetwork:
		return fmt.Sprintf("%d hosts in all", hosts)
	}
	return ""
}

// from lists addresses with how many hosts they are, as one list of several.
func from(all []netip.Prefix) string { return usableUpTo(maxOneList, approval.Access{Networks: all}) }

// usableFrom does the same, with names.
func usableFrom(a approval.Access) string { return usableUpTo(maxFact, a) }

func usableUpTo(limit int, a approval.Access) string {
	text := orNone(listUpTo(limit, ", ", addressEntries(a)))
	if hosts := addressCountText(a); hosts != "" {
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
	return fmt.Sprintf("%s (%s)", truncate(p.Name, maxName), p.ID)
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
	intro, entries := projectEntries(a.Projects, bullet)
	return fact{"Projects", intro + bullet + listUpTo(maxFact, bullet, entries)}
}

// projectEntries names projects and what a key may do in each. If that is long
// and the same in all of them, it is said once, in the intro.
func projectEntries(projects []approval.ProjectAccess, between string) (intro string, entries []string) {
	same := true
	for _, p := range projects {
		entries = append(entries, inProject(p))
		same = same && slices.Equal(p.Roles, projects[0].Roles)
	}
	if !same || len(projects) < 2 || len(strings.Join(entries, between)) <= maxFolded {
		return "", entries
	}
	for i, p := range projects {
		entries[i] = projectName(p.Project)
	}
	return fmt.Sprintf("%d projects, each: %s", len(projects), orNone(titles(projects[0].Roles))), entries
}

// projectsText lists projects in a sentence.
func projectsText(projects []approval.ProjectAccess) string {
	intro, entries := projectEntries(projects, "; ")
	if intro != "" {
		intro += "; namely "
	}
	return intro + strings.Join(entries, "; ")
}

// mayText is what a key may do, to be read out.
func mayText(a approval.Access) mrkdwn {
	text := mrkdwnf("Description: %s. %s: %s.", a.Description, botText(rolesLabel(a)), botText(titles(a.Roles)))
	if len(a.Projects) > 0 {
		text = joinSentences(text, mrkdwnf("Projects: %s.", projectsText(a.Projects)))
	}
	return joinSentences(text, mrkdwnf("May be used from: %s.", namedAddresses(a)))
}

// mayDo is what a key may do, in a few words.
func mayDo(a approval.Access) string {
	if len(a.Projects) == 0 {
		return titles(a.Roles)
	}
	return titles(a.Roles) + "; " + projectsText(a.Projects)
}
