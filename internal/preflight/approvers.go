package preflight

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/slackui/client"
)

// maxLookups bounds the members of one group that are looked up: Slack allows about
// a hundred such calls a minute.
const maxLookups = 40

// NotMemberReason returns why a user with this status cannot decide.
func NotMemberReason(status policy.MemberStatus) string { return notMemberReasons[status] }

var notMemberReasons = map[policy.MemberStatus]string{
	policy.Guest:       "is a guest",
	policy.Deactivated: "is deactivated",
	policy.Bot:         "is a bot",
	policy.External:    "is not of this workspace",
}

// An approverCheck checks the approvers of one organization.
type approverCheck struct {
	*checker
	workspace *client.Slack
	directory *client.Directory

	excluded map[policy.UserID]bool // who may not approve
	deciders map[policy.UserID]bool // who can decide
	unsure   bool                   // whether a lookup failed
}

// approvers checks each approver, and whether there are enough of them.
func (c *checker) approvers(ctx context.Context) {
	s := c.workspace
	r := &approverCheck{checker: c, workspace: s, directory: s.Directory(), excluded: map[policy.UserID]bool{}, deciders: map[policy.UserID]bool{}}
	r.excludeApprovers(ctx)
	named := c.org.Policy.Approvers()
	for _, u := range named.Users {
		if config.IsApproverID(string(u)) { // others are problems of the configuration
			r.person(ctx, u)
		}
	}
	if len(named.Groups) > 0 {
		r.groups(ctx, named.Groups)
	}
	r.checkQuorum()
	r.inChannel(ctx)
	if c.org.PolicyFile != "" {
		r.policyFile(ctx)
	}
}

// namedIn returns the file or the variable that names the approvers.
func (r *approverCheck) namedIn() string {
	if r.org.PolicyFile != "" {
		return r.org.PolicyFile
	}
	return r.org.ApproversVariable
}

// excludeApprovers reads who may not approve. The check of the groups reports a group
// that cannot be listed.
func (r *approverCheck) excludeApprovers(ctx context.Context) {
	never := r.org.Policy.ExcludedApprovers
	for _, u := range never.Users {
		r.excluded[u] = true
	}
	for _, g := range never.Groups {
		members, err := r.directory.Members(ctx, g)
		r.unsure = r.unsure || err != nil
		for _, u := range members {
			r.excluded[u] = true
		}
	}
}

// lookup returns the status of a user, as if they had clicked a button in this
// workspace.
func (r *approverCheck) lookup(ctx context.Context, u policy.UserID) (policy.MemberStatus, error) {
	standing, err := r.directory.MemberStatus(ctx, policy.Actor{User: u, Team: r.workspace.Team, Enterprise: r.workspace.Enterprise})
	switch {
	case err != nil:
		r.unsure = true
	case standing == policy.Member && !r.excluded[u]:
		r.deciders[u] = true
	}
	return standing, err
}

func (r *approverCheck) person(ctx context.Context, u policy.UserID) {
	const check = "approver"
	standing, err := r.lookup(ctx, u)
	switch {
	case err != nil:
		r.refusal(check, "to look up "+string(u), err)
	case standing != policy.Member:
		r.bad(check, fmt.Sprintf("%s %s.", u, NotMemberReason(standing)), fmt.Sprintf("Take %s out of %s: only full members of the workspace decide.", u, r.namedIn()))
	default:
		r.ok(check, string(u)+" is a full member of the workspace.")
	}
}

// groups checks the groups. Free workspaces have none.
func (r *approverCheck) groups(ctx context.Context, groups []policy.GroupID) {
	const check = "approver group"
	listed, err := r.workspace.UserGroups(ctx)
	if codeOf(err) == "plan_upgrade_required" {
		r.bad(check, "The workspace's plan has no user groups.", "Name people by their ids in "+r.namedIn()+", or upgrade the workspace.")
		return
	}
	if err != nil {
		r.unsure = true
		r.refusal(check, "to list the user groups", err)
		return
	}
	for _, id := range groups {
		g, there := listed[id]
		switch {
		case !there:
			r.bad(check, fmt.Sprintf("Slack lists no user group %s.", id), "Copy the group's id (People & user groups, the group, ..., Copy group ID).")
		case g.Disabled:
			r.bad(check, fmt.Sprintf("The user group %s is disabled.", called(id, g)), "Enable it in Slack, or name another one in "+r.namedIn()+".")
		default:
			r.group(ctx, id, g)
		}
	}
}

