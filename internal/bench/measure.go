package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// people is how many use the bot at the same time.
const people = 8

// A session measures one run of the command.
type session struct {
	program string // this binary, which is also the bot and the floor
	dir     string // of the databases
	length  time.Duration
	sizes   []int // numbers of finished requests
	crowd   crowd
	profile string // a file; empty: none
	out     io.Writer

	figures []figure
	points  []point
	opened  int // approvers whose Home tabs were opened
}

// A crowd is what lives in the database while the Home tab of an approver is measured.
type crowd struct{ active, pending int }

func (s *session) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s *session) add(holds bool, what, value, target string) {
	s.figures = append(s.figures, figure{what, value, target, holds})
	s.say("%-58s %s", what, value)
}

// A stage is a bot between its platforms.
type stage struct {
	*platforms
	bot   *process
	slack *workspace
}

func (s *session) stage(ctx context.Context, database string, environment ...string) (*stage, error) {
	p, err := startPlatforms(approvers())
	if err != nil {
		return nil, err
	}
	bot, err := start(ctx, s.program, []string{botCommand}, append(p.environment(database), environment...), "/readyz")
	if err != nil {
		p.close()
		return nil, err
	}
	return &stage{p, bot, newWorkspace(bot.address, p)}, nil
}

func (g *stage) close() error {
	err := g.bot.stop()
	g.platforms.close()
	return err
}

// measure does everything, in an order in which each figure is taken on a bot that
// rests.
func (s *session) measure(ctx context.Context) error {
	if err := s.commands(ctx); err != nil {
		return fmt.Errorf("measuring commands: %w", err)
	}
	for _, size := range s.sizes {
		if err := s.size(ctx, size); err != nil {
			return fmt.Errorf("measuring with %d finished requests: %w", size, err)
		}
	}
	s.compareSizes()
	return nil
}

