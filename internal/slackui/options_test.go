package slackui_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// options types into the menu of projects and returns what it shows.
func (d *env) options(user, typed string) []sandbox.Option {
	d.t.Helper()
	shown, err := d.LoadOptions(d.t.Context(), user, "projects", "projects", typed)
	require.NoError(d.t, err)
	require.Equal(d.t, len(shown.Options) == 0, shown.Nothing != "")
	return shown.Options
}

func TestProjectOptionsMatchInput(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newRichEnv(t, edits...)
			d.openForm(alice)
			require.Equal(t, []sandbox.Option{{Text: "payments", Value: payments}}, d.options(alice, "PAY"))
			require.Equal(t, []sandbox.Option{{Text: "payments", Value: payments}}, d.options(alice, "PAY"), "the same again is answered again")
			require.Equal(t, []sandbox.Option{{Text: "payments", Value: payments}}, d.options(alice, payments), "by its id")
			require.Equal(t, []string{"search", "payments"}, labels(d.options(alice, "s")), "what begins with it comes first")
			require.Empty(t, d.options(alice, "nothing is called so"))
			d.requireClean()
		})
	}
}

func labels(options []sandbox.Option) []string {
	var all []string
	for _, o := range options {
		all = append(all, o.Text)
	}
	return all
}

// TestProjectOptionsFitSlacksLimits: at most a hundred, in one
// small frame, however long their names are.
func TestProjectOptionsFitSlacksLimits(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		for what, tt := range map[string]struct {
			title string
			least int
		}{
			"short names": {"p%03d", 90},
			"long names":  {"p%03d" + strings.Repeat("<ü", 100), 20},
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				t.Parallel()
				d := newRichEnv(t, edits...)
				var many []policy.Project
				for i := range 300 {
					many = append(many, policy.Project{ID: policy.ProjectID(fmt.Sprintf("%024x", i)), Name: fmt.Sprintf(tt.title, i)})
				}
				d.keys.Have(org, many...)
				d.openForm(alice)
				shown := d.options(alice, "p")
				require.GreaterOrEqual(t, len(shown), tt.least)
				require.LessOrEqual(t, len(shown), 100)
				require.NotEmpty(t, d.options(alice, "p299"), "what did not fit is found by typing more")
				d.requireClean()
			})
		}
	}
}

func TestProjectOptionsAreRefusedToOthers(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newRichEnv(t, edits...)
			for who, tt := range map[string]struct {
				user, team, callback, action, metadata, typed string
			}{
				"a guest":                             {sandbox.Gil, sandbox.TeamID, "form", "projects", "org=" + string(org), "pay"},
				"a user deactivated":                  {sandbox.Dee, sandbox.TeamID, "form", "projects", "org=" + string(org), "pay"},
				"a stranger":                          {sandbox.Eve, sandbox.OtherTeam, "form", "projects", "org=" + string(org), "pay"},
				"no user we know":                     {"U0NOBODY", sandbox.TeamID, "form", "projects", "org=" + string(org), "pay"},
				"an organization without projects":    {alice, sandbox.TeamID, "form", "projects", "org=" + string(stagingOrg), "pay"},
				"an organization that is not there":   {alice, sandbox.TeamID, "form", "projects", "org=65a1b2c3d4e5f60718293aff", "pay"},
				"no organization":                     {alice, sandbox.TeamID, "form", "projects", "", "pay"},
				"another menu":                        {alice, sandbox.TeamID, "form", "roles", "org=" + string(org), "pay"},
				"the menu of another place":           {alice, sandbox.TeamID, "form", "projects.1", "org=" + string(org), "pay"},
				"another modal":                       {alice, sandbox.TeamID, "deny", "projects", "org=" + string(org), "pay"},
				"metadata that cannot be read":        {alice, sandbox.TeamID, "form", "projects", "%zz", "pay"},
				"a text of which nothing is in there": {alice, sandbox.TeamID, "form", "projects", "org=" + string(org), strings.Repeat("pay", 10_000)},
			} {
				payload, err := json.Marshal(map[string]any{
					"type": "block_suggestion", "user": map[string]string{"id": tt.user, "team_id": tt.team}, "action_id": tt.action, "block_id": tt.action, "value": tt.typed,
					"view": map[string]string{"id": "V1", "callback_id": tt.callback, "private_metadata": tt.metadata},
				})
				require.NoError(t, err)
				answer, err := d.Forge(t.Context(), payload)
				require.NoError(t, err, who)
				require.JSONEq(t, `{"options":[]}`, string(answer), who)
			}
			require.NotContains(t, d.log.String(), "paypay", "what was typed is not logged")
		})
	}
}

func TestOptionsFailures(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		for what, spoil := range map[string]func(*env){
			"Atlas is away": func(d *env) {
				d.keys.Fail(approvaltest.CallProjects, approvaltest.Lost(errors.New("away")), approvaltest.Lost(errors.New("away")))
			},
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				t.Parallel()
				d := newRichEnv(t, edits...)
				spoil(d)
				d.openForm(alice)
				d.app.Wait()
				require.Empty(t, d.options(alice, "pay"))
				require.Contains(t, d.log.String(), "suggesting projects")
				require.NotEmpty(t, d.options(alice, "pay"), "and then again")
				require.Empty(t, d.Findings(), "an empty menu, and no error of ours")
			})
		}
	}
}

// TestOptionsWaitForAtlasIsBounded: Slack waits three seconds.
func TestOptionsWaitForAtlasIsBounded(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	answered := make(chan struct{})
	d.service.Projects.KeysOf = func(org policy.OrgID) approval.Keys { return slowKeys{d.keys.Of(org), answered} }
	d.openForm(alice)
	require.Empty(t, d.options(alice, "pay"))
	close(answered)
	require.Eventually(t, func() bool { return len(d.options(alice, "pay")) == 1 }, maxWait, time.Millisecond)
	require.Empty(t, d.Findings(), "it was answered in time")
}

// slowKeys list no projects until they may.
type slowKeys struct {
	approval.Keys
	until chan struct{}
}

func (k slowKeys) Projects(ctx context.Context) ([]policy.Project, error) {
	select {
	case <-k.until:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return k.Keys.Projects(ctx)
}
