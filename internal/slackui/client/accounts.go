package client

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/backoff"
	"atlaskeybot/internal/cache"
	"atlaskeybot/internal/slackui/pace"
)

// An account is what Slack says of one person: as much of it as is decided by.
// What Slack left out is not taken for a no.
type account struct {
	missing, hidden               bool // there is none, or Slack does not show it to us
	deleted, bot, external, guest bool
	saysDeleted, saysAll          bool // whether Slack said the first of these, and all of them
	team, enterprise              string
}

// userInfo is the answer of users.info. A flag that Slack did not send is nil:
// slack-go takes it for false, which would make a full member of everybody about
// whom Slack answers with half a user.
type userInfo struct {
	slack.SlackResponse
	User struct {
		ID                string `json:"id"`
		TeamID            string `json:"team_id"`
		Deleted           *bool  `json:"deleted"`
		IsBot             *bool  `json:"is_bot"`
		IsRestricted      *bool  `json:"is_restricted"`
		IsUltraRestricted *bool  `json:"is_ultra_restricted"`
		IsStranger        bool   `json:"is_stranger"`     // sent of people of other workspaces only
		IsInvitedUser     bool   `json:"is_invited_user"` // sent of people who were invited only
		RealName          string `json:"real_name"`
		Enterprise        struct {
			ID string `json:"enterprise_id"`
		} `json:"enterprise_user"`
	} `json:"user"`
}

func (i userInfo) account() account {
	u, is := i.User, func(flag *bool) bool { return flag != nil && *flag }
	return account{
		deleted:     is(u.Deleted),
		bot:         is(u.IsBot) || u.ID == slackbot,
		external:    u.IsStranger || u.IsInvitedUser,
		guest:       is(u.IsRestricted) || is(u.IsUltraRestricted),
		saysDeleted: u.Deleted != nil,
		saysAll:     u.Deleted != nil && u.IsBot != nil && u.IsRestricted != nil && u.IsUltraRestricted != nil,
		team:        u.TeamID, enterprise: u.Enterprise.ID,
	}
}

const (
	// accountFresh is how old an answer may be that something is drawn from, and
	// one that an act is allowed by while Slack asks to be left alone.
	accountFresh = time.Minute

	accountsMax = 20_000 // people in each generation

	// drawnEvery and drawnAtOnce bound the look-ups for drawing, of everybody
	// together. Slack allows about a hundred a minute for the whole workspace:
	// what is left is for acts.
	drawnEvery  = time.Second
	drawnAtOnce = 20
)

// accounts are the people that Slack was asked about lately.
type accounts struct {
	drawing *rate.Limiter
	asking  *pace.Limiter

	mu     sync.Mutex
	people *cache.Cache[policy.UserID, known]

	limitedAt time.Time // when Slack last asked to be left alone
}

type known struct {
	account account
	at      time.Time
}

func newAccounts(now func() time.Time) *accounts {
	return &accounts{
		drawing: rate.NewLimiter(rate.Every(drawnEvery), drawnAtOnce), asking: pace.New(now),
		people: cache.New[policy.UserID, known](cache.Limits{TTL: accountFresh, Entries: accountsMax}),
	}
}

// lately returns what Slack said of user within accountFresh. An answer from the
// future was given before the clock went back: its age is not known.
func (a *accounts) lately(user policy.UserID, now time.Time) (account, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.people.Get(user, now)
	age := now.Sub(k.at)
	return k.account, ok && age >= 0 && age <= accountFresh
}

func (a *accounts) learn(user policy.UserID, is account, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.people.Put(user, known{is, now}, now)
}

func (a *accounts) limited(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.limitedAt = now
}

// isScarce reports whether Slack asked to be left alone a short while ago.
func (a *accounts) isScarce(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return approval.IsWithin(a.limitedAt, now, scarceFor)
}

// lookups are what one delivery of Slack's has learned of people: within it
// no user is looked up twice.
type lookups struct {
	mu      sync.Mutex
	learned map[policy.UserID]account
}

func (d *lookups) recall(user policy.UserID) (account, bool) {
	if d == nil {
		return account{}, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	is, ok := d.learned[user]
	return is, ok
}

func (d *lookups) learn(user policy.UserID, is account) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.learned[user] = is
}

