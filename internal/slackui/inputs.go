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

// dispatchOnChange makes Slack tell at once what is chosen in an input, and not only when
// the form is sent.
func dispatchOnChange(b *slack.InputBlock) *slack.InputBlock {
	b.DispatchAction = true
	return b
}

func optionalInput(b *slack.InputBlock) *slack.InputBlock {
	b.Optional = true
	return b
}

func line(id, initial string, limit int) *slack.PlainTextInputBlockElement {
	e := slack.NewPlainTextInputBlockElement(nil, id)
	e.MaxLength = limit
	e.InitialValue = truncate(initial, limit)
	return e
}

func lines(id, initial string, limit int) *slack.PlainTextInputBlockElement {
	e := line(id, initial, limit)
	e.Multiline = true
	return e
}

// multiSelect is a menu in which several can be chosen, as many as Slack takes. What
// was chosen before and is not offered any more is left out.
func multiSelect[T any](id, placeholder string, offered []T, option func(T) *slack.OptionBlockObject, isChosen func(T) bool) *slack.MultiSelectBlockElement {
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plainText(placeholder), id)
	for _, it := range offered[:min(len(offered), maxOptions)] {
		o := option(it)
		menu.Options = append(menu.Options, o)
		if isChosen(it) {
			menu.InitialOptions = append(menu.InitialOptions, o)
		}
	}
	return menu
}

// singleSelect is the same for a single choice.
func singleSelect[T any](id string, offered []T, option func(T) *slack.OptionBlockObject, isChosen func(T) bool) *slack.SelectBlockElement {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText("Choose"), id)
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
	return singleSelect(id, offered, orgOption, func(o approval.Org) bool { return o.ID == chosen })
}

func orgOption(o approval.Org) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(string(o.ID), plainText(truncate(cmp.Or(o.Name, string(o.ID)), maxOption)), nil)
}

func rolesMenu(id string, offered, chosen []approval.Role) *slack.MultiSelectBlockElement {
	return multiSelect(id, "Choose roles", offered, roleOption, func(r approval.Role) bool { return slices.Contains(chosen, r) })
}

func roleOption(r approval.Role) *slack.OptionBlockObject {
	info := r.Info()
	title := info.Title
	if info.Powerful {
		title = ":warning: " + title
	}
	return slack.NewOptionBlockObject(string(info.Name), emojiText(truncate(title, maxOption)), plainText(truncate(info.Grants, maxOption)))
}

func spansMenu(id string, offered []time.Duration, chosen time.Duration) *slack.SelectBlockElement {
	return singleSelect(id, offered, spanOption, func(d time.Duration) bool { return d == chosen })
}

func spanOption(d time.Duration) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(d.String(), plainText(humanDuration(d)), nil)
}

func networksMenu(id string, offered []approval.NetworkPreset, chosen []string) *slack.MultiSelectBlockElement {
	return multiSelect(id, "Choose networks", offered, networkOption, func(n approval.NetworkPreset) bool { return slices.Contains(chosen, n.Name) })
}

func networkOption(n approval.NetworkPreset) *slack.OptionBlockObject {
	below := truncate(addresses(approval.Access{Networks: n.Networks}), maxOption)
	if below == "" {
		return slack.NewOptionBlockObject(n.Name, plainText(n.Name), nil)
	}
	return slack.NewOptionBlockObject(n.Name, plainText(n.Name), plainText(below))
}

// offeredNetworks are those that fit into a menu. The name is the option's
// value, so it cannot be shortened.
func offeredNetworks(p approval.Policy) []approval.NetworkPreset {
	var fit []approval.NetworkPreset
	for _, n := range p.NetworkPresets {
		if len(n.Name) > 0 && len(n.Name) <= maxOption {
			fit = append(fit, n)
		}
	}
	return fit
}

// projectsMenu asks for its options as somebody types; see [App.LoadOptions].
func projectsMenu(id string, chosen []approval.Project) *slack.MultiSelectBlockElement {
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeExternal, plainText("Type a part of the name"), id).
		WithMinQueryLength(1).WithMaxSelectedItems(approval.MaxProjects)
	for _, p := range chosen[:min(len(chosen), approval.MaxProjects)] {
		menu.InitialOptions = append(menu.InitialOptions, projectOption(p))
	}
	return menu
}

// projectOption tells projects apart by their id where their names do not.
func projectOption(p approval.Project) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(string(p.ID), plainText(truncate(cmp.Or(p.Name, string(p.ID)), maxOption)), plainText(string(p.ID)))
}
