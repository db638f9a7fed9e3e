package slackui

import (
	"cmp"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// What people fill in.

// maxOptions is how many options Slack takes in one menu.
const maxOptions = 100

// live makes Slack tell at once what is chosen in an input, and not only when
// the form is sent.
func live(b *slack.InputBlock) *slack.InputBlock {
	b.DispatchAction = true
	return b
}

func mayBeEmpty(b *slack.InputBlock) *slack.InputBlock {
	b.Optional = true
	return b
}

func line(id, initial string, limit int) *slack.PlainTextInputBlockElement {
	e := slack.NewPlainTextInputBlockElement(nil, id)
	e.MaxLength = limit
	e.InitialValue = clip(initial, limit)
	return e
}

func lines(id, initial string, limit int) *slack.PlainTextInputBlockElement {
	e := line(id, initial, limit)
	e.Multiline = true
	return e
}

// manyOf is a menu in which several can be chosen, as many as Slack takes. What
// was chosen before and is not offered any more is left out.
func manyOf[T any](id, placeholder string, offered []T, option func(T) *slack.OptionBlockObject, isChosen func(T) bool) *slack.MultiSelectBlockElement {
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plain(placeholder), id)
	for _, it := range offered[:min(len(offered), maxOptions)] {
		o := option(it)
		menu.Options = append(menu.Options, o)
		if isChosen(it) {
			menu.InitialOptions = append(menu.InitialOptions, o)
		}
	}
	return menu
}

// oneOf is the same for a single choice.
func oneOf[T any](id string, offered []T, option func(T) *slack.OptionBlockObject, isChosen func(T) bool) *slack.SelectBlockElement {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose"), id)
	for _, it := range offered[:min(len(offered), maxOptions)] {
		o := option(it)
		menu.Options = append(menu.Options, o)
		if isChosen(it) {
			menu.InitialOption = o
		}
	}
	return menu
}

func orgsMenu(id string, offered approval.Orgs, chosen approval.OrgID) *slack.SelectBlockElement {
	return oneOf(id, offered, orgOption, func(o approval.Org) bool { return o.ID == chosen })
}

func orgOption(o approval.Org) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(string(o.ID), plain(clip(cmp.Or(o.Name, string(o.ID)), maxOption)), nil)
}

func rolesMenu(id string, offered, chosen []approval.Role) *slack.MultiSelectBlockElement {
	return manyOf(id, "Choose roles", offered, roleOption, func(r approval.Role) bool { return slices.Contains(chosen, r) })
}

func roleOption(r approval.Role) *slack.OptionBlockObject {
	info := r.Info()
	title := info.Title
	if info.Powerful {
		title = ":warning: " + title
	}
	return slack.NewOptionBlockObject(string(info.Name), symbols(clip(title, maxOption)), plain(clip(info.Grants, maxOption)))
}

func spansMenu(id string, offered []time.Duration, chosen time.Duration) *slack.SelectBlockElement {
	return oneOf(id, offered, spanOption, func(d time.Duration) bool { return d == chosen })
}

func spanOption(d time.Duration) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(d.String(), plain(span(d)), nil)
}

func networksMenu(id string, offered []approval.NamedNetwork, chosen []string) *slack.MultiSelectBlockElement {
	return manyOf(id, "Choose networks", offered, networkOption, func(n approval.NamedNetwork) bool { return slices.Contains(chosen, n.Name) })
}

func networkOption(n approval.NamedNetwork) *slack.OptionBlockObject {
	below := clip(addresses(approval.Access{Networks: n.Networks}), maxOption)
	if below == "" {
		return slack.NewOptionBlockObject(n.Name, plain(n.Name), nil)
	}
	return slack.NewOptionBlockObject(n.Name, plain(n.Name), plain(below))
}

// offeredNetworks are those that fit into a menu. The name is the option's
// value, so it cannot be shortened.
func offeredNetworks(p approval.Policy) []approval.NamedNetwork {
	var fit []approval.NamedNetwork
	for _, n := range p.Named {
		if len(n.Name) > 0 && len(n.Name) <= maxOption {
			fit = append(fit, n)
		}
	}
	return fit
}

// projectsMenu asks for its options as somebody types; see [App.suggest].
func projectsMenu(id string, chosen []approval.Project) *slack.MultiSelectBlockElement {
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeExternal, plain("Type a part of the name"), id).
		WithMinQueryLength(1).WithMaxSelectedItems(approval.MaxProjects)
	for _, p := range chosen[:min(len(chosen), approval.MaxProjects)] {
		menu.InitialOptions = append(menu.InitialOptions, projectOption(p))
	}
	return menu
}

// projectOption tells projects apart by their id where their names do not.
func projectOption(p approval.Project) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(string(p.ID), plain(clip(cmp.Or(p.Name, string(p.ID)), maxOption)), plain(string(p.ID)))
}
