package policy

// Limits bound what one user has in one organization at a time. Zero: no limit.
type Limits struct {
	OpenRequests    int // pending, approved, being issued or applied
	ActiveKeys      int // with requests for new keys; a rotation is not counted
	RequestsPerHour int // of every type, also those that need no approval
}

// MaxListed bounds the requests of one user that are read at once.
const MaxListed = 100

// Usage counts one user's requests.
type Usage struct {
	Any        bool // the user requested something before, in any organization
	Held       int  // active keys, in all organizations
	Open       int  // of the organization, that are open
	Coming     int  // of these, those for a new key
	ActiveKeys int  // active keys of the organization
	Recent     int  // of the organization, since the given time
}

// CheckLimits returns a *[FormError] if one more request exceeds a limit.
func (l Limits) CheckLimits(newKey bool, have Usage) error {
	var problems []Problem
	over := func(limit, is int, code ProblemCode) {
		if limit > 0 && is >= limit {
			problems = append(problems, Problem{Field: FieldReason, Code: code, Limit: limit})
		}
	}
	over(l.OpenRequests, have.Open, TooManyOpen)
	if newKey {
		over(l.ActiveKeys, have.ActiveKeys+have.Coming, TooManyKeys)
	}
	over(l.RequestsPerHour, have.Recent, TooManyPerHour)
	return NewFormError(problems)
}
