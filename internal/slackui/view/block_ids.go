package view

import (
	"net/url"
	"strconv"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/payload"
)

// The blockIDs of a modal name the input of each field. Under "" is the one
// where what is wrong with no field in particular is said.
type BlockIDs map[policy.Field]string

var (
	FormBlocks = BlockIDs{
		"":                         BlockFormDescription,
		policy.FieldOrg:            blockFormOrg,
		policy.FieldDescription:    BlockFormDescription,
		policy.FieldRoles:          blockFormRoles,
		policy.FieldProjects:       BlockFormProjects,
		policy.FieldProjectRoles:   blockFormInProjects,
		policy.FieldNetworkPresets: blockFormNamed,
		policy.FieldNetworks:       BlockFormNetworks,
		policy.FieldLifetime:       blockFormLifetime,
		policy.FieldReason:         BlockFormReason,
	}
	BreakGlassBlocks = BlockIDs{
		"":                         blockEmergencyDescription,
		policy.FieldOrg:            blockEmergencyOrg,
		policy.FieldDescription:    blockEmergencyDescription,
		policy.FieldRoles:          blockEmergencyRoles,
		policy.FieldNetworkPresets: blockEmergencyNamed,
		policy.FieldNetworks:       blockEmergencyNetworks,
		policy.FieldReason:         blockEmergencyReason,
	}
	ExtendBlocks = BlockIDs{
		"":                   blockExtendLifetime,
		policy.FieldLifetime: blockExtendLifetime,
		policy.FieldReason:   blockExtendReason,
	}
	AddressesBlocks = BlockIDs{
		"":                         blockAddressesNetworks,
		policy.FieldNetworkPresets: blockAddressesNamed,
		policy.FieldNetworks:       blockAddressesNetworks,
		policy.FieldReason:         blockAddressesReason,
	}
	PartialBlocks = BlockIDs{
		"":                   BlockLessRoles,
		policy.FieldRoles:    BlockLessRoles,
		policy.FieldProjects: blockLessProjects,
		policy.FieldNetworks: blockLessNetworks,
		policy.FieldLifetime: blockLessLifetime,
	}
)

// perOrgFields are the fields whose choices are those of one organization.
var perOrgFields = []policy.Field{policy.FieldRoles, policy.FieldProjects, policy.FieldProjectRoles, policy.FieldNetworkPresets, policy.FieldLifetime}

// forOrg returns the blocks as they are named in a form for the organization at
// place n of the list. Slack keeps what somebody chose while a block has its id:
// what was chosen of one organization must not stay for another.
func (b BlockIDs) forOrg(n int) BlockIDs {
	named := BlockIDs{}
	for field, id := range b {
		named[field] = id
	}
	for _, field := range perOrgFields {
		if id, ok := b[field]; ok {
			named[field] = ForOrgID(id, n)
		}
	}
	return named
}

// forOrgID names a block in the form for the organization at place n: as it is for
// the first, "form.roles.1" for the second.
func ForOrgID(id string, n int) string {
	if n == 0 {
		return id
	}
	return id + "." + decimal(n)
}

// shown returns the blocks as v names them.
func (b BlockIDs) Shown(v payload.SentView) BlockIDs {
	return b.forOrg(ParseFormMetadata(v.Metadata).OrgIndex)
}

// of returns the blocks that v has. Slack shows no mistake in a modal if one of
// them is told of a block that is not there.
func (b BlockIDs) Of(v payload.SentView) BlockIDs {
	there := BlockIDs{}
	for field, id := range b {
		if _, ok := v.State.Values[id]; ok {
			there[field] = id
		}
	}
	if _, ok := there[""]; !ok {
		there[""] = there[policy.FieldOrg] // all there is where nothing is offered
	}
	return there
}

// A formMetadata is the organization that a form shows the choices of, and its
// place in the list then. The form carries it in its private_metadata: what is
// chosen in its menu can be newer, and the list another one after a deploy.
type FormMetadata struct {
	Org      policy.OrgID
	OrgIndex int // from 0
}

func (d FormMetadata) Encode() string {
	v := url.Values{"org": {string(d.Org)}}
	if d.OrgIndex > 0 {
		v.Set("place", decimal(d.OrgIndex))
	}
	return v.Encode()
}

// parseFormMetadata reads what it can and leaves out the rest.
func ParseFormMetadata(text string) FormMetadata {
	v, err := url.ParseQuery(text)
	if err != nil {
		return FormMetadata{}
	}
	place, _ := strconv.Atoi(v.Get("place"))
	return FormMetadata{Org: policy.OrgID(v.Get("org")), OrgIndex: max(place, 0)}
}
