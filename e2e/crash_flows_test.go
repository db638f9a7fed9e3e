package e2e

import (
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
)

// A flow is what people want. They follow no script: they look at their
// screens and click what is offered and what they want, again if nothing came
// of it.
type flow struct {
	name     string
	overHTTP bool
	lag      atlas.Lag
	policy   string // of a policy file; none if empty
	orgs     int    // how many organizations; one if zero
	people   []person

	grant grant          // what its keys may do when they are shown; usual if left out
	ends  []outcome      // how its requests end, in the order in which they are made
	posts map[string]int // sentences, and how often they are posted

	messages int // how many are posted in all, if nothing disturbs the flow

	withoutFaults map[string]int // the messages of the flow without faults; see checkMessagesOnce
	took          time.Duration  // how long it lasts then
}

// A person is a user of the cast, and what they want, most urgent first.
type person struct {
	who   string
	wants []act
}

// A outcome is how a request ends.
type outcome struct {
	state approval.State
	cause approval.Cause
	lives time.Duration // from its first key's making to its last key's end; zero: as people like
}

// atEndDate is a key that lives as long as it was to.
func atEndDate(lives time.Duration) outcome {
	return outcome{approval.StateEnded, approval.CauseKeyExpired, lives}
}

// ended is how a request ends, where people say when.
func ended(state approval.State, cause approval.Cause) outcome { return outcome{state, cause, 0} }

// A grant is what a key may do: its parts as [crashRun.grantOf] writes them.
type grant struct {
	org                   int // from 0
	roles, from, projects string
}

// defaultGrant is what [requestInput] asks for.
var defaultGrant = grant{roles: "ORG_BILLING_READ_ONLY", from: "198.51.100.0/24 203.0.113.7"}

func (f flow) shownWith() grant {
	if f.grant == (grant{}) {
		return defaultGrant
	}
	return f.grant
}

var (
	approves = press("card/approve")
	denies   = sends("denial", press("card/deny"), "deny", as(entered("reason", "use the dashboard")))

	asks      = sends("form", types("/atlas-key", ""), "form", as(requestInput()))
	asksWeek  = sends("form", types("/atlas-key", ""), "form", as(requestInput(field("lifetime", slack.Pick("168h0m0s")))))
	creates   = press("ready/issue")
	revokes   = press("ready/revoke")
	switches  = until("The earlier key .* is being deleted", press("ready/retire_predecessor"))
	withdraws = either(press("requested/withdraw"), press("ready/withdraw"))
	rotates   = until("is to replace it|No approval needed: replaces", press("ready/rotate"))

	wantsADayMore = sends("extension", press("ready/extend"), "extend", as(with(entered("reason", "the export is not done"), "lifetime", "24h0m0s")))
)

func wantsFrom(networks string) act {
	return sends("replace_access_list", press("ready/replace_access_list"), "replace_access_list", as(with(entered("reason", "another runner"), "networks", networks)))
}

// flows are all the ways through the machine that people take.
func flows() []flow {
	all := [][]flow{newKeyFlows(), changeFlows(), rotationFlows(), ruleFlows()}
	var flows []flow
	for _, some := range all {
		flows = append(flows, some...)
	}
	return flows
}

// lag is how late Atlas's lists can be.
var lag = atlas.Lag{Create: 20 * time.Second, Delete: 20 * time.Second}

