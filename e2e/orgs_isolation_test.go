package e2e

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

// refusalByVerb says why an approver of another organization is refused, by the verb of a
// button. A button with another verb is to be added.
var refusalByVerb = map[string]string{
	"approve": "not_approver", "approve_partial": "not_approver", "deny": "not_approver", "review": "not_approver", "transfer": "not_approver",
	"withdraw": "not_owner", "issue": "not_owner", "confirm": "not_owner", "replace": "not_owner", "request_again": "not_owner", "nudge": "not_owner",
	"retry": "not_owner", "extend": "not_owner", "rotate": "not_owner", "replace_access_list": "not_owner", "retire_predecessor": "not_owner",
	"revoke": "not_owner", "revoke_with_reason": "not_owner",
}

// aboutNoRequest are the controls of a Home tab that are about the caller's own
// view.
var aboutNoRequest = []string{
	"home/request", "home/page:next", "home/page:previous", "home/filter:end", "home/filter:none", "home/filter:owner", "home/filter:role",
}

// A forgedForm is a form about a request as it could be sent, and why an approver
// of another organization is refused.
type forgedForm struct {
	values map[string]any
	why    string
}

var forgedForms = map[string]forgedForm{
	"approve_partial": {map[string]any{
		"roles": pickedMany("ORG_BILLING_READ_ONLY"), "networks": map[string]any{"value": "203.0.113.7"}, "lifetime": pickedOne("8h0m0s"),
	}, "not_approver"},
	"deny":                {map[string]any{"reason": map[string]any{"value": "no"}}, "not_approver"},
	"extend":              {map[string]any{"lifetime": pickedOne("24h0m0s"), "reason": map[string]any{"value": "more"}}, "not_owner"},
	"replace_access_list": {map[string]any{"networks": map[string]any{"value": "203.0.113.7"}, "reason": map[string]any{"value": "fewer"}}, "not_owner"},
	"revoke":              {map[string]any{"reason": map[string]any{"value": "seen in a log"}}, "not_owner"},
}

// formsAboutNoRequest are tried by themselves, and Home is no form.
var formsAboutNoRequest = []string{"breakglass", "form", "home"}

// breakGlassInStaging is the policy of Staging: people on call can take a key.
const breakGlassInStaging = `
roles: {ORG_BILLING_READ_ONLY: {}, ORG_READ_ONLY: {}}
break_glass: {allowed_requesters: [S0ONCALL], roles: [ORG_OWNER, ORG_READ_ONLY], lifetime: 2h}
`

// TestApproverOfOneOrganizationIsRefusedInAnother: every button, menu, form
// and command about a request of Staging, in every state that a request rests
// in, by Bob, who approves for Production. Nothing changes, he reads a sentence
// each time, and the audit trail has each with its reason.
func TestApproverOfOneOrganizationIsRefusedInAnother(t *testing.T) {
	t.Parallel()
	w := newOrgsEnv(t, true, map[string]string{"ORG_STAGING_POLICY_FILE": policyOf(t, breakGlassInStaging)},
		func(o *sandbox.Options) { o.Slack.MayCallCrowds = true })
	glass := w.breakGlassKeyInStaging()
	live, changing, before, ended := w.activeInOrg(1), w.activeInOrg(1), w.activeInOrg(1), w.activeInOrg(1)
	w.ClickOpensModal(alice, "ready/extend", string(changing))
	require.Equal(t, slack.Closed, w.SubmitFields(alice, map[string]string{"lifetime": "24h0m0s", "reason": "more"}).Outcome)
	change := w.successor(changing, approval.Extension)
	w.ClickIn(alice, "ready/rotate", string(before))
	successor := w.successorOf(alice, before, approval.Rotation)
	w.ClickIn(alice, "ready/issue", string(successor))
	w.WaitForState(successor, approval.StateDelivered)
	w.ClickIn(alice, "key/confirm", string(successor))
	w.WaitForState(successor, approval.StateActive)
	w.ClickIn(alice, "ready/revoke", string(ended))
	w.WaitForState(ended, approval.StateEnded)
	requests := map[string]policy.ID{
		"pending": w.requestInOrg(1), "a change that waits": change, "approved": w.approvedInOrg(1), "delivered": w.deliveredInStaging(),
		"live": live, "by break-glass": glass, "with a successor": before, "a successor": successor, "ended": ended,
	}
	all := slices.Collect(maps.Values(requests))
	w.WaitIdle(all...)
	for name, id := range requests {
		w.requireRefused(name, id, all)
	}
	home, told := w.OpenHome(bob, "No open requests or active keys"), w.countResponses()
	w.Command(bob, "pending")
	w.WaitUntil("he reads what waits for him", func() bool { return w.countResponses() > told })
	for name, id := range requests {
		assert.NotContains(t, home, string(id), name)
		assert.NotContains(t, w.lastResponse(), string(id), name)
	}

	w.Slack.Deactivate(alice)
	w.RestartBot() // looks at the accounts at once
	orphaned := map[string]policy.ID{"live, and its owner is gone": live, "by break-glass, and its owner is gone": glass, "a successor, and its owner is gone": successor}
	for _, id := range orphaned {
		w.WaitForMessageIn(carol, staging, "owner_deactivated/transfer", string(id))
		w.WaitIdleInChannel(id)
	}
	for name, id := range orphaned {
		w.requireRefused(name, id, []policy.ID{live, glass, successor})
	}

	said := w.WaitForMessageIn(carol, staging, "owner_deactivated/transfer", string(live))
	require.NoError(t, w.Slack.Click(w.ctx(), carol, staging, said.TS, "transfer", dana))
	w.ownedBy(live, dana)
	w.WaitIdle(live)
	w.requireRefused("handed over", live, []policy.ID{live})
	assert.Equal(t, approval.StateActive, w.stored(live).State)
}

