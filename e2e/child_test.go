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

// A child is the bot in a process of its own, as its parent holds it.
type child struct {
	process *os.Process
	gone    chan struct{} // closed when it has ended

	mu      sync.Mutex // one question at a time
	in      *os.File
	answers *bufio.Scanner
}

// slowest is how long a child may take to answer before it is given up.
const slowest = 30 * time.Second

// startChild starts the bot with nothing in its environment but environ, a door
// that its parent keeps, its log at the end of a file, and a fate.
func startChild(t *testing.T, environ map[string]string, door *os.File, log string, offset time.Duration, f fate) *child {
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
	cmd.Env = []string{envChild + "=1", envFate + "=" + string(fated), fmt.Sprintf("%s=%d", envOffset, offset), "GORACE=atexit_sleep_ms=0"}
	for name, value := range environ {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inRead, outWrite, logTo
	cmd.ExtraFiles = []*os.File{door}
	cmd.SysProcAttr = diesWithParent()
	require.NoError(t, cmd.Start())
	for _, its := range []*os.File{inRead, outWrite, logTo} {
		its.Close()
	}
	c := &child{process: cmd.Process, gone: make(chan struct{}), in: inWrite, answers: bufio.NewScanner(outRead)}
	c.answers.Buffer(nil, 4<<20)
	go func() {
		defer outRead.Close()
		defer close(c.gone)
		cmd.Wait()
	}()
	t.Cleanup(c.kill)
	return c
}

// kill is kill -9. It returns when the child is gone.
func (c *child) kill() {
	c.process.Kill()
	<-c.gone
	c.in.Close()
}

func (c *child) isGone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

var errGone = errors.New("the child is gone")

// ask sends a line and reads the answer to it.
func (c *child) ask(line string, answer any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := time.AfterFunc(slowest, func() { c.process.Kill() })
	defer late.Stop()
	if _, err := fmt.Fprintln(c.in, line); err != nil || !c.answers.Scan() {
		<-c.gone
		return errGone
	}
	return json.Unmarshal(c.answers.Bytes(), answer)
}

// moveClock tells the child how far its clock is ahead of real time.
func (c *child) moveClock(offset time.Duration) error {
	var ok string
	return c.ask(fmt.Sprintf("offset %d", offset), &ok)
}

// rest waits until the child is at rest, but not for long: see [report.Rest].
func (c *child) rest() (r report, err error) {
	err = c.ask("rest", &r)
	return r, err
}

// hold asks for nothing to be begun until the clock is moved. It is refused if
// something is in hand.
func (c *child) hold() (held bool, err error) {
	err = c.ask("hold", &held)
	return held, err
}

func (c *child) audit() (all []approval.AuditEntry, err error) {
	err = c.ask("audit", &all)
	return all, err
}

// listenForChild opens a door that outlives the children behind it.
func listenForChild(t *testing.T) (door *os.File, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	door, err = l.(*net.TCPListener).File()
	require.NoError(t, err)
	t.Cleanup(func() { door.Close() })
	return door, l.Addr().String()
}

func TestAChildEndsWhenItsParentLetsGo(t *testing.T) {
	t.Parallel()
	w := newTrial(t, flow{})
	w.revive()
	c := w.current()
	w.until("the bot is at rest", func() bool { r, err := c.rest(); return err == nil && r.Rest })
	c.in.Close()
	w.until("it ended by itself", c.isGone)
}
