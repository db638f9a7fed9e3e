package slackui

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// passing are Slack's own words for "later": nothing happened.
var passing = []string{"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"}

// muddled are Slack's words for failures of its own: it may have happened.
var muddled = []string{"fatal_error", "internal_error", "request_timeout"}

// fault reads what an error of slack-go says about the call; nil for nil. A
// call that got no clear answer may have happened.
func fault(err error) *approval.Fault {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*approval.Fault](err); ok {
		return f
	}
	f := &approval.Fault{Verdict: approval.Unknown, Err: err}
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		f.Verdict, f.Code, f.RetryAfter = approval.NotNow, "ratelimited", min(limited.RetryAfter, approval.MaxWait)
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		f.Code = fmt.Sprintf("http_%d", status.Code)
		switch {
		case status.Code == http.StatusTooManyRequests:
			f.Verdict = approval.NotNow
		case status.Code >= 400 && status.Code < 500:
			f.Verdict = approval.Refused
		}
	}
	if said, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		f.Code, f.Verdict = said.Err, verdict(said.Err)
		f.Err = fmt.Errorf("slack says %s%s", said.Err, details(said))
	}
	return f
}

func verdict(code string) approval.Verdict {
	switch {
	case slices.Contains(passing, code):
		return approval.NotNow
	case slices.Contains(muddled, code):
		return approval.Unknown
	}
	return approval.Refused
}

// details adds what Slack says about a refusal: a missing scope, or where in
// the blocks the mistake is. It names places, not contents.
func details(said slack.SlackErrorResponse) string {
	var all []string
	if said.Needed != "" {
		all = append(all, "needed "+said.Needed)
	}
	all = append(all, said.ResponseMetadata.Messages...)
	if len(all) == 0 {
		return ""
	}
	return ": " + strings.Join(all, "; ")
}

// unclear is an answer that lacks what it promised. slack-go takes
// {"ok":false} without a reason for a success.
func unclear(method string) *approval.Fault {
	return &approval.Fault{
		Verdict: approval.Unknown, Code: "unclear_answer",
		Err: fmt.Errorf("%s: slack's answer lacks what it promises", method),
	}
}

func codeOf(err error) string {
	if f := fault(err); f != nil {
		return f.Code
	}
	return ""
}
