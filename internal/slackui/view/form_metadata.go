package view

import (
	"net/url"
	"strconv"

	"atlaskeybot/internal/approval/policy"
)

// A FormMetadata is the organization that a form shows the choices of, and its
// index in the list then. The form carries it in its private_metadata: what is
// chosen in its menu can be newer, and the list another one after a deploy.
type FormMetadata struct {
	Org      policy.OrgID
	OrgIndex int // from 0
}

// Encode writes d as private_metadata.
func (d FormMetadata) Encode() string {
	v := url.Values{"org": {string(d.Org)}}
	if d.OrgIndex > 0 {
		v.Set("index", decimal(d.OrgIndex))
	}
	return v.Encode()
}

// ParseFormMetadata reads what it can and leaves out the rest.
func ParseFormMetadata(text string) FormMetadata {
	v, err := url.ParseQuery(text)
	if err != nil {
		return FormMetadata{}
	}
	index, _ := strconv.Atoi(v.Get("index"))
	return FormMetadata{Org: policy.OrgID(v.Get("org")), OrgIndex: max(index, 0)}
}
