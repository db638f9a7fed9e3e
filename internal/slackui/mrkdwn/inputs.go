package mrkdwn

import (
	"cmp"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
)

// What people fill in.

// MaxOptions is how many options Slack takes in one menu.
const MaxOptions = 100

// Line is an input of one line of at most limit characters.
func Line(id, initial string, limit int) *slack.PlainTextInputBlockElement {
	e := slack.NewPlainTextInputBlockElement(nil, id)
	e.MaxLength = limit
	e.InitialValue = Truncate(initial, limit)
	return e
}

// Lines is an input of several lines.
func Lines(id, initial string, limit int) *slack.PlainTextInputBlockElement {
	e := Line(id, initial, limit)
	e.Multiline = true
	return e
}

// MultiSelect is a menu in which several can be chosen, as many as Slack takes. What
// was chosen before and is not offered any more is left out.
func MultiSelect[T any](id, placeholder string, offered []T, option func(T) *slack.OptionBlockObject, isChosen func(T) bool) *slack.MultiSelectBlockElement {
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, PlainText(placeholder), id)
	for _, it := range offered[:min(len(offered), MaxOptions)] {
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
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, PlainText("Choose"), id)
	for _, it := range offered[:min(len(offered), MaxOptions)] {
		o := option(it)
		menu.Options = append(menu.Options, o)
		if isChosen(it) {
			menu.InitialOption = o
		}
	}
	return menu
}

// OrgsMenu chooses an organization.
func OrgsMenu(id string, offered policy.Orgs, chosen policy.OrgID) *slack.SelectBlockElement {
	return singleSelect(id, offered, orgOption, func(o policy.Org) bool { return o.ID == chosen })
}

func orgOption(o policy.Org) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(string(o.ID), PlainText(Truncate(cmp.Or(o.Name, string(o.ID)), MaxOption)), nil)
}

// RolesMenu chooses roles.
func RolesMenu(id string, offered, chosen []policy.Role) *slack.MultiSelectBlockElement {
	return MultiSelect(id, "Choose roles", offered, roleOption, func(r policy.Role) bool { return slices.Contains(chosen, r) })
}

func roleOption(r policy.Role) *slack.OptionBlockObject {
	info := r.Info()
	title := info.Title
	if info.Powerful {
		title = ":warning: " + title
	}
	return slack.NewOptionBlockObject(string(info.Name), emojiText(Truncate(title, MaxOption)), PlainText(Truncate(info.Grants, MaxOption)))
}

// DurationsMenu chooses a duration.
func DurationsMenu(id string, offered []time.Duration, chosen time.Duration) *slack.SelectBlockElement {
	return singleSelect(id, offered, spanOption, func(d time.Duration) bool { return d == chosen })
}

func spanOption(d time.Duration) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(d.String(), PlainText(Duration(d)), nil)
}

// OfferedNetworks are those that fit into a menu. The name is the option's
// value, so it cannot be shortened.
func OfferedNetworks(p policy.Policy) []policy.NetworkPreset {
	var fit []policy.NetworkPreset
	for _, n := range p.NetworkPresets {
		if len(n.Name) > 0 && len(n.Name) <= MaxOption {
			fit = append(fit, n)
		}
	}
	return fit
}

// ProjectsMenu loads its options as the user types.
func ProjectsMenu(id string, chosen []policy.Project) *slack.MultiSelectBlockElement {
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeExternal, PlainText("Type a part of the name"), id).
		WithMinQueryLength(1).WithMaxSelectedItems(policy.MaxProjects)
	for _, p := range chosen[:min(len(chosen), policy.MaxProjects)] {
		menu.InitialOptions = append(menu.InitialOptions, ProjectOption(p))
	}
	return menu
}

// ProjectOption tells projects apart by their id where their names do not.
func ProjectOption(p policy.Project) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(string(p.ID), PlainText(Truncate(cmp.Or(p.Name, string(p.ID)), MaxOption)), PlainText(string(p.ID)))
}
