package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"atlaskeybot/internal/config"
)

const signingSecret = "00000000000000000000000000bebc40"

// startLimit bounds the start and the end of a process.
const startLimit = time.Minute

// A process is a bot, or the floor, on a processor of its own.
type process struct {
	address string
	ready   time.Duration // from the start until it was ready

	command *exec.Cmd
	log     *bytes.Buffer // the end of it says why a run failed
	ended   chan error
}

// start runs a program with the environment until it is ready to be asked at a path.
func start(ctx context.Context, program string, args, environment []string, readyPath string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	p := &process{address: address, log: &bytes.Buffer{}, ended: make(chan error, 1)}
	p.command = exec.Command(program, args...)
	p.command.Env = append(environment, "LISTEN="+address)
	p.command.Stdout, p.command.Stderr = p.log, p.log
	began := time.Now()
	if err := onBotsProcessor(p.command.Start); err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	ended := p.ended
	go func() { ended <- p.command.Wait() }()
	bounded, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for !answers(bounded, "http://"+address+readyPath) {
		select {
		case err := <-p.ended:
			return nil, fmt.Errorf("it ended before it was ready (%w): %s", err, p.lastWords())
		case <-bounded.Done():
			p.command.Process.Kill()
			<-p.ended
			return nil, fmt.Errorf("it was not ready in time: %s", p.lastWords())
		case <-time.After(time.Millisecond):
		}
	}
	p.ready = time.Since(began)
	return p, nil
}

// freeAddress is a loopback address that nothing listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

func answers(ctx context.Context, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// stop ends the process as a supervisor does, and waits for it. Stopping twice, or what
// was never started, is harmless.
func (p *process) stop() error {
	if p == nil || p.ended == nil {
		return nil
	}
	ended := p.ended
	p.ended = nil
	p.command.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("it ended with %w: %s", err, p.lastWords())
		}
		return nil
	case <-time.After(startLimit):
		p.command.Process.Kill()
		<-ended
		return errors.New("it did not end when asked to")
	}
}

// kill ends a process that keeps nothing.
func (p *process) kill() {
	p.command.Process.Kill()
	<-p.ended
}

// lastWords is the end of the log of a process that has ended.
func (p *process) lastWords() string {
	const enough = 2000
	text := p.log.Bytes()
	return string(text[max(0, len(text)-enough):])
}

// platforms are Slack and Atlas, as stubs.
type platforms struct {
	slack   *slackStub
	atlas   *atlasStub
	servers []*http.Server
	slackAt string
	atlasAt string
	serving sync.WaitGroup
}

func startPlatforms(approvers []string) (*platforms, error) {
	p := &platforms{slack: &slackStub{approvers: approvers}, atlas: &atlasStub{}}
	for handler, at := range map[http.Handler]*string{p.slack: &p.slackAt, p.atlas: &p.atlasAt} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("listening: %w", err)
		}
		*at = "http://" + l.Addr().String()
		server := &http.Server{Handler: handler}
		p.servers = append(p.servers, server)
		p.serving.Go(func() { server.Serve(l) })
	}
	return p, nil
}

func (p *platforms) close() {
	for _, s := range p.servers {
		s.Close()
	}
	p.serving.Wait()
}

// environment is that of a bot between the platforms, with a database at a path.
func (p *platforms) environment(database string) []string {
	return []string{
		"PATH=" + config.Environ()["PATH"], "HOME=" + config.Environ()["HOME"], "LOG_LEVEL=warn",
		"SLACK_API_URL=" + p.slackAt + "/api/", "SLACK_BOT_TOKEN=xoxb-bench-not-real", "SLACK_SIGNING_SECRET=" + signingSecret,
		"SLACK_APPROVAL_CHANNEL=" + channel, "SLACK_APPROVERS=" + group,
		"ATLAS_BASE_URL=" + p.atlasAt, "ATLAS_ORG_ID=" + orgID, "ATLAS_PUBLIC_KEY=benchkey", "ATLAS_PRIVATE_KEY=00000000-0000-4000-8000-000000000001",
		"DATABASE_URL=sqlite:" + database,
	}
}
