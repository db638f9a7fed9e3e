package view

import (
	"context"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A KeyTarget is a key whose owner asks for a change of it in a modal.
type KeyTarget struct {
	Request  approval.Request
	Org      policy.Org
	Metadata string // of the modal: see [requestMetadata]
}

// A MayChange is [approval.Service.MayReplaceAccessList] or [approval.Service.MayExtend].
type MayChange func(context.Context, policy.Actor, policy.ID) (approval.Request, policy.Org, error)
