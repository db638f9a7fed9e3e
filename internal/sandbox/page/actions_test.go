package page_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/wire"
)

func TestActionsReachWorkspace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ target, form, want string }{
		"a command is cut from its text":       {"/page/command?in=C1", "as=U0ALICE&text=+/atlas-key++list+all+", `command U0ALICE C1 /atlas-key "list all"`},
		"a command alone":                      {"/page/command?in=C1", "as=U0ALICE&text=/atlas-key", `command U0ALICE C1 /atlas-key ""`},
		"a button says which":                  {"/page/click?as=U0BOB&in=C1&ts=1.2&action=card.approve&value=AKR-1", "", `press U0BOB C1 1.2 card.approve ["AKR-1"]`},
		"a button without a value sends none":  {"/page/click?as=U0BOB&in=C1&ts=1.2&action=go", "", `press U0BOB C1 1.2 go []`},
		"a menu sends what was chosen":         {"/page/click?as=U0BOB&in=C1&ts=1.2&action=pick", "value=a&value=b", `press U0BOB C1 1.2 pick ["a" "b"]`},
		"a button of a modal":                  {"/page/click-in-modal?as=U0BOB&action=more&value=x", "", `press-in-modal U0BOB more ["x"]`},
		"a button of the Home tab":             {"/page/click-in-home?as=U0BOB&action=more", "", `press-in-home U0BOB more []`},
		"a form with a text of two lines":      {"/page/submit?as=U0ALICE", "field/form.why/form.why=a%0D%0Ab", "submit U0ALICE map[form.why:map[form.why:[a\nb]]]"},
		"a form with several boxes ticked":     {"/page/submit?as=U0ALICE", "field/r/r=&field/r/r=x&field/r/r=y", `submit U0ALICE map[r:map[r:[x y]]]`},
		"a form with no box ticked":            {"/page/submit?as=U0ALICE", "field/r/r=", `submit U0ALICE map[r:map[r:[]]]`},
		"a form with odd ids":                  {"/page/submit?as=U0ALICE", "field/a%252Fb/c%2520d=1", `submit U0ALICE map[a/b:map[c d:[1]]]`},
		"a button of a modal, form and all":    {"/page/click-in-modal?as=U0BOB&action=more&value=x", "field/why/why=a", `fill U0BOB map[why:map[why:[a]]]; press-in-modal U0BOB more ["x"]`},
		"a field of a modal that is filled in": {"/page/fill?as=U0BOB", "field/p/p=&field/p/p=prod&field/p/p=test&field/why/why=", `fill U0BOB map[p:map[p:[prod test]] why:map[why:[]]]`},
		"Enter in a text field":                {"/page/enter?as=U0BOB", "field=field/a%252Fb/why&field/a%252Fb/why=7", `fill U0BOB map[a/b:map[why:[7]]]; enter U0BOB a/b why`},
		"a deactivation":                       {"/page/staff?as=U0BOB&user=U0ALICE&to=gone", "", "deactivate U0ALICE"},
		"a reactivation":                       {"/page/staff?as=U0BOB&user=U0GONE&to=back", "", "reactivate U0GONE"},
		"a change to a guest":                  {"/page/staff?as=U0BOB&user=U0BOB&to=guest", "", "guest U0BOB true"},
		"a guest is taken on":                  {"/page/staff?as=U0BOB&user=U0BOB&to=member", "", "guest U0BOB false"},
		"cancel":                               {"/page/close?as=U0ALICE", "", "close U0ALICE"},
		"looking at a channel":                 {"/page/view?as=U0ALICE&in=C1", "", "look U0ALICE C1"},
		"opening the Home tab":                 {"/page/home?as=U0ALICE", "", "home U0ALICE"},
		"sharing the approvers' channel":       {"/page/share?as=U0BOB&to=yes", "", "share C0APPROVALS true"},
		"going away":                           {"/page/presence?as=U0ALICE&to=away", "", "away U0ALICE"},
		"coming back":                          {"/page/presence?as=U0ALICE&to=active", "", "active U0ALICE"},
		"restarting Slack, private notes gone": {"/page/reload?as=U0ALICE&drop=yes", "", "reload U0ALICE true"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			w := s.post(c.target, c.form)
			require.Equal(t, http.StatusNoContent, w.Code, w.Body.String())
			require.Equal(t, strings.Split(c.want, "; "), s.slack.acts())
		})
	}
}

