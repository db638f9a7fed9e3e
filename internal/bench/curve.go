package bench

import (
	"fmt"
	"math"
	"strings"
)

// curve is a picture (SVG) of flows a second and of the Home tab's time, over how many
// finished requests the database has.
func curve(points []point) string {
	const width, height = 720, 300
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	panel(&b, 60, "flows a second", "#1264a3", points, func(p point) float64 { return p.flows })
	panel(&b, 420, "Home of an approver, ms", "#2eb67d", points, func(p point) float64 { return float64(p.home.Microseconds()) / 1000 })
	b.WriteString("</svg>\n")
	return b.String()
}

// panel draws one line at x, from zero to a fifth above the highest value.
func panel(b *strings.Builder, x float64, title, color string, points []point, value func(point) float64) {
	const top, bottom, length = 50.0, 250.0, 260.0
	highest := 0.0
	for _, p := range points {
		highest = max(highest, value(p)*1.2)
	}
	fmt.Fprintf(b, `<text x="%.0f" y="30" font-weight="bold" fill="#1d1c1d">%s</text>`+"\n", x, title)
	fmt.Fprintf(b, `<path d="M%.0f %.0fV%.0fH%.0f" fill="none" stroke="#8d8d8d"/>`+"\n", x, top, bottom, x+length)
	var line []string
	for _, p := range points {
		at := x + length*position(points, p)
		up := bottom
		if highest > 0 {
			up -= (bottom - top) * value(p) / highest
		}
		line = append(line, fmt.Sprintf("%.1f %.1f", at, up))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", at, up, color)
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle" fill="#1d1c1d">%.1f</text>`+"\n", at, up-8, value(p))
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle" fill="#616061">%d</text>`+"\n", at, bottom+18, p.finished)
	}
	fmt.Fprintf(b, `<path d="M%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(line, "L"), color)
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f" fill="#616061">finished requests</text>`+"\n", x, bottom+36)
}

// position of a point, from 0 to 1, by the logarithm of its requests.
func position(points []point, p point) float64 {
	first, last := math.Log(float64(points[0].finished)), math.Log(float64(points[len(points)-1].finished))
	if first == last {
		return 0
	}
	return (math.Log(float64(p.finished)) - first) / (last - first)
}
