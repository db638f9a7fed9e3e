package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/pace"
)

// transientErrors are Slack's own words for "later": nothing happened.
var transientErrors = []string{pace.CodeRateLimited, "rate_limited", "service_unavailable", "team_added_to_org"}

// indeterminateErrors are Slack's words for failures of its own: it may have happened.
var indeterminateErrors = []string{"fatal_error", "internal_error", "request_timeout", "update_failed", codeUnreadable}

// codeUnreadable stands for an error word that is none of Slack's.
const codeUnreadable = "unreadable"

// errorCode is what Slack's error words look like. What else comes in their
// place is not repeated anywhere: it can be what was sent, echoed.
var errorCode = regexp.MustCompile(`^[a-z0-9_.:-]{1,64}$`)

// word is one of Slack's error words, or [codeUnreadable].
func word(s string) string {
	if errorCode.MatchString(s) && !hasCredential(s) {
		return s
	}
	return codeUnreadable
}

// CallError reads what an error of slack-go says about the call; nil for nil. A
// call that got no clear answer may have happened. Nothing of its text came from
// elsewhere without being cleared.
func CallError(err error) *approval.CallError {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*approval.CallError](err); ok {
		return f
	}
	f := &approval.CallError{Class: approval.Indeterminate, Err: cleared(err)}
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		f.Class, f.Code, f.RetryAfter = approval.Transient, pace.CodeRateLimited, min(limited.RetryAfter, approval.MaxWait)
		f.Err = fmt.Errorf("slack wants to be left alone for %s", f.RetryAfter)
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		f.Code = fmt.Sprintf("http_%d", status.Code)
		f.Err = fmt.Errorf("an answer with status %d", status.Code)
		switch {
		case status.Code == http.StatusTooManyRequests:
			f.Class = approval.Transient
		case status.Code >= 400 && status.Code < 500:
			f.Class = approval.Permanent
		}
	}
	if said, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		f.Code = word(said.Err)
		f.Class = failureClass(f.Code)
		f.Err = fmt.Errorf("slack says %s%s", f.Code, details(said))
	}
	return f
}

// cleared is an error without an answer of Slack's in it. Errors of the decoder
// quote what they could not read.
func cleared(err error) error {
	_, isSyntax := errors.AsType[*json.SyntaxError](err)
	_, isType := errors.AsType[*json.UnmarshalTypeError](err)
	_, isNumber := errors.AsType[*strconv.NumError](err)
	switch {
	case errors.Is(err, errWebPage):
		return errWebPage
	case isSyntax, isType, isNumber:
		return errors.New("slack's answer is not what it should be")
	}
	return ForeignError(err)
}

func failureClass(code string) approval.FailureClass {
	switch {
	case slices.Contains(transientErrors, code):
		return approval.Transient
	case slices.Contains(indeterminateErrors, code):
		return approval.Indeterminate
	}
	return approval.Permanent
}

// maxDetails of a refusal are repeated.
const maxDetails = 5

// details adds what Slack says about a refusal: a missing scope, or where in
// the blocks the mistake is. It names places, not contents.
func details(said slack.SlackErrorResponse) string {
	var all []string
	if said.Needed != "" {
		all = append(all, "needed "+ForeignText(said.Needed))
	}
	for _, m := range said.ResponseMetadata.Messages {
		all = append(all, ForeignText(m))
	}
	if len(all) == 0 {
		return ""
	}
	return ": " + strings.Join(all[:min(len(all), maxDetails)], "; ")
}

// MalformedResponse is an answer that lacks what it promised. slack-go takes
// {"ok":false} without a reason for a success.
func MalformedResponse(method string) *approval.CallError {
	return &approval.CallError{
		Class: approval.Indeterminate, Code: "unclear_answer",
		Err: fmt.Errorf("%s: slack's answer lacks what it promises", method),
	}
}

// CodeOf is the error code in Slack's answer; empty if err is none.
func CodeOf(err error) string {
	if f := CallError(err); f != nil {
		return f.Code
	}
	return ""
}
