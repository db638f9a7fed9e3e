package audittrail

import (
	"cmp"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A Filter picks lines of the audit trail. The zero Filter picks all.
type Filter struct {
	Since   time.Time // that moment, or later
	Until   time.Time // before that moment
	User    policy.UserID
	Key     string // its public key or its id in Atlas
	Request policy.ID
	Org     policy.OrgID
	Refused bool // only what was refused

	// Details have to be those of the line, as far as they are named here.
	Details policy.Details
}

// matches reports whether e is one of the lines.
func (f Filter) matches(e approval.AuditEntry) bool {
	return f.isWithin(e.At) &&
		cmp.Or(f.User, e.By) == e.By &&
		(f.Key == "" || f.Key == e.Key || f.Key == e.KeyID) &&
		cmp.Or(f.Request, e.Request) == e.Request &&
		cmp.Or(f.Org, e.Org) == e.Org &&
		(!f.Refused || e.Refused != "") &&
		f.hasDetails(e)
}

func (f Filter) hasDetails(e approval.AuditEntry) bool {
	if len(f.Details) == 0 {
		return true
	}
	have := e.Details.Map()
	for name, value := range f.Details {
		if have[name] != value {
			return false
		}
	}
	return true
}

func (f Filter) isWithin(at time.Time) bool {
	return !at.Before(f.Since) && (f.Until.IsZero() || at.Before(f.Until))
}
