package slackui

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/view"
)

func TestTextfEscapesItsArguments(t *testing.T) {
	t.Parallel()
	require.Equal(t, mrkdwn.Text("of `&lt;!channel&gt;` by <@U1>"), mrkdwn.Textf("of %s by %s", "<!channel>", view.Mention("U1")))
	require.Equal(t, mrkdwn.Text("`&amp;lt;`"), mrkdwn.Textf("%s", "&lt;"), "what was typed as an entity is shown as typed")
	require.Equal(t, mrkdwn.Text("for 8 hours"), mrkdwn.Textf("for %s", mrkdwn.BotText("8 hours")))
	require.Equal(t, mrkdwn.Text("`*a* 'b' c`"), mrkdwn.Textf("%s", " *a* `b`\n c"), "code is one line and ends at a backtick")
	require.Equal(t, mrkdwn.Text("`2001:db8:100::5`"), mrkdwn.Textf("%s", netip.MustParseAddr("2001:db8:100::5")))
	require.Equal(t, mrkdwn.Text(""), mrkdwn.Code(" \n "))
	require.Equal(t, mrkdwn.Text("a `b …`"), mrkdwn.TruncateText(mrkdwn.Textf("a %s", "b *c* d"), 7), "code that is cut ends there")
	require.Equal(t, mrkdwn.Text("<@&lt;!channel&gt;>"), view.Mention("<!channel>"))
}

func TestTruncateCountsCharacters(t *testing.T) {
	t.Parallel()
	require.Equal(t, "üüü", mrkdwn.Truncate("üüü", 3))
	require.Equal(t, "üü…", mrkdwn.Truncate("üüüü", 3))
}

func TestHumanDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Hour: "1 hour", 8 * time.Hour: "8 hours", 24 * time.Hour: "24 hours", 7 * 24 * time.Hour: "7 days",
		36 * time.Hour: "36 hours", 90 * time.Minute: "90 minutes", time.Minute: "1 minute", 90 * time.Second: "1m30s",
	} {
		assert.Equal(t, want, mrkdwn.Duration(d))
	}
}

func TestSlackDateIsInReadersZone(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("CET", 3600)
	require.Equal(t, mrkdwn.Text("<!date^1772443800^{date_short_pretty} at {time}|2 Mar 2026 09:30 UTC>"), mrkdwn.Date(requestedAt.In(berlin)))
}

// TestProblemTextsNameNextStep: one sentence for each, none of them the last
// resort.
func TestProblemTextsNameNextStep(t *testing.T) {
	t.Parallel()
	for code, want := range map[policy.ProblemCode]string{
		policy.Missing:             "Enter a reason: approvers see it.",
		policy.TooLong:             "This is too long. Shorten it to 20 characters.",
		policy.Unprintable:         "This has an invisible character or one that reverses text, x<!channel>. Type it instead of pasting it.",
		policy.NotAnAddress:        "“x<!channel>” is more than an address. Use only private.",
		policy.IsRange:             "“x<!channel>” is a range. Enter its CIDR blocks instead: private.",
		policy.IsMask:              "“x<!channel>” has a netmask. Enter it as a CIDR block instead: private.",
		policy.HostBits:            "x<!channel> isn't a network address. Use private for the network or x<!channel> for one host.",
		policy.TooWide:             "“x<!channel>” is too wide: private is the widest network allowed here.",
		policy.NotPublic:           "“x<!channel>” is a private address, and Atlas sees only public ones. Enter the public address that your traffic comes from.",
		policy.SecurityGroup:       "“x<!channel>” is a security group, and an API key can't have one. Enter the public address instead.",
		policy.TooMany:             "These are x<!channel> entries, and at most 20 are allowed. Combine adjacent addresses into CIDR blocks.",
		policy.RoleNotAllowed:      "“x<!channel>” can't be requested here. Choose another role.",
		policy.Unchanged:           "The key has exactly this list already. Change something, or close this.",
		policy.RoleNotForRequester: "You may not request x<!channel>. Choose another role.",
		policy.NoSuchNetwork:       "There's no network “x<!channel>” here (any more). Choose from the list.",
		policy.NoSuchProject:       "There's no project “x<!channel>” in this organization (any more). Choose from what appears while you type.",
		policy.TooManyProjects:     "A request can have at most 20 projects. Request the others separately.",
		policy.LifetimeTooLong:     "x<!channel> keys last 8 hours at most. Choose an earlier expiry or remove that role.",
		policy.NotASubset:          "This is longer than requested, or not available here (any more). Choose from the list.",
		policy.LifetimeNotAllowed:  "This expiry isn't available here (any more). Choose one from the list.",
	} {
		p := policy.Problem{Field: policy.FieldReason, Code: code, Given: "x<!channel>", Hint: "private", Limit: 20, Most: 8 * time.Hour}
		assert.Equal(t, want, view.ProblemText(p))
	}
	for want, p := range map[string]policy.Problem{
		"The network “office” is too wide: /32 is the widest network allowed here. Remove it, or enter some of its addresses.": {Field: policy.FieldNetworkPresets, Code: policy.TooWide, Given: "office", Hint: "/32"},
		"“x” isn't an address. Use an IP or CIDR block, like 203.0.113.7 or 198.51.100.0/24.":                                  {Field: policy.FieldNetworks, Code: policy.NotAnAddress, Given: "x"},
		"Organization Owner isn't requested (any more). Remove it.":                                                            {Field: policy.FieldRoles, Code: policy.NotASubset, Given: "ORG_OWNER"},
		"“192.0.2.1/32” isn't within the requested addresses. Keep some of those, or narrow them.":                             {Field: policy.FieldNetworks, Code: policy.NotASubset, Given: "192.0.2.1/32"},
		"You may not request Organization Owner. Choose another role.":                                                         {Field: policy.FieldRoles, Code: policy.RoleNotForRequester, Given: "ORG_OWNER"},
		"Choose projects for these roles, or remove the project roles.":                                                        {Field: policy.FieldProjects, Code: policy.Missing},
		"Choose project roles, or remove the projects.":                                                                        {Field: policy.FieldProjectRoles, Code: policy.Missing},
	} {
		assert.Equal(t, want, view.ProblemText(p))
	}
}

