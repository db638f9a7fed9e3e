package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"atlaskeybot/internal/config"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

// A soak runs the bot in the sandbox for a while, with requests at a steady pace, keys
// that expire, connections that end and restarts, and shows whether what it uses grows.
type soak struct {
	length     time.Duration
	perMinute  int
	restart    time.Duration // between two restarts
	disconnect time.Duration // between two ends of its connection
	program    string
	out        io.Writer

	sandbox *sandbox.Sandbox
	bot     *process
	counts  string // where the bot says how many goroutines it has
	dir     string
	made    int // keys
	samples []sample
}

// A sample is what the bot uses at one moment.
type sample struct {
	resident, wal, database   int64 // bytes
	goroutines, files, active int
}

// soakPolicy has the shortest lifetime that there can be. A key that is not confirmed
// ends sooner, so every fourth one is not.
const soakPolicy = `lifetimes: [1h]
confirm_within: 15m
limits:
  open_requests: 1000
  active_keys: 1000
  requests_per_hour: 1000
`

// sampleEvery is the time between two samples.
const sampleEvery = time.Minute

func (s *soak) run(ctx context.Context) (err error) {
	if s.program, err = os.Executable(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "atlas-key-bot-soak-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	if err := os.WriteFile(filepath.Join(s.dir, "policy.yaml"), []byte(soakPolicy), 0o600); err != nil {
		return err
	}
	if s.sandbox, err = sandbox.New(sandbox.Options{Redeliver: 0.05}); err != nil {
		return err
	}
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, s.sandbox.Close(bounded))
	}()
	if err := s.startBot(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.bot.stop()) }()
	fmt.Fprintln(s.out, "minute  keys  active  RSS      goroutines  files  WAL      database")
	if err := s.live(ctx); err != nil {
		return err
	}
	return s.judge()
}

func (s *soak) startBot(ctx context.Context) (err error) {
	if s.counts, err = freeAddress(); err != nil {
		return err
	}
	environment := []string{
		"PATH=" + config.Environ()["PATH"], "HOME=" + config.Environ()["HOME"], "LOG_LEVEL=error",
		"DATABASE_URL=sqlite:" + s.database(), "POLICY_FILE=" + filepath.Join(s.dir, "policy.yaml"), countGoroutines + "=" + s.counts,
	}
	for name, value := range s.sandbox.Environment() {
		environment = append(environment, name+"="+value)
	}
	s.bot, err = start(ctx, s.program, []string{botCommand}, environment, "/readyz")
	return err
}

func (s *soak) database() string { return filepath.Join(s.dir, "bot.db") }

// live lets the time pass.
func (s *soak) live(ctx context.Context) error {
	ends := time.Now().Add(s.length)
	requests := time.NewTicker(time.Minute / time.Duration(s.perMinute))
	restarts, disconnects, samples := time.NewTicker(s.restart), time.NewTicker(s.disconnect), time.NewTicker(sampleEvery)
	defer func() { requests.Stop(); restarts.Stop(); disconnects.Stop(); samples.Stop() }()
	for n := 0; time.Now().Before(ends); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-requests.C:
			if err := s.request(ctx, n); err != nil {
				return fmt.Errorf("request %d: %w", n, err)
			}
			n++
		case <-disconnects.C:
			s.sandbox.Slack.Disconnect([]slack.Reason{slack.Warning, slack.Abrupt}[n%2])
		case <-restarts.C:
			if err := s.bot.stop(); err != nil {
				return err
			}
			if err := s.startBot(ctx); err != nil {
				return err
			}
		case <-samples.C:
			if err := s.sample(); err != nil {
				return err
			}
		}
	}
	return nil
}

