package slackui

import (
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// A formState is a form as far as it is filled in.
type formState struct {
	approval.Form
	chosenProjects []approval.Project // those of the form, with their names
}

// A formView is the modal in which somebody asks for a key, at one moment.
type formView struct {
	orgs    approval.Orgs // to choose from; not shown if there is one
	offer   approval.Entitlements
	filled  formState
	preview formPreview
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
func form(s formView) slack.ModalViewRequest {
	blocks := orgField(blockFormOrg, s.orgs, s.offer.Org.ID)
	if len(s.offer.Roles) == 0 {
		blocks = append(blocks, section(nothingOffered(s.offer.Org)))
	} else {
		blocks = append(blocks, s.fields()...)
		blocks = append(blocks, s.preview.blocks()...)
	}
	m := modal(viewForm, "Ask for an API key", blocks...)
	m.Submit = plainText("Send")
	m.PrivateMetadata = formMetadata{s.offer.Org.ID, s.place()}.encode()
	return m
}

func nothingOffered(org approval.Org) mrkdwn {
	return mrkdwnf("In %s there is no role that you may ask for. Whoever runs this bot can change that.", orgText(org.Name))
}

// place is that of the organization in the list.
func (s formView) place() int { return placeOf(s.offer.Org.ID, s.orgs) }

func placeOf(id approval.OrgID, orgs approval.Orgs) int {
	return max(slices.IndexFunc(orgs, func(o approval.Org) bool { return o.ID == id }), 0)
}

// orgField is empty if there is nothing to choose.
func orgField(id string, orgs approval.Orgs, chosen approval.OrgID) []slack.Block {
	if len(orgs) < 2 {
		return nil
	}
	return []slack.Block{dispatchOnChange(inputBlock(id, "In which organization?", "What can be asked for differs: what is chosen below begins anew.", orgsMenu(id, orgs, chosen)))}
}

func (s formView) fields() []slack.Block {
	ids, f, p := formBlocks.forOrg(s.place()), s.filled, s.offer.Org.Policy
	blocks := []slack.Block{
		inputBlock(blockFormDescription, "What is the key for?", "It becomes the key's description in Atlas.",
			line(blockFormDescription, f.Description, approval.MaxDescription)),
		dispatchOnChange(inputBlock(ids[approval.FieldRoles], "What may it do?", "Organization roles. As few as will do: approvers look at them.",
			rolesMenu(ids[approval.FieldRoles], s.offer.Roles, f.Roles))),
	}
	blocks = append(blocks, s.projectFields(ids)...)
	byName, addresses := networkFields(ids, p, f.NetworkPresets, f.Networks)
	if byName != nil {
		blocks = append(blocks, dispatchOnChange(byName))
	}
	return append(blocks, addresses,
		dispatchOnChange(inputBlock(ids[approval.FieldLifetime], "For how long?", "Counted from the moment the key is made. Then it is deleted.",
			spansMenu(ids[approval.FieldLifetime], s.offer.Lifetimes, f.Lifetime))),
		inputBlock(blockFormReason, "Why?", "Approvers read this.",
			lines(blockFormReason, f.Reason, approval.MaxReason)),
	)
}

// projectFields are there if the asker may ask for anything in projects.
func (s formView) projectFields(ids blockIDs) []slack.Block {
	if len(s.offer.ProjectRoles) == 0 {
		return nil
	}
	which, what := ids[approval.FieldProjects], ids[approval.FieldProjectRoles]
	return []slack.Block{
		optionalInput(dispatchOnChange(inputBlock(which, "In which projects?", "Type a part of a project's name. At most "+decimal(approval.MaxProjects)+".",
			projectsMenu(which, s.filled.chosenProjects)))),
		optionalInput(dispatchOnChange(inputBlock(what, "What may it do in these projects?", "Project roles, the same in each of them.",
			rolesMenu(what, s.offer.ProjectRoles, s.filled.ProjectRoles)))),
	}
}

// networkFields ask where a key may be used from. Where there are networks with
// names, nobody has to type an address; byName is nil where there are none.
func networkFields(ids blockIDs, p approval.Policy, named []string, typed string) (byName, text *slack.InputBlock) {
	text = inputBlock(ids[approval.FieldNetworks], "From which addresses?", networksHint(p),
		lines(ids[approval.FieldNetworks], typed, approval.MaxNetworks))
	if len(offeredNetworks(p)) == 0 {
		return nil, text
	}
	byName = inputBlock(ids[approval.FieldNetworkPresets], "From which networks?", "Networks that have a name here. Choose some, or enter addresses below, or both.",
		networksMenu(ids[approval.FieldNetworkPresets], offeredNetworks(p), named))
	return optionalInput(byName), optionalInput(text)
}

func networksHint(p approval.Policy) string {
	return "Public addresses or CIDR blocks, one or many, as in 203.0.113.7 or 198.51.100.0/24; " + widest(p) +
		". Slack does not tell me yours: run “curl https://checkip.amazonaws.com” where the key will be used, or search the web for “what is my ip”. " +
		"Private addresses (10.…, 192.168.…) and security groups do not work: Atlas sees only public ones."
}

func widest(p approval.Policy) string {
	return "no wider than /" + decimal(p.MinPrefixIPv4) + " (IPv6: /" + decimal(p.MinPrefixIPv6) + "), at most " + decimal(p.MaxEntries) + " in all"
}
