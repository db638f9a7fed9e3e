package page

import (
	"html"
	"strings"
)

// emoji are the shortcodes that a bot of this kind uses. Others stay text.
var emoji = map[string]string{
	"+1": "👍", "-1": "👎", "100": "💯", "1234": "🔢", "a": "🅰️", "ab": "🆎", "b": "🅱️", "bomb": "💣", "alarm_clock": "⏰", "arrow_right": "➡️", "arrows_counterclockwise": "🔄",
	"arrow_up": "⬆️", "ballot_box_with_check": "☑️", "bell": "🔔", "black_square_for_stop": "⏹️", "boom": "💥", "bulb": "💡", "bust_in_silhouette": "👤",
	"calendar": "📆", "clipboard": "📋", "clock1": "🕐", "clock3": "🕒", "construction": "🚧",
	"exclamation": "❗", "eyes": "👀", "fire": "🔥", "ghost": "👻",
	"globe_with_meridians": "🌐", "green_heart": "💚", "hammer_and_wrench": "🛠️", "hand": "✋", "handshake": "🤝", "heavy_check_mark": "✔️",
	"heavy_minus_sign": "➖", "heavy_plus_sign": "➕", "hourglass": "⌛", "hourglass_flowing_sand": "⏳", "inbox_tray": "📥",
	"information_source": "ℹ️", "key": "🔑", "large_blue_circle": "🔵", "large_green_circle": "🟢", "large_orange_circle": "🟠",
	"large_red_circle": "🔴", "large_yellow_circle": "🟡", "leaves": "🍃", "lock": "🔒", "lock_with_ink_pen": "🔏",
	"mag": "🔍", "memo": "📝", "no_entry": "⛔", "no_entry_sign": "🚫", "octagonal_sign": "🛑",
	"old_key": "🗝️", "pencil": "📝", "pencil2": "✏️", "point_down": "👇", "point_right": "👉",
	"point_up": "☝️", "pushpin": "📌", "question": "❓", "raised_hand": "✋", "red_circle": "🔴",
	"repeat": "🔁", "robot_face": "🤖", "rocket": "🚀", "rotating_light": "🚨", "scissors": "✂️", "see_no_evil": "🙈",
	"shield": "🛡️", "shushing_face": "🤫", "skull": "💀", "smile": "😄", "speech_balloon": "💬",
	"spiral_calendar_pad": "🗓️", "stop_sign": "🛑", "stopwatch": "⏱️", "tada": "🎉", "thumbsdown": "👎",
	"thumbsup": "👍", "ticket": "🎫", "timer_clock": "⏲️", "unlock": "🔓", "warning": "⚠️",
	"wastebasket": "🗑️", "wave": "👋", "white_check_mark": "✅", "white_circle": "⚪", "white_large_square": "⬜",
	"wrench": "🔧", "x": "❌", "zap": "⚡", "zzz": "💤",
}

// shortcode finds the emoji that s starts with, such as ":key:", and how long
// its code is; zero if it is none we know.
func shortcode(s string) (name string, length int) {
	if len(s) < 3 || s[0] != ':' {
		return "", 0
	}
	end := strings.IndexByte(s[1:], ':')
	if end < 1 || emoji[s[1:end+1]] == "" {
		return "", 0
	}
	return s[1 : end+1], end + 2
}

// picture draws the emoji of that name for eyes and ears.
func picture(name string) string {
	spoken := html.EscapeString(strings.ReplaceAll(name, "_", " "))
	return `<span role="img" aria-label="` + spoken + `">` + emoji[name] + `</span>`
}
