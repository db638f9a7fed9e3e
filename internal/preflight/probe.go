package preflight

import (
	"context"
	"errors"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/store"
)

// A probe checks one thing that the bot depends on. [RunChecks] runs all of them;
// the start runs those that it needs, with the connections that the bot keeps.
type probe struct {
	checks  []string // the names of its findings
	atStart bool
	run     func(*checker, context.Context)
}

var (
	hostProbes = []probe{
		{checks: []string{"version"}, run: (*checker).version},
		{checks: []string{"configuration"}, run: (*checker).configuration},
		{checks: []string{"database"}, run: (*checker).database, atStart: true},
		{checks: []string{"listen address"}, run: (*checker).listenAddress},
		{checks: []string{"proxy"}, run: (*checker).proxies},
	}
	slackProbes = []probe{
		{checks: []string{"slack connection", "slack clock"}, run: (*checker).reachSlack},
		{checks: []string{"slack bot token"}, run: (*checker).botToken, atStart: true},
		{checks: []string{"slack app token", "slack signing secret"}, run: (*checker).transport},
		{checks: []string{"slack scopes"}, run: (*checker).scopes, atStart: true},
	}
	slackOrgProbes = []probe{
		{checks: []string{"approvals channel"}, run: (*checker).channel, atStart: true},
		{checks: []string{"approvers", "approvers in channel"}, run: (*checker).approvers},
	}
	appProbes = []probe{
		{checks: []string{"messages tab", "slash command"}, run: (*checker).appSettings},
	}
	atlasProbes = []probe{
		{checks: []string{"atlas connection", "atlas clock"}, run: (*checker).reachAtlas},
	}
	atlasOrgProbes = []probe{
		{checks: []string{"atlas login"}, run: (*checker).login, atStart: true},
		{checks: []string{"atlas organization"}, run: (*checker).organization, atStart: true},
		{checks: []string{"atlas role"}, run: (*checker).role, atStart: true},
		{checks: []string{"atlas lists required"}, run: (*checker).listsRequired},
		{checks: []string{"atlas access list", "atlas address"}, run: (*checker).accessList},
	}
)

// runProbes runs probes in their order. One that cannot go on stops the list: the
// others are skipped.
func (c *checker) runProbes(ctx context.Context, probes []probe) {
	for _, p := range probes {
		switch {
		case c.starting && (!p.atStart || c.stopped):
		case c.stopped:
			if c.stopReason != "" {
				c.skip(c.stopReason, c.namesOf(p)...)
			}
		default:
			c.cause = nil
			p.run(c, ctx)
		}
	}
}

// stop ends the list of probes that is run. An empty reason means that the others
// have their findings.
func (c *checker) stop(reason string) { c.stopped, c.stopReason = true, reason }

// namesOf are the names of the findings of a probe. Of the two for the transport
// the configuration needs one.
func (c *checker) namesOf(p probe) []string {
	if p.checks[0] == "slack app token" {
		return []string{c.transportCheck()}
	}
	return p.checks
}

// A Problem is a finding that keeps the bot from starting.
type Problem struct {
	Finding
	cause error
}

// Error returns one line: the problem, what to do, and the code of the platform.
func (p *Problem) Error() string {
	text := strings.TrimSpace(p.Message + " " + p.Hint)
	if code := problemCode(p.cause); code != "" && !strings.Contains(text, code) {
		text += " (" + code + ")"
	}
	return p.Check + ": " + text
}

func (p *Problem) Unwrap() error { return p.cause }

// MayBeStray reports whether another try may succeed: Atlas has been seen to refuse
// a good credential once.
func (p *Problem) MayBeStray() bool {
	return p.Check != "atlas organization" && atlas.KindOf(p.cause) == atlas.InvalidCredential
}

// isPermanent reports whether a platform refused a call in a way that another try
// does not change.
func isPermanent(err error) bool {
	if e, ok := errors.AsType[*approval.CallError](err); ok {
		return e.Class == approval.Permanent
	}
	kind := atlas.KindOf(err)
	return kind == atlas.Permanent || kind == atlas.Gone
}

func problemCode(err error) string {
	if e, ok := errors.AsType[*approval.CallError](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*atlas.Error](err); ok {
		return e.Code
	}
	return ""
}

// A Start runs the probes that the start needs. An error is permanent if another
// try would find the same.
type Start struct {
	Config config.Config
	Now    func() time.Time
}

func (s Start) checker() *checker {
	return &checker{environ: s.Config.Secrets(), config: s.Config, now: s.Now, starting: true}
}

// Database checks the database that the bot has opened. Damaged requests do not
// keep it from starting.
func (s Start) Database(ctx context.Context, opened *store.Store) error {
	c := s.checker()
	c.inspect = func(ctx context.Context, _ string) (store.Status, error) {
		found := store.Status{Path: opened.Path(), Exists: true, Wrong: opened.QuickCheck(ctx)}
		var err error
		if found.Wrong == nil {
			found.Unreadable, err = opened.FindUnreadable(ctx)
		}
		return found, err
	}
	c.runProbes(ctx, hostProbes)
	_, err := c.outcome()
	return err
}

// Slack connects to Slack and checks the token, its scopes, and the channels.
func (s Start) Slack(ctx context.Context, connect func(context.Context) (*client.Slack, error)) (connected *client.Slack, permanent bool, err error) {
	c := s.checker()
	c.connectSlack = connect
	c.slack(ctx)
	permanent, err = c.outcome()
	return c.workspace, permanent, err
}

// Atlas checks the credential of the bot in one organization.
func (s Start) Atlas(ctx context.Context, o config.Organization, api *atlas.Client) (permanent bool, err error) {
	c := s.checker()
	c.connectAtlas = func(config.Organization) (*atlas.Client, error) { return api, nil }
	c.org = o
	c.runProbes(ctx, atlasOrgProbes)
	return c.outcome()
}

// outcome returns the problems that keep the bot from starting, which are permanent,
// or else why something could not be checked.
func (c *checker) outcome() (permanent bool, err error) {
	if len(c.problems) > 0 {
		return true, errors.Join(c.problems...)
	}
	return false, c.unclear
}
