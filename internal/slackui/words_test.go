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
)

func TestSayEscapesEverythingButItself(t *testing.T) {
	t.Parallel()
	require.Equal(t, mrkdwn("of `&lt;!channel&gt;` by <@U1>"), mrkdwnf("of %s by %s", "<!channel>", mention("U1")))
	require.Equal(t, mrkdwn("`&amp;lt;`"), mrkdwnf("%s", "&lt;"), "what was typed as an entity is shown as typed")
	require.Equal(t, mrkdwn("for 8 hours"), mrkdwnf("for %s", botText("8 hours")))
	require.Equal(t, mrkdwn("`*a* 'b' c`"), mrkdwnf("%s", " *a* `b`\n c"), "code is one line and ends at a backtick")
	require.Equal(t, mrkdwn("`2001:db8:100::5`"), mrkdwnf("%s", netip.MustParseAddr("2001:db8:100::5")))
	require.Equal(t, mrkdwn(""), code(" \n "))
	require.Equal(t, mrkdwn("a `b …`"), truncateMrkdwn(mrkdwnf("a %s", "b *c* d"), 7), "code that is cut ends there")
	require.Equal(t, mrkdwn("<@&lt;!channel&gt;>"), mention("<!channel>"))
}

func TestClipCountsCharacters(t *testing.T) {
	t.Parallel()
	require.Equal(t, "üüü", truncate("üüü", 3))
	require.Equal(t, "üü…", truncate("üüüü", 3))
}

func TestSpanIsSaidAsPeopleDo(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Hour: "1 hour", 8 * time.Hour: "8 hours", 24 * time.Hour: "24 hours", 7 * 24 * time.Hour: "7 days",
		36 * time.Hour: "36 hours", 90 * time.Minute: "90 minutes", time.Minute: "1 minute", 90 * time.Second: "1m30s",
	} {
		assert.Equal(t, want, humanDuration(d))
	}
}

func TestWhenIsInTheReadersZone(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("CET", 3600)
	require.Equal(t, mrkdwn("<!date^1772443800^{date_short_pretty} at {time}|2 Mar 2026 09:30 UTC>"), slackDate(asked.In(berlin)))
}

// TestEveryProblemTellsAWayOut: one sentence for each, none of them the last
// resort.
func TestEveryProblemTellsAWayOut(t *testing.T) {
	t.Parallel()
	for code, want := range map[approval.ProblemCode]string{
		approval.Missing:             "Say why: approvers read it.",
		approval.TooLong:             "This is too long: shorten it to 20 characters.",
		approval.Unprintable:         "There is a character in it that cannot be seen or turns text around, x<!channel>: type it again rather than pasting it.",
		approval.NotAnAddress:        "“x<!channel>” is more than an address: leave only private.",
		approval.IsRange:             "“x<!channel>” is a range: enter the networks that it is instead, which are private.",
		approval.IsMask:              "“x<!channel>” has a mask: enter it with its prefix length instead, which is private.",
		approval.HostBits:            "“x<!channel>” names one host and a network at once: did you mean private, or the host without the slash?",
		approval.TooWide:             "“x<!channel>” is too wide: private is the widest that is allowed here.",
		approval.NotPublic:           "“x<!channel>” is a private address, and Atlas sees only public addresses: enter the one that your traffic leaves through.",
		approval.SecurityGroup:       "“x<!channel>” is a security group: those belong to a project's IP access list, not to an API key. Enter the public address instead.",
		approval.TooMany:             "These are x<!channel> addresses, and at most 20 are allowed: combine neighbours into networks.",
		approval.RoleNotAllowed:      "“x<!channel>” cannot be asked for here: choose another role.",
		approval.Unchanged:           "The key has exactly this list already: change something, or close this.",
		approval.RoleNotForRequester: "x<!channel> is not a role that you may ask for: choose another one.",
		approval.NoSuchNetwork:       "There is no network “x<!channel>” here (any more): choose from the list.",
		approval.NoSuchProject:       "There is no project “x<!channel>” in this organization (any more): choose from what appears while you type.",
		approval.TooManyProjects:     "At most 20 projects fit into one request: send the others in another one.",
		approval.LifetimeTooLong:     "A key with x<!channel> lives at most 8 hours: choose a shorter lifetime, or leave that role out.",
		approval.NotASubset:          "This is longer than what is asked for, or no choice here (any more): choose from the list.",
		approval.LifetimeNotAllowed:  "This lifetime cannot be chosen here (any more): choose one from the list.",
	} {
		p := approval.Problem{Field: approval.FieldReason, Code: code, Given: "x<!channel>", Hint: "private", Limit: 20, Most: 8 * time.Hour}
		assert.Equal(t, want, problemText(p))
	}
	for want, p := range map[string]approval.Problem{
		"The network “office” is too wide for a key with these roles: /32 is the widest. Leave it out, or enter some of its addresses.": {Field: approval.FieldNetworkPresets, Code: approval.TooWide, Given: "office", Hint: "/32"},
		"“x” is not an address: write it like 203.0.113.7 or 198.51.100.0/24.":                                                          {Field: approval.FieldNetworks, Code: approval.NotAnAddress, Given: "x"},
		"Organization Owner is not asked for (any more): take it away.":                                                                 {Field: approval.FieldRoles, Code: approval.NotASubset, Given: "ORG_OWNER"},
		"“192.0.2.1/32” is not among the addresses that are asked for: leave some of those, or narrow them.":                            {Field: approval.FieldNetworks, Code: approval.NotASubset, Given: "192.0.2.1/32"},
		"Organization Owner is not a role that you may ask for: choose another one.":                                                    {Field: approval.FieldRoles, Code: approval.RoleNotForRequester, Given: "ORG_OWNER"},
		"Choose the projects that the project roles are for, or take these roles away.":                                                 {Field: approval.FieldProjects, Code: approval.Missing},
		"Choose what the key may do in these projects, or take the projects away.":                                                      {Field: approval.FieldProjectRoles, Code: approval.Missing},
	} {
		assert.Equal(t, want, problemText(p))
	}
}

