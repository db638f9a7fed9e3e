package view

import (
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
)

// A field is an input of a modal. Its block_id and its action_id are its id, so
// that values and errors use one key; see [InputID].
type field struct {
	id policy.Field

	// perOrg says that the choices are those of one organization.
	perOrg bool

	label, hint string
	missing     string // the error if it is empty
	element     func(id string, in inputs) slack.BlockElement
	read        func(from payload.Input, to *FormState)
}

// inputs are what the fields of a modal offer, and what is filled in.
type inputs struct {
	orgIndex     int // of the organization that the choices are of
	policy       policy.Policy
	roles        []policy.Role
	projectRoles []policy.Role
	lifetimes    []time.Duration
	filled       FormState
	problems     []policy.Problem // shown at what they are about
}

// fields lists every field there is. An error that is about no field, or about
// one that a modal does not have, is shown under the first of these that it has.
var fields = []field{
	{
		id: policy.FieldDescription, label: "Description", hint: "Shown as the key's description in Atlas.",
		missing: "Enter a description: say what the key is for.",
		element: func(id string, in inputs) slack.BlockElement {
			return mrkdwn.Line(id, in.filled.Description, policy.MaxDescription)
		},
		read: func(from payload.Input, to *FormState) { to.Description = from.Text() },
	},
	{
		id: policy.FieldRoles, perOrg: true, label: "Organization roles", hint: "Choose the fewest that work. Approvers see these.",
		missing: "Choose at least one organization role.",
		element: func(id string, in inputs) slack.BlockElement { return mrkdwn.RolesMenu(id, in.roles, in.filled.Roles) },
		read:    func(from payload.Input, to *FormState) { to.Roles = selectedValues[policy.Role](from) },
	},
	{
		id: policy.FieldNetworks, label: "IP access list",
		missing: "Add at least one IP address or named network. Atlas rejects keys without one.",
		element: func(id string, in inputs) slack.BlockElement {
			return mrkdwn.Lines(id, in.filled.Networks, policy.MaxNetworks)
		},
		read: func(from payload.Input, to *FormState) { to.Networks = from.Text() },
	},
	{
		id: policy.FieldLifetime, perOrg: true, label: "Expires after", hint: "Starts when the key is created. The key is then deleted automatically.",
		missing: "Choose when the key expires.",
		element: func(id string, in inputs) slack.BlockElement {
			return mrkdwn.DurationsMenu(id, in.lifetimes, in.filled.Lifetime)
		},
		read: func(from payload.Input, to *FormState) { to.Lifetime = from.Duration() },
	},
	{
		id: policy.FieldReason, label: "Reason", hint: "Visible to approvers.",
		missing: "Enter a reason: approvers see it.",
		element: func(id string, in inputs) slack.BlockElement {
			return mrkdwn.Lines(id, in.filled.Reason, policy.MaxReason)
		},
		read: func(from payload.Input, to *FormState) { to.Reason = from.Text() },
	},
	{
		id: policy.FieldOrg, label: "Organization", hint: "Roles and limits differ by organization. Changing this resets the fields below.",
		read: func(payload.Input, *FormState) {}, // the metadata says whose choices are shown; see [ChosenOrg]
	},
	{
		id: policy.FieldProjects, perOrg: true, label: "Projects", hint: "Type a part of a project's name. At most " + decimal(policy.MaxProjects) + ".",
		missing: "Choose projects for these roles, or remove the project roles.",
		element: func(id string, in inputs) slack.BlockElement {
			return mrkdwn.ProjectsMenu(id, in.filled.ChosenProjects)
		},
		read: func(from payload.Input, to *FormState) {
			for _, o := range from.Chosen {
				to.Projects = append(to.Projects, policy.ProjectID(o.Value))
				to.ChosenProjects = append(to.ChosenProjects, policy.Project{ID: policy.ProjectID(o.Value), Name: o.Text.Text})
			}
		},
	},
	{
		id: policy.FieldProjectRoles, perOrg: true, label: "Project roles", hint: "The same in each of the projects.",
		missing: "Choose project roles, or remove the projects.",
		element: func(id string, in inputs) slack.BlockElement {
			return mrkdwn.RolesMenu(id, in.projectRoles, in.filled.ProjectRoles)
		},
		read: func(from payload.Input, to *FormState) { to.ProjectRoles = selectedValues[policy.Role](from) },
	},
	{
		id: policy.FieldNetworkPresets, perOrg: true, label: "Named networks", hint: "Choose named networks, enter addresses below, or both.",
		element: func(id string, in inputs) slack.BlockElement {
			return networksMenu(id, mrkdwn.OfferedNetworks(in.policy), in.filled.NetworkPresets)
		},
		read: func(from payload.Input, to *FormState) { to.NetworkPresets = selectedValues[string](from) },
	},
	detailField(policy.FieldTicket),
}