func called(id policy.GroupID, g client.UserGroup) string {
	return fmt.Sprintf("@%s (%s)", g.Handle, id)
}

func (r *approverCheck) group(ctx context.Context, id policy.GroupID, g client.UserGroup) {
	const check = "approver group"
	members, err := r.directory.Members(ctx, id)
	if err != nil {
		r.unsure = true
		r.refusal(check, "to list "+called(id, g), err)
		return
	}
	may, missed, not := 0, 0, []string{}
	for _, u := range members[:min(len(members), maxLookups)] {
		standing, err := r.lookup(ctx, u)
		switch {
		case err != nil:
			missed++
			not = append(not, string(u)+" could not be looked up")
		case standing != policy.Member:
			not = append(not, string(u)+" "+NotMemberReason(standing))
		default:
			may++
		}
	}
	of := fmt.Sprintf("%d members", len(members))
	if len(members) > maxLookups {
		of = fmt.Sprintf("the first %d members of %d", maxLookups, len(members))
	}
	switch {
	case len(members) == 0:
		r.bad(check, fmt.Sprintf("%s has no members.", called(id, g)), "Add approvers to it in Slack.")
	case may == 0 && missed > 0:
		r.unknown(check, fmt.Sprintf("Of %s of %s: %s.", of, called(id, g), strings.Join(not, ", ")), "")
	case may == 0:
		r.bad(check, fmt.Sprintf("Of %s of %s none can decide: %s.", of, called(id, g), strings.Join(not, ", ")), "Add full members of the workspace to it in Slack.")
	case len(not) > 0:
		r.warn(check, fmt.Sprintf("Of %s of %s %d can decide: %s.", of, called(id, g), may, strings.Join(not, ", ")), "Take out of the group in Slack who should not decide.")
	default:
		r.ok(check, fmt.Sprintf("Of %s of %s all can decide.", of, called(id, g)))
	}
}

// checkQuorum judges the number of deciders. With one, that person can get no key:
// approvers do not decide on their own requests.
func (r *approverCheck) checkQuorum() {
	const check = "approvers"
	switch n := len(r.deciders); {
	case n == 0 && r.unsure:
		r.unknown(check, "No approver who can decide was found, and some could not be looked up.", "")
	case n == 0:
		r.bad(check, "No approver can decide, so every request would expire.", "Name at least two full members of the workspace in "+r.namedIn()+".")
	case r.org.Policy.AllowSelfApproval:
		r.warn(check, fmt.Sprintf("%d can decide, also on their own requests: allow_self_approval is true.", n), "Set allow_self_approval to false when the trial is over.")
	case n == 1:
		r.warn(check, "One person can decide, and not on their own requests: that person can get no key.", "Name a second one in "+r.namedIn()+".")
	default:
		r.ok(check, fmt.Sprintf("%d people can decide, each on the requests of others.", n))
	}
}

// inChannel checks that those who can decide are in the approvals channel.
func (r *approverCheck) inChannel(ctx context.Context) {
	const check = "approvers in channel"
	if len(r.deciders) == 0 {
		r.skip("No approver who can decide was found.", check)
		return
	}
	members, whole, err := r.workspace.ChannelMembers(ctx, r.org.Channel)
	switch {
	case codeOf(err) == "channel_not_found":
		r.skip("The channel has to be there first.", check)
		return
	case err != nil:
		r.refusal(check, "to list the channel's members", err)
		return
	}
	var absent []string
	for _, u := range slices.Sorted(maps.Keys(r.deciders)) {
		if !slices.Contains(members, u) {
			absent = append(absent, string(u))
		}
	}
	switch {
	case len(absent) == 0:
		r.ok(check, "All who can decide are in the approvals channel.")
	case !whole:
		r.unknown(check, "The channel has more members than Slack was asked for.", "")
	case len(absent) == len(r.deciders):
		r.bad(check, "None of those who can decide are in the approvals channel.", "Invite the approvers there.")
	default:
		r.warn(check, "In the approvals channel these are missing, though they can decide: "+strings.Join(absent, ", ")+".", "Invite them there.")
	}
}
