package slackui_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/client"
)

// limited is Slack's answer to too many calls.
func limited(seconds string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		res, err := status(429, `{"ok":false,"error":"ratelimited"}`)()
		res.Header.Set("Retry-After", seconds)
		return res, err
	}
}

// connected is a workspace T1 in which every answer comes from w.
func connected(t *testing.T, now func() time.Time) (*client.Slack, *weather) {
	t.Helper()
	w := &weather{}
	w.add(callError{method: "auth.test", answer: status(200, `{"ok":true,"team_id":"T1","user_id":"U0BOT"}`)})
	s, err := client.Connect(t.Context(), client.Config{Token: secret.New("xoxb"), APIURL: "https://slack.test/api/", Now: now, Transport: w})
	require.NoError(t, err)
	return s, w
}

// TestAnActTakesARecentAnswerOnlyWhenSlackIsLimiting: a deactivation is late by a
// minute then, rather than everybody's approvals.
func TestAnActTakesARecentAnswerOnlyWhenSlackIsLimiting(t *testing.T) {
	t.Parallel()
	const member, guest, gone = `"team_id":"T1",` + fullMember, `"team_id":"T1","is_restricted":true`, `"team_id":"T1","deleted":true`
	for name, tt := range map[string]struct {
		before []string // what Slack said, the last one just before after
		after  time.Duration
		answer func() (*http.Response, error)
		want   policy.MemberStatus // empty: the person cannot be checked
	}{
		"limiting, a member":                        {[]string{member}, time.Minute, limited("30"), policy.Member},
		"limiting without a time, a member":         {[]string{member}, time.Second, status(429, ""), policy.Member},
		"limiting in words, a member":               {[]string{member}, time.Second, status(200, `{"ok":false,"error":"ratelimited"}`), policy.Member},
		"limiting, a member more than a minute ago": {[]string{member}, time.Minute + time.Millisecond, limited("30"), ""},
		"limiting, a guest":                         {[]string{guest}, time.Second, limited("30"), ""},
		"limiting, a user deactivated since":        {[]string{member, gone}, time.Second, limited("30"), ""},
		"limiting, no user known":                   {nil, time.Second, limited("30"), ""},
		"limiting, the clock went back":             {[]string{member}, -time.Hour, limited("30"), ""},
		"away, a member":                            {[]string{member}, time.Second, status(503, ""), ""},
		"no answer, a member":                       {[]string{member}, time.Second, cut, ""},
		"half an answer, a member":                  {[]string{member}, time.Second, status(200, `{"ok":true,"user":{"id":"U1"}}`), ""},
		"deactivated now":                           {[]string{member}, time.Second, status(200, `{"ok":true,"user":{"id":"U1",`+gone+`}}`), policy.Deactivated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock movable
			s, w := connected(t, clock.Now)
			directory, who := s.Directory(), policy.Actor{User: "U1", Team: "T1"}
			for _, user := range tt.before {
				w.add(callError{method: "users.info", answer: status(200, `{"ok":true,"user":{"id":"U1",`+user+`}}`)})
				_, err := directory.MemberStatus(t.Context(), who)
				require.NoError(t, err)
			}
			clock.advance(tt.after)
			w.add(callError{method: "users.info", answer: tt.answer})
			got, err := directory.MemberStatus(t.Context(), who)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.want == "", err != nil, "%v", err)
			require.Equal(t, len(tt.before)+1, w.count("users.info"), "Slack is asked anew each time")
		})
	}
}

// TestOneLookUpADelivery, and none for what is only shown within a minute.
func TestOneLookUpADelivery(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		if name != "over Socket Mode" && name != "over HTTP" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, edits...)
			costs := func(doing string, want int, do func()) {
				t.Helper()
				d.app.Wait()
				before := d.weather.count("users.info")
				do()
				d.app.Wait()
				require.Equal(t, want, d.weather.count("users.info")-before, doing)
			}
			costs("an approver opens Home", 1, func() { require.NoError(t, d.OpenHome(t.Context(), bob)) })
			costs("and again", 0, func() { require.NoError(t, d.OpenHome(t.Context(), bob)) })
			var r approval.Request
			costs("a form is opened and sent", 2, func() { r = d.asks(alice) })
			costs("the list is shown", 0, func() { d.types(alice, "list") })
			costs("a press on the card", 1, func() { d.presses(bob, "card/approve") })
			d.is(r.ID, approval.StateApproved)
			costs("a press in Home, and Home drawn again", 1, func() {
				require.NoError(t, d.OpenHome(t.Context(), alice))
				d.app.Wait()
				require.NoError(t, d.ClickInHome(t.Context(), alice, "withdraw"))
			})
			d.is(r.ID, approval.StateWithdrawn)
			d.clean()
		})
	}
}

