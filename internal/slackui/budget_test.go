package slackui

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// largest is the largest form that people can send: ten projects with every role
// there is, two hundred networks, and a reason of a thousand characters.
func largest(r *approval.Request) {
	large(r)
	r.Reason = strings.Repeat("Reason ", 142) + "reason"
	r.Access.Networks, r.Access.NetworkPresets, r.Access.Projects = nil, nil, nil
	for i := range 200 {
		r.Access.Networks = append(r.Access.Networks, netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0xab, byte(i + 16), 0xcd, 0xef, 0xab}), 80))
	}
	for i := range policy.MaxProjects {
		p := policy.ProjectAccess{Project: policy.Project{ID: policy.ProjectID(fmt.Sprintf("5f1a2b3c4d5e6f70819200%02d", i)), Name: strings.Repeat(string(rune('a'+i)), 64)}}
		for n := range 26 {
			p.Roles = append(p.Roles, policy.Role(fmt.Sprintf("GROUP_DATABASE_ACCESS_ROLE_%02d", n)))
		}
		r.Access.Projects = append(r.Access.Projects, p)
	}
	r.Change.OldNetworks = networks("203.0.113.7/32")
	for i := range 199 {
		r.Change.OldNetworks = append(r.Change.OldNetworks, netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0xcd, byte(i + 16), 0xcd, 0xef, 0xab}), 80))
	}
}

func TestLargestFormFitsInOneMessage(t *testing.T) {
	t.Parallel()
	for _, name := range []approval.MessageName{approval.CardMessage, approval.RequestedMessage, approval.ReadyMessage, approval.OutcomeMessage, approval.DriftNotice(1),
		approval.ReviewNotice, approval.OwnerDeactivatedNotice(1), approval.TransferMessage(1), approval.DeniedNotice} {
		for state, edits := range situations {
			m := decoded(t, twoOrgViews().Message(request(append(append(with(), edits...), largest)...), name))
			assert.LessOrEqual(t, charactersOf(m["blocks"]), 10_000, "%s in %s", name, state)
		}
	}
	card := decoded(t, testViews.Card(request(largest)))
	shown := string(pretty(t, card["blocks"]))
	assert.Contains(t, shown, "10 projects, each: GROUP_DATABASE_ACCESS_ROLE_00, ")
	for i := range 10 {
		assert.Contains(t, shown, strings.Repeat(string(rune('a'+i)), 64)+fmt.Sprintf(" (5f1a2b3c4d5e6f70819200%02d)", i), "every project is named")
	}
	assert.Contains(t, shown, "GROUP_DATABASE_ACCESS_ROLE_25", "every role is named")
	assert.Contains(t, shown, strings.Repeat("Reason ", 142)+"reason", "the reason is whole")
	assert.Regexp(t, `2001:db8:[0-9a-f:]+/80, \+[0-9]+ more \(large IPv6 networks`, shown, "addresses that are left out are counted")
}

// TestListsOmitWholeEntries: what has no room is counted, and nothing is cut.
func TestListsOmitWholeEntries(t *testing.T) {
	t.Parallel()
	var all []approval.Request
	for i := range 60 {
		r := request(largest, breakGlass(active), requiring(platform, security), approvedBy("U0DANA"), nudged, escalated)
		r.ID = policy.ID(fmt.Sprintf("AKR-%05d", i))
		all = append(all, r)
	}
	for name, m := range map[string]mrkdwn.Message{
		"list": twoOrgViews().List(approval.Page{Requests: all}, ""), "pending": twoOrgViews().Pending(all, all, later.Add(time.Hour)), "of few": twoOrgViews().Pending(all[:2], all[:2], later),
	} {
		n := decoded(t, m)
		assert.LessOrEqual(t, charactersOf(n["blocks"]), 10_000, name)
		assert.LessOrEqual(t, len(m.Blocks), 50, name)
		if name == "of few" {
			assert.NotContains(t, string(pretty(t, n["blocks"])), " newer ones.")
			continue
		}
		shown := string(pretty(t, n["blocks"]))
		assert.Regexp(t, `And [0-9]+ newer ones\.|page:next`, shown, name)
		assert.Contains(t, shown, "AKR-00000", name)
	}
}

func TestLongBlocksAreShortened(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2900)
	m := mrkdwn.NewMessage("text", mrkdwn.Section(mrkdwn.Text(long)), mrkdwn.Facts(mrkdwn.Fact{Name: "A", Value: long}, mrkdwn.Fact{Name: "B", Value: long}), mrkdwn.Quote(long), mrkdwn.Section(mrkdwn.Textf("%s", long)), mrkdwn.Footnote("end"))
	require.LessOrEqual(t, charactersOf(decoded(t, m)["blocks"]), 10_000)
	require.GreaterOrEqual(t, charactersOf(decoded(t, m)["blocks"]), 7_000, "no more than needed")
	outsideCode(t, "shortened", string(pretty(t, m.Blocks[3])))
	require.Len(t, m.Blocks, 5)
	require.Equal(t, "a, b, +2 more", mrkdwn.ListUpTo(5, ", ", []string{"a", "b", "c", "d"}))
	require.Equal(t, "a, b", mrkdwn.ListUpTo(5, ", ", []string{"a", "b"}))
}