func TestProblemsOfOneFieldAreBounded(t *testing.T) {
	t.Parallel()
	var many []policy.Problem
	for range 500 {
		many = append(many, policy.Problem{Field: policy.FieldNetworks, Code: policy.NotAnAddress, Given: strings.Repeat("ü", 3000)})
	}
	many = append(many, policy.Problem{Field: policy.FieldReason, Code: policy.Missing}, policy.Problem{Field: "?", Code: "?"})
	texts := view.FormErrors(many, view.InputIDs{"": "description", policy.FieldNetworks: "networks", policy.FieldReason: "reason"})
	require.Len(t, texts, 3)
	require.True(t, strings.HasSuffix(texts["networks"], " (and 496 more)"), texts["networks"])
	require.LessOrEqual(t, len([]rune(texts["networks"])), view.MaxFieldError)
	require.Equal(t, "Enter a reason: approvers see it.", texts["reason"])
	require.NotEmpty(t, texts["description"], "a field without an input is told somewhere")
}

// TestUserErrorsNameNextStep: a sentence for each error and each state.
func TestUserErrorsNameNextStep(t *testing.T) {
	t.Parallel()
	seen := map[mrkdwn.Text]bool{}
	for _, err := range []error{
		policy.ErrOwnRequest, policy.ErrNotApprover, approval.ErrNotOwner, approval.ErrGuest, approval.ErrDeactivated,
		approval.ErrBot, approval.ErrExternal, policy.ErrCannotCheck, approval.ErrNotFound, approval.ErrConflict,
		service.ErrAlreadyApproved, service.ErrNotNeeded, approval.ErrAlreadyNudged, service.ErrBreakGlassNotAllowed, approval.ErrAlreadyReviewed, service.ErrOwnerActive,
		service.ErrNotEligible, policy.ErrNoOrg, approval.ErrPredecessorNotActive, service.ErrNoProjects,
	} {
		assert.NotEqual(t, view.UserError(errors.New("boom"), approval.Request{}), view.UserError(err, approval.Request{}), "%s has no sentence without a request", err)
		said := view.UserError(err, request())
		assert.False(t, seen[said], "said of two errors: %s", said)
		assert.NotContains(t, string(said), err.Error()+":")
		seen[said] = true
	}
	for situation, edits := range situations {
		assert.NotEmpty(t, view.AlreadyDoneForOwner(request(edits...)), situation)
		assert.NotEmpty(t, view.AlreadyDecided(request(edits...), "U0DANA"), situation)
	}
	require.Contains(t, view.AlreadyDecided(request(approved), "U0DANA"), "<@U0BOB> already approved this <!date^")
	require.Contains(t, view.AlreadyDecided(request(deniedFor("")), "U0DANA"), "<@U0BOB> was faster and denied it <!date^")
	require.Contains(t, view.AlreadyDecided(request(active), "U0BOB"), "You already decided on this")
	require.Contains(t, view.AlreadyDecided(request(situations["approved.two"]...), "U0DANA"), "You already approved this, and <@U0BOB> gave the last approval <!date^")
}

// TestUserErrorsNameEarlierDecision: by whom and when, or what it still takes.
func TestUserErrorsNameEarlierDecision(t *testing.T) {
	t.Parallel()
	of := func(err error, situation string) mrkdwn.Text {
		return view.UserError(err, request(situations[situation]...))
	}
	for said, got := range map[mrkdwn.Text]mrkdwn.Text{
		"You already approved this. Waiting for 1 more approval from <@U0BOB>, <@U0DANA>.":                               of(service.ErrAlreadyApproved, "pending.pair.one"),
		"<@U0BOB> already reviewed this " + mrkdwn.Date(later.Add(time.Hour)) + ".":                                      of(approval.ErrAlreadyReviewed, "active.reviewed"),
		"You already reminded the approvers " + mrkdwn.Date(later) + ".":                                                 of(approval.ErrAlreadyNudged, "pending.nudged"),
		"<@U0BOB> transferred it from <@U0ALICE> to <@U0CAROL> " + mrkdwn.Date(later.Add(25*time.Hour)) + ".":            of(service.ErrOwnerActive, "active.transferred"),
		"The account of <@U0ALICE> is active, so the key stays theirs.":                                                  of(service.ErrOwnerActive, "active"),
		"They already own this key, and their account is deactivated. Choose another person.":                            of(service.ErrOwnerActive, "active.owner_deactivated"),
		"Only an active full member of this workspace can own a key. Nothing was changed. Choose another person.":        view.UserError(fmt.Errorf("%w: %w", service.ErrNotEligible, approval.ErrGuest), request(situations["active.owner_deactivated"]...)),
		"Atlas isn't listing its projects just now, so nothing was changed. Try again in a minute, or without projects.": view.UserError(service.ErrNoProjects, approval.Request{}),
		"Your approval isn't needed any more. Waiting for 1 more approval from <@U0BOB>, <@U0DANA>.":                     of(service.ErrNotNeeded, "pending.pair.one"),
	} {
		assert.Equal(t, said, got)
	}
}
