package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

// maxConnections bounds the connections that are open at once. Slack uses a few.
const maxConnections = 1000

// serve answers /healthz and /readyz at once, and what is added to mux later. The
// returned function finishes the requests in flight and stops the server.
func (b *App) serve(mux *http.ServeMux) func() {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.Handle("GET /readyz", b.ready)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(b.Log.Handler(), slog.LevelDebug),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(netutil.LimitListener(b.Listener, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
			b.Log.Error("serving", "error", err)
		}
	}()
	b.Log.Info("listening", "address", b.Listener.Addr().String())
	return sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		server.Shutdown(ctx)
		<-done
	})
}
