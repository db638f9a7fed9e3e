//go:build unix

package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

// groupOf is how many requests the killed process creates at once.
const groupOf = 5

// dieInGroup creates a request alone, then a group of others, and dies when the group
// reaches a point for the nth time. It prints what was stored.
func dieInGroup(path, at string) {
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+path, store.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	create := func(id string) {
		r := asked(policy.ID(id))
		if _, err := s.Create(ctx, r, submitted(r)); err == nil {
			fmt.Println(id)
		}
	}
	create("AKR-ALONE")
	point, nth := at[2:], int(at[0]-'0')
	store.CommitTogether(s, groupOf, func(i int) { create(fmt.Sprintf("AKR-0000%d", i)) }, func(reached string) {
		if reached == point {
			nth--
		}
		if nth == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	})
	fmt.Println("it was not killed")
	os.Exit(1)
}

// Of a group that is killed, all changes are stored or none, and each has its audit line.
// None was told to its caller.
func TestKilledInsideGroup(t *testing.T) {
	t.Parallel()
	for at, stored := range map[string]int{
		"1 " + store.AfterChange: 1, "3 " + store.AfterChange: 1, "5 " + store.AfterChange: 1,
		"1 " + store.BeforeCommit: 1, "1 " + store.AfterCommit: 1 + groupOf,
	} {
		t.Run(strings.ReplaceAll(at, " ", "_"), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "bot.db")
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), envDatabase+"="+path, envGroup+"="+at)
			out, err := cmd.Output()
			require.ErrorContains(t, err, "signal: killed", string(out))
			var told []string
			for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
				told = append(told, lines.Text())
			}
			require.Equal(t, []string{"AKR-ALONE"}, told, "nothing of the group was told to its caller")

			s := open(t, "sqlite:"+path)
			all, err := s.ListByRequester(t.Context(), "U_bo")
			require.NoError(t, err)
			require.Len(t, all, stored)
			sum, err := s.Verify(t.Context())
			require.NoError(t, err, "the trail is whole, and fits the requests")
			require.EqualValues(t, stored, sum.Lines)
			r := asked("AKR-AFTER")
			_, err = s.Create(t.Context(), r, submitted(r))
			require.NoError(t, err)
			require.NoError(t, s.Audit(t.Context(), func(approval.AuditEntry) error { return nil }))
		})
	}
}