func TestManyProblemsOfOneFieldAreOneBoundedText(t *testing.T) {
	t.Parallel()
	var many []approval.Problem
	for range 500 {
		many = append(many, approval.Problem{Field: approval.FieldNetworks, Code: approval.NotAnAddress, Given: strings.Repeat("ü", 3000)})
	}
	many = append(many, approval.Problem{Field: approval.FieldReason, Code: approval.Missing}, approval.Problem{Field: "?", Code: "?"})
	texts := formErrors(many, formBlocks)
	require.Len(t, texts, 3)
	require.True(t, strings.HasSuffix(texts[blockFormNetworks], " (and 496 more)"), texts[blockFormNetworks])
	require.LessOrEqual(t, len([]rune(texts[blockFormNetworks])), maxFieldSay)
	require.Equal(t, "Say why: approvers read it.", texts[blockFormReason])
	require.NotEmpty(t, texts[blockFormDescription], "a field without an input is told somewhere")
}

// TestEveryRefusalTellsAWayOn: a sentence for each error and each state.
func TestEveryRefusalTellsAWayOn(t *testing.T) {
	t.Parallel()
	seen := map[mrkdwn]bool{}
	for _, err := range []error{
		approval.ErrOwnRequest, approval.ErrNotApprover, approval.ErrNotOwner, approval.ErrGuest, approval.ErrDeactivated,
		approval.ErrBot, approval.ErrExternal, approval.ErrCannotCheck, approval.ErrNotFound, approval.ErrConflict,
		approval.ErrAlreadyApproved, approval.ErrNotNeeded, approval.ErrAlreadyNudged, approval.ErrBreakGlassNotAllowed, approval.ErrAlreadyReviewed, approval.ErrOwnerActive,
		approval.ErrNotEligible, approval.ErrNoOrg, approval.ErrPredecessorNotActive, approval.ErrNoProjects,
	} {
		assert.NotEqual(t, userError(errors.New("boom"), approval.Request{}), userError(err, approval.Request{}), "%s has no sentence without a request", err)
		said := userError(err, request())
		assert.False(t, seen[said], "said of two errors: %s", said)
		assert.NotContains(t, string(said), err.Error()+":")
		seen[said] = true
	}
	for situation, edits := range situations {
		assert.NotEmpty(t, tooLateForOwner(request(edits...)), situation)
		assert.NotEmpty(t, tooLateToDecide(request(edits...), "U0DANA"), situation)
	}
	require.Contains(t, tooLateToDecide(request(approved), "U0DANA"), "<@U0BOB> was faster and approved it <!date^")
	require.Contains(t, tooLateToDecide(request(deniedFor("")), "U0DANA"), "<@U0BOB> was faster and denied it <!date^")
	require.Contains(t, tooLateToDecide(request(active), "U0BOB"), "You decided on this")
	require.Contains(t, tooLateToDecide(request(situations["approved.two"]...), "U0DANA"), "You approved this already, and <@U0BOB> gave the last approval <!date^")
}

// TestARefusalSaysWhatCameBefore: by whom and when, or what it still takes.
func TestARefusalSaysWhatCameBefore(t *testing.T) {
	t.Parallel()
	of := func(err error, situation string) mrkdwn { return userError(err, request(situations[situation]...)) }
	for said, got := range map[mrkdwn]mrkdwn{
		"You approved this already. It waits for 1 more of <@U0BOB>, <@U0DANA>. Nothing was changed.":                                     of(approval.ErrAlreadyApproved, "pending.pair.one"),
		"<@U0BOB> reviewed this already, " + slackDate(later.Add(time.Hour)) + ". There is nothing else to do.":                           of(approval.ErrAlreadyReviewed, "active.reviewed"),
		"You asked once more already, " + slackDate(later) + "; the approvers read it under the card. Nothing was changed.":               of(approval.ErrAlreadyNudged, "pending.nudged"),
		"<@U0BOB> handed it from <@U0ALICE> to <@U0CAROL> " + slackDate(later.Add(25*time.Hour)) + ". Nothing else was changed.":          of(approval.ErrOwnerActive, "active.handed"),
		"The account of <@U0ALICE> is active, so the key stays theirs. Nothing was changed.":                                              of(approval.ErrOwnerActive, "active"),
		"The key is theirs already, and their account is deactivated. Nothing was changed; choose somebody else.":                         of(approval.ErrOwnerActive, "active.orphan"),
		"Only an active full member of this workspace can hold a key. Nothing was changed; choose somebody else.":                         userError(fmt.Errorf("%w: %w", approval.ErrNotEligible, approval.ErrGuest), request(situations["active.orphan"]...)),
		"Atlas does not tell me its projects just now, so nothing was changed. Try again in a minute, or without projects.":               userError(approval.ErrNoProjects, approval.Request{}),
		"All the approvals that you could give are there; it waits for other people: 1 more of <@U0BOB>, <@U0DANA>. Nothing was changed.": of(approval.ErrNotNeeded, "pending.pair.one"),
	} {
		assert.Equal(t, said, got)
	}
}
