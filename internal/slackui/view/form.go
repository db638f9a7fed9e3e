package view

import (
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// A FormState is a form as far as it is filled in.
type FormState struct {
	policy.Form
	ChosenProjects []policy.Project // those of the form, with their names
}

// A FormView is the modal in which a user requests a key, at one moment.
type FormView struct {
	Orgs    policy.Orgs // to choose from; not shown if there is one
	Offer   service.Entitlements
	Filled  FormState
	Preview FormPreview
}

// Form is the modal in which a key is asked for. Its id at Slack becomes the
// request's origin, so that a form sent twice makes one request. A choice in it
// draws it again: another organization offers something else, and what is below
// follows from what is chosen. What is typed stays.
//
//	┌──────────────────────────────────────────────┐
//	│ Ask for an API key                           │
//	│ In which organization?  [ Production      ▾ ]│
//	│ What is the key for?    [                   ]│
//	│ What may it do?         [ roles           ▾ ]│
//	│ In which projects?      [ type a name     ▾ ]│
//	│ What may it do in them? [ roles           ▾ ]│
//	│ From which networks?    [ office          ▾ ]│
//	│ From which addresses?   [                   ]│
//	│ For how long?           [ 8 hours         ▾ ]│
//	│ Why?                    [                   ]│
//	│ This will go to 1 of @platform and …         │
//	│                          [ Cancel ] [ Send ] │
//	└──────────────────────────────────────────────┘
func Form(s FormView) slack.ModalViewRequest {
	blocks := orgBlock(s.Orgs, s.Offer.Org.ID)
	if len(s.Offer.Roles) == 0 {
		blocks = append(blocks, mrkdwn.Section(NothingOffered(s.Offer.Org)))
	} else {
		blocks = append(blocks, s.fields()...)
		blocks = append(blocks, s.Preview.blocks()...)
	}
	m := mrkdwn.Modal(ViewForm, "Ask for an API key", blocks...)
	m.Submit = mrkdwn.PlainText("Send")
	m.PrivateMetadata = FormMetadata{s.Offer.Org.ID, s.orgIndex()}.Encode()
	return m
}

// NothingOffered says that the user may request no role in an organization.
func NothingOffered(org policy.Org) mrkdwn.Text {
	return mrkdwn.Textf("In %s there is no role that you may ask for. The operator of this bot can change that.", mrkdwn.OrgText(org.Name))
}

// orgIndex is the index of the organization in the list.
func (s FormView) orgIndex() int { return orgIndex(s.Offer.Org.ID, s.Orgs) }

func orgIndex(id policy.OrgID, orgs policy.Orgs) int {
	return max(slices.IndexFunc(orgs, func(o policy.Org) bool { return o.ID == id }), 0)
}

// orgBlock is empty if there is nothing to choose.
func orgBlock(orgs policy.Orgs, chosen policy.OrgID) []slack.Block {
	if len(orgs) < 2 {
		return nil
	}
	f, id := fieldOf(policy.FieldOrg), string(policy.FieldOrg)
	b := mrkdwn.InputBlock(id, f.label, f.hint, mrkdwn.OrgsMenu(id, orgs, chosen))
	refreshing(b)
	return []slack.Block{b}
}

func (s FormView) fields() []slack.Block {
	in := inputs{orgIndex: s.orgIndex(), policy: s.Offer.Org.Policy, roles: s.Offer.Roles, projectRoles: s.Offer.ProjectRoles, lifetimes: s.Offer.Lifetimes, filled: s.Filled}
	blocks := []slack.Block{in.block(policy.FieldDescription), in.block(policy.FieldRoles, refreshing)}
	if len(s.Offer.ProjectRoles) > 0 {
		blocks = append(blocks, in.block(policy.FieldProjects, refreshing, optionalInput), in.block(policy.FieldProjectRoles, refreshing, optionalInput))
	}
	blocks = append(blocks, in.networkBlocks(refreshing)...)
	blocks = append(blocks, in.block(policy.FieldLifetime, refreshing), in.block(policy.FieldReason))
	return append(blocks, in.detailBlocks()...)
}

func networksHint(p policy.Policy) string {
	return "Public addresses or CIDR blocks, one or many, as in 203.0.113.7 or 198.51.100.0/24; " + widest(p) +
		". Slack does not tell me yours: run “curl https://checkip.amazonaws.com” where the key will be used, or search the web for “what is my ip”. " +
		"Private addresses (10.…, 192.168.…) and security groups do not work: Atlas sees only public ones."
}

func widest(p policy.Policy) string {
	return "no wider than /" + decimal(p.MinPrefixIPv4) + " (IPv6: /" + decimal(p.MinPrefixIPv6) + "), at most " + decimal(p.MaxEntries) + " in all"
}

func networksMenu(id string, offered []policy.NetworkPreset, chosen []string) *slack.MultiSelectBlockElement {
	return mrkdwn.MultiSelect(id, "Choose networks", offered, networkOption, func(n policy.NetworkPreset) bool { return slices.Contains(chosen, n.Name) })
}

func networkOption(n policy.NetworkPreset) *slack.OptionBlockObject {
	below := mrkdwn.Truncate(addresses(policy.Access{Networks: n.Networks}), mrkdwn.MaxOption)
	if below == "" {
		return slack.NewOptionBlockObject(n.Name, mrkdwn.PlainText(n.Name), nil)
	}
	return slack.NewOptionBlockObject(n.Name, mrkdwn.PlainText(n.Name), mrkdwn.PlainText(below))
}
