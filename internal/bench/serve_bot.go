package bench

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"

	"atlaskeybot/internal/cli"
	"atlaskeybot/internal/config"
)

// The environment of the bot, besides its own.
const (
	profileFile     = "BENCH_CPU_PROFILE" // a file for its CPU profile
	countGoroutines = "BENCH_GOROUTINES"  // a loopback address at which it says how many goroutines it has
)

// serveBot is the process of the bot.
func serveBot(ctx context.Context) error {
	environ := config.Environ()
	if name := environ[profileFile]; name != "" {
		file, err := os.Create(name)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if address := environ[countGoroutines]; address != "" {
		server := &http.Server{Addr: address, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, runtime.NumGoroutine())
		})}
		go server.ListenAndServe()
		defer server.Close()
	}
	return cli.Run(ctx, []string{"run"}, cli.Env{Environ: environ, Stdout: os.Stdout, Stderr: os.Stderr})
}
