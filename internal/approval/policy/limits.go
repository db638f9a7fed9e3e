package policy

// Limits bound what one person has in one organization at a time. Zero: no
// bound.
type Limits struct {
	OpenRequests    int // that wait for a decision, for their key to be made or for a change
	ActiveKeys      int // and keys on their way; a rotation is not counted
	RequestsPerHour int // of every kind, also those that take no approval
}

// DefaultLimits go if the policy does not say otherwise: more than people need
// by hand, and less than a script does harm with.
var DefaultLimits = Limits{OpenRequests: 20, ActiveKeys: 50, RequestsPerHour: 30}

// MaxListed bounds the requests of one person that are read at once.
const MaxListed = 100

// An Usage counts one person's requests.
type Usage struct {
	Any        bool // they asked before, in any organization
	Held       int  // live keys, in all organizations
	Open       int  // of the organization, that are open
	Coming     int  // of these, those that get a new key
	ActiveKeys int  // live keys of the organization
	Recent     int  // of the organization, since the given time
}

// checkLimits returns a *[FormError] if one more request r is too much.
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
