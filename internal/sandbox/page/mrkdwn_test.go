package page

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var cast = names{
	me:       "U0BOB",
	people:   map[string]string{"U0ALICE": "Alice Ames", "U0BOB": "Bob <b>Birch</b>"},
	channels: map[string]string{"C0APPROVALS": "atlas-approvals"},
	groups:   map[string]string{"S0APPROVERS": "atlas-approvers"},
}

func TestMrkdwn(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"plain words":                {"hello", "hello"},
		"bold, italic and struck":    {"*a* _b_ ~c~", "<strong>a</strong> <em>b</em> <del>c</del>"},
		"styles nest":                {"*a _b_*", "<strong>a <em>b</em></strong>"},
		"marks inside words":         {"ORG_READ_ONLY 2*3*4", "ORG_READ_ONLY 2*3*4"},
		"marks next to blanks":       {"a * b * c", "a * b * c"},
		"a mark without its twin":    {"*a", "*a"},
		"two marks with nothing":     {"**", "**"},
		"styles end with the line":   {"*a\nb*", "*a<br>b*"},
		"code keeps its marks":       {"`*a* <@U0ALICE>`", "<code>*a* &lt;@U0ALICE&gt;</code>"},
		"an open tick":               {"`a", "`a"},
		"a fence":                    {"a\n```\nx  *y*\n```\nb", "a<pre>x  *y*</pre>b"},
		"an open fence":              {"```x", "```x"},
		"a quote of two lines":       {"a\n&gt; b\n> c\nd", "a<blockquote>b<br>c</blockquote>d"},
		"entities are characters":    {"&lt;b&gt; &amp;amp; &copy;", "&lt;b&gt; &amp;amp; &amp;copy;"},
		"a person":                   {"<@U0ALICE>", `<span class="mention" title="U0ALICE">@Alice Ames</span>`},
		"oneself, with an odd name":  {"<@U0BOB>", `<span class="mention me" title="U0BOB">@Bob &lt;b&gt;Birch&lt;/b&gt;</span>`},
		"an unknown person":          {"<@U0X|x>", `<span class="mention" title="U0X">@x</span>`},
		"a channel":                  {"<#C0APPROVALS>", `<span class="mention" title="">#atlas-approvals</span>`},
		"a group":                    {"<!subteam^S0APPROVERS>", `<span class="mention" title="S0APPROVERS">@atlas-approvers</span>`},
		"everybody":                  {"<!channel>", `<span class="mention broadcast" title="this reaches everybody">@channel</span>`},
		"everybody, disarmed":        {"&lt;!channel&gt;", "&lt;!channel&gt;"},
		"a link is not followed":     {"<https://a.test/?x=1&amp;y=2|the *docs*>", `<span class="link" title="https://a.test/?x=1&amp;y=2">the *docs*</span>`},
		"a bare address":             {"https://a.test", "https://a.test"},
		"a date":                     {"<!date^1700000000^{date_short} at {time}|Nov 14>", `<time datetime="2023-11-14T22:13:20Z" data-format="{date_short} at {time}">Nov 14</time>`},
		"a date that is none":        {"<!date^soon^{time}|soon>", "soon"},
		"an address":                 {"2001:db8:100::5", `2001:db8<span role="img" aria-label="100">💯</span>:5`},
		"an address as code":         {"`2001:db8:100::5`", `<code>2001:db8:100::5</code>`},
		"an emoji":                   {":key:", `<span role="img" aria-label="key">🔑</span>`},
		"an unknown emoji":           {":no_such: 10:30:00", ":no_such: 10:30:00"},
		"angles that mean nothing":   {"<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"},
		"an angle that never closes": {"1 < 2", "1 &lt; 2"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, string(cast.mrkdwn(c.in)))
		})
	}
}

// live finds elements and attributes this package never writes.
var live = regexp.MustCompile(`(?i)<(?:/?(?:strong|em|del|code|pre|br|blockquote|p|ul|ol|li)|/span|/time` +
	`|[uo]l class="indent-[0-8]"|span class="[a-z ]*" title="[^"<>]*"|span role="img" aria-label="[a-z0-9+ -]*"|time datetime="[0-9TZ:-]*" data-format="[^"<>]*")>`)

