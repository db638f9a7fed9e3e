package main

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"
)

// credential is what Slack's tokens and signing secrets and Atlas's private keys
// look like.
var credential = regexp.MustCompile(`(?i)\bxox[a-z.]*-[\w-]+|\bxapp-[\w-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}`)

// withoutCredentials hides what somebody pasted into the wrong variable: the
// problem quotes the value, and it is read by whoever reads logs.
func withoutCredentials(errs []error) []error {
	for i, err := range errs {
		if text := err.Error(); credential.MatchString(text) {
			errs[i] = errors.New(credential.ReplaceAllString(text, "[redacted]"))
		}
	}
	return errs
}

// eachOnce leaves out what was said before: organizations may share a file, and
// its problems.
func eachOnce(errs []error) []error {
	var kept []error
	for _, err := range errs {
		if !slices.ContainsFunc(kept, func(o error) bool { return o.Error() == err.Error() }) {
			kept = append(kept, err)
		}
	}
	return kept
}

// inOperatorsNames turns env's errors, which name fields, into sentences that
// name variables, with the prefix that these have.
func inOperatorsNames(err error, prefix string) []error {
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

// withoutParser leaves strconv's own words away.
func withoutParser(err error) error {
	if n, ok := errors.AsType[*strconv.NumError](err); ok {
		return fmt.Errorf("%q is not a value for it", n.Num)
	}
	return err
}

// variable returns the name of the variable that fills a field.
func variable(field string) string {
	f, ok := reflect.TypeFor[Config]().FieldByName(field)
	if !ok {
		return field
	}
	name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
	return name
}
