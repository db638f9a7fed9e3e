package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A button is written as surface/verb, as in "card/approve": the surface is what
// the block_id begins with, and the verb the action_id. A Home tab has no
// block_ids of its own, so that "home/approve" is any button with that verb.
var isButton = regexp.MustCompile(`^[a-z_]+/[a-z_:]+$`)

// verbOf is the action_id of a button.
func verbOf(button string) string {
	_, verb, _ := strings.Cut(button, "/")
	return verb
}

// messageOf is the message that a surface is, the first if there are several.
func messageOf(surface string) string {
	for _, m := range []approval.MessageName{
		approval.DriftNotice(1), approval.UnknownKeyNotice, approval.ReviewNotice, approval.OwnsNotice,
		approval.ExpiryReminderMessage(1), approval.TransferMessage(1), approval.OwnerDeactivatedNotice(1), approval.RequestedMessage, approval.DeletionOverdueMessage,
	} {
		if surfaceOf(string(m)) == surface {
			return string(m)
		}
	}
	return surface
}

// surfaceOf is the surface that a message is: its name without its number.
func surfaceOf(message string) string {
	kind, _, _ := strings.Cut(message, ".")
	for name, m := range map[string]approval.MessageName{
		"requested": approval.RequestedMessage, "deletion_overdue": approval.DeletionOverdueMessage, "unknown_key": approval.UnknownKeyNotice,
		"expiry_reminder": approval.ExpiryReminderMessage(1), "owner_deactivated": approval.OwnerDeactivatedNotice(1), "owned_projects": approval.OwnsNotice,
	} {
		if k, _, _ := strings.Cut(string(m), "."); k == kind {
			return name
		}
	}
	return kind
}

// blockOf is the block_id of a button.
func blockOf(button string, id policy.ID) string {
	surface, _, _ := strings.Cut(button, "/")
	return messageOf(surface) + ":" + string(id)
}

// offersButton reports whether the blocks of a message, or a Home tab, have a
// button.
func offersButton(screen []byte, button string) bool {
	surface, verb, _ := strings.Cut(button, "/")
	if !strings.Contains(string(screen), `"`+verb+`"`) {
		return false
	}
	var home struct{ Blocks json.RawMessage }
	if json.Unmarshal(screen, &home) == nil {
		screen = home.Blocks
	}
	type element struct {
		ActionID string `json:"action_id"`
	}
	var blocks []struct {
		Type      string
		BlockID   string `json:"block_id"`
		Accessory element
		Elements  json.RawMessage
	}
	if json.Unmarshal(screen, &blocks) != nil {
		return false
	}
	for _, b := range blocks {
		if on, _, _ := strings.Cut(b.BlockID, ":"); surface != "home" && surfaceOf(on) != surface {
			continue
		}
		var elements []element
		if b.Type == "actions" {
			_ = json.Unmarshal(b.Elements, &elements)
		}
		if slices.Contains(append(elements, b.Accessory), element{verb}) {
			return true
		}
	}
	return false
}
