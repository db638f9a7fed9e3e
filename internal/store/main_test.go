//go:build unix

package store_test

import (
	"bufio"
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"modernc.org/sqlite"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

// With these variables, the test binary acts as another process on the database.
const (
	envDatabase = "STORE_TEST_DATABASE"
	envUmask    = "STORE_TEST_UMASK" // octal

	// With these it restores a backup and dies after a step.
	envRestore = "STORE_TEST_RESTORE" // the backup
	envStep    = "STORE_TEST_STEP"

	// With this it dies at a point of a group of changes, as in "2 before COMMIT".
	envGroup = "STORE_TEST_GROUP"

	// With this it migrates a database and dies after that statement, with
	// envUpdate of the made-up update as well.
	envStatement = "STORE_TEST_STATEMENT"
	envUpdate    = "STORE_TEST_UPDATE"
)

func TestMain(m *testing.M) {
	if from := os.Getenv(envRestore); from != "" {
		dieRestoring(os.Getenv(envDatabase), from, os.Getenv(envStep))
	}
	if n, err := strconv.Atoi(os.Getenv(envStatement)); err == nil {
		dieMigrating(os.Getenv(envDatabase), n)
	}
	if at := os.Getenv(envGroup); at != "" {
		dieInGroup(os.Getenv(envDatabase), at)
	}
	if path := os.Getenv(envDatabase); path != "" {
		if err := fillUntilKilled(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

// dieRestoring restores a backup until it has reached a step.
func dieRestoring(path, from, step string) {
	_, err := store.RestoreWatched(context.Background(), path, from, func(reached string) {
		if reached == step {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	})
	fmt.Println(err)
	os.Exit(1)
}

// dieMigrating migrates a database until it has run statement n.
func dieMigrating(path string, n int) {
	sqlite.MustRegisterScalarFunction("die", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	})
	files := store.Released()
	if os.Getenv(envUpdate) != "" {
		files = store.WithUpdate()
	}
	_, err := store.MigrateUntil(context.Background(), path, files, n)
	fmt.Println(err)
	os.Exit(1)
}

// fillUntilKilled leases one request, then adds others and prints the name of
// each when it is stored.
func fillUntilKilled(path string) error {
	if umask, err := strconv.ParseInt(os.Getenv(envUmask), 8, 0); err == nil {
		syscall.Umask(int(umask))
	}
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+path, store.Options{})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		r := asked(policy.ID("AKR-" + strconv.Itoa(i)))
		if _, err := s.Create(ctx, r, submitted(r)); err != nil {
			return err
		}
		if i == 0 {
			if _, err := s.ClaimWork(ctx, r.ExpiresAt, r.ExpiresAt.Add(time.Hour)); err != nil {
				return err
			}
		}
		fmt.Println(r.ID)
	}
}

func asked(id policy.ID) approval.Request {
	return approval.Request{
		ID: id, Org: "5f1f2a3b4c5d6e7f8a9b0c1d", Kind: approval.APIKey, State: approval.StatePending,
		Requester: "U_bo", IdempotencyKey: "form-of-" + string(id), Reason: "TICKET-12",
		RequestedAt: approvaltest.Epoch, ExpiresAt: approvaltest.Epoch.Add(time.Hour),
		Messages: []approval.MessageName{approval.CardMessage},
	}
}

func submitted(r approval.Request) approval.AuditEntry {
	return approval.AuditEntry{At: r.RequestedAt, Org: r.Org, Request: r.ID, Event: approval.EventSubmit, To: approval.StatePending, By: r.Requester}
}

// A filler is a process that fills a database.
type filler struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startFiller(t *testing.T, path string, env ...string) *filler {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), append(env, envDatabase+"="+path)...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	a := &filler{cmd, bufio.NewScanner(out)}
	t.Cleanup(func() { a.kill(t) })
	return a
}

// stored waits for the next request to be stored and returns its name.
func (a *filler) stored(t *testing.T) policy.ID {
	t.Helper()
	require.True(t, a.lines.Scan(), "the other process ended")
	require.Regexp(t, `^AKR-\d+$`, a.lines.Text())
	return policy.ID(a.lines.Text())
}

// kill ends the process at once, as SIGKILL does, and returns what it had
// stored since.
func (a *filler) kill(t *testing.T) []policy.ID {
	t.Helper()
	if a.cmd.ProcessState != nil {
		return nil
	}
	require.NoError(t, a.cmd.Process.Kill())
	var rest []policy.ID
	for a.lines.Scan() {
		rest = append(rest, policy.ID(a.lines.Text()))
	}
	a.cmd.Wait() // "signal: killed"
	return rest
}

func TestOpenRefusesSecondProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	startFiller(t, path).stored(t)
	_, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
	require.EqualError(t, err, "opening database "+path+": another process is using it (it holds "+path+".lock); a SQLite file serves one bot")

	link := filepath.Join(t.TempDir(), "link.db")
	require.NoError(t, os.Symlink(path, link))
	_, err = store.Open(t.Context(), "sqlite:"+link, store.Options{})
	require.ErrorContains(t, err, "another process is using it", "by another name")
}

func TestChangesSurviveKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	other := startFiller(t, path)
	var acknowledged []policy.ID
	for range 50 {
		acknowledged = append(acknowledged, other.stored(t))
	}
	acknowledged = append(acknowledged, other.kill(t)...)

	s := open(t, "sqlite:"+path) // at once: the lock ended with the process
	for _, id := range acknowledged {
		_, err := s.Get(t.Context(), id)
		require.NoError(t, err)
	}
	lines := 0
	require.NoError(t, s.Audit(t.Context(), func(approval.AuditEntry) error { lines++; return nil }))
	all, err := s.ListByRequester(t.Context(), "U_bo")
	require.NoError(t, err)
	require.Len(t, all, lines, "each request with its audit line")

	due := asked("").ExpiresAt
	r, err := s.ClaimWork(t.Context(), due, due.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, "AKR-0", r.ID, "the killed process's lease is dropped")
}

func TestFileModesIgnoreUmask(t *testing.T) {
	t.Parallel()
	for name, umask := range map[string]string{"that takes nothing": "000", "that takes everything": "777"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "bot.db")
			startFiller(t, path, envUmask+"="+umask).stored(t)
			requireOwnerOnly(t, path, path+"-wal", path+"-shm", path+".lock")
		})
	}
}

func requireOwnerOnly(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, "-rw-------", info.Mode().String(), path)
	}
}