func newKeyFlows() []flow {
	bob := person{bob, []act{approves}}
	return []flow{
		{
			name: "saved, until its end date", messages: 6, people: []person{bob, {alice, []act{asks, creates, saves}}},
			ends: []outcome{atEndDate(8 * time.Hour)}, posts: map[string]int{expiryReminder: 1},
		},
		{
			name: "not seen, then revoked", messages: 7, overHTTP: true, people: []person{bob, {alice, []act{asks, creates, sawNothing, saves, revokes}}},
			ends: []outcome{ended(approval.StateEnded, approval.CauseRevoked)},
		},
		{
			name: "not seen, and Atlas lags", messages: 7, lag: lag, people: []person{bob, {alice, []act{asks, creates, sawNothing, saves, revokes}}},
			ends: []outcome{ended(approval.StateEnded, approval.CauseRevoked)},
		},
		{
			name: "never confirmed", messages: 7, people: []person{bob, {alice, []act{asks, creates}}},
			ends: []outcome{ended(approval.StateEnded, approval.CauseUnconfirmed)}, posts: map[string]int{`Did you save your key`: 1},
		},
		{
			name: "denied", messages: 4, overHTTP: true, people: []person{{alice, []act{asks}}, {slack.Bob, []act{denies}}},
			ends: []outcome{ended(approval.StateDenied, "")},
		},
		{
			name: "withdrawn", messages: 3, people: []person{{alice, []act{asks, withdraws}}},
			ends: []outcome{ended(approval.StateWithdrawn, "")},
		},
		{
			name: "never decided", messages: 5, overHTTP: true, people: []person{{alice, []act{asks}}},
			ends: []outcome{ended(approval.StateExpired, approval.CauseUndecided)},
		},
		{
			name: "approved and revoked in the Home tab", messages: 6,
			people: []person{
				{slack.Bob, []act{until("Approved by .*: request", after("Waiting for", pressAtHome("home/approve")))}},
				{alice, []act{asks, creates, saves, after("is active. Expires", pressAtHome("home/revoke"))}},
			},
			ends: []outcome{ended(approval.StateEnded, approval.CauseRevoked)},
		},
		{
			name: "approved, never collected", messages: 5, people: []person{bob, {alice, []act{asks}}},
			ends: []outcome{ended(approval.StateExpired, approval.CauseNotIssuedInTime)},
		},
	}
}

const day = 24 * time.Hour

// expiryReminder is said to an owner before a key's end.
const expiryReminder = `Your key .* Then it's deleted, and whatever uses it stops working`

// changeFlows change a key that lives.
func changeFlows() []flow {
	bob := person{bob, []act{approves}}
	done := ended(approval.StateApplied, "")
	return []flow{
		{
			name: "extended, then revoked", messages: 10, people: []person{bob, {alice, []act{asks, creates, saves, wantsADayMore, after("extended to", revokes)}}},
			ends: []outcome{ended(approval.StateEnded, approval.CauseRevoked), done},
		},
		{
			name: "extension denied", messages: 10, overHTTP: true,
			people: []person{
				{slack.Bob, []act{on(1, approves), after("wants to extend", denies)}},
				{alice, []act{asks, creates, saves, wantsADayMore}},
			},
			ends: []outcome{atEndDate(8 * time.Hour), ended(approval.StateDenied, "")}, posts: map[string]int{expiryReminder: 1},
		},
		{
			name: "other addresses, approved", messages: 10, people: []person{bob, {alice, []act{asks, creates, saves, wantsFrom("203.0.113.7 192.0.2.9"), after("IP access list of .* updated", revokes)}}},
			ends: []outcome{ended(approval.StateEnded, approval.CauseRevoked), done},
		},
		{
			name: "fewer addresses", messages: 8, overHTTP: true, people: []person{bob, {alice, []act{asks, creates, saves, wantsFrom("203.0.113.7"), after("IP access list of .* updated", revokes)}}},
			ends: []outcome{ended(approval.StateEnded, approval.CauseRevoked), done},
		},
		{
			name: "reminded of its end", messages: 7, people: []person{bob, {alice, []act{asksWeek, creates, saves}}},
			ends: []outcome{atEndDate(7 * day)}, posts: map[string]int{expiryReminder: 2},
		},
	}
}

// rotationFlows have two keys, for a while.
func rotationFlows() []flow {
	bob := person{bob, []act{approves}}
	return []flow{
		{
			name: "rotated, and switched over", messages: 11, people: []person{bob, {alice, []act{asks, creates, saves, on(1, rotates), switches, after("replaced it", on(2, revokes))}}},
			ends: []outcome{ended(approval.StateEnded, approval.CauseReplaced), ended(approval.StateEnded, approval.CauseRevoked)},
		},
		{
			name: "rotated, and the overlap ends", messages: 13, overHTTP: true, people: []person{bob, {alice, []act{asksWeek, creates, saves, on(1, rotates)}}},
			ends: []outcome{atEndDate(day), atEndDate(7 * day)},
		},
		{
			name: "rotated, never collected", messages: 10, people: []person{bob, {alice, []act{asks, on(1, creates), saves, on(1, rotates)}}},
			ends: []outcome{atEndDate(8 * time.Hour), ended(approval.StateExpired, approval.CauseKeyExpired)},
		},
	}
}