// TestWhatIsOnlyShownNeedsNoNewLookUp: Slack may be asked for nothing at all.
func TestWhatIsOnlyShownNeedsNoNewLookUp(t *testing.T) {
	t.Parallel()
	d := openRich(t)
	d.opensForm(alice)
	for range 20 {
		d.weather.add(callError{method: "users.info", answer: limited("60")})
	}
	require.Equal(t, []string{"payments"}, labels(d.suggests(alice, "PAY")))
	d.fills(alice, filled())
	d.app.Wait()
	require.Contains(t, shown(d.seesModal(alice)), "This needs", "the form follows what was chosen")
	require.Equal(t, sandbox.Closed, d.submits(alice, nil).Outcome, "and is taken: a minute ago she was a member")
}

// TestSomebodyIsToldHowLongSlackWantsToBeLeftAlone, wherever they are refused.
func TestSomebodyIsToldHowLongSlackWantsToBeLeftAlone(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.weather.add(callError{method: "users.info", answer: limited("17")})
	d.types(alice, "list")
	d.seesText(alice, "Slack wants me to wait before I look up who you are, so nothing was changed. Try again in 17 seconds.")
	d.types(alice, "")
	d.seesModal(alice)
	d.Deactivate(sandbox.Carol)
	d.app.Wait()
	d.weather.add(callError{method: "users.info", answer: limited("86400")})
	d.types(bob, "list")
	d.seesText(bob, "Try again in 10 minutes.")
}

func TestAGroupIsReadToItsLastPage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers []string
		want    []policy.UserID // nil: it could not be read
	}{
		"one page":                    {[]string{`{"ok":true,"users":["U1","U2"]}`}, []policy.UserID{"U1", "U2"}},
		"an empty cursor":             {[]string{`{"ok":true,"users":["U1"],"response_metadata":{"next_cursor":""}}`}, []policy.UserID{"U1"}},
		"two pages":                   {[]string{`{"ok":true,"users":["U1"],"response_metadata":{"next_cursor":"c"}}`, `{"ok":true,"users":["U2"]}`}, []policy.UserID{"U1", "U2"}},
		"an empty page in the middle": {[]string{`{"ok":true,"users":["U1"],"response_metadata":{"next_cursor":"c"}}`, `{"ok":true,"users":[],"response_metadata":{"next_cursor":"d"}}`, `{"ok":true,"users":["U2"]}`}, []policy.UserID{"U1", "U2"}},
		"the second page is refused":  {[]string{`{"ok":true,"users":["U1"],"response_metadata":{"next_cursor":"c"}}`, `{"ok":false,"error":"invalid_cursor"}`}, nil},
		"the second page is limited":  {[]string{`{"ok":true,"users":["U1"],"response_metadata":{"next_cursor":"c"}}`, `{"ok":false,"error":"ratelimited"}`}, nil},
		"the second page says less":   {[]string{`{"ok":true,"users":["U1"],"response_metadata":{"next_cursor":"c"}}`, `{"ok":true}`}, nil},
		"no users":                    {[]string{`{"ok":true}`}, nil},
		"ok is not said":              {[]string{`{"users":["U1"]}`}, nil},
		"a page of HTML":              {[]string{`<html>`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, w := connected(t, time.Now)
			for _, a := range tt.answers {
				w.add(callError{method: "usergroups.users.list", answer: status(200, a)})
			}
			got, err := s.Directory().Members(t.Context(), "S1")
			require.Equal(t, tt.want, got)
			require.Equal(t, len(tt.answers), w.count("usergroups.users.list"))
			if tt.want == nil {
				_, isFault := errors.AsType[*approval.CallError](err)
				require.True(t, isFault, "%v", err)
			}
		})
	}
}

// TestAGroupWithoutEndIsNotRead for ever.
func TestAGroupWithoutEndIsNotRead(t *testing.T) {
	t.Parallel()
	s, w := connected(t, time.Now)
	for i := range 100 {
		w.add(callError{method: "usergroups.users.list", answer: status(200, fmt.Sprintf(`{"ok":true,"users":["U%d"],"response_metadata":{"next_cursor":"c"}}`, i))})
	}
	_, err := s.Directory().Members(t.Context(), "S1")
	require.Error(t, err)
	require.LessOrEqual(t, w.count("usergroups.users.list"), 20)
}

// TestAnApproverOnTheSecondPageOfAGroupCanApprove: no page is left out.
func TestAnApproverOnTheSecondPageOfAGroupCanApprove(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) { s.GroupPage = 1 })
	d.SetGroup(sandbox.Approvers, dana, bob)
	r := d.asks(alice)
	d.presses(bob, "card/approve")
	d.is(r.ID, approval.StateApproved)
}
