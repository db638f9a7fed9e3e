package slackui

import (
	"net/url"
	"strconv"

	"atlaskeybot/internal/approval"
)

// The blockIDs of a modal name the input of each field. Under "" is the one
// where what is wrong with no field in particular is said.
type blockIDs map[approval.Field]string

var (
	formBlocks = blockIDs{
		"":                           blockFormDescription,
		approval.FieldOrg:            blockFormOrg,
		approval.FieldDescription:    blockFormDescription,
		approval.FieldRoles:          blockFormRoles,
		approval.FieldProjects:       blockFormProjects,
		approval.FieldProjectRoles:   blockFormInProjects,
		approval.FieldNetworkPresets: blockFormNamed,
		approval.FieldNetworks:       blockFormNetworks,
		approval.FieldLifetime:       blockFormLifetime,
		approval.FieldReason:         blockFormReason,
	}
	breakGlassBlocks = blockIDs{
		"":                           blockEmergencyDescription,
		approval.FieldOrg:            blockEmergencyOrg,
		approval.FieldDescription:    blockEmergencyDescription,
		approval.FieldRoles:          blockEmergencyRoles,
		approval.FieldNetworkPresets: blockEmergencyNamed,
		approval.FieldNetworks:       blockEmergencyNetworks,
		approval.FieldReason:         blockEmergencyReason,
	}
	extendBlocks = blockIDs{
		"":                     blockExtendLifetime,
		approval.FieldLifetime: blockExtendLifetime,
		approval.FieldReason:   blockExtendReason,
	}
	addressesBlocks = blockIDs{
		"":                           blockAddressesNetworks,
		approval.FieldNetworkPresets: blockAddressesNamed,
		approval.FieldNetworks:       blockAddressesNetworks,
		approval.FieldReason:         blockAddressesReason,
	}
	partialBlocks = blockIDs{
		"":                     blockLessRoles,
		approval.FieldRoles:    blockLessRoles,
		approval.FieldProjects: blockLessProjects,
		approval.FieldNetworks: blockLessNetworks,
		approval.FieldLifetime: blockLessLifetime,
	}
)

// perOrgFields are the fields whose choices are those of one organization.
var perOrgFields = []approval.Field{approval.FieldRoles, approval.FieldProjects, approval.FieldProjectRoles, approval.FieldNetworkPresets, approval.FieldLifetime}

// forOrg returns the blocks as they are named in a form for the organization at
// place n of the list. Slack keeps what somebody chose while a block has its id:
// what was chosen of one organization must not stay for another.
func (b blockIDs) forOrg(n int) blockIDs {
	named := blockIDs{}
	for field, id := range b {
		named[field] = id
	}
	for _, field := range perOrgFields {
		if id, ok := b[field]; ok {
			named[field] = forOrgID(id, n)
		}
	}
	return named
}

// forOrgID names a block in the form for the organization at place n: as it is for
// the first, "form.roles.1" for the second.
func forOrgID(id string, n int) string {
	if n == 0 {
		return id
	}
	return id + "." + decimal(n)
}

// shown returns the blocks as v names them.
func (b blockIDs) shown(v sentView) blockIDs { return b.forOrg(parseFormMetadata(v.Metadata).orgIndex) }

// of returns the blocks that v has. Slack shows no mistake in a modal if one of
// them is told of a block that is not there.
func (b blockIDs) of(v sentView) blockIDs {
	there := blockIDs{}
	for field, id := range b {
		if _, ok := v.State.Values[id]; ok {
			there[field] = id
		}
	}
	if _, ok := there[""]; !ok {
		there[""] = there[approval.FieldOrg] // all there is where nothing is offered
	}
	return there
}

// A formMetadata is the organization that a form shows the choices of, and its
// place in the list then. The form carries it in its private_metadata: what is
// chosen in its menu can be newer, and the list another one after a deploy.
type formMetadata struct {
	org      approval.OrgID
	orgIndex int // from 0
}

func (d formMetadata) encode() string {
	v := url.Values{"org": {string(d.org)}}
	if d.orgIndex > 0 {
		v.Set("place", decimal(d.orgIndex))
	}
	return v.Encode()
}

// parseFormMetadata reads what it can and leaves out the rest.
func parseFormMetadata(text string) formMetadata {
	v, err := url.ParseQuery(text)
	if err != nil {
		return formMetadata{}
	}
	place, _ := strconv.Atoi(v.Get("place"))
	return formMetadata{org: approval.OrgID(v.Get("org")), orgIndex: max(place, 0)}
}
