package slackui

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/view"
)

// A node is an object of a screen as Slack gets it.
type node = map[string]any

// walk calls see for every object inside v, with where it is.
func walk(v any, path string, see func(path string, n node)) {
	switch v := v.(type) {
	case node:
		see(path, v)
		for k, inner := range v {
			walk(inner, path+"."+k, see)
		}
	case []any:
		for i, inner := range v {
			walk(inner, fmt.Sprintf("%s[%d]", path, i), see)
		}
	}
}

func decoded(t *testing.T, screen any) node {
	t.Helper()
	var n node
	require.NoError(t, json.Unmarshal(pretty(t, screen), &n))
	return n
}

// everything is each screen that has a golden, and each message in every
// situation, sensible or not: none may be refused by Slack. They are drawn once
// and as Slack gets them.
var everything = sync.OnceValue(func() map[string]node {
	all := map[string]node{}
	for name, screen := range allScreens() {
		sent, err := json.Marshal(screen)
		if err != nil {
			panic(err)
		}
		var n node
		if err := json.Unmarshal(sent, &n); err != nil {
			panic(err)
		}
		all[name] = n
	}
	return all
})

func allScreens() map[string]any {
	all := screens()
	maps.Copy(all, absurdScreens())
	all["the end of a found key"] = twoOrgViews().ClosedNotice(request(adopted["ended"]...))
	for _, name := range []approval.MessageName{approval.CardMessage, approval.RequestedMessage, approval.ReadyMessage, approval.ReminderMessage,
		approval.OutcomeMessage, approval.DeletionOverdueMessage, approval.DeletionOverdueNotice, approval.FailedNotice, approval.DriftNotice(1), approval.ExpiryReminderMessage(1), approval.ExpiryReminderMessage(2),
		approval.DeniedNotice, approval.ApprovalAddedNotice(1), approval.KeyCreatedNotice, approval.KeyCreatedAgainNotice(2), approval.ClosedNotice, approval.ApproverReminderNotice(1), approval.NudgedNotice, approval.EscalatedNotice,
		approval.ReviewNotice, approval.OwnerDeactivatedNotice(1), approval.TransferMessage(1),
		approval.UnresolvedMessage, approval.UnresolvedNotice, approval.LeftoverMessage, approval.LeftoverNotice} {
		for state, edits := range situations {
			all[string(name)+" in "+state] = testViews.Message(request(edits...), name)
			all["status in "+state] = view.StatusReply(request(edits...))
			all[string(name)+" in "+state+", large"] = testViews.Message(request(append(with(large), edits...)...), name)
			all[string(name)+" in "+state+", absurd"] = twoOrgViews().Message(request(append(with(absurd), edits...)...), name)
		}
	}
	return all
}

// maxChars is Slack's limit for a text, by the last key of its path.
var maxChars = map[string]map[string]int{
	"header":   {"text": 150},
	"section":  {"text": 3000},
	"button":   {"text": 75},
	"modal":    {"title": 24, "submit": 24, "close": 24},
	"input":    {"label": 2000, "hint": 2000},
	"confirm":  {"title": 100, "text": 300, "confirm": 30, "deny": 30},
	"option":   {"text": 75, "description": 75},
	"selector": {"placeholder": 150},
}

func kind(path string, n node) string {
	switch {
	case strings.HasSuffix(path, ".confirm"):
		return "confirm"
	case strings.Contains(path[strings.LastIndex(path, ".")+1:], "option"):
		return "option"
	case strings.HasSuffix(fmt.Sprint(n["type"]), "_select"):
		return "selector"
	}
	kind, _ := n["type"].(string)
	return kind
}