func (w *Env) deliveredInStaging() policy.ID {
	w.t.Helper()
	id := w.approvedInOrg(1)
	w.ClickIn(alice, "ready/issue", string(id))
	w.WaitForState(id, approval.StateDelivered)
	return id
}

// breakGlassKeyInStaging is a key that Alice took there and saved. Bob, who is not
// named, sends her form first.
func (w *Env) breakGlassKeyInStaging() policy.ID {
	w.t.Helper()
	form := w.openBreakGlassForm(alice)
	refused := func() int {
		return w.count(func(e approval.AuditEntry) bool {
			return e.By == bob && e.Org == w.org(1) && e.Refused == "break_glass_not_allowed"
		})
	}
	answer := w.forgeSubmission(bob, "breakglass", form, map[string]any{
		"description": map[string]any{"value": "restart"}, "roles": pickedMany("ORG_OWNER"),
		"networks": map[string]any{"value": "203.0.113.7"}, "reason": map[string]any{"value": "down"},
	})
	assert.Contains(w.t, answer, "not on the emergency list")
	assert.Equal(w.t, 1, refused())
	assert.Empty(w.t, w.requestVersions())
	id := w.submitBreakGlass()
	assert.Equal(w.t, w.org(1), w.stored(id).Org)
	w.ClickIn(alice, "ready/issue", string(id))
	w.WaitForState(id, approval.StateDelivered)
	w.ClickIn(alice, "key/confirm", string(id))
	w.WaitForState(id, approval.StateActive)
	return id
}

// requireRefused has Bob do all that there is to do to a request of Staging.
func (w *Env) requireRefused(state string, id policy.ID, all []policy.ID) {
	w.t.Helper()
	w.Advance(2 * time.Minute) // he may press a hundred times at once
	if w.stored(id).OwnerDeactivatedAt.IsZero() {
		w.WaitIdle(id)
	}
	ledger, keys, before := w.versions(all), w.keysIn(1), w.refusedBob(id)
	var tried, why []string // in the order in which the audit trail has it
	try := func(action, wanted string, do func()) {
		w.t.Helper()
		require.NotEmpty(w.t, wanted, "%s is not in the table", action)
		tried, why = append(tried, action), append(why, action+": "+wanted)
		do()
	}
	for action, row := range buttonTable {
		try(action, refusalByVerb[verbOf(action)], w.forgedClick(id, action, row))
	}
	for _, action := range homeTable {
		if !slices.Contains(aboutNoRequest, action) {
			try(action, refusalByVerb[verbOf(action)], w.clickInHomeOf(id, action))
		}
	}
	for _, action := range menuTable {
		try(action, refusalByVerb[verbOf(action)], w.forgedClick(id, action, buttonRow{channel: staging}))
	}
	for callback, form := range forgedForms {
		try("the form "+callback, form.why, func() {
			answer, err := w.Slack.Forge(w.ctx(), json.RawMessage(sent(bob, callback, "V_"+state, string(id), form.values)))
			require.NoError(w.t, err)
			assert.Contains(w.t, string(answer), `"response_action":"update"`, "%s: the form %s", state, callback)
			assert.Contains(w.t, string(answer), "Nothing was changed", "%s: the form %s", state, callback)
		})
	}
	try("the command revoke", "not_owner", func() {
		told := w.countResponses()
		w.Command(bob, "revoke "+string(id))
		w.waitForRefusal(told, state, "the command revoke")
	})
	var recorded []string
	for i, reason := range w.refusedBob(id)[len(before):] {
		recorded = append(recorded, tried[min(i, len(tried)-1)]+": "+reason)
	}
	assert.Equal(w.t, why, recorded, state)
	assert.Equal(w.t, ledger, w.versions(all), state)
	assert.Equal(w.t, keys, w.keysIn(1), state)
	assert.Nil(w.t, w.Slack.Screen(bob).Modal, state)
}