func TestRefusedActionsDoNotReachWorkspace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ target, form, want string }{
		"a message is not posted":   {"/page/command?in=C1", "as=U0ALICE&text=hello", "only commands work here, so nothing was posted: try /atlas-key\n"},
		"no person":                 {"/page/command?in=C1", "text=/atlas-key", "this page does not know who you are: choose a person at the top\n"},
		"an unknown person":         {"/page/close?as=U0NOBODY", "", "this page does not know who you are: choose a person at the top\n"},
		"a deactivated person":      {"/page/close?as=U0GONE", "", "this page does not know who you are: choose a person at the top\n"},
		"the clock never goes back": {"/page/advance?as=U0ALICE&by=-1h", "", "the clock moves forward only, by a time such as 30m\n"},
		"there is no such fault":    {"/page/fault?as=U0ALICE&id=flood", "", "there is no fault called \"flood\"\n"},
		"an unknown account":        {"/page/staff?as=U0ALICE&user=U0NOBODY&to=gone", "", "\"U0NOBODY\" is not in this workspace\n"},
		"an unknown kind":           {"/page/staff?as=U0ALICE&user=U0BOB&to=boss", "", "\"boss\" is not a kind of account\n"},
		"an unknown presence":       {"/page/presence?as=U0ALICE&to=asleep", "", "\"asleep\" is not a presence: only away or active\n"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			w := s.post(c.target, c.form)
			require.Equal(t, http.StatusUnprocessableEntity, w.Code)
			require.Equal(t, c.want, w.Body.String())
			require.Empty(t, s.slack.acts())
			require.Zero(t, s.clock.Offset())
		})
	}
}

func TestRefusalOfWorkspaceIsShown(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.slack.refuse = errors.New("there is no such button")
	w := s.post("/page/click?as=U0BOB&in=C1&ts=1.2&action=go", "")
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Equal(t, "there is no such button\n", w.Body.String())
}

func TestClockAdvances(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.Equal(t, http.StatusNoContent, s.post("/page/advance?as=U0ALICE&by=24h", "").Code)
	require.Equal(t, 24*time.Hour, s.clock.Offset())
	require.Contains(t, s.get(t, "/"), "1 d ahead")
}

func TestFaultIsSetAndCleared(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.Equal(t, http.StatusNoContent, s.post("/page/fault", "as=U0ALICE&id=atlas-503").Code)
	require.Equal(t, []wire.Fault{{Side: wire.Atlas, Mode: wire.HTML503, Count: -1}}, s.wire.Faults())
	require.Contains(t, s.get(t, "/"), "<li>Atlas answers 503 to everything, until cleared</li>")

	require.Equal(t, http.StatusNoContent, s.post("/page/calm", "as=U0ALICE").Code)
	require.Empty(t, s.wire.Faults())
	require.Contains(t, s.get(t, "/"), "Nothing is planned to go wrong.")
}

func TestFaultPresetsAreValid(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, id := range []string{
		"atlas-503", "create-lost", "create-refused", "list-refused", "delete-503", "credential",
		"note-lost", "note-refused", "note-held", "card-twice", "rate-limit", "form-late",
	} {
		require.Contains(t, s.get(t, "/"), `<option value="`+id+`">`)
		require.Equal(t, http.StatusNoContent, s.post("/page/fault", "as=U0ALICE&id="+id).Code, id)
	}
	require.Len(t, s.wire.Faults(), 12)
}