func TestScreensKeepSlacksLimits(t *testing.T) {
	t.Parallel()
	for name, n := range everything() {
		blocks, ok := n["blocks"].([]any)
		require.True(t, ok, name)
		require.NotEmpty(t, blocks, name)
		switch n["type"] {
		case "home":
			assert.LessOrEqual(t, len(blocks), 100, name)
			assert.LessOrEqual(t, len(pretty(t, n)), 250_000, name)
			metadata, _ := n["private_metadata"].(string)
			assert.LessOrEqual(t, len(metadata), 3000-len("AKR-7F3K2 "), name) // a modal carries it too
		case "modal":
			assert.LessOrEqual(t, len(blocks), 100, name)
			limit := 250_000
			if n["callback_id"] == nil { // a notice, which is sent as an answer
				limit = 20_000
			}
			assert.LessOrEqual(t, len(pretty(t, n)), limit, name)
		default:
			assert.LessOrEqual(t, len(blocks), 50, name)
			text, _ := n["text"].(string)
			assert.NotEmpty(t, text, name)
			assert.LessOrEqual(t, utf8.RuneCountInString(text), 4000, name)
			assert.LessOrEqual(t, charactersOf(n["blocks"]), 10_000, name)
		}
		ids := map[string]bool{}
		walk(n, "", func(path string, n node) { checkNode(t, name+path, n, ids) })
	}
}

// charactersOf sums the texts of blocks up.
func charactersOf(blocks any) int {
	sum := 0
	walk(blocks, "", func(_ string, n node) {
		if text, ok := n["text"].(string); ok {
			sum += utf8.RuneCountInString(text)
		}
	})
	return sum
}

func checkNode(t *testing.T, where string, n node, ids map[string]bool) {
	t.Helper()
	for key, limit := range maxChars[kind(where, n)] {
		if text, ok := n[key].(node); ok {
			assert.LessOrEqual(t, utf8.RuneCountInString(text["text"].(string)), limit, "%s.%s", where, key)
		}
	}
	if text, isText := n["text"].(string); isText {
		assert.NotEmpty(t, text, where)
		assert.LessOrEqual(t, utf8.RuneCountInString(text), 4000, where)
		assert.True(t, utf8.ValidString(text), where)
		assert.NotContains(t, text, "%!", "%s: say makes texts of its arguments", where)
	}
	if id, ok := n["block_id"].(string); ok {
		assert.False(t, ids[id], "%s: block_id %s is there twice", where, id)
		ids[id] = true
		assert.LessOrEqual(t, len(id), 255, where)
	}
	inBlock := map[string]bool{}
	for _, element := range elementsOf(n) {
		if id, ok := element["action_id"].(string); ok {
			assert.False(t, inBlock[id], "%s: action_id %s is there twice", where, id)
			inBlock[id] = true
			assert.LessOrEqual(t, len(id), 255, where)
		}
	}
	if value, ok := n["value"].(string); ok {
		assert.LessOrEqual(t, len(value), 75, where)
	}
	if options, ok := n["options"].([]any); ok {
		assert.LessOrEqual(t, len(options), 100, where)
		initial, _ := n["initial_options"].([]any)
		for _, i := range initial {
			assert.Contains(t, options, i, where)
		}
	}
	if elements, ok := n["elements"].([]any); ok {
		assert.NotEmpty(t, elements, where)
		assert.True(t, n["type"] != "actions" || len(elements) <= 25, where)
		assert.True(t, n["type"] != "context" || len(elements) <= 10, where)
	}
}

// TestUserTextIsEscaped looks for live mentions and links in every text that
// Slack interprets.
func TestUserTextIsEscaped(t *testing.T) {
	t.Parallel()
	live := []string{"<@>", "<!channel", "<!here", "<!everyone", "<@U123>", "<https://evil"}
	for name, screen := range everything() {
		walk(screen, "", func(path string, n node) {
			text, ok := n["text"].(string)
			interpreted := path == "" || n["type"] == "mrkdwn"
			if !ok || !interpreted {
				return
			}
			if strings.HasPrefix(name, "card") && strings.Contains(name, "approved.breakglass.new") { // see TestBreakGlassNotifiesChannelOnce
				text = strings.TrimPrefix(text, "<!here> :rotating_light: ")
			}
			assert.GreaterOrEqual(t, strings.LastIndex(text, ">"), strings.LastIndex(text, "<"), "%s%s: cut in the middle of a mention", name, path)
			for _, token := range live {
				assert.NotContains(t, text, token, "%s%s", name, path)
			}
			if n["type"] == "mrkdwn" {
				assert.Equal(t, true, n["verbatim"], "%s%s: Slack would make links by itself", name, path)
			}
		})
	}
}

