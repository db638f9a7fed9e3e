package service

import (
	"context"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Store is what the service needs of the database.
type Store interface {
	approval.Requests
	approval.Lists
	approval.Recorder
}

// Service is what people can do. Every method checks the caller against the
// directory and the policy as they are now, stores the change and wakes the
// worker; none calls Atlas or shows anything. A method that refuses returns the
// request as it is, with an error for which there is a sentence.
type Service struct {
	Store     Store
	Directory policy.Directory
	Orgs      policy.Orgs
	Projects  *ProjectCache // nil if no policy offers roles in projects
	Now       func() time.Time
	NewID     func() policy.ID
	Wake      func() // a hint to the worker; may be lost

	// UserActive, if set, is a hint to the worker that a person does something; see
	// [atlaskeybot/internal/approval/worker.Worker.UserActive].
	UserActive func(ctx context.Context, user policy.UserID)

	// counting is held while the requests or keys of a person are counted against
	// the limits and one more is stored.
	counting sync.Mutex

	refused refusalPace // of each caller, in the audit trail
}

// policyOf returns the policy of an organization. One that is not configured any
// more allows nothing; what still happens to its requests needs no policy.
func (s *Service) policyOf(id policy.OrgID) policy.Policy {
	org, _ := s.Orgs.Find(id)
	return org.Policy
}