func TestHostileTextIsEscaped(t *testing.T) {
	t.Parallel()
	for _, attack := range []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `"><svg onload=alert(1)>`, `<a href="javascript:alert(1)">x</a>`,
		`<javascript:alert(1)|click>`, `<https://x.test/" onmouseover="alert(1)|x>`, `<https://x.test|<img src=x>>`, `<https://x.test|"onclick=alert(1)>`,
		`<@U0"><script>alert(1)</script>`, `<@U0|"><b>x>`, `<#C0"onclick=x|"><b>>`, `<!subteam^S0"><i>|@<b>>`, `<!date^1^"onclick=alert(1)|<b>x>`, `<!date^1^{time}^javascript:alert(1)|x>`,
		`<!date^99999999999999^{time}|x>`, `<!"><script>>`, "`<script>`", "```<script>alert(1)</script>```", "```</pre><script>```", "*<script>*", "_\"><script>_", "~<b~>",
		`&lt;script&gt;`, `&amp;lt;script&amp;gt;`, `&#60;script&#62;`, `> <script>`, `&gt; "><script>`, `<<script>>`, `<`, `>`, `<>`, `<|>`, `<@>`, `<#>`, `<!>`, `:"><script>:`, "<\x00script>", "</time></span><script>",
		strings.Repeat("*_~", 500), strings.Repeat("<", 500), strings.Repeat("`", 500), strings.Repeat("> ", 500),
	} {
		for where, drawn := range map[string]string{
			"mrkdwn":         string(cast.mrkdwn(attack)),
			"plain_text":     string(plainText(attack, true)),
			"without emoji":  string(plainText(attack, false)),
			"rich text":      string(cast.rich([]richPart{{Type: "rich_text_section", Elements: []richPart{{Type: "text", Text: attack}}}})),
			"preformatted":   string(cast.rich([]richPart{{Type: "rich_text_preformatted", Elements: []richPart{{Type: "text", Text: attack}}}})),
			"rich link":      string(cast.rich([]richPart{{Type: "rich_text_section", Elements: []richPart{{Type: "link", URL: attack, Text: attack}}}})),
			"rich mentions":  string(cast.rich([]richPart{{Elements: []richPart{{Type: "user", UserID: attack}, {Type: "channel", ChannelID: attack}, {Type: "usergroup", UsergroupID: attack}}}})),
			"rich rest":      string(cast.rich([]richPart{{Elements: []richPart{{Type: "emoji", Name: attack}, {Type: "broadcast", Range: attack}, {Type: attack, Text: attack}}}})),
			"rich date":      string(cast.rich([]richPart{{Elements: []richPart{{Type: "date", Format: attack, Fallback: attack}}}})),
			"list of a kind": string(cast.rich([]richPart{{Type: "rich_text_list", Style: richStyle{List: attack}, Elements: []richPart{{Elements: []richPart{{Text: attack}}}}}})),
		} {
			rest := live.ReplaceAllString(drawn, "")
			assert.False(t, strings.ContainsAny(rest, `<>"'`), "%s of %.60q drew %.200s", where, attack, drawn)
		}
	}
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	require.Equal(t, `*a* &lt;b&gt; &amp; <span role="img" aria-label="warning">⚠️</span>!`, string(plainText("*a* <b> &amp; :warning:!", true)))
	require.Equal(t, ":warning:", string(plainText(":warning:", false)))
	require.Equal(t, "⚠️ <b>", label(":warning: <b>", true))
}

func TestRichText(t *testing.T) {
	t.Parallel()
	var parts []richPart
	require.NoError(t, unmarshal([]byte(`[
		{"type":"rich_text_section","elements":[{"type":"text","text":"Role: ","style":{"bold":true}},{"type":"text","text":"*read* only\nand"},{"type":"user","user_id":"U0ALICE"}]},
		{"type":"rich_text_preformatted","elements":[{"type":"text","text":"a\n  b"}]},
		{"type":"rich_text_quote","elements":[{"type":"text","text":"<!channel>"}]},
		{"type":"rich_text_list","style":"ordered","indent":1,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"one","style":{"code":true}}]}]}
	]`), &parts))
	require.Equal(t, `<p><strong>Role: </strong>*read* only<br>and<span class="mention" title="U0ALICE">@Alice Ames</span></p>`+
		"<pre>a\n  b</pre>"+
		`<blockquote>&lt;!channel&gt;</blockquote>`+
		`<ol class="indent-1"><li><code>one</code></li></ol>`,
		strings.ReplaceAll(string(cast.rich(parts)), "\t", ""))
}