// TestBreakGlassNotifiesChannelOnce: when the card is posted. Drawing it again
// notifies no user, and says so.
func TestBreakGlassNotifiesChannelOnce(t *testing.T) {
	t.Parallel()
	for situation, edits := range situations {
		r := request(edits...)
		m := testViews.Card(r)
		posts := r.BreakGlass && r.MessageRefs[approval.CardMessage].TS == ""
		assert.Equal(t, posts, strings.HasPrefix(m.Text, "<!here> "), situation)
		for _, name := range []approval.MessageName{approval.ReviewNotice, approval.ReadyMessage, approval.KeyCreatedNotice, approval.ClosedNotice} {
			assert.NotContains(t, string(pretty(t, testViews.Message(r, name))), "<!here>", "%s in %s", name, situation)
		}
	}
}

// TestRemindersMentionMissingApprovers: those whose approval is missing, and no others.
func TestRemindersMentionMissingApprovers(t *testing.T) {
	t.Parallel()
	for situation, edits := range situations {
		r := request(edits...)
		for _, name := range []approval.MessageName{approval.CardMessage, approval.NudgedNotice, approval.ApproverReminderNotice(max(r.ApproverReminders, 1))} {
			if r.BreakGlass && name == approval.CardMessage {
				continue
			}
			assert.Equal(t, r.AwaitedApprovers(), testViews.Called(r, name), "%s in %s", name, situation)
		}
	}
	pending := request(situations["pending.pair.one"]...)
	pending.Missing = []policy.Requirement{{From: policy.Principals{Groups: []policy.GroupID{"S0SECOND"}}, Count: 1}}
	assert.Contains(t, testViews.NudgedNotice(pending).Text, "<!subteam^S0SECOND>, please decide on the card above.")
	second := testViews.EscalatedNotice(request(situations["pending.escalated"]...))
	assert.Contains(t, second.Text, "<!subteam^S0SECOND>, <@U0CAROL>")
}

// TestNaming: a post mentions those who have to act, and names the others.
func TestNaming(t *testing.T) {
	t.Parallel()
	names := map[policy.UserID]string{"U0ALICE": "Alice Ames", "U0BOB": "*Bob* <!here> :key:"}
	m := mrkdwn.NewMessage("<@U0ALICE>", mrkdwn.Section("<@U0ALICE>, <@U0BOB>, <@U0CAROL> &lt;@U0ALICE&gt;"), mrkdwn.Footnote("<!subteam^S0ONE> <!subteam^S0TWO> <@U0DANA>"))
	m = m.Naming(policy.Principals{Users: []policy.UserID{"U0DANA"}, Groups: []policy.GroupID{"S0ONE"}},
		func(u policy.UserID) string { return names[u] }, func(policy.GroupID) string { return "two" })
	shown := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(pretty(t, m)))
	for _, want := range []string{`"text": "Alice Ames"`, "Alice Ames, `*Bob* &lt;!here&gt; :key:`, <@U0CAROL> &lt;@U0ALICE&gt;", "<!subteam^S0ONE> two <@U0DANA>"} {
		assert.Contains(t, shown, want)
	}
}

// TestPrivateKeyIsInOneBlock: never in a notification, and never in anything
// that Slack hands around.
func TestPrivateKeyIsInOneBlock(t *testing.T) {
	t.Parallel()
	private := credential().PrivateKey.Reveal()
	seen := 0
	walk(decoded(t, testViews.KeyMessage(request(issuing), credential())), "", func(path string, n node) {
		for key, v := range n {
			if s, ok := v.(string); ok && strings.Contains(s, private) {
				seen++
				assert.Equal(t, ".blocks[4].elements[0].elements[0]", path)
				assert.Equal(t, "text", key)
			}
		}
	})
	require.Equal(t, 1, seen)
	require.Equal(t, "Your Atlas API key is here.", testViews.KeyMessage(request(issuing), credential()).Text)
}

