package slackui_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// A submission modal is what no user's client would send.
type submission struct {
	user, team         string
	callback, metadata string
	values             map[string]any // by block id, which is the action id too
}

func chosenOf(values ...string) map[string]any {
	all := []map[string]any{}
	for _, v := range values {
		all = append(all, map[string]any{"value": v, "text": map[string]string{"type": "plain_text", "text": v}})
	}
	return map[string]any{"selected_options": all}
}

func oneChosen(value string) map[string]any {
	return map[string]any{"selected_option": map[string]any{"value": value}}
}

func written(text string) map[string]any { return map[string]any{"value": text} }

func (s submission) payload(t *testing.T) json.RawMessage {
	t.Helper()
	state := map[string]any{}
	for id, value := range s.values {
		state[id] = map[string]any{id: value}
	}
	payload, err := json.Marshal(map[string]any{
		"type": "view_submission", "user": map[string]string{"id": s.user, "team_id": s.team}, "trigger_id": "1.2.3",
		"view": map[string]any{"id": "V0FORGED", "hash": "1.x", "callback_id": s.callback, "private_metadata": s.metadata, "state": map[string]any{"values": state}},
	})
	require.NoError(t, err)
	return payload
}

// askedFor is a whole form, changed by edits.
func askedFor(edits ...func(*submission)) submission {
	s := submission{alice, sandbox.TeamID, "form", "org=" + string(org), map[string]any{
		"org": oneChosen(string(org)), "description": written("invoices"), "roles": chosenOf("ORG_READ_ONLY"),
		"projects": chosenOf(), "project_roles": chosenOf(), "network_presets": chosenOf(),
		"networks": written("203.0.113.7"), "lifetime": oneChosen("8h0m0s"), "reason": written("backfill"),
	}}
	s.values = maps.Clone(s.values)
	for _, e := range edits {
		e(&s)
	}
	return s
}

func having(block string, value map[string]any) func(*submission) {
	return func(s *submission) { s.values[block] = value }
}