func fieldOf(id policy.Field) field {
	for _, f := range fields {
		if f.id == id {
			return f
		}
	}
	return field{}
}

// InputID is the block_id and the action_id of a field in a modal that shows the
// choices of the organization at that place of the list: "roles" for the first,
// "roles.1" for the second. Slack keeps what was chosen while a block has its
// id: what was chosen of one organization must not stay for another.
func InputID(id policy.Field, orgIndex int) string {
	if orgIndex > 0 && fieldOf(id).perOrg {
		return string(id) + "." + decimal(orgIndex)
	}
	return string(id)
}

// block is the input of a field, changed by edits.
func (in inputs) block(id policy.Field, edits ...func(*slack.InputBlock)) slack.Block {
	f, name := fieldOf(id), InputID(id, in.orgIndex)
	b := mrkdwn.InputBlock(name, f.label, f.hint, f.element(name, in))
	for _, edit := range edits {
		edit(b)
	}
	return b
}

// blocks is the input of a field, with what is wrong with what was chosen in it.
func (in inputs) blocks(id policy.Field, edits ...func(*slack.InputBlock)) []slack.Block {
	return append([]slack.Block{in.block(id, edits...)}, problemsAt(id, in.problems)...)
}

// refreshing makes a change of the input update the view.
func refreshing(b *slack.InputBlock) { b.DispatchAction = true }

func optionalInput(b *slack.InputBlock) { b.Optional = true }

// asking says something else than the table of fields.
func asking(label, hint string) func(*slack.InputBlock) {
	return func(b *slack.InputBlock) {
		b.Label, b.Hint = mrkdwn.PlainText(label), nil
		if hint != "" {
			b.Hint = mrkdwn.PlainText(hint)
		}
	}
}

// upTo limits what can be typed, in characters.
func upTo(limit int) func(*slack.InputBlock) {
	return func(b *slack.InputBlock) {
		if e, ok := b.Element.(*slack.PlainTextInputBlockElement); ok {
			e.MaxLength = limit
		}
	}
}

// networkBlocks ask where a key may be used from. Where there are networks with
// names, an address need not be typed.
func (in inputs) networkBlocks(edits ...func(*slack.InputBlock)) []slack.Block {
	hint := asking("IP access list", networksHint(in.policy))
	if len(mrkdwn.OfferedNetworks(in.policy)) == 0 {
		return in.blocks(policy.FieldNetworks, hint)
	}
	presets := in.blocks(policy.FieldNetworkPresets, append(edits, optionalInput)...)
	return append(presets, in.blocks(policy.FieldNetworks, hint, optionalInput)...)
}

// InputIDs name the inputs that a modal has by their fields. Under "" is the one
// that shows what is about no field in particular.
type InputIDs map[policy.Field]string

// InputsOf returns the inputs that v has. Slack shows no error in a modal if one
// of them is for an input that is not there.
func InputsOf(v payload.SentView) InputIDs {
	ids := InputIDs{}
	for _, f := range fields {
		id := InputID(f.id, ParseFormMetadata(v.Metadata).OrgIndex)
		if _, ok := v.State.Values[id]; !ok {
			continue
		}
		ids[f.id] = id
		if ids[""] == "" {
			ids[""] = id
		}
	}
	return ids
}

// Of is the input that shows what is about a field.
func (ids InputIDs) Of(f policy.Field) string {
	if id, ok := ids[f]; ok {
		return id
	}
	return ids[""]
}
