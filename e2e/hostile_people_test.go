package e2e

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

	// elsewhere says that a press shows elsewhere than in the request: a form
	// opens, or it is of another request.
	elsewhere bool
}

// buttonTable lists every button there is. TestEveryButtonIsInTheTable keeps it
// in step with the screens.
var buttonTable = map[string]buttonRow{
	"card.approve":    {approval.StatePending, bob, slack.Approvals, false, false},
	"card.deny":       {approval.StatePending, bob, slack.Approvals, false, false},
	"asked.withdraw":  {approval.StatePending, alice, slack.AppDM(alice), false, false},
	"list.withdraw":   {approval.StatePending, alice, slack.General, true, false},
	"ready.create":    {approval.StateApproved, alice, slack.AppDM(alice), false, false},
	"ready.withdraw":  {approval.StateApproved, alice, slack.AppDM(alice), false, false},
	"checked.create":  {approval.StateApproved, alice, slack.AppDM(alice), true, false},
	"ready.check":     {approval.StateDelivered, alice, slack.AppDM(alice), false, true}, // answers what is so
	"stuck.check":     {approval.StateDelivered, alice, slack.AppDM(alice), false, true},
	"ready.saved":     {approval.StateDelivered, alice, slack.AppDM(alice), false, false},
	"ready.unseen":    {approval.StateDelivered, alice, slack.AppDM(alice), false, false},
	"reminder.saved":  {approval.StateDelivered, alice, slack.AppDM(alice), false, false},
	"reminder.unseen": {approval.StateDelivered, alice, slack.AppDM(alice), false, false},
	"note.saved":      {approval.StateDelivered, alice, slack.AppDM(alice), true, false},
	"note.unseen":     {approval.StateDelivered, alice, slack.AppDM(alice), true, false},
	"ready.revoke":    {approval.StateActive, alice, slack.AppDM(alice), false, false},
	"list.revoke":     {approval.StateActive, alice, slack.General, true, false},
	"drift.revoke":    {approval.StateActive, bob, slack.Approvals, false, false},
	"found.revoke":    {approval.StateActive, bob, slack.Approvals, false, false},
	"outcome.again":   {approval.StateEnded, alice, slack.AppDM(alice), false, false},

	"card.revoke":     {approval.StateActive, bob, slack.Approvals, false, true},
	"ready.extend":    {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"ready.rotate":    {approval.StateActive, alice, slack.AppDM(alice), false, false},
	"ready.addresses": {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"ready.switched":  {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"ending.extend":   {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"ending.rotate":   {approval.StateActive, alice, slack.AppDM(alice), false, false},
	"ending.revoke":   {approval.StateActive, alice, slack.AppDM(alice), false, false},
	"list.extend":     {approval.StateActive, alice, slack.General, true, true},
	"list.rotate":     {approval.StateActive, alice, slack.General, true, false},
	"list.addresses":  {approval.StateActive, alice, slack.General, true, true},
	"list.switched":   {approval.StateActive, alice, slack.General, true, true},
	"sure.revoke":     {approval.StateActive, alice, slack.General, true, false},

	"card.less":          {approval.StatePending, bob, slack.Approvals, false, true},
	"asked.nudge":        {approval.StatePending, alice, slack.AppDM(alice), false, false},
	"list.create":        {approval.StateApproved, alice, slack.General, true, false},
	"list.nudge":         {approval.StatePending, alice, slack.General, true, false},
	"review.sign":        {approval.StateActive, bob, slack.Approvals, false, true}, // counts for break-glass only
	"ownergone.revoke":   {approval.StateActive, bob, slack.Approvals, false, true},
	"transfer.extend":    {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"transfer.rotate":    {approval.StateActive, alice, slack.AppDM(alice), false, false},
	"transfer.addresses": {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"transfer.switched":  {approval.StateActive, alice, slack.AppDM(alice), false, true},
	"transfer.revoke":    {approval.StateActive, alice, slack.AppDM(alice), false, false},
}

// menuTable lists the menus in messages. Their choices are no presses of
// buttons; the stories of handing over make them as strangers too.
var menuTable = []string{"ownergone.handto"}

// homeTable lists what is pressed and chosen in a Home tab, where everybody sees
// a tab of their own. The stories of the Home tab press them as strangers too.
var homeTable = []string{
	"home.addresses", "home.all", "home.approve", "home.ask", "home.create", "home.deny", "home.ends", "home.extend", "home.less", "home.next", "home.nudge",
	"home.oversee", "home.person", "home.prev", "home.revoke", "home.role", "home.rotate", "home.sign", "home.switched", "home.withdraw",
}

// pageTable lists the buttons that turn the pages of a list: they are about no
// request, and the list they show is the presser's own.
var pageTable = []string{"list.newer", "list.older"}

// An intruder is somebody who may not press a button, and what made them so.
type intruder struct {
	user, team string
	orgWide    bool
	spoil      func(w *town, whose string) // before the press
	mend       func(w *town, whose string)
}

// intruders maps what is wrong to who presses. An empty user is the person whose
// button it is.
var intruders = map[string]intruder{
	"of another company":                  {user: eve, team: slack.OtherTeam},
	"of another company, organization":    {user: eve, team: slack.OtherTeam, orgWide: true},
	"of another company, claiming ours":   {user: eve, team: slack.TeamID},
	"the right id, of another company":    {team: slack.OtherTeam},
	"the right id, of another one's team": {team: slack.OtherTeam, orgWide: true},
	"a guest":                             {user: gil},
	"the departed":                        {user: slack.Dee},
	"the bot itself":                      {user: slack.BotUser},
	"a stranger":                          {user: "U0NOBODY"},
	"a colleague":                         {user: carol},
	"the right one, made a guest":         {spoil: func(w *town, u string) { w.Slack.SetGuest(u, true) }, mend: func(w *town, u string) { w.Slack.SetGuest(u, false) }},
	"the right one, deactivated":          {spoil: func(w *town, u string) { w.Slack.Deactivate(u) }, mend: restored},
	"the right one, not to be seen":       {spoil: func(w *town, u string) { w.Slack.Hide(u, true) }, mend: func(w *town, u string) { w.Slack.Hide(u, false) }},
}

func restored(w *town, user string) {
	w.Slack.Reactivate(user)
	w.Slack.Join(user, slack.Approvals)
	w.Slack.Join(user, slack.General)
}

// TestWhoPressesIsLookedUpEachTime: every button, in the state in which it can
// be pressed, by everybody who may not.
func TestWhoPressesIsLookedUpEachTime(t *testing.T) {
	for name, overHTTP := range map[string]bool{"socket": false, "http": true} {
		for state, reach := range map[approval.State]func(*town) policy.ID{
			approval.StatePending: func(w *town) policy.ID { return w.asks() }, approval.StateApproved: (*town).approved, approval.StateDelivered: (*town).delivered,
			approval.StateActive: (*town).active, approval.StateEnded: (*town).ended,
		} {
			t.Run(name+" "+string(state), func(t *testing.T) {
				t.Parallel()
				w := newTown(t, overHTTP, nil)
				id := reach(w)
				w.idle(id)
				for action, row := range buttonTable {
					if row.state == state {
						w.isTried(id, action, row)
					}
				}
			})
		}
	}
}

func (w *town) ended() policy.ID {
	id := w.active()
	w.presses(alice, "ready.revoke")
	w.becomes(id, approval.StateEnded)
	w.reads(alice, "outcome.again")
	return id
}

// idle waits until everything that is owed of a request is drawn.
func (w *town) idle(id policy.ID) {
	w.t.Helper()
	w.until("everything is drawn", func() bool {
		r := w.request(id)
		for _, name := range r.Messages {
			if r.MessageRefs[name].Shown < r.Version {
				return false
			}
		}
		return true
	})
}

// isTried has everybody who may not press one button press it.
func (w *town) isTried(id policy.ID, action string, row buttonRow) {
	w.t.Helper()
	before, keys := w.request(id), w.botKeys()
	ts := placeOf(before, action)
	for what, who := range intruders {
		if who.spoil != nil {
			who.spoil(w, row.whose)
		}
		f := slack.Forgery{
			User: who.user, TeamID: who.team, OrgWide: who.orgWide,
			Conversation: row.channel, TS: ts, ActionID: action, Value: string(id), Ephemeral: row.ephemeral,
		}
		if f.User == "" {
			f.User = row.whose
		}
		isTheirs := func(e approval.AuditEntry) bool {
			return e.Request == id && e.By == policy.UserID(f.User) && e.Refused != ""
		}
		told, refused := w.toldAside(), w.count(isTheirs)
		require.NoError(w.t, w.Slack.ForgeClick(w.ctx(), f))
		w.until(action+" by "+what+" is answered", func() bool { return w.toldAside() > told })
		if who.mend != nil {
			who.mend(w, row.whose)
		}
		after := w.request(id)
		if !strings.Contains(w.lastAside(), "faster than I can follow") { // which is left out
			assert.Equal(w.t, refused+1, w.count(isTheirs), "%s by %s is in the audit trail", action, what)
		}
		assert.Equal(w.t, before.Version, after.Version, "%s by %s", action, what)
		assert.Equal(w.t, before.State, after.State, "%s by %s", action, what)
		assert.Equal(w.t, keys, w.botKeys(), "%s by %s", action, what)
		assert.Nil(w.t, w.Slack.Screen(f.User).Modal, "%s by %s", action, what)
	}
}

// placeOf is the ts of the message that a button is in, if it was posted. The
// name of a button begins with that of its message.
func placeOf(r approval.Request, action string) string {
	prefix, _, _ := strings.Cut(action, ".")
	for name, at := range r.MessageRefs {
		if first, _, _ := strings.Cut(string(name), "."); first == prefix {
			return at.TS
		}
	}
	return "1700000000.000001"
}

// TestTheRightPersonIsLetThrough is the other half: those same presses, as they
// are forged above, count if the person may.
func TestTheRightPersonIsLetThrough(t *testing.T) {
	for action, row := range buttonTable {
		if row.elsewhere || row.state != approval.StateActive && row.state != approval.StateApproved {
			continue
		}
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, false, nil)
			reach := map[approval.State]func(*town) policy.ID{approval.StateApproved: (*town).approved, approval.StateActive: (*town).active}
			id := reach[row.state](w)
			w.idle(id)
			before := w.request(id)
			require.NoError(t, w.Slack.ForgeClick(t.Context(), slack.Forgery{
				User: row.whose, TeamID: slack.TeamID, OrgWide: true, // a whole organization that installed the app, and team is null
				Conversation: row.channel, TS: placeOf(before, action), ActionID: action, Value: string(id), Ephemeral: row.ephemeral,
			}))
			w.until("it counts", func() bool { return w.request(id).Version > before.Version })
		})
	}
}

// TestEveryButtonIsInTheTable: the names of all buttons on any screen in the
// storybook, and all that the code knows, are those of the table above.
func TestEveryButtonIsInTheTable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	goldens, err := filepath.Glob("../internal/slackui/testdata/golden/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, goldens)
	for _, file := range goldens {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var screen any
		require.NoError(t, json.Unmarshal(content, &screen))
		eachButton(screen, func(action string) { seen[action] = true })
	}
	listed := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(buttonTable)), homeTable, menuTable, pageTable)))
	assert.Equal(t, listed, slices.Sorted(maps.Keys(seen)), "on the screens")
	assert.Equal(t, listed, actionConstants(t), "in ids.go")
}

func eachButton(v any, visit func(action string)) {
	switch v := v.(type) {
	case []any:
		for _, it := range v {
			eachButton(it, visit)
		}
	case map[string]any:
		if action, _ := v["action_id"].(string); v["type"] == "button" || strings.HasPrefix(action, "home.") || slices.Contains(menuTable, action) {
			visit(action)
		}
		for _, it := range v {
			eachButton(it, visit)
		}
	}
}

// actionConstants are the names that slackui gives to buttons.
func actionConstants(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../internal/slackui/view/ids.go", nil, 0)
	require.NoError(t, err)
	var all []string
	name := regexp.MustCompile(`^[aA]ction[A-Z]`)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && name.MatchString(spec.Names[0].Name) {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			all = append(all, value)
		}
		return true
	})
	slices.Sort(all)
	return all
}
