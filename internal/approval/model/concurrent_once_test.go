package model_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// once lets everybody press what can be done once, and asserts that it was, and
// that everybody else was told why not.
func (c *concurrentEnv) once(r approval.Request, on approval.Event, presses []click) {
	c.t.Helper()
	accepted := 0
	for i, err := range c.all(time.Now().Add(time.Minute), presses) {
		require.True(c.t, err == nil || isRefusal(err), "%+v was answered with %v", presses[i], err)
		if err == nil {
			accepted++
		}
	}
	done := 0
	for _, e := range c.since(r) {
		if e.Event == on && e.Refused == "" {
			done++
		}
	}
	require.Equal(c.t, 1, accepted, "who was told that they did it")
	require.Equal(c.t, 1, done)
}

// about lists the requests about r's key.
func (c *concurrentEnv) about(r approval.Request, p approval.RequestType) []approval.Request {
	var all []approval.Request
	for _, o := range c.rows() {
		if o.ParentID == r.ID && o.Type == p {
			all = append(all, o)
		}
	}
	return all
}

func TestConcurrentApprovalsOfThree(t *testing.T) {
	thirty := make([]policy.UserID, 30)
	for i := range thirty {
		thirty[i] = policy.UserID(fmt.Sprintf("U_%02d", i))
	}
	inConcurrentEnv(t, func(c *concurrentEnv) {
		for range 3 {
			r := c.asked()
			var presses []click
			for _, who := range thirty {
				presses = append(presses, click{ID: r.ID, On: approval.EventApprove, Who: who})
			}
			c.race(r, time.Now().Add(time.Minute), append(presses, presses...))
			by := map[policy.UserID]bool{}
			for _, a := range c.get(r.ID).Approvals {
				by[a.By] = true
			}
			require.Len(c.t, by, 3, "three people")
			require.Len(c.t, c.get(r.ID).Approvals, 3)
		}
	}, func(p *policy.Policy) { p.Requirements = []policy.Requirement{{From: users(thirty...), Count: 3}} })
}

func TestConcurrentClicksActOnce(t *testing.T) {
	toActive := []approval.Event{approval.EventApprove, approval.EventIssue, approval.EventConfirm}
	t.Run("nudge", func(t *testing.T) {
		inConcurrentEnv(t, func(c *concurrentEnv) {
			r := c.asked()
			c.once(r, approval.EventNudge, each(20, click{ID: r.ID, On: approval.EventNudge, Who: alice}))
		})
	})
	t.Run("review", func(t *testing.T) {
		inConcurrentEnv(t, func(c *concurrentEnv) {
			r, err := c.services[0].BreakGlass(c.t.Context(), as(alice), breakGlassForm())
			require.NoError(c.t, err)
			c.pass(10 * time.Second)
			c.once(c.get(r.ID), approval.EventReview, each(10, click{ID: r.ID, On: approval.EventReview, Who: bob}, click{ID: r.ID, On: approval.EventReview, Who: dana}))
		}, func(p *policy.Policy) {
			p.BreakGlass = policy.BreakGlass{AllowedRequesters: users(alice), Roles: []policy.Role{"ORG_OWNER"}, Lifetime: 2 * time.Hour}
		})
	})
	t.Run("transfer", func(t *testing.T) {
		inConcurrentEnv(t, func(c *concurrentEnv) {
			r := c.after(toActive...)
			for _, d := range c.people {
				d.Set(policy.Deactivated, alice)
			}
			c.pass(75 * time.Minute)
			c.once(c.get(r.ID), approval.EventTransfer, each(10,
				click{ID: r.ID, On: approval.EventTransfer, Who: bob, How: string(dana)}, click{ID: r.ID, On: approval.EventTransfer, Who: dana, How: string(bob)}))
		})
	})
	for name, press := range map[string]click{
		"rotate":                     {On: approval.EventRotate},
		"a form for more time":       {On: approval.EventExtend, How: "a working day"},
		"a form for other addresses": {On: approval.EventReplaceAccessList, How: "another"},
	} {
		t.Run(name, func(t *testing.T) {
			inConcurrentEnv(t, func(c *concurrentEnv) {
				r := c.after(toActive...)
				press.ID, press.Who = r.ID, alice
				for _, err := range c.all(time.Now().Add(time.Minute), each(20, press)) {
					require.True(c.t, err == nil || isSaid(err) || isRefusal(err), err)
				}
				purpose := map[approval.Event]approval.RequestType{
					approval.EventRotate: approval.Rotation, approval.EventExtend: approval.Extension, approval.EventReplaceAccessList: approval.AccessListChange,
				}[press.On]
				require.Len(c.t, c.about(r, purpose), 1)
				noted := 0
				for _, e := range c.since(r) {
					if e.Event == approval.EventRotate && e.Refused == "" {
						noted++
					}
				}
				require.LessOrEqual(c.t, noted, 1, "one successor is noted once")
			})
		})
	}
}
