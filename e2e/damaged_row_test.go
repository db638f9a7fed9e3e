package e2e

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// warned is what /readyz warns of, while it says that the bot is ready.
func (w *Env) warned() map[string]string {
	w.t.Helper()
	res, err := http.Get("http://" + w.address() + "/readyz")
	require.NoError(w.t, err)
	defer res.Body.Close()
	require.Equal(w.t, http.StatusOK, res.StatusCode, "one damaged request does not stop the service")
	var said struct {
		Ready    bool              `json:"ready"`
		Warnings map[string]string `json:"warnings"`
	}
	require.NoError(w.t, json.NewDecoder(res.Body).Decode(&said))
	require.True(w.t, said.Ready)
	return said.Warnings
}

// inDatabase runs a statement beside the bot.
func (w *Env) inDatabase(statement string, args ...any) {
	w.t.Helper()
	db, err := sql.Open("sqlite", w.database)
	require.NoError(w.t, err)
	_, err = db.ExecContext(w.t.Context(), "PRAGMA busy_timeout = 5000; "+statement, args...)
	require.NoError(w.t, err)
	require.NoError(w.t, db.Close())
}

func TestDamagedRowIsReportedAndHidesNoOther(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"cut short":              `substr(body, 1, 40)`,
		"of another type":        `'["secret-word"]'`,
		"nothing":                `'null'`,
		"of another request":     `replace(body, '` + "{ID}" + `', 'AKR-ZZZZZ')`,
		"a time that is no time": `replace(body, '"202', '"secret-word202')`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnvWithoutBot(t, false)
			w.storeTick = 10 * time.Millisecond
			w.StartBotForTest()
			damaged := w.requestWithoutApprovers()
			whole := w.requestWithoutApprovers()
			w.WaitIdle(damaged, whole)
			require.Empty(t, w.warned())

			var body0 string
			db, err := sql.Open("sqlite", w.database)
			require.NoError(t, err)
			require.NoError(t, db.QueryRowContext(t.Context(), `SELECT body FROM request WHERE id = $1`, damaged).Scan(&body0))
			require.NoError(t, db.Close())
			w.inDatabase(`UPDATE request SET body = `+strings.ReplaceAll(body, "{ID}", string(damaged))+` WHERE id = $1`, damaged)

			waiting, err := w.store().ListPending(t.Context())
			require.NoError(t, err)
			require.Len(t, waiting, 1)
			require.Equal(t, whole, waiting[0].ID)
			w.Command(alice, "list")
			require.True(t, contains(w.WaitForEphemeral(alice), string(whole)), "the other is listed")
			want := map[string]string{"requests": "damaged in the database and in no list: " + string(damaged)}
			require.Equal(t, want, w.warned())

			w.WaitUntil("it is logged", func() bool { return strings.Contains(w.log.String(), "a request cannot be read and is in no list") })
			require.Equal(t, 1, strings.Count(w.log.String(), `"level":"ERROR","msg":"a request cannot be read and is in no list`))
			require.NotContains(t, w.log.String(), "secret-word", "the row is not quoted")

			code, out, _ := runCommand(t, w.environ, "check")
			require.Equal(t, 1, code)
			require.Contains(t, out, "has requests that are damaged in the database and in no list: "+string(damaged))

			w.RestartBot()
			require.Equal(t, want, w.warned(), "a start says it at once")

			w.inDatabase(`UPDATE request SET body = $2 WHERE id = $1`, damaged, body0)
			require.Empty(t, w.warned(), "over without a restart")
			require.Equal(t, approval.StatePending, w.stored(damaged).State)
		})
	}
}