type contextKey int

const (
	keyDelivery contextKey = iota // holds a *lookups
	keyRefresh                    // set if nothing is changed
)

// ForDelivery hands down that everything under ctx is one delivery.
func ForDelivery(ctx context.Context) context.Context {
	return context.WithValue(ctx, keyDelivery, &lookups{learned: map[policy.UserID]account{}})
}

// ForRefresh hands down that what is found out under ctx is shown, and changes
// nothing: an answer of a minute ago is enough.
func ForRefresh(ctx context.Context) context.Context { return context.WithValue(ctx, keyRefresh, true) }

// account is what Slack says of user:
//
//   - once in a delivery;
//   - for drawing, what it said within the last minute;
//   - for an act, what it says now. If Slack asks to be left alone, what it said
//     within the last minute counts if that is enough; a deactivation is late by
//     that minute then, rather than everybody's approvals and revocations.
//
// The error is or wraps a *[approval.CallError].
func (d *Directory) account(ctx context.Context, user policy.UserID, enough func(account) bool) (account, error) {
	in, _ := ctx.Value(keyDelivery).(*lookups)
	if is, ok := in.recall(user); ok {
		return is, nil
	}
	recent, isRecent := d.accounts.lately(user, d.slack.Config.Now())
	if ctx.Value(keyRefresh) != nil && isRecent {
		return recent, nil
	}
	is, err := d.askOnce(ctx, user)
	if slices.Contains(pace.RateLimited, CodeOf(err)) && isRecent && enough(recent) {
		is, err = recent, nil
	}
	if err != nil {
		return account{}, err
	}
	in.learn(user, is)
	return is, nil
}

const (
	// scarceFor is how long after Slack limited us look-ups are kept for those
	// who took few.
	scarceFor = time.Minute

	// isWorthWaiting is a wait after which a person can still be answered in time.
	isWorthWaiting = time.Second
)

// askOnce asks Slack if it is user's turn. Look-ups for drawing leave some for
// acts, and while Slack limits us those who act a lot leave some for the others.
func (d *Directory) askOnce(ctx context.Context, user policy.UserID) (account, error) {
	a, now := d.accounts, d.slack.Config.Now()
	wait, _ := a.asking.Take(user, pace.Asking)
	if ctx.Value(keyRefresh) != nil {
		wait = pace.WaitFor(a.drawing, now)
	} else if !a.isScarce(now) {
		wait = 0
	}
	if wait > 0 {
		return account{}, &approval.CallError{Class: approval.Transient, Code: pace.CodeRateLimited, RetryAfter: wait, Err: errBusy}
	}
	is, err := d.askAbout(ctx, user)
	if !slices.Contains(pace.RateLimited, CodeOf(err)) {
		return is, err
	}
	a.limited(d.slack.Config.Now())
	if wait := pace.AskedToWait(err); wait == 0 || wait > isWorthWaiting || ctx.Value(keyRefresh) != nil {
		return is, err
	}
	if backoff.Sleep(ctx, isWorthWaiting) != nil {
		return is, err
	}
	return d.askAbout(ctx, user)
}

var errBusy = errors.New("too many look-ups at once; others go first")

// statusTimeout leaves room for the disk and the answer within Slack's three
// seconds.
const statusTimeout = 1500 * time.Millisecond

// askAbout asks Slack, and remembers what it says.
func (d *Directory) askAbout(ctx context.Context, user policy.UserID) (account, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	var said userInfo
	err := d.slack.call(ctx, "users.info", url.Values{"user": {string(user)}}, &said)
	if err == nil {
		err = said.Err()
	}
	var is account
	switch code := CodeOf(err); {
	case code == "user_not_found":
		is.missing = true
	case code == "user_not_visible":
		is.hidden = true
	case err != nil:
		return account{}, CallError(err)
	case !said.Ok, said.User.ID != string(user):
		return account{}, MalformedResponse("users.info")
	default:
		is = said.account()
		d.slack.names.learn(user, said.User.RealName, d.slack.Config.Now())
	}
	if is.saysAll || is.missing || is.hidden || is.deleted {
		d.accounts.learn(user, is, d.slack.Config.Now())
	}
	return is, nil
}
