package slackui

import (
	"net/url"
	"strconv"

	"atlaskeybot/internal/approval"
)

// The fieldBlocks of a modal name the input of each field. Under "" is the one
// where what is wrong with no field in particular is said.
type fieldBlocks map[approval.Field]string

var (
	formBlocks = fieldBlocks{
		"":                        blockFormDescription,
		approval.FieldOrg:         blockFormOrg,
		approval.FieldDescription: blockFormDescription,
		approval.FieldRoles:       blockFormRoles,
		approval.FieldProjects:    blockFormProjects,
		approval.FieldInProjects:  blockFormInProjects,
		approval.FieldNamed:       blockFormNamed,
		approval.FieldNetworks:    blockFormNetworks,
		approval.FieldLifetime:    blockFormLifetime,
		approval.FieldReason:      blockFormReason,
	}
	emergencyBlocks = fieldBlocks{
		"":                        blockEmergencyDescription,
		approval.FieldOrg:         blockEmergencyOrg,
		approval.FieldDescription: blockEmergencyDescription,
		approval.FieldRoles:       blockEmergencyRoles,
		approval.FieldNamed:       blockEmergencyNamed,
		approval.FieldNetworks:    blockEmergencyNetworks,
		approval.FieldReason:      blockEmergencyReason,
	}
	extendBlocks = fieldBlocks{
		"":                     blockExtendLifetime,
		approval.FieldLifetime: blockExtendLifetime,
		approval.FieldReason:   blockExtendReason,
	}
	addressesBlocks = fieldBlocks{
		"":                     blockAddressesNetworks,
		approval.FieldNamed:    blockAddressesNamed,
		approval.FieldNetworks: blockAddressesNetworks,
		approval.FieldReason:   blockAddressesReason,
	}
	lessBlocks = fieldBlocks{
		"":                     blockLessRoles,
		approval.FieldRoles:    blockLessRoles,
		approval.FieldProjects: blockLessProjects,
		approval.FieldNetworks: blockLessNetworks,
		approval.FieldLifetime: blockLessLifetime,
	}
)

// perOrg are the fields whose choices are those of one organization.
var perOrg = []approval.Field{approval.FieldRoles, approval.FieldProjects, approval.FieldInProjects, approval.FieldNamed, approval.FieldLifetime}

// in returns the blocks as they are named in a form for the organization at
// place n of the list. Slack keeps what somebody chose while a block has its id:
// what was chosen of one organization must not stay for another.
func (b fieldBlocks) in(n int) fieldBlocks {
	named := fieldBlocks{}
	for field, id := range b {
		named[field] = id
	}
	for _, field := range perOrg {
		if id, ok := b[field]; ok {
			named[field] = inOrg(id, n)
		}
	}
	return named
}

// inOrg names a block in the form for the organization at place n: as it is for
// the first, "form.roles.1" for the second.
func inOrg(id string, n int) string {
	if n == 0 {
		return id
	}
	return id + "." + decimal(n)
}

// drawn returns the blocks as v names them.
func (b fieldBlocks) drawn(v sentView) fieldBlocks { return b.in(parseDrawnFor(v.Metadata).place) }

// of returns the blocks that v has. Slack shows no mistake in a modal if one of
// them is told of a block that is not there.
func (b fieldBlocks) of(v sentView) fieldBlocks {
	there := fieldBlocks{}
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

// A drawnFor is the organization that a form shows the choices of, and its
// place in the list then. The form carries it in its private_metadata: what is
// chosen in its menu can be newer, and the list another one after a deploy.
type drawnFor struct {
	org   approval.OrgID
	place int // from 0
}

func (d drawnFor) encode() string {
	v := url.Values{"org": {string(d.org)}}
	if d.place > 0 {
		v.Set("place", decimal(d.place))
	}
	return v.Encode()
}

// parseDrawnFor reads what it can and leaves out the rest.
func parseDrawnFor(text string) drawnFor {
	v, err := url.ParseQuery(text)
	if err != nil {
		return drawnFor{}
	}
	place, _ := strconv.Atoi(v.Get("place"))
	return drawnFor{org: approval.OrgID(v.Get("org")), place: max(place, 0)}
}
