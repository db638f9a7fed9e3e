// Package approval is the life of a request for an Atlas API key. It knows
// people, decisions, states and time; it knows no Slack, no Atlas, no SQL and
// no HTTP, and reaches them through the four ports of ports.go.
//
// The story of a request: somebody asks ([Service.EventSubmit]) and the row is on
// disk before anybody hears of it. An approver decides ([Service.EventApprove],
// [Service.EventDeny]). The requester presses a button ([Service.Issue]), and only
// then the [Worker] makes the key, puts its access list on it, shows the
// private half once and remembers nothing of it. The requester says that it is
// saved ([Service.EventConfirm]) or was never seen ([Service.EventReplace]). At its end
// date, or when its owner says so ([Service.EventRevoke]), the key is deleted.
//
// Every change is one [Store.Move]. Whatever follows from a change is owed by
// the row and read from it, so that a crash at any point loses nothing.
package approval