// TestForgedFormsAreRefused make no request, and what they are answered is
// something that Slack can show.
func TestForgedFormsAreRefused(t *testing.T) {
	t.Parallel()
	elsewhere := func(metadata string) func(*submission) {
		return func(s *submission) { s.metadata = metadata; delete(s.values, "org") }
	}
	breakGlass := func(user string) func(*submission) {
		return func(s *submission) {
			*s = submission{user, sandbox.TeamID, "breakglass", "org=" + string(org), map[string]any{
				"description": written("invoices"), "roles": chosenOf("ORG_OWNER"), "networks": written("203.0.113.7"), "reason": written("backfill"),
			}}
		}
	}
	d := newRichEnv(t, withBreakGlass)
	for name, tt := range map[string]struct {
		form submission
		want string // in the answer
	}{
		"a role that no user offered":              {askedFor(having("roles", chosenOf("ORG_BILLING_ADMIN"))), `"roles":"“ORG_BILLING_ADMIN” can't be requested here`},
		"a role that is for others":                {askedFor(having("roles", chosenOf("ORG_OWNER")), func(s *submission) { s.user = bob }), `"roles":"You may not request Organization Owner`},
		"a project role as one of the whole":       {askedFor(having("roles", chosenOf("GROUP_READ_ONLY"))), `"roles":`},
		"a project that is not there":              {askedFor(having("projects", chosenOf("65a1b2c3d4e5f607182900ff")), having("project_roles", chosenOf("GROUP_READ_ONLY"))), `"projects":"There's no project “65a1b2c3d4e5f607182900ff”`},
		"a project that is no id":                  {askedFor(having("projects", chosenOf("../../etc")), having("project_roles", chosenOf("GROUP_READ_ONLY"))), `"projects":`},
		"more projects than fit":                   {askedFor(having("projects", chosenOf(strings.Split(strings.Repeat("65a1b2c3d4e5f60718290001 ", 11)+"x", " ")...)), having("project_roles", chosenOf("GROUP_READ_ONLY"))), "at most 10 projects"},
		"a project role that no user offered":      {askedFor(having("projects", chosenOf(payments)), having("project_roles", chosenOf("GROUP_OWNER"))), `"project_roles":`},
		"a network that is not there":              {askedFor(having("network_presets", chosenOf("the moon"))), `"network_presets":"There's no network “the moon”`},
		"a lifetime that no user offered":          {askedFor(having("lifetime", oneChosen("8760h"))), `"lifetime":"This expiry isn't available`},
		"a lifetime that is none":                  {askedFor(having("lifetime", oneChosen("for ever"))), `"lifetime":`},
		"another organization than was drawn":      {askedFor(having("org", oneChosen(string(stagingOrg)))), `"org":"Below was still what another organization offers`},
		"an organization that is not there":        {askedFor(elsewhere("org=65a1b2c3d4e5f60718293aff")), "I don't manage that Atlas organization"},
		"no organization":                          {askedFor(elsewhere("")), "I don't manage that Atlas organization"},
		"metadata that cannot be read":             {askedFor(elsewhere("%zz;")), "I don't manage that Atlas organization"},
		"what another organization offers":         {askedFor(elsewhere("org=" + string(stagingOrg))), `"roles":`},
		"a place that is not there":                {askedFor(elsewhere("org=" + string(org) + "&index=99999999999999999999")), `"errors":{"description":`},
		"another place":                            {askedFor(elsewhere("org=" + string(org) + "&index=7")), `"errors":{"description":`},
		"a role that the other one does not offer": {askedFor(elsewhere("org="+string(stagingOrg)+"&index=1"), having("roles.1", chosenOf("ORG_OWNER")), having("lifetime.1", oneChosen("8h0m0s"))), `"errors":{"roles.1":"“ORG_OWNER” can't`},
		"nothing at all":                           {submission{user: alice, team: sandbox.TeamID, callback: "form", metadata: "org=" + string(org)}, "This form is not complete"},
		"a guest":                                  {askedFor(func(s *submission) { s.user = sandbox.Gil }), "Guests can't use this bot"},
		"a stranger":                               {askedFor(func(s *submission) { s.user, s.team = sandbox.Eve, sandbox.OtherTeam }), "Only members of this workspace"},
		"break-glass by a user not named":          {askedFor(breakGlass(sandbox.Carol)), "You're not on the emergency list"},
		"break-glass by a guest":                   {askedFor(breakGlass(sandbox.Gil)), "Guests can't use this bot"},
		"break-glass of a role it does not give":   {askedFor(breakGlass(alice), having("roles", chosenOf("ORG_READ_ONLY"))), `"roles":`},
		"a partial approval of nothing":            {submission{bob, sandbox.TeamID, "approve_partial", "", nil}, "I can't find that request"},
		"a partial approval of an unknown request": {submission{bob, sandbox.TeamID, "approve_partial", "AKR-ZZZZZ", map[string]any{"roles": chosenOf("ORG_READ_ONLY")}}, "I can't find that request"},
	} {
		answer, err := d.Forge(t.Context(), tt.form.payload(t))
		require.NoError(t, err, name)
		require.Contains(t, plainJSON(answer), tt.want, name)
		shownWhereItIs(t, name, tt.form, answer)
	}
	d.app.Wait()
	for _, who := range []string{alice, bob, sandbox.Carol, sandbox.Gil, sandbox.Eve} {
		require.Empty(t, d.requestsOf(who))
	}
	require.Zero(t, d.keys.Made())
	require.NotContains(t, d.log.String(), "panicked")
	require.NotContains(t, d.log.String(), "the moon")
}

// shownWhereItIs asserts that errors are told of inputs that the modal has:
// Slack shows nothing of others.
func shownWhereItIs(t *testing.T, name string, form submission, answer json.RawMessage) {
	t.Helper()
	var told struct {
		Errors map[string]string `json:"errors"`
	}
	require.NoError(t, json.Unmarshal(answer, &told), name)
	for block := range told.Errors {
		require.Contains(t, form.values, block, name)
	}
}

func plainJSON(raw json.RawMessage) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(raw))
}

