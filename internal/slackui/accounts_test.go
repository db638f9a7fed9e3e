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
func connected(t *testing.T, now func() time.Time) (*client.Slack, *faultyTransport) {
	t.Helper()
	w := &faultyTransport{}
	w.add(fault{method: "auth.test", answer: status(200, `{"ok":true,"team_id":"T1","user_id":"U0BOT"}`)})
	s, err := client.Connect(t.Context(), client.Config{Token: secret.New("xoxb"), APIURL: "https://slack.test/api/", Now: now, Transport: w})
	require.NoError(t, err)
	return s, w
}

// TestRateLimitedLookUpUsesRecentAnswer: a deactivation is late by a
// minute then, rather than everybody's approvals.
func TestRateLimitedLookUpUsesRecentAnswer(t *testing.T) {
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
		"no answer, a member":                       {[]string{member}, time.Second, connectionReset, ""},
		"half an answer, a member":                  {[]string{member}, time.Second, status(200, `{"ok":true,"user":{"id":"U1"}}`), ""},
		"deactivated now":                           {[]string{member}, time.Second, status(200, `{"ok":true,"user":{"id":"U1",`+gone+`}}`), policy.Deactivated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock testClock
			s, w := connected(t, clock.Now)
			directory, who := s.Directory(), policy.Actor{User: "U1", Team: "T1"}
			for _, user := range tt.before {
				w.add(fault{method: "users.info", answer: status(200, `{"ok":true,"user":{"id":"U1",`+user+`}}`)})
				_, err := directory.MemberStatus(t.Context(), who)
				require.NoError(t, err)
			}
			clock.advance(tt.after)
			w.add(fault{method: "users.info", answer: tt.answer})
			got, err := directory.MemberStatus(t.Context(), who)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.want == "", err != nil, "%v", err)
			require.Equal(t, len(tt.before)+1, w.count("users.info"), "Slack is asked anew each time")
		})
	}
}

// TestPeopleAreLookedUpOnceADelivery, and none for what is only shown within a minute.
func TestPeopleAreLookedUpOnceADelivery(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		if name != "over Socket Mode" && name != "over HTTP" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, edits...)
			costs := func(doing string, want int, do func()) {
				t.Helper()
				d.app.Wait()
				before := d.faults.count("users.info")
				do()
				d.app.Wait()
				require.Equal(t, want, d.faults.count("users.info")-before, doing)
			}
			costs("an approver opens Home", 1, func() { require.NoError(t, d.OpenHome(t.Context(), bob)) })
			costs("and again", 0, func() { require.NoError(t, d.OpenHome(t.Context(), bob)) })
			var r approval.Request
			costs("a form is opened and sent", 2, func() { r = d.request(alice) })
			costs("the list is shown", 0, func() { d.command(alice, "list") })
			costs("a press on the card", 1, func() { d.click(bob, "card/approve") })
			d.waitForState(r.ID, approval.StateApproved)
			costs("a press in Home, and Home drawn again", 1, func() {
				require.NoError(t, d.OpenHome(t.Context(), alice))
				d.app.Wait()
				require.NoError(t, d.ClickInHome(t.Context(), alice, "withdraw"))
			})
			d.waitForState(r.ID, approval.StateWithdrawn)
			d.requireClean()
		})
	}
}

// TestDisplayUsesRecentLookUp: Slack may be asked for nothing at all.
func TestDisplayUsesRecentLookUp(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	d.openForm(alice)
	for range 20 {
		d.faults.add(fault{method: "users.info", answer: limited("60")})
	}
	require.Equal(t, []string{"payments"}, labels(d.options(alice, "PAY")))
	d.fill(alice, filled())
	d.app.Wait()
	require.Contains(t, modalText(d.waitForModal(alice)), "This needs", "the form follows what was chosen")
	require.Equal(t, sandbox.Closed, d.submit(alice, nil).Outcome, "and is taken: a minute ago she was a member")
}

// TestRateLimitedUserReadsHowLongToWait, wherever they are refused.
func TestRateLimitedUserReadsHowLongToWait(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	d.faults.add(fault{method: "users.info", answer: limited("17")})
	d.command(alice, "list")
	d.waitForMessage(alice, "Slack wants me to wait before I look up who you are, so nothing was changed. Try again in 17 seconds.")
	d.command(alice, "")
	d.waitForModal(alice)
	d.Deactivate(sandbox.Carol)
	d.app.Wait()
	d.faults.add(fault{method: "users.info", answer: limited("86400")})
	d.command(bob, "list")
	d.waitForMessage(bob, "Try again in 10 minutes.")
}

func TestGroupIsReadToItsLastPage(t *testing.T) {
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
				w.add(fault{method: "usergroups.users.list", answer: status(200, a)})
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

// TestEndlessGroupIsNotRead for ever.
func TestEndlessGroupIsNotRead(t *testing.T) {
	t.Parallel()
	s, w := connected(t, time.Now)
	for i := range 100 {
		w.add(fault{method: "usergroups.users.list", answer: status(200, fmt.Sprintf(`{"ok":true,"users":["U%d"],"response_metadata":{"next_cursor":"c"}}`, i))})
	}
	_, err := s.Directory().Members(t.Context(), "S1")
	require.Error(t, err)
	require.LessOrEqual(t, w.count("usergroups.users.list"), 20)
}

// TestApproverOnSecondPageOfGroupCanApprove: no page is left out.
func TestApproverOnSecondPageOfGroupCanApprove(t *testing.T) {
	t.Parallel()
	d := newEnv(t, func(s *envOptions) { s.GroupPage = 1 })
	d.SetGroup(sandbox.Approvers, dana, bob)
	r := d.request(alice)
	d.click(bob, "card/approve")
	d.waitForState(r.ID, approval.StateApproved)
}
