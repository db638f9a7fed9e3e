package page

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"atlaskeybot/internal/sandbox/slack"
)

// member is a person as an administrator of the workspace sees them.
type member struct {
	slack.Person
	Foreign bool   // of another workspace: not ours to let go
	Says    string // what they are
}

func personAdmin(people []slack.Person, groups []slack.Group) []member {
	var all []member
	for _, person := range people {
		m := member{Person: person, Foreign: person.TeamID != slack.TeamID}
		all = append(all, m.described(groups))
	}
	return all
}

func (m member) described(groups []slack.Group) member {
	var words []string
	for _, it := range []struct {
		is   bool
		word string
	}{{m.Foreign, "other workspace"}, {m.Deleted, "deactivated"}, {m.Guest, "guest"}} {
		if it.is {
			words = append(words, it.word)
		}
	}
	for _, g := range groups {
		if slices.Contains(g.Users, m.ID) && !g.Disabled {
			words = append(words, "@"+g.Handle)
		}
	}
	m.Says = strings.Join(words, ", ")
	return m
}

// administerPerson changes an account as an administrator does: the account is "user", not "as".
func (p *page) administerPerson(_ context.Context, ask url.Values) error {
	user := ask.Get("user")
	people := p.Slack.People()
	i := slices.IndexFunc(people, func(known slack.Person) bool { return known.ID == user })
	if i < 0 || people[i].TeamID != slack.TeamID {
		return fmt.Errorf("%q is not in this workspace", user)
	}
	switch to := ask.Get("to"); to {
	case "gone":
		if isLastPerson(people, user) {
			return errors.New("the last person cannot be deactivated")
		}
		p.Slack.Deactivate(user)
	case "back":
		p.Slack.Reactivate(user)
	case "guest", "member":
		p.Slack.SetGuest(user, to == "guest")
	default:
		return fmt.Errorf("%q is not a kind of account", to)
	}
	return nil
}

// isLastPerson reports whether user is the only active person of this workspace.
func isLastPerson(people []slack.Person, user string) bool {
	return !slices.ContainsFunc(people, func(other slack.Person) bool {
		return other.ID != user && !other.Deleted && other.TeamID == slack.TeamID
	})
}
