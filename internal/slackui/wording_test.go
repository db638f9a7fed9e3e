package slackui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	maxSentence = 25     // words
	maxMessage  = 10_000 // characters of all blocks
)

var (
	oneWord     = regexp.MustCompile("`[^`]*`|<[^>]*>|\\([^)]*\\)")
	sentenceEnd = regexp.MustCompile(`[.?!:;]["*_)]* |[.?!:]["*_)]*$|\n|: `)
	// What people of the field do not say.
	notOurWords = regexp.MustCompile(`(?i)\b(lives|lapses?|lapsed|successor|switched over|is not|does not|do not|did not|cannot|are not|was not|asks for|Not yet)\b`)
)

// botSays lists what the bot itself says in a message: what people wrote is in code,
// quotes and facts.
func botSays(v any) []string {
	var said []string
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "rich_text" {
			return nil
		}
		if text, ok := v["text"].(string); ok && (v["type"] == "mrkdwn" || v["type"] == "plain_text") {
			said = append(said, text)
		}
		for _, inner := range v {
			said = append(said, botSays(inner)...)
		}
	case []any:
		for _, inner := range v {
			said = append(said, botSays(inner)...)
		}
	}
	return said
}

func goldenTexts(t *testing.T) map[string][]any {
	t.Helper()
	files, err := filepath.Glob("testdata/golden/*.json")
	require.NoError(t, err)
	messages := map[string][]any{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var m struct {
			Text   string `json:"text"`
			Blocks []any  `json:"blocks"`
		}
		name := filepath.Base(file)
		isAnswer := strings.Contains(name, "help") || strings.Contains(name, "list") || strings.Contains(name, "pending.json") || strings.HasPrefix(name, "revoke")
		if json.Unmarshal(content, &m) == nil && m.Text != "" && !isAnswer {
			messages[name] = m.Blocks
		}
	}
	require.Greater(t, len(messages), 200)
	return messages
}

// TestMessageSentencesAreShort reads every golden message.
func TestMessageSentencesAreShort(t *testing.T) {
	t.Parallel()
	for name, blocks := range goldenTexts(t) {
		for _, text := range botSays(blocks) {
			for _, sentence := range sentenceEnd.Split(oneWord.ReplaceAllString(text, "X"), -1) {
				assert.LessOrEqual(t, len(strings.Fields(sentence)), maxSentence, "%s: %s", name, sentence)
			}
			assert.NotRegexp(t, notOurWords, oneWord.ReplaceAllString(text, "X"), name)
		}
	}
}

func TestMessagesFitIntoTheBudgetOfOne(t *testing.T) {
	t.Parallel()
	for name, blocks := range goldenTexts(t) {
		size := 0
		for _, text := range botSays(blocks) {
			size += len([]rune(text))
		}
		assert.LessOrEqual(t, size, maxMessage, name)
	}
}
