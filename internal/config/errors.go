package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"
)

// CleanErrors returns problems for printing: without credentials, each once.
func CleanErrors(problems []error) []error { return dedupe(redactCredentials(problems)) }

// dedupe removes repeated problems: organizations may share a file.
func dedupe(errs []error) []error {
	var kept []error
	for _, err := range errs {
		if !slices.ContainsFunc(kept, func(o error) bool { return o.Error() == err.Error() }) {
			kept = append(kept, err)
		}
	}
	return kept
}

// withVariableNames turns errors of the env package, which name fields, into errors
// that name variables with their prefix.
func withVariableNames(err error, prefix string) []error {
	all, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		if err == nil {
			return nil
		}
		return []error{err}
	}
	var errs []error
	for _, e := range all.Errors {
		if missing, ok := errors.AsType[env.VarIsNotSetError](e); ok {
			errs = append(errs, fmt.Errorf("%s is not set", missing.Key))
		} else if empty, ok := errors.AsType[env.EmptyVarError](e); ok {
			errs = append(errs, fmt.Errorf("%s is empty", empty.Key))
		} else if parse, ok := errors.AsType[env.ParseError](e); ok {
			errs = append(errs, fmt.Errorf("%s: %w", prefix+variable(parse.Name), withoutParser(parse.Err)))
		} else {
			errs = append(errs, e)
		}
	}
	return errs
}

// withoutParser replaces an error of strconv.
func withoutParser(err error) error {
	if n, ok := errors.AsType[*strconv.NumError](err); ok {
		return fmt.Errorf("%q is not a value for it", n.Num)
	}
	return err
}

// variable returns the name of the variable that fills a field.
func variable(field string) string {
	f, ok := reflect.TypeFor[Variables]().FieldByName(field)
	if !ok {
		return field
	}
	name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
	return name
}