// TestButtonsAreOnSurfacesThatTakeThem: in each state a person finds exactly the buttons
// that the state machine allows there.
func TestButtonsAreOnSurfacesThatTakeThem(t *testing.T) {
	t.Parallel()
	again := []string{view.ActionRequestAgain}
	want := map[approval.MessageName]map[approval.State][]string{
		approval.CardMessage:      {approval.StatePending: {view.ActionApprove, view.ActionApprovePartially, view.ActionDeny}, approval.StateDelivered: {view.ActionRevokeWithReason}, approval.StateActive: {view.ActionRevokeWithReason}},
		approval.RequestedMessage: {approval.StatePending: {view.ActionNudge, view.ActionWithdraw}},
		approval.ReadyMessage: {
			approval.StateApproved:  {view.ActionIssue, view.ActionWithdraw},
			approval.StateIssuing:   {view.ActionRetry},
			approval.StateDelivered: {view.ActionConfirm, view.ActionReplace},
			approval.StateActive:    {view.ActionExtend, view.ActionRotate, view.ActionReplaceAccessList, view.ActionRevoke},
		},
		approval.ReminderMessage:        {approval.StateDelivered: {view.ActionConfirm, view.ActionReplace}},
		approval.OutcomeMessage:         {approval.StateDenied: again, approval.StateWithdrawn: again, approval.StateExpired: again, approval.StateFailed: again, approval.StateEnded: again},
		approval.DeletionOverdueMessage: {}, approval.DeletionOverdueNotice: {}, approval.FailedNotice: {},
		approval.UnresolvedMessage: {}, approval.UnresolvedNotice: {}, approval.LeftoverMessage: {}, approval.LeftoverNotice: {},
		approval.DeniedNotice: {}, approval.ApprovalAddedNotice(1): {}, approval.KeyCreatedNotice: {}, approval.ClosedNotice: {},
		approval.ApproverReminderNotice(1): {}, approval.NudgedNotice: {}, approval.EscalatedNotice: {},
	}
	assert.Equal(t, []string{view.ActionRevoke}, pressable(t, request(drifted), approval.DriftNotice(1)))
	assert.Empty(t, pressable(t, request(active), approval.DriftNotice(1)))
	for name, states := range want {
		for situation, edits := range situations {
			r := request(edits...)
			expected := states[r.State]
			switch {
			case name == approval.ReadyMessage && situation == "revoking.retrying":
				expected = []string{view.ActionRetry}
			case name == approval.DeletionOverdueMessage && r.IsDeleting() && r.Deletion.Tries > 0:
				expected = []string{view.ActionRetry}
			case name == approval.OutcomeMessage && r.Type != approval.NewKey && situation != "rotation.ended":
				expected = nil
			case name == approval.ReadyMessage && r.State == approval.StateActive && r.Type == approval.Rotation:
				expected = append([]string{view.ActionRetirePredecessor}, expected...)
			case name == approval.CardMessage && r.State == approval.StatePending && r.Type != approval.NewKey:
				expected = []string{view.ActionApprove, view.ActionDeny}
			case name == approval.RequestedMessage && slices.Contains([]string{"pending.nudged", "pending.escalated", "pending.absurd", "pending.no_card"}, situation):
				expected = []string{view.ActionWithdraw}
			}
			assert.ElementsMatch(t, expected, pressable(t, r, name), "%s in %s", name, situation)
		}
	}
}

// TestApproverTasksKeepTheirButtonsUntilDone, and no longer.
func TestApproverTasksKeepTheirButtonsUntilDone(t *testing.T) {
	t.Parallel()
	mine := []string{view.ActionExtend, view.ActionRotate, view.ActionReplaceAccessList, view.ActionRevoke}
	for name, tt := range map[string]struct {
		message approval.MessageName
		want    []string
	}{
		"issuing.breakglass":          {approval.ReviewNotice, []string{view.ActionReview}},
		"ended.breakglass":            {approval.ReviewNotice, []string{view.ActionReview}},
		"active.reviewed":             {approval.ReviewNotice, nil},
		"active.owner_deactivated":    {approval.OwnerDeactivatedNotice(1), []string{view.ActionRevokeWithReason}},
		"active":                      {approval.OwnerDeactivatedNotice(1), nil},
		"ended.transferred":           {approval.OwnerDeactivatedNotice(1), nil},
		"active.transferred":          {approval.TransferMessage(1), mine},
		"active.transferred.rotation": {approval.TransferMessage(1), append([]string{view.ActionRetirePredecessor}, mine...)},
		"active.transferred.twice":    {approval.TransferMessage(1), nil},
	} {
		r := request(situations[name]...)
		assert.ElementsMatch(t, tt.want, pressable(t, r, tt.message), name)
		drawn := string(pretty(t, testViews.Message(r, tt.message)))
		assert.Equal(t, name == "active.owner_deactivated", strings.Contains(drawn, `"action_id": "`+view.ActionTransfer+`"`), name)
	}
	assert.Empty(t, pressable(t, request(active, transferred("U0CAROL")), approval.OwnerDeactivatedNotice(1)))
	assert.ElementsMatch(t, mine, pressable(t, request(active, transferred("U0CAROL", "U0DANA")), approval.TransferMessage(2)))
}

