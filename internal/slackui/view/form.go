package view

import (
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// A formState is a form as far as it is filled in.
type FormState struct {
	policy.Form
	ChosenProjects []policy.Project // those of the form, with their names
}

// A formView is the modal in which somebody asks for a key, at one moment.
type FormView struct {
	Orgs    policy.Orgs // to choose from; not shown if there is one
	Offer   service.Entitlements
	Filled  FormState
	Preview FormPreview
}

// form is the modal in which a key is asked for. Its id at Slack becomes the
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
	blocks := orgField(blockFormOrg, s.Orgs, s.Offer.Org.ID)
	if len(s.Offer.Roles) == 0 {
		blocks = append(blocks, mrkdwn.Section(NothingOffered(s.Offer.Org)))
	} else {
		blocks = append(blocks, s.fields()...)
		blocks = append(blocks, s.Preview.blocks()...)
	}
	m := mrkdwn.Modal(ViewForm, "Ask for an API key", blocks...)
	m.Submit = mrkdwn.PlainText("Send")
	m.PrivateMetadata = FormMetadata{s.Offer.Org.ID, s.place()}.Encode()
	return m
}

func NothingOffered(org policy.Org) mrkdwn.Mrkdwn {
	return mrkdwn.Mrkdwnf("In %s there is no role that you may ask for. Whoever runs this bot can change that.", mrkdwn.OrgText(org.Name))
}

// place is that of the organization in the list.
func (s FormView) place() int { return placeOf(s.Offer.Org.ID, s.Orgs) }

func placeOf(id policy.OrgID, orgs policy.Orgs) int {
	return max(slices.IndexFunc(orgs, func(o policy.Org) bool { return o.ID == id }), 0)
}

// orgField is empty if there is nothing to choose.
func orgField(id string, orgs policy.Orgs, chosen policy.OrgID) []slack.Block {
	if len(orgs) < 2 {
		return nil
	}
	return []slack.Block{mrkdwn.DispatchOnChange(mrkdwn.InputBlock(id, "In which organization?", "What can be asked for differs: what is chosen below begins anew.", mrkdwn.OrgsMenu(id, orgs, chosen)))}
}

func (s FormView) fields() []slack.Block {
	ids, f, p := FormBlocks.forOrg(s.place()), s.Filled, s.Offer.Org.Policy
	blocks := []slack.Block{
		mrkdwn.InputBlock(BlockFormDescription, "What is the key for?", "It becomes the key's description in Atlas.",
			mrkdwn.Line(BlockFormDescription, f.Description, policy.MaxDescription)),
		mrkdwn.DispatchOnChange(mrkdwn.InputBlock(ids[policy.FieldRoles], "What may it do?", "Organization roles. As few as will do: approvers look at them.",
			mrkdwn.RolesMenu(ids[policy.FieldRoles], s.Offer.Roles, f.Roles))),
	}
	blocks = append(blocks, s.projectFields(ids)...)
	byName, addresses := networkFields(ids, p, f.NetworkPresets, f.Networks)
	if byName != nil {
		blocks = append(blocks, mrkdwn.DispatchOnChange(byName))
	}
	return append(blocks, addresses,
		mrkdwn.DispatchOnChange(mrkdwn.InputBlock(ids[policy.FieldLifetime], "For how long?", "Counted from the moment the key is made. Then it is deleted.",
			mrkdwn.SpansMenu(ids[policy.FieldLifetime], s.Offer.Lifetimes, f.Lifetime))),
		mrkdwn.InputBlock(BlockFormReason, "Why?", "Approvers read this.",
			mrkdwn.Lines(BlockFormReason, f.Reason, policy.MaxReason)),
	)
}

// projectFields are there if the asker may ask for anything in projects.
func (s FormView) projectFields(ids BlockIDs) []slack.Block {
	if len(s.Offer.ProjectRoles) == 0 {
		return nil
	}
	which, what := ids[policy.FieldProjects], ids[policy.FieldProjectRoles]
	return []slack.Block{
		mrkdwn.OptionalInput(mrkdwn.DispatchOnChange(mrkdwn.InputBlock(which, "In which projects?", "Type a part of a project's name. At most "+decimal(policy.MaxProjects)+".",
			mrkdwn.ProjectsMenu(which, s.Filled.ChosenProjects)))),
		mrkdwn.OptionalInput(mrkdwn.DispatchOnChange(mrkdwn.InputBlock(what, "What may it do in these projects?", "Project roles, the same in each of them.",
			mrkdwn.RolesMenu(what, s.Offer.ProjectRoles, s.Filled.ProjectRoles)))),
	}
}

// networkFields ask where a key may be used from. Where there are networks with
// names, nobody has to type an address; byName is nil where there are none.
func networkFields(ids BlockIDs, p policy.Policy, named []string, typed string) (byName, text *slack.InputBlock) {
	text = mrkdwn.InputBlock(ids[policy.FieldNetworks], "From which addresses?", networksHint(p),
		mrkdwn.Lines(ids[policy.FieldNetworks], typed, policy.MaxNetworks))
	if len(mrkdwn.OfferedNetworks(p)) == 0 {
		return nil, text
	}
	byName = mrkdwn.InputBlock(ids[policy.FieldNetworkPresets], "From which networks?", "Networks that have a name here. Choose some, or enter addresses below, or both.",
		networksMenu(ids[policy.FieldNetworkPresets], mrkdwn.OfferedNetworks(p), named))
	return mrkdwn.OptionalInput(byName), mrkdwn.OptionalInput(text)
}

func networksHint(p policy.Policy) string {
	return "Public addresses or CIDR blocks, one or many, as in 203.0.113.7 or 198.51.100.0/24; " + widest(p) +
		". Slack does not tell me yours: run “curl https://checkip.amazonaws.com” where the key will be used, or search the web for “what is my ip”. " +
		"Private addresses (10.…, 192.168.…) and security groups do not work: Atlas sees only public ones."
}

func widest(p policy.Policy) string {
	return "no wider than /" + decimal(p.MinPrefixIPv4) + " (IPv6: /" + decimal(p.MinPrefixIPv6) + "), at most " + decimal(p.MaxEntries) + " in all"
}