// TestForgedPartialApprovalsAreRefused grants nothing that was not asked for.
func TestForgedPartialApprovalsAreRefused(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	r := d.requestAll(alice)
	partial := func(edits ...func(*submission)) submission {
		s := submission{bob, sandbox.TeamID, "approve_partial", string(r.ID), map[string]any{
			"roles": chosenOf("ORG_READ_ONLY"), "projects": chosenOf(payments), "networks": written("203.0.113.7"), "lifetime": oneChosen("8h0m0s"),
		}}
		for _, e := range edits {
			e(&s)
		}
		return s
	}
	for name, tt := range map[string]struct {
		form submission
		want string
	}{
		"another role":                      {partial(having("roles", chosenOf("ORG_READ_ONLY", "ORG_OWNER"))), `"roles":"Organization Owner isn't requested`},
		"no role":                           {partial(having("roles", chosenOf())), `"roles":"Choose at least one organization role`},
		"other addresses":                   {partial(having("networks", written("192.0.2.1"))), `"networks":`},
		"everywhere":                        {partial(having("networks", written("0.0.0.0/0"))), `"networks":`},
		"a longer lifetime":                 {partial(having("lifetime", oneChosen("8760h"))), `"lifetime":"This is longer than requested`},
		"a lifetime that was not requested": {partial(having("lifetime", oneChosen("1h0m0s"))), `"lifetime":`},
		"no lifetime":                       {partial(having("lifetime", oneChosen("0s"))), `"lifetime":`},
		"a negative lifetime":               {partial(having("lifetime", oneChosen("-8h0m0s"))), `"lifetime":`},
		"the requester":                     {partial(func(s *submission) { s.user = alice }), "This is your own request"},
		"no approver":                       {partial(func(s *submission) { s.user = sandbox.Carol }), "Only approvers"},
		"a user elsewhere":                  {partial(func(s *submission) { s.team = sandbox.OtherTeam }), "Only members of this workspace"},
	} {
		answer, err := d.Forge(t.Context(), tt.form.payload(t))
		require.NoError(t, err, name)
		require.Contains(t, plainJSON(answer), tt.want, name)
		shownWhereItIs(t, name, tt.form, answer)
		d.waitForState(r.ID, approval.StatePending)
	}
	answer, err := d.Forge(t.Context(), partial(having("projects", chosenOf(payments, "65a1b2c3d4e5f607182900ff"))).payload(t))
	require.NoError(t, err)
	require.Empty(t, string(answer), "a project that was not asked for is none")
	r = d.waitForState(r.ID, approval.StateApproved)
	require.Len(t, r.Access.Projects, 1)
}

// TestForgedInputsAreRefused change nothing and stop nothing.
func TestForgedInputsAreRefused(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t, withBreakGlass)
	r := d.request(alice)
	before := d.faults.count("views.update")
	for name, view := range map[string]string{
		"in a form of a foreign organization": `{"id":"V1","callback_id":"form","private_metadata":"org=65a1b2c3d4e5f60718293aff"}`,
		"of a foreign organization":           `{"id":"V2","callback_id":"form","private_metadata":"org=` + string(org) + `","state":{"values":{"org":{"org":{"selected_option":{"value":"x"}}}}}}`,
		"in a form without an id":             `{"callback_id":"form","private_metadata":"org=` + string(org) + `"}`,
		"about a key that is not there":       `{"id":"V3","callback_id":"extend","private_metadata":"AKR-ZZZZZ"}`,
		"about no key":                        `{"id":"V4","callback_id":"replace_access_list","private_metadata":"x"}`,
		"about a key that is none yet":        `{"id":"V5","callback_id":"extend","private_metadata":"` + string(r.ID) + `"}`,
	} {
		_, err := d.Forge(t.Context(), []byte(`{"type":"block_actions","user":{"id":"U0ALICE","team_id":"T0SANDBOX"},"trigger_id":"`+name+`","container":{"type":"view"},"view":`+view+`,"actions":[{"action_id":"roles","action_ts":"1.1"}]}`))
		require.NoError(t, err, name)
	}
	_, err := d.Forge(t.Context(), []byte(`{"type":"block_actions","user":{"id":"U0CAROL","team_id":"T0SANDBOX"},"trigger_id":"x","container":{"type":"view"},"view":{"id":"V6","callback_id":"breakglass","private_metadata":"org=`+string(org)+`"},"actions":[{"action_id":"org","action_ts":"1.1"}]}`))
	require.NoError(t, err)
	d.app.Wait()
	require.Equal(t, before, d.faults.count("views.update"))
	require.NotContains(t, d.log.String(), "panicked")
}
