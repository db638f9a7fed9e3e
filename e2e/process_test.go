package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// A process is the bot in a process of its own, as its parent holds it.
type process struct {
	process *os.Process
	gone    chan struct{} // closed when it has ended

	mu      sync.Mutex // one question at a time
	in      *os.File
	answers *bufio.Scanner
}

// answerTimeout is how long a process may take to answer before it is given up.
const answerTimeout = 30 * time.Second

// startProcess starts the bot with nothing in its environment but environ, a listener
// that its parent keeps, its log at the end of a file, and a crash point.
func startProcess(t *testing.T, environ map[string]string, door *os.File, log string, offset time.Duration, f crashPoint) *process {
	t.Helper()
	fated, err := json.Marshal(f)
	require.NoError(t, err)
	own, err := os.Executable()
	require.NoError(t, err)
	logTo, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	inRead, inWrite, err := os.Pipe()
	require.NoError(t, err)
	outRead, outWrite, err := os.Pipe()
	require.NoError(t, err)

	cmd := exec.Command(own)
	cmd.Env = []string{envProcess + "=1", envCrashPoint + "=" + string(fated), fmt.Sprintf("%s=%d", envOffset, offset), "GORACE=atexit_sleep_ms=0"}
	for name, value := range environ {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inRead, outWrite, logTo
	cmd.ExtraFiles = []*os.File{door}
	cmd.SysProcAttr = killWithParent()
	require.NoError(t, cmd.Start())
	for _, its := range []*os.File{inRead, outWrite, logTo} {
		its.Close()
	}
	c := &process{process: cmd.Process, gone: make(chan struct{}), in: inWrite, answers: bufio.NewScanner(outRead)}
	c.answers.Buffer(nil, 4<<20)
	go func() {
		defer outRead.Close()
		defer close(c.gone)
		cmd.Wait()
	}()
	t.Cleanup(c.kill)
	return c
}

// kill is kill -9. It returns when the process is gone.
func (c *process) kill() {
	c.process.Kill()
	<-c.gone
	c.in.Close()
}

func (c *process) isGone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

var errProcessExited = errors.New("the process is gone")

// ask sends a line and reads the answer to it.
func (c *process) ask(line string, answer any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := time.AfterFunc(answerTimeout, func() { c.process.Kill() })
	defer late.Stop()
	if _, err := fmt.Fprintln(c.in, line); err != nil || !c.answers.Scan() {
		<-c.gone
		return errProcessExited
	}
	return json.Unmarshal(c.answers.Bytes(), answer)
}

// moveClock tells the process how far its clock is ahead of real time.
func (c *process) moveClock(offset time.Duration) error {
	var ok string
	return c.ask(fmt.Sprintf("offset %d", offset), &ok)
}

// waitIdle waits until the process is at rest, but not for long: see [report.Idle].
func (c *process) waitIdle() (r report, err error) {
	err = c.ask("rest", &r)
	return r, err
}

// hold asks for nothing to be begun until the clock is moved. It is refused if
// something is in hand.
func (c *process) hold() (held bool, err error) {
	err = c.ask("hold", &held)
	return held, err
}

func (c *process) audit() (all []approval.AuditEntry, err error) {
	err = c.ask("audit", &all)
	return all, err
}

// listenForProcess opens a listener that outlives the processes that serve it.
func listenForProcess(t *testing.T) (door *os.File, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	door, err = l.(*net.TCPListener).File()
	require.NoError(t, err)
	t.Cleanup(func() { door.Close() })
	return door, l.Addr().String()
}

func TestProcessExitsWhenStdinCloses(t *testing.T) {
	t.Parallel()
	w := newCrashRun(t, flow{})
	w.startIfExited()
	c := w.current()
	w.WaitUntil("the bot is at rest", func() bool { r, err := c.waitIdle(); return err == nil && r.Idle })
	c.in.Close()
	w.WaitUntil("it ended by itself", c.isGone)
}
