package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// A button is one that people see: in which state of a request, whose it is,
// and where.
type buttonRow struct {
	state     approval.State
	whose     string
	channel   string
	ephemeral bool

	// elsewhere says that a click shows elsewhere than in the request: a form
	// opens, or it is of another request.
	elsewhere bool
}

// buttonTable lists every button there is. TestUnauthorizedClickTableIsComplete keeps it
// in step with the screens.
var buttonTable = map[string]buttonRow{
	"card/approve":                  {approval.StatePending, bob, slack.Approvals, false, false},
	"card/deny":                     {approval.StatePending, bob, slack.Approvals, false, false},
	"requested/withdraw":            {approval.StatePending, alice, slack.AppDM(alice), false, false},
	"list/withdraw":                 {approval.StatePending, alice, slack.General, true, false},
	"ready/issue":                   {approval.StateApproved, alice, slack.AppDM(alice), false, false},
	"ready/withdraw":                {approval.StateApproved, alice, slack.AppDM(alice), false, false},
	"status/issue":                  {approval.StateApproved, alice, slack.AppDM(alice), true, false},
	"ready/retry":                   {approval.StateDelivered, alice, slack.AppDM(alice), false, true}, // answers what is so
	"deletion_overdue/retry":        {approval.StateDelivered, alice, slack.AppDM(alice), false, true},
	"ready/confirm":                 {approval.StateDelivered, alice, slack.AppDM(alice), false, false},
	"ready/replace":                 {approval.StateDelivered, alice, slack.AppDM(alice), false, false},
	"reminder/confirm":              {approval.StateDelivered, alice, slack.AppDM(alice), false, false},
	"reminder/replace":              {approval.StateDelivered, alice, slack.AppDM(alice), false, false},
	"key/confirm":                   {approval.StateDelivered, alice, slack.AppDM(alice), true, false},
	"key/replace":                   {approval.StateDelivered, alice, slack.AppDM(alice), true, false},
	"ready/revoke":                  {approval.StateActive, alice, slack.AppDM(alice), false, false},
	"list/revoke":                   {approval.StateActive, alice, slack.General, true, false},
	"drift/revoke":                  {approval.StateActive, bob, slack.Approvals, false, false},
	"unknown_key/revoke":            {approval.StateActive, bob, slack.Approvals, false, false},
	"outcome/request_again":         {approval.StateEnded, alice, slack.AppDM(alice), false, false},
	"expiry_reminder/request_again": {approval.StateEnded, alice, slack.AppDM(alice), false, false},

	"card/revoke_with_reason":           {approval.StateActive, bob, slack.Approvals, false, true},
	"ready/extend":                      {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"ready/rotate":                      {approval.StateActive, alice, slack.AppDM(alice), false, false},
	"ready/replace_access_list":         {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"ready/retire_predecessor":          {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"expiry_reminder/extend":            {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"expiry_reminder/rotate":            {approval.StateActive, alice, slack.AppDM(alice), false, false},
	"expiry_reminder/revoke":            {approval.StateActive, alice, slack.AppDM(alice), false, false},
	"list/extend":                       {approval.StateActive, alice, slack.General, true, true},
	"list/rotate":                       {approval.StateActive, alice, slack.General, true, false},
	"list/replace_access_list":          {approval.StateActive, alice, slack.General, true, true},
	"list/retire_predecessor":           {approval.StateActive, alice, slack.General, true, true},
	"confirm_revoke/revoke_with_reason": {approval.StateActive, bob, slack.General, true, true},
	"owned_projects/revoke":             {approval.StateActive, bob, slack.Approvals, false, false},
	"status/confirm":                    {approval.StateDelivered, alice, slack.AppDM(alice), true, false},
	"status/replace":                    {approval.StateDelivered, alice, slack.AppDM(alice), true, false},
	"confirm_revoke/revoke":             {approval.StateActive, alice, slack.General, true, false},

	"card/approve_partial":                 {approval.StatePending, bob, slack.Approvals, false, true},
	"requested/nudge":                      {approval.StatePending, alice, slack.AppDM(alice), false, false},
	"list/issue":                           {approval.StateApproved, alice, slack.General, true, false},
	"list/nudge":                           {approval.StatePending, alice, slack.General, true, false},
	"review/review":                        {approval.StateActive, bob, slack.Approvals, false, true}, // counts for break-glass only
	"owner_deactivated/revoke_with_reason": {approval.StateActive, bob, slack.Approvals, false, true},
	"transfer/extend":                      {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"transfer/rotate":                      {approval.StateActive, alice, slack.AppDM(alice), false, false},
	"transfer/replace_access_list":         {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"transfer/retire_predecessor":          {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"transfer/revoke":                      {approval.StateActive, alice, slack.AppDM(alice), false, false},
}

// menuTable lists the menus in messages. Their choices are no clicks of
// buttons; the scenarios of handing over make them as strangers too.
var menuTable = []string{"owner_deactivated/transfer"}

// homeTable lists what is clicked and chosen in a Home tab, where everyone sees
// a tab of their own. The scenarios of the Home tab click them as strangers too.
var homeTable = []string{
	"home/replace_access_list", "home/filter:none", "home/approve", "home/request", "home/issue", "home/deny", "home/filter:end", "home/extend", "home/approve_partial", "home/page:next", "home/nudge",
	"home/revoke_with_reason", "home/filter:owner", "home/page:previous", "home/revoke", "home/filter:role", "home/rotate", "home/review", "home/retire_predecessor", "home/withdraw",
}

// pageTable lists the buttons that turn the pages of a list: they are about no
// request, and the list they show is the presser's own.
var pageTable = []string{"list/page:previous", "list/page:next"}

// A unauthorizedUser is a user who may not click a button, and what made them so.
type unauthorizedUser struct {
	user, team string
	orgWide    bool
	spoil      func(w *Env, whose string) // before the click
	mend       func(w *Env, whose string)
}

// intruders maps what is wrong to who clicks. An empty user is the person whose
// button it is.
var intruders = map[string]unauthorizedUser{
	"of another company":                  {user: eve, team: slack.OtherTeam},
	"of another company, organization":    {user: eve, team: slack.OtherTeam, orgWide: true},
	"of another company, claiming ours":   {user: eve, team: slack.TeamID},
	"the right id, of another company":    {team: slack.OtherTeam},
	"the right id, of another one's team": {team: slack.OtherTeam, orgWide: true},
	"a guest":                             {user: gil},
	"the departed":                        {user: slack.Dee},
	"the bot itself":                      {user: slack.BotUser},
	"a stranger":                          {user: "U0UNKNOWN"},
	"a colleague":                         {user: carol},
	"the right one, made a guest":         {spoil: func(w *Env, u string) { w.Slack.SetGuest(u, true) }, mend: func(w *Env, u string) { w.Slack.SetGuest(u, false) }},
	"the right one, deactivated":          {spoil: func(w *Env, u string) { w.Slack.Deactivate(u) }, mend: restored},
	"the right one, not to be seen":       {spoil: func(w *Env, u string) { w.Slack.Hide(u, true) }, mend: func(w *Env, u string) { w.Slack.Hide(u, false) }},
}

func restored(w *Env, user string) {
	w.Slack.Reactivate(user)
	w.Slack.Join(user, slack.Approvals)
	w.Slack.Join(user, slack.General)
}

// TestMembershipIsCheckedOnEveryAction: every button, in the state in which it can
// be clicked, by everyone who may not.
func TestMembershipIsCheckedOnEveryAction(t *testing.T) {
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		for state, reach := range map[approval.State]func(*Env) policy.ID{
			approval.StatePending: func(w *Env) policy.ID { return w.Request() }, approval.StateApproved: (*Env).approved, approval.StateDelivered: (*Env).delivered,
			approval.StateActive: (*Env).active, approval.StateEnded: (*Env).ended,
		} {
			t.Run(name+" "+string(state), func(t *testing.T) {
				t.Parallel()
				w := newEnv(t, overHTTP, nil)
				id := reach(w)
				w.WaitIdle(id)
				for action, row := range buttonTable {
					if row.state == state {
						w.tryUnauthorized(id, action, row)
					}
				}
			})
		}
	}
}

func (w *Env) ended() policy.ID {
	id := w.active()
	w.Click(alice, "ready/revoke")
	w.WaitForState(id, approval.StateEnded)
	w.WaitForMessage(alice, "outcome/request_again")
	return id
}

// tryUnauthorized has everyone who may not click one button click it.
func (w *Env) tryUnauthorized(id policy.ID, action string, row buttonRow) {
	w.t.Helper()
	before, keys := w.stored(id), w.botKeys()
	ts := placeOf(before, action)
	for what, who := range intruders {
		if who.spoil != nil {
			who.spoil(w, row.whose)
		}
		f := slack.Forgery{
			User: who.user, TeamID: who.team, OrgWide: who.orgWide,
			Conversation: row.channel, TS: ts, ActionID: verbOf(action), BlockID: blockOf(action, id), Value: string(id), Ephemeral: row.ephemeral,
		}
		if f.User == "" {
			f.User = row.whose
		}
		isTheirs := func(e approval.AuditEntry) bool {
			return e.Request == id && e.By == policy.UserID(f.User) && e.Refused != ""
		}
		told, refused := w.countResponses(), w.count(isTheirs)
		require.NoError(w.t, w.Slack.ForgeClick(w.ctx(), f))
		w.WaitUntil(action+" by "+what+" is answered", func() bool { return w.countResponses() > told })
		if who.mend != nil {
			who.mend(w, row.whose)
		}
		after := w.stored(id)
		if !strings.Contains(w.lastResponse(), "faster than I can follow") { // which is left out
			assert.Equal(w.t, refused+1, w.count(isTheirs), "%s by %s is in the audit trail", action, what)
		}
		assert.Equal(w.t, before.Version, after.Version, "%s by %s", action, what)
		assert.Equal(w.t, before.State, after.State, "%s by %s", action, what)
		assert.Equal(w.t, keys, w.botKeys(), "%s by %s", action, what)
		assert.Nil(w.t, w.Slack.Screen(f.User).Modal, "%s by %s", action, what)
	}
}

// placeOf is the ts of the message that a button is in, if it was posted. The
// surface of a button is the kind of its message.
func placeOf(r approval.Request, action string) string {
	surface, _, _ := strings.Cut(action, "/")
	for name, at := range r.MessageRefs {
		if surfaceOf(string(name)) == surface {
			return at.TS
		}
	}
	return "1700000000.000001"
}

// TestAuthorizedUserIsAccepted is the other half: those same clicks, as they
// are forged above, count if the person may.
func TestAuthorizedUserIsAccepted(t *testing.T) {
	for action, row := range buttonTable {
		if row.elsewhere || row.state != approval.StateActive && row.state != approval.StateApproved {
			continue
		}
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, false, nil)
			reach := map[approval.State]func(*Env) policy.ID{approval.StateApproved: (*Env).approved, approval.StateActive: (*Env).active}
			id := reach[row.state](w)
			w.WaitIdle(id)
			before := w.stored(id)
			require.NoError(t, w.Slack.ForgeClick(t.Context(), slack.Forgery{
				User: row.whose, TeamID: slack.TeamID, OrgWide: true, // a whole organization that installed the app, and team is null
				Conversation: row.channel, TS: placeOf(before, action), ActionID: verbOf(action), BlockID: blockOf(action, id), Value: string(id), Ephemeral: row.ephemeral,
			}))
			w.WaitUntil("it counts", func() bool { return w.stored(id).Version > before.Version })
		})
	}
}

// TestUnauthorizedClickTableIsComplete: the buttons of all screens with a golden are those
// of the tables above. That the bot takes them nowhere else is a test of
// slackui.
func TestUnauthorizedClickTableIsComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	goldens, err := filepath.Glob("../internal/slackui/testdata/golden/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, goldens)
	for _, file := range goldens {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var screen struct {
			Type   string
			Blocks []any
		}
		require.NoError(t, json.Unmarshal(content, &screen))
		for _, block := range screen.Blocks {
			surface := "home"
			if screen.Type != "home" {
				id, _ := block.(map[string]any)["block_id"].(string)
				on, _, _ := strings.Cut(id, ":")
				surface = surfaceOf(on)
			}
			eachButton(block, func(verb string) { seen[surface+"/"+verb] = true })
		}
	}
	listed := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(buttonTable)), homeTable, menuTable, pageTable)))
	assert.Equal(t, listed, slices.Sorted(maps.Keys(seen)), "on the screens")
}

func eachButton(v any, visit func(verb string)) {
	switch v := v.(type) {
	case []any:
		for _, it := range v {
			eachButton(it, visit)
		}
	case map[string]any:
		if verb, _ := v["action_id"].(string); v["type"] == "button" || strings.HasPrefix(verb, "filter:") || verb == "transfer" {
			visit(verb)
		}
		for k, it := range v {
			if k != "element" { // of an input, which is no button
				eachButton(it, visit)
			}
		}
	}
}
