package slackui

import (
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// form is the modal in which a key is asked for. Its id at Slack becomes the
// request's origin, so that a form sent twice makes one request.
//
//	┌──────────────────────────────────────────────┐
//	│ Ask for an API key                           │
//	│ ⚠ Nobody but you could approve …             │
//	│ What is it for?    [                       ] │
//	│ What may it do?    [ roles               ▾ ] │
//	│ From where?        [ addresses             ] │
//	│ For how long?      [ 8 hours             ▾ ] │
//	│ Why?               [                       ] │
//	│                        [ Cancel ] [ Send ]   │
//	└──────────────────────────────────────────────┘
func form(p approval.Policy, lonely bool, from approval.Form) slack.ModalViewRequest {
	var blocks []slack.Block
	if lonely {
		blocks = append(blocks, footnote(":warning: As far as I can see nobody but you could approve this, and your own request is not yours to decide. You can send it; tell whoever runs this bot that it needs another approver."))
	}
	m := modal(viewForm, "Ask for an API key", append(blocks,
		ask(blockFormDescription, "What is the key for?", "It becomes the key's description in Atlas.",
			line(blockFormDescription, from.Description, approval.MaxDescription)),
		ask(blockFormRoles, "What may it do?", "Organization roles. As few as will do: approvers look at them.",
			rolesMenu(allowed(p), from.Roles)),
		ask(blockFormNetworks, "From which addresses?", networksHint(p),
			lines(blockFormNetworks, from.Networks, approval.MaxNetworks)),
		ask(blockFormLifetime, "For how long?", "Counted from the moment the key is made. Then it is deleted.",
			spansMenu(blockFormLifetime, p.Lifetimes, from.Lifetime)),
		ask(blockFormReason, "Why?", "Approvers read this.",
			lines(blockFormReason, from.Reason, approval.MaxReason)),
	)...)
	m.Submit = plain("Send")
	return m
}

func allowed(p approval.Policy) []approval.Role {
	var roles []approval.Role
	for _, rule := range p.Roles {
		roles = append(roles, rule.Role)
	}
	return roles
}

func networksHint(p approval.Policy) string {
	return "Public addresses or CIDR blocks, one or many, as in 203.0.113.7 or 198.51.100.0/24; " + widest(p) +
		". Slack does not tell me yours: run “curl https://checkip.amazonaws.com” where the key will be used, or search the web for “what is my ip”. " +
		"Private addresses (10.…, 192.168.…) and security groups do not work: Atlas sees only public ones."
}

func widest(p approval.Policy) string {
	return "no wider than /" + decimal(p.WidestIPv4) + " (IPv6: /" + decimal(p.WidestIPv6) + "), at most " + decimal(p.MaxEntries) + " in all"
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

// rolesMenu offers what may be asked for. What is no longer allowed is left out
// of what was chosen before.
func rolesMenu(allowed, chosen []approval.Role) *slack.MultiSelectBlockElement {
	var all, initial []*slack.OptionBlockObject
	for _, r := range allowed {
		o := roleOption(r.Info())
		all = append(all, o)
		if slices.Contains(chosen, r) {
			initial = append(initial, o)
		}
	}
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plain("Choose roles"), blockFormRoles, all...)
	menu.InitialOptions = initial
	return menu
}

func roleOption(info approval.RoleInfo) *slack.OptionBlockObject {
	title := info.Title
	if info.Powerful {
		title = ":warning: " + title
	}
	return slack.NewOptionBlockObject(string(info.Name), symbols(clip(title, maxOption)), plain(clip(info.Grants, maxOption)))
}

func spansMenu(id string, allowed []time.Duration, chosen time.Duration) *slack.SelectBlockElement {
	var all []*slack.OptionBlockObject
	var initial *slack.OptionBlockObject
	for _, d := range allowed {
		o := slack.NewOptionBlockObject(d.String(), plain(span(d)), nil)
		all = append(all, o)
		if d == chosen {
			initial = o
		}
	}
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose"), id, all...)
	menu.InitialOption = initial
	return menu
}

// filledIn is the form as it was sent. What Slack's menus cannot produce is
// passed on as it is: the policy refuses it.
func filledIn(v sentView) approval.Form {
	f := approval.Form{
		Origin:      v.ID,
		Description: v.input(blockFormDescription).text(),
		Networks:    v.input(blockFormNetworks).text(),
		Reason:      v.input(blockFormReason).text(),
	}
	for _, o := range v.input(blockFormRoles).Chosen {
		f.Roles = append(f.Roles, approval.Role(o.Value))
	}
	if o := v.input(blockFormLifetime).Selected; o != nil {
		f.Lifetime, _ = time.ParseDuration(o.Value) // zero is no lifetime that a policy allows
	}
	return f
}

// again is the form that r came from, to be filled in the same way.
func again(r approval.Request) approval.Form {
	return approval.Form{
		Description: r.Access.Description,
		Roles:       r.Access.Roles,
		Networks:    typed(r.Access),
		Lifetime:    r.Access.Lifetime,
		Reason:      r.Reason,
	}
}