// commands measures the slash command beside the floor, at full speed and at twenty a
// second.
func (s *session) commands(ctx context.Context) (err error) {
	g, err := s.stage(ctx, filepath.Join(s.dir, "commands.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	view, err := openedView(ctx, g.slack)
	if err != nil {
		return err
	}
	bot, botCPU, err := s.commandRate(ctx, g.slack, g.bot)
	if err != nil {
		return err
	}
	floor, floorCPU, err := s.floorRate(ctx, g.platforms, view)
	if err != nil {
		return err
	}
	s.add(true, "slash commands a second, bot / floor", fmt.Sprintf("%.0f / %.0f = %.2f", bot, floor, bot/floor), "")
	s.add(true, "CPU of a slash command, bot / floor", fmt.Sprintf("%.2f ms / %.2f ms", botCPU, floorCPU), "")
	took, err := atPace(ctx, 20, s.length, func(ctx context.Context) (time.Duration, error) { return onlyAck(ctx, g.slack) })
	if err != nil {
		return err
	}
	p99 := quantile(took, 0.99)
	s.add(p99 < 3*time.Millisecond, "ack at 20 commands a second, median / p99", milliseconds(quantile(took, 0.5))+" / "+milliseconds(p99), "p99 < 3 ms")
	return nil
}

// openedView is the form as the bot opens it.
func openedView(ctx context.Context, w *workspace) ([]byte, error) {
	trigger := w.trigger()
	opened := w.stub.expect(trigger)
	defer w.stub.forget(trigger)
	if _, err := w.command(ctx, fmt.Sprintf("U0R%07d", flows.Add(1)), trigger); err != nil {
		return nil, err
	}
	p, err := next(ctx, opened, func(posted) bool { return true })
	return p.view, err
}

// commandRate is how many commands a second open a form, and the CPU of each, in
// milliseconds.
func (s *session) commandRate(ctx context.Context, w *workspace, p *process) (rate, cpu float64, err error) {
	before, _ := cpuSeconds(p.command.Process.Pid)
	began := time.Now()
	took, err := during(ctx, people, s.length, func(ctx context.Context) (time.Duration, error) {
		began := time.Now()
		_, err := openedView(ctx, w)
		return time.Since(began), err
	})
	after, _ := cpuSeconds(p.command.Process.Pid)
	n := float64(len(took))
	return n / time.Since(began).Seconds(), (after - before) / n * 1000, err
}

// floorRate is the same of the floor.
func (s *session) floorRate(ctx context.Context, p *platforms, view []byte) (rate, cpu float64, err error) {
	file := filepath.Join(s.dir, "view.json")
	if err := os.WriteFile(file, view, 0o600); err != nil {
		return 0, 0, err
	}
	floor, err := start(ctx, s.program, []string{floorCommand}, append(p.environment(""), floorView+"="+file), "/readyz")
	if err != nil {
		return 0, 0, err
	}
	defer floor.kill()
	return s.commandRate(ctx, newWorkspace(floor.address, p), floor)
}

func onlyAck(ctx context.Context, w *workspace) (time.Duration, error) {
	return w.command(ctx, fmt.Sprintf("U0R%07d", flows.Add(1)), w.trigger())
}

// atPace runs do so often a second, one after another.
func atPace(ctx context.Context, perSecond int, length time.Duration, do func(context.Context) (time.Duration, error)) ([]time.Duration, error) {
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	var took []time.Duration
	for range int(length.Seconds() * float64(perSecond)) {
		<-tick.C
		d, err := do(ctx)
		if err != nil {
			return nil, err
		}
		took = append(took, d)
	}
	return took, nil
}

// size measures a bot whose database has so many finished requests.
func (s *session) size(ctx context.Context, finished int) (err error) {
	database := filepath.Join(s.dir, fmt.Sprintf("%d.db", finished))
	began := time.Now()
	if err := fill(ctx, database, finished); err != nil {
		return err
	}
	s.say("wrote %d finished requests in %.0f s", finished, time.Since(began).Seconds())
	isLast := finished == s.sizes[len(s.sizes)-1]
	var environment []string
	if isLast && s.profile != "" {
		environment = []string{profileFile + "=" + s.profile}
	}
	g, err := s.stage(ctx, database, environment...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	p := point{finished: finished, ready: g.bot.ready}
	named := func(what string) string { return fmt.Sprintf("%s, %d finished requests", what, finished) }
	s.add(p.ready < 30*time.Millisecond, named("ready after"), milliseconds(p.ready), "< 30 ms")

	if err := s.flows(ctx, g, &p, named); err != nil {
		return err
	}
	if p.home, err = s.home(ctx, g, named("Home of an approver, median / p99"), 0); err != nil {
		return err
	}
	s.points = append(s.points, p)
	if !isLast {
		return nil
	}
	if err := s.gather(ctx, g); err != nil {
		return err
	}
	_, err = s.home(ctx, g, fmt.Sprintf("Home with %d active keys and %d pending, median / p99", s.crowd.active, s.crowd.pending), 30*time.Millisecond)
	return err
}

func (s *session) flows(ctx context.Context, g *stage, p *point, named func(string) string) error {
	if _, err := g.slack.flow(ctx); err != nil { // the first one warms caches
		return err
	}
	g.rest()
	g.platforms.slack.calls.reset()
	g.atlas.calls.reset()
	pid := g.bot.command.Process.Pid
	before, _ := cpuSeconds(pid)
	began := time.Now()
	took, err := during(ctx, people, s.length, g.slack.flow)
	if err != nil {
		return err
	}
	p.flows = float64(len(took)) / time.Since(began).Seconds()
	g.rest()
	after, _ := cpuSeconds(pid)
	n := float64(len(took))
	cpu := (after - before) / n * 1000
	calls := float64(g.calls()) / n
	s.add(p.flows >= 150, named("flows until saved, a second"), fmt.Sprintf("%.0f", p.flows), ">= 150")
	s.add(true, named("a flow, median / p99"), milliseconds(quantile(took, 0.5))+" / "+milliseconds(quantile(took, 0.99)), "")
	s.add(cpu <= 6, named("CPU of a flow"), fmt.Sprintf("%.1f ms", cpu), "<= 6 ms")
	s.add(calls <= 20, named("calls of a flow"), fmt.Sprintf("%.1f", calls), "<= 20")
	if resident, err := residentBytes(pid); err == nil {
		s.add(resident < 40<<20, named("memory after that (RSS)"), mebibytes(resident), "< 40 MiB")
	}
	return nil
}

// rest waits until the bot has nothing left to say to the platforms.
func (g *stage) rest() {
	for before := -1; before != g.calls(); {
		before = g.calls()
		<-time.After(300 * time.Millisecond)
	}
}

// calls is how many calls there were since they were counted from zero.
func (g *stage) calls() int { return g.platforms.slack.calls.total() + g.atlas.calls.total() }

// home opens the Home tabs of approvers, one after another, and returns the median.
func (s *session) home(ctx context.Context, g *stage, what string, most time.Duration) (time.Duration, error) {
	const openings, openers = 60, 4 // the bot draws for each of them so often, and no more
	var took []time.Duration
	for n := range openings {
		user := approver(int64(s.opened + n%openers))
		shown := g.slack.stub.expect(user)
		began := time.Now()
		err := g.slack.openHome(ctx, user)
		if err == nil {
			_, err = next(ctx, shown, func(posted) bool { return true })
		}
		took = append(took, time.Since(began))
		g.slack.stub.forget(user)
		if err != nil {
			return 0, err
		}
	}
	s.opened += openers
	median, target := quantile(took, 0.5), ""
	if most > 0 {
		target = "< " + most.String()
	}
	s.add(most == 0 || median < most, what, milliseconds(median)+" / "+milliseconds(quantile(took, 0.99)), target)
	return median, nil
}

// gather makes the crowd.
func (s *session) gather(ctx context.Context, g *stage) error {
	g.atlas.mu.Lock()
	left := s.crowd.active - len(g.atlas.keys)
	g.atlas.mu.Unlock()
	if err := times(ctx, left, func(ctx context.Context) error { _, err := g.slack.flow(ctx); return err }); err != nil {
		return err
	}
	if err := times(ctx, s.crowd.pending, g.slack.onlyRequest); err != nil {
		return err
	}
	g.rest()
	return nil
}

// compareSizes compares the largest database with the smallest.
func (s *session) compareSizes() {
	first, last := s.points[0], s.points[len(s.points)-1]
	if first.finished == last.finished {
		return
	}
	flat := func(what string, ratio float64) {
		s.add(ratio <= 1.2, fmt.Sprintf("%s, %d / %d finished requests", what, last.finished, first.finished), fmt.Sprintf("%.2f", ratio), "<= 1.20")
	}
	flat("time of a flow", first.flows/last.flows)
	flat("Home", float64(last.home)/float64(first.home))
}
