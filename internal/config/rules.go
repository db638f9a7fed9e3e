package config

import (
	"errors"
	"fmt"

	"github.com/caarlos0/env/v11"
)

// ReadRules reads what the environment says of rules. The rest of it may be
// missing: a reviewer of rules need not hold tokens.
func ReadRules(environ map[string]string) (Config, []error) {
	environ, problems := withReadableValues(environ)
	c, _ := Read(environ) // with what it says of the rest
	var values []error
	err := env.ParseWithOptions(&Variables{}, env.Options{Environment: environ})
	if all, ok := errors.AsType[env.AggregateError](err); ok {
		for _, e := range all.Errors {
			if _, ok := errors.AsType[env.ParseError](e); ok {
				values = append(values, e)
			}
		}
	}
	if len(values) > 0 {
		problems = append(problems, withVariableNames(env.AggregateError{Errors: values}, "")...)
	}
	c.checkPolicy(func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	})
	return c, problems
}
