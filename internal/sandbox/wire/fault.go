package wire

import (
	"fmt"
	"slices"
	"strings"
)

// A Fault makes calls of one operation fail.
type Fault struct {
	Side      string `json:"side"`      // Slack, Atlas or ResponseURL
	Operation string `json:"operation"` // empty: every operation of that side
	Mode      Mode   `json:"mode"`
	Skip      int    `json:"skip"`  // so many matching calls pass first
	Count     int    `json:"count"` // then so many fail; 0 means one, below zero means until Clear

	// FirstLeg applies the fault to the request without an Authorization header,
	// which fetches a digest challenge. Otherwise, at Atlas, it applies to the
	// authenticated request only. It has no meaning for Slack.
	FirstLeg bool `json:"first_leg"`

	RetryAfter int    `json:"retry_after"` // seconds, RateLimited; 0 is sent as 0
	Error      string `json:"error"`       // the code, SlackError and SlackErrorAfter
	Status     int    `json:"status"`      // AtlasError
	Code       string `json:"code"`        // AtlasError
	Detail     string `json:"detail"`      // AtlasError
}

// planned is a fault and the number of calls that it has seen.
type planned struct {
	Fault
	seen int
}

// Set plans f. Of several planned faults that match a call, the first one applies.
func (rec *Recorder) Set(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.faults = append(rec.faults, &planned{Fault: f})
	return nil
}

// Faults returns the faults that are planned and not used up.
func (rec *Recorder) Faults() []Fault {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	faults := []Fault{}
	for _, p := range rec.faults {
		if !p.spent() {
			faults = append(faults, p.Fault)
		}
	}
	return faults
}

// Clear removes every planned fault and releases frozen calls.
func (rec *Recorder) Clear() {
	rec.mu.Lock()
	rec.faults = nil
	rec.mu.Unlock()
	rec.Release()
}

// Release releases the calls that are frozen now.
func (rec *Recorder) Release() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	close(rec.release)
	rec.release = make(chan struct{})
}

func (f Fault) check() error {
	switch {
	case !slices.Contains([]string{Slack, Atlas, ResponseURL}, f.Side):
		return fmt.Errorf("planning a fault: side is %q, want %s, %s or %s", f.Side, Slack, Atlas, ResponseURL)
	case modes[f.Mode].inject == nil:
		return fmt.Errorf("planning a fault: unknown mode %q, want one of %s", f.Mode, modeNames())
	case (f.Mode == SlackError || f.Mode == SlackErrorAfter) && f.Error == "":
		return fmt.Errorf("planning a fault: mode %s needs error", f.Mode)
	case f.Mode == AtlasError && (f.Status < 400 || f.Status > 599 || f.Code == ""):
		return fmt.Errorf("planning a fault: mode %s needs status (400 to 599) and code", f.Mode)
	case f.FirstLeg && f.Side != Atlas:
		return fmt.Errorf("planning a fault: first_leg is for Atlas only")
	case f.Skip < 0 || f.RetryAfter < 0:
		return fmt.Errorf("planning a fault: skip and retry_after cannot be below zero")
	}
	return nil
}

func modeNames() string {
	names := make([]string, len(Modes))
	for i, m := range Modes {
		names[i] = string(m.Mode)
	}
	return strings.Join(names, ", ")
}

// due returns the fault that applies to call, and counts it. rec.mu is held.
func (rec *Recorder) due(call Call) *Fault {
	for _, p := range rec.faults {
		if p.spent() || !p.matches(call) {
			continue
		}
		p.seen++
		if p.seen > p.Skip {
			f := p.Fault
			return &f
		}
	}
	return nil
}

func (f Fault) matches(call Call) bool {
	if f.Side != call.Side || (f.Operation != "" && f.Operation != call.Operation) {
		return false
	}
	return f.Side != Atlas || call.Auth == !f.FirstLeg
}

func (p *planned) spent() bool {
	return p.Count >= 0 && p.seen >= p.Skip+max(p.Count, 1)
}
