package view

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// How what a key may do is said.

// Limits of ours, in characters, so that everything has its place in a message.
const (
	maxName    = 80   // that people or Atlas gave to something
	maxNetwork = 800  // the addresses of a network with a name
	maxOneList = 1200 // of addresses, where there are several lists
	maxFolded  = 1500 // what a key may do in projects, before it is said once for all
)

// Titles names roles as Atlas does.
func Titles(roles []policy.Role) string {
	all := make([]string, len(roles))
	for i, r := range roles {
		all[i] = r.Info().Title
	}
	return strings.Join(all, ", ")
}

// powers lists the roles that an approver should look at twice.
func powers(roles []policy.Role) string {
	powerful, _ := byPower(roles)
	return Titles(powerful)
}

// byPower parts the powerful roles from the others.
func byPower(roles []policy.Role) (powerful, others []policy.Role) {
	for _, r := range roles {
		if r.Info().Powerful {
			powerful = append(powerful, r)
		} else {
			others = append(others, r)
		}
	}
	return powerful, others
}

// AllRoles are those in the organization and in projects, each once.
func AllRoles(a policy.Access) []policy.Role {
	all := slices.Clone(a.Roles)
	for _, p := range a.Projects {
		for _, role := range p.Roles {
			if !slices.Contains(all, role) {
				all = append(all, role)
			}
		}
	}
	return all
}

// addresses lists where a key may be used from.
func addresses(a policy.Access) string { return strings.Join(hosts(a.Networks), ", ") }

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
func namedAddresses(a policy.Access) string { return strings.Join(addressEntries(a), ", ") }

func addressEntries(a policy.Access) []string {
	var all []string
	rest := a.Networks
	for _, n := range a.NetworkPresets {
		all = append(all, fmt.Sprintf("%s (%s)", mrkdwn.Truncate(n.Name, maxName), mrkdwn.ListUpTo(maxNetwork, ", ", hosts(n.Networks))))
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
func addressCountText(a policy.Access) string {
	switch hosts, countable := a.AddressCount(); {
	case !countable:
		return "large IPv6 networks"
	case hosts > smallNetwork:
		return fmt.Sprintf("%d hosts", hosts)
	}
	return ""
}

// from lists addresses with how many hosts they are, as one list of several.
func from(all []netip.Prefix) string { return usableFromUpTo(maxOneList, policy.Access{Networks: all}) }

// usableFrom does the same, with names.
func usableFrom(a policy.Access) string { return usableFromUpTo(mrkdwn.MaxFact, a) }

func usableFromUpTo(limit int, a policy.Access) string {
	text := orNone(mrkdwn.ListUpTo(limit, ", ", addressEntries(a)))
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
func inProject(p policy.ProjectAccess) string {
	return projectName(p.Project) + ": " + orNone(Titles(p.Roles))
}

func projectName(p policy.Project) string {
	if p.Name == "" {
		return "project " + string(p.ID)
	}
	return fmt.Sprintf("%s (%s)", mrkdwn.Truncate(p.Name, maxName), p.ID)
}

// accessFacts is what a key may do, for the card and for the requester.
func accessFacts(a policy.Access) []mrkdwn.Fact {
	all := []mrkdwn.Fact{{Name: "Description", Value: a.Description}, rolesFact(a)}
	if len(a.Projects) > 0 {
		all = append(all, projectsFact(a))
	}
	return append(all, mrkdwn.Fact{Name: "IP access list", Value: usableFrom(a)})
}

const bullet = "\n • "

func rolesFact(a policy.Access) mrkdwn.Fact {
	value, before := "", ""
	if len(a.Roles) > 1 {
		before = bullet
	}
	for _, r := range a.Roles {
		value += before + r.Info().Title + ". " + r.Info().Grants
	}
	return mrkdwn.Fact{Name: rolesLabel(a), Value: value}
}

func rolesLabel(a policy.Access) string {
	if len(a.Roles) == 1 {
		return "Role"
	}
	return "Roles"
}

func projectsFact(a policy.Access) mrkdwn.Fact {
	intro, entries := projectEntries(a.Projects, bullet)
	return mrkdwn.Fact{Name: "Projects", Value: intro + bullet + mrkdwn.ListUpTo(mrkdwn.MaxFact, bullet, entries)}
}

// projectEntries names projects and what a key may do in each. If that is long
// and the same in all of them, it is said once, in the intro.
func projectEntries(projects []policy.ProjectAccess, between string) (intro string, entries []string) {
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
	return fmt.Sprintf("%d projects, each: %s", len(projects), orNone(Titles(projects[0].Roles))), entries
}

// projectsText lists projects in a sentence.
func projectsText(projects []policy.ProjectAccess) string {
	intro, entries := projectEntries(projects, "; ")
	if intro != "" {
		intro += "; namely "
	}
	return intro + strings.Join(entries, "; ")
}

// mayText is what a key may do, to be read out.
func mayText(a policy.Access) mrkdwn.Text {
	text := mrkdwn.Textf("Description: %s. %s: %s.", a.Description, mrkdwn.BotText(rolesLabel(a)), mrkdwn.BotText(Titles(a.Roles)))
	if len(a.Projects) > 0 {
		text = mrkdwn.JoinSentences(text, mrkdwn.Textf("Projects: %s.", projectsText(a.Projects)))
	}
	return mrkdwn.JoinSentences(text, mrkdwn.Textf("IP access list: %s.", namedAddresses(a)))
}

// mayDo is what a key may do, in a few words.
func mayDo(a policy.Access) string {
	if len(a.Projects) == 0 {
		return Titles(a.Roles)
	}
	return Titles(a.Roles) + "; " + projectsText(a.Projects)
}