// TestOnlyNewestExpiryReminderHasButtons, and that only while the key lives.
func TestOnlyNewestExpiryReminderHasButtons(t *testing.T) {
	t.Parallel()
	for situation, edits := range situations {
		r := request(edits...)
		for n := 1; n <= 2; n++ {
			var want []string
			switch {
			case r.State == approval.StateActive && r.ExpiryReminders == n:
				want = []string{view.ActionExtend, view.ActionRotate, view.ActionRevoke}
			case r.State == approval.StateEnded && r.ExpiryReminders == n:
				want = []string{view.ActionRequestAgain}
			}
			assert.ElementsMatch(t, want, pressable(t, r, approval.ExpiryReminderMessage(n)), "%d in %s", n, situation)
		}
	}
	n, ok := view.NumberOf(approval.ExpiryReminderMessage(12), "expiry_reminder")
	assert.True(t, ok)
	assert.Equal(t, 12, n)
	for _, name := range []approval.MessageName{"expiry_reminder", "expiry_reminder.", "expiry_reminder.0", "expiry_reminder.-1", "expiry_reminder.x", "card"} {
		_, ok := view.NumberOf(name, "expiry_reminder")
		assert.False(t, ok, name)
	}
}

func pressable(t *testing.T, r approval.Request, name approval.MessageName) []string {
	t.Helper()
	var got []string
	walk(decoded(t, testViews.Message(r, name)), "", func(_ string, n node) {
		if n["type"] == "button" {
			got = append(got, n["action_id"].(string))
			assert.Equal(t, string(r.ID), n["value"])
		}
	})
	return got
}

// elementsOf are what a block has to click, choose or type.
func elementsOf(block node) []node {
	var all []node
	for _, one := range []any{block["accessory"], block["element"]} {
		if n, ok := one.(node); ok {
			all = append(all, n)
		}
	}
	elements, _ := block["elements"].([]any)
	for _, one := range elements {
		if n, ok := one.(node); ok {
			all = append(all, n)
		}
	}
	return all
}

// TestEveryActionIsInTheTable compares the actions of every screen with the
// verbs and the surfaces on which they are taken.
func TestEveryActionIsInTheTable(t *testing.T) {
	t.Parallel()
	offered := map[string]map[view.Surface]bool{}
	for name, screen := range everything() {
		walk(screen, "", func(_ string, n node) {
			for _, element := range elementsOf(n) {
				id, _ := element["action_id"].(string)
				if id == "" || n["type"] == "input" {
					continue
				}
				in, _ := view.ParseBlockID(fmt.Sprint(n["block_id"]))
				on := view.SurfaceOf(approval.MessageName(in))
				if screen["type"] == "home" {
					on = view.HomeSurface
				}
				verb, arg, _ := strings.Cut(id, ":")
				assert.Contains(t, verbs[verb].surfaces, on, "%s in %s", id, name)
				if verb == view.ActionFilter {
					assert.Contains(t, view.HomeFilters, arg, name)
				}
				if offered[verb] == nil {
					offered[verb] = map[view.Surface]bool{}
				}
				offered[verb][on] = true
			}
		})
	}
	for name, verb := range verbs {
		assert.ElementsMatch(t, verb.surfaces, slices.Collect(maps.Keys(offered[name])), "%s is offered on exactly these surfaces", name)
	}
}
