package policyfile

import (
	_ "embed" // for defaultFile

	"atlaskeybot/internal/approval/policy"
)

// SchemaFile is the name of the schema that the first line of the default file
// refers to, in the same directory.
const SchemaFile = "policy.schema.json"

//go:embed default.yaml
var defaultFile []byte

// DefaultFile returns the text of a file with every key and its default.
func DefaultFile() []byte { return append([]byte(nil), defaultFile...) }

// Default returns the policy of an organization without a file, which is also what
// a file leaves out. Every request requires one approval by approvers; if there are
// none, the file has to name some.
func Default(approvers policy.Principals) policy.Policy {
	someone := policy.Policy{Requirements: []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{"U00"}}, Count: 1}}}
	p, err := Parse("default.yaml", defaultFile, someone)
	if err != nil {
		panic("the embedded policy is not in order: " + err.Error())
	}
	p.Requirements = nil
	if !approvers.IsZero() {
		p.Requirements = []policy.Requirement{{From: approvers, Count: 1}}
	}
	return p
}
