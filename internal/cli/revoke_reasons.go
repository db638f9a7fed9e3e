package cli

import (
	"fmt"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// noKeyReason returns why a request has no active key, and what to do.
func noKeyReason(r approval.Request) string {
	if r.Type == approval.Extension || r.Type == approval.AccessListChange {
		return fmt.Sprintf("%s is about a change of the key of %s: revoke that one", r.ID, r.ParentID)
	}
	switch {
	case r.Leftover.IsOpen():
		return fmt.Sprintf("Atlas said that the key %s of %s was deleted, and lists it again: a running bot keeps deleting it. If it cannot wait, delete it in Atlas", r.Leftover.Key.PublicKey, r.ID)
	case len(r.UnresolvedCreates) > 0:
		return fmt.Sprintf("Atlas did not say whether it created a key for %s: a running bot that is set up for the organization %s looks for one and deletes it. If it cannot wait, look in Atlas for a key whose description contains %s", r.ID, r.Org, r.ID)
	}
	switch r.State {
	case approval.StatePending:
		return fmt.Sprintf("%s has no key: it waits for a decision. Deny it in Slack", r.ID)
	case approval.StateApproved:
		return fmt.Sprintf("%s has no key: it is approved, and its requester can create one until %s. Revoke it then", r.ID, inUTC(r.ExpiresAt))
	case approval.StateIssuing:
		if r.Issuance.Stage == approval.StageStarted {
			return fmt.Sprintf("the key of %s is being created at this moment: try again in a minute. If nothing changes, a bot that is set up for the organization %s has to be started: it cleans up", r.ID, r.Org)
		}
		return fmt.Sprintf("the key of %s is being created at this moment: try again in a minute", r.ID)
	case approval.StateEnded:
		return fmt.Sprintf("the key %s of %s is deleted already: it ended on %s", r.Key.PublicKey, r.ID, inUTC(r.Outcome.At))
	case approval.StateDenied:
		return fmt.Sprintf("%s has no key: it was denied", r.ID)
	case approval.StateWithdrawn:
		return fmt.Sprintf("%s has no key: its requester withdrew it", r.ID)
	case approval.StateExpired:
		return fmt.Sprintf("%s has no key: it expired", r.ID)
	}
	return fmt.Sprintf("%s has no key: none could be created", r.ID)
}

// remainingKeys names the keys of those requests that may exist, with the command
// that has them deleted: one command is enough for all keys of a rotation.
func remainingKeys(all []approval.Request) string {
	var ids []policy.ID
	var keys []string
	for _, r := range all {
		if r.State.HasKey() {
			ids, keys = append(ids, r.ID), append(keys, keyText(r))
		}
	}
	switch len(ids) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(". Another key of its rotations is left: %s. To have it deleted, run atlas-key-bot revoke %s", keys[0], ids[0])
	}
	return fmt.Sprintf(". Other keys of its rotations are left: %s. To have them deleted, run atlas-key-bot revoke %s", strings.Join(keys, ", "), ids[0])
}

func inUTC(at time.Time) string {
	if at.IsZero() {
		return "an unknown time"
	}
	return at.UTC().Format(time.DateTime) + " UTC"
}

// pendingReason returns why a revoked key still exists.
func pendingReason(m approval.Deletion) string {
	why := "Atlas refuses to delete it"
	switch m.Cause {
	case approval.CauseNone:
		return "the bot has not tried it yet"
	case approval.CauseAtlasUnavailable, approval.CauseUnknown:
		why = "Atlas does not answer, or limits the rate of calls"
	case approval.CauseNoOrg:
		why = "the bot is not set up for its organization any more; set it up again, or delete the key in Atlas"
	case approval.CauseInvalidCredential:
		why = "Atlas does not accept the bot's own credential"
	case approval.CauseNotPermitted:
		why = "Atlas does not allow the bot to delete it"
	}
	if m.Code != "" {
		why += " (" + m.Code + ")"
	}
	return why
}
