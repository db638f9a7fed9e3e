// Package approvaltest helps to test what is built on package approval: one
// suite that every Store passes, and fakes for the ports that fail on
// demand. It is for tests alone. The fakes do what the contracts in
// package approval say and no more; they know nothing of Slack or Atlas.
//
// Every fake may be used from many goroutines at once. Exported fields are
// set before the first use.
package approvaltest
