// Package approvaltest helps to test what is built on package approval: one
// suite that every Store passes, and stand-ins for the four ports that fail on
// demand. It is for tests alone. The stand-ins do what the contracts in
// package approval say and no more; they know nothing of Slack or Atlas.
//
// Every stand-in may be used from many goroutines at once. Exported fields are
// set before the first use.
package approvaltest
