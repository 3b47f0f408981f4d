package main

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bellhop/bot"
)

func TestHealth(t *testing.T) {
	var sick error
	handler := bot.Admin(bot.Probe{Name: "store", Check: func(context.Context) error { return sick }})
	tcp := httptest.NewServer(handler)
	defer tcp.Close()

	dir, err := os.MkdirTemp("", "bell") // short enough for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := "unix:" + filepath.Join(dir, "admin.sock")
	l, err := bot.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- (&bot.Server{Listener: l, Handler: handler}).Run(ctx) }()

	config := tempFile(t, "bot.toml", "[server]\nadmin = \""+socket+"\"\n")
	port := tcp.Listener.Addr().String()[strings.LastIndex(tcp.Listener.Addr().String(), ":"):]
	for _, tt := range []struct {
		name string
		sick error
		args []string
		want int
	}{
		{"alive", nil, []string{"--admin", tcp.Listener.Addr().String()}, 0},
		{"listening on all addresses", nil, []string{"--admin", "0.0.0.0" + port}, 0},
		{"on a socket that the file names", nil, []string{"--config", config}, 0},
		{"ready", nil, []string{"--admin", socket, "--ready"}, 0},
		{"alive but not ready", errors.New("disk full"), []string{"--admin", socket}, 0},
		{"not ready", errors.New("disk full"), []string{"--admin", socket, "--ready"}, 1},
		{"nobody there", nil, []string{"--admin", "unix:" + filepath.Join(dir, "nobody.sock")}, 1},
		{"no such file", nil, []string{"--config", "nowhere.toml"}, 1},
		{"switched off", nil, []string{"--config", tempFile(t, "bot.toml", "server.admin = \"\"")}, 1},
		{"no address", nil, []string{"--admin", "here"}, 1},
	} {
		sick = tt.sick
		if code, out, errs := bellhop(append([]string{"health"}, tt.args...)...); code != tt.want {
			t.Errorf("%s: exit code %d, want %d\n%s%s", tt.name, code, tt.want, out, errs)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