// request has one person request a key, get it, and say that it is saved.
func (s *soak) request(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	w, user, marker := s.sandbox.Slack, []string{slack.Alice, slack.Carol, slack.Dana}[n%3], markerOf(int64(n))
	if err := w.AwaitConnection(ctx); err != nil {
		return err
	}
	if err := w.Command(ctx, user, slack.General, "/atlas-key", ""); err != nil {
		return err
	}
	if _, err := w.Wait(ctx, user, func(on slack.Screen) bool { return on.Modal != nil }); err != nil {
		return fmt.Errorf("waiting for the form: %w", err)
	}
	values := map[string]map[string]slack.Value{}
	for block, value := range map[string]slack.Value{
		"description": slack.Text(marker), "roles": slack.Pick("ORG_READ_ONLY"), "networks": slack.Text("203.0.113.7"),
		"lifetime": slack.Pick("1h0m0s"), "reason": slack.Text("a soak"),
	} {
		values[block] = map[string]slack.Value{block: value}
	}
	result, err := w.Submit(ctx, user, values)
	if err != nil || result.Outcome != slack.Closed {
		return fmt.Errorf("sending the form: %v (%w)", result.Errors, err)
	}
	presses := []struct{ user, action string }{{slack.Bob, "approve"}, {user, "issue"}, {user, "confirm"}}
	if n%4 == 0 {
		presses = presses[:2]
	}
	for _, press := range presses {
		if err := s.press(ctx, press.user, press.action, marker); err != nil {
			return err
		}
	}
	s.made++
	return nil
}

// press waits for the newest message with a button of an action, and presses that. The
// approvers' card has the marker of its request.
func (s *soak) press(ctx context.Context, user, action, marker string) error {
	var conversation, ts string
	_, err := s.sandbox.Slack.Wait(ctx, user, func(on slack.Screen) bool {
		for _, c := range on.Conversations {
			for _, m := range slices.Backward(c.Messages) {
				_, err := buttonIn(string(m.Blocks), action)
				if err == nil && (action != "approve" || bytes.Contains(m.Blocks, []byte(marker))) && (action != "confirm" || m.Ephemeral) {
					conversation, ts = c.ID, m.TS
					return true
				}
			}
		}
		return false
	})
	if err != nil {
		return fmt.Errorf("waiting for the button %s: %w", action, err)
	}
	return s.sandbox.Slack.Click(ctx, user, conversation, ts, action)
}

func (s *soak) sample() error {
	pid := s.bot.command.Process.Pid
	var now sample
	var err error
	if now.resident, err = residentBytes(pid); err != nil {
		return err
	}
	if now.files, err = openFiles(pid); err != nil {
		return err
	}
	if now.goroutines, err = s.goroutines(); err != nil {
		return err
	}
	now.wal, now.database = sizeOf(s.database()+"-wal"), sizeOf(s.database())
	now.active = len(s.sandbox.Atlas.Snapshot().Keys) - 1 // without the bot's own
	s.samples = append(s.samples, now)
	fmt.Fprintf(s.out, "%6d  %4d  %6d  %-7s  %10d  %5d  %-7s  %s\n", len(s.samples), s.made, now.active, mebibytes(now.resident), now.goroutines, now.files, mebibytes(now.wal), mebibytes(now.database))
	return nil
}

// goroutines asks the bot's process.
func (s *soak) goroutines() (int, error) {
	answer, err := http.Get("http://" + s.counts)
	if err != nil {
		return 0, fmt.Errorf("asking for the number of goroutines: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

func sizeOf(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0 // there is no WAL right after a start
	}
	return info.Size()
}

// judge compares the last quarter of the samples with the second: in the first one the
// bot fills its caches, and no key has expired yet.
func (s *soak) judge() error {
	quarter := len(s.samples) / 4
	if quarter == 0 {
		return fmt.Errorf("it was too short to say anything: at least %s", 4*sampleEvery)
	}
	var grown []error
	for _, what := range []struct {
		name string
		of   func(sample) int64
	}{
		{"memory", func(x sample) int64 { return x.resident }},
		{"goroutines", func(x sample) int64 { return int64(x.goroutines) }},
		{"files", func(x sample) int64 { return int64(x.files) }},
		{"WAL", func(x sample) int64 { return x.wal }},
	} {
		early, late := median(s.samples[quarter:2*quarter], what.of), median(s.samples[len(s.samples)-quarter:], what.of)
		fmt.Fprintf(s.out, "%-10s  %d then %d\n", what.name, early, late)
		if float64(late) > 1.2*float64(early) {
			grown = append(grown, fmt.Errorf("%s grew from %d to %d", what.name, early, late))
		}
	}
	return errors.Join(grown...)
}

func median(all []sample, of func(sample) int64) int64 {
	var values []int64
	for _, x := range all {
		values = append(values, of(x))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