// refusedBob lists why Bob was refused what he tried with a request of Staging.
func (w *Env) refusedBob(id policy.ID) []string {
	w.t.Helper()
	var why []string
	w.count(func(e approval.AuditEntry) bool {
		if e.Request == id && e.Org == w.org(1) && e.By == bob {
			why = append(why, e.Refused)
		}
		return false
	})
	return why
}

// forgedClick clicks a button in the message where it is, or would be.
func (w *Env) forgedClick(id policy.ID, action string, row buttonRow) func() {
	channel, ts := row.channel, "1700000000.000001"
	if channel == slack.Approvals {
		channel = staging
	}
	surface, _, _ := strings.Cut(action, "/")
	for name, at := range w.stored(id).MessageRefs {
		if surfaceOf(string(name)) == surface && at.TS != "" {
			channel, ts = at.Channel, at.TS
		}
	}
	f := slack.Forgery{
		User: bob, Conversation: channel, TS: ts, ActionID: verbOf(action), BlockID: blockOf(action, id), Value: string(id), Ephemeral: row.ephemeral,
	}
	return func() {
		told := w.countResponses()
		require.NoError(w.t, w.Slack.ForgeClick(w.ctx(), f))
		w.waitForRefusal(told, string(id), action)
	}
}

// clickInHomeOf clicks it in Bob's own tab, in which he reads the answer.
func (w *Env) clickInHomeOf(id policy.ID, action string) func() {
	return func() {
		drawn := w.published()
		require.NoError(w.t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: bob, Payload: atHome(bob, slack.TeamID, action, string(id))}))
		w.WaitUntil("the tab is drawn again after "+action, func() bool { return w.published() > drawn })
		w.WaitForHome(bob, "Nothing was changed")
	}
}

// published counts the Home tabs that were drawn.
func (w *Env) published() int {
	n := 0
	for _, c := range w.Wire.Calls() {
		if c.Operation == "views.publish" && c.Status == 200 {
			n++
		}
	}
	return n
}

// waitForRefusal waits until Bob is answered: that nothing was changed.
func (w *Env) waitForRefusal(before int, state, action string) {
	w.t.Helper()
	w.WaitUntil(state+": "+action+" is answered", func() bool { return w.countResponses() > before })
	assert.Contains(w.t, strings.ToLower(w.lastResponse()), "nothing was changed", "%s: %s", state, action)
}

func (w *Env) versions(ids []policy.ID) map[policy.ID]int64 {
	w.t.Helper()
	found := map[policy.ID]int64{}
	for _, id := range ids {
		found[id] = w.stored(id).Version
	}
	return found
}

// TestForgedFormTableIsComplete compares the table with the forms that the code knows.
func TestForgedFormTableIsComplete(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../internal/slackui/view/actions.go", nil, 0)
	require.NoError(t, err)
	var known []string
	name := regexp.MustCompile(`^View[A-Z]`)
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && name.MatchString(spec.Names[0].Name) {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			known = append(known, value)
		}
		return true
	})
	assert.ElementsMatch(t, append(slices.Collect(maps.Keys(forgedForms)), formsAboutNoRequest...), known)
}
