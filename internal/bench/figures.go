package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A figure is one row of the table.
type figure struct {
	what, value, target string
	holds               bool // the target
}

// quantile returns the time that a share of them did not exceed; zero if there are none.
func quantile(took []time.Duration, share float64) time.Duration {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func mebibytes(bytes int64) string { return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20)) }

// table is the figures as Markdown.
func table(all []figure) string {
	var b strings.Builder
	b.WriteString("| what | figure | target |\n| --- | --- | --- |\n")
	for _, f := range all {
		target := f.target
		if target != "" && !f.holds {
			target += ": **missed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.what, f.value, target)
	}
	return b.String()
}

// A point is a measurement with so many finished requests in the database.
type point struct {
	finished int
	flows    float64 // a second
	home     time.Duration
	ready    time.Duration
}
