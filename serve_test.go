package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// process is `bellhop serve` as a process of its own, the binary under test run again by testscript's means.
type process struct {
	t         *testing.T
	cmd       *exec.Cmd
	URL       string // of the receiver
	out       *safeBuffer
	listening chan struct{} // closed once it says so
}

// hostFile is a bot.toml for a process. The secret and the key are those of the test.
func hostFile(t *testing.T, dir string, appID int64, key []byte, secret, apiURL, rules string) string {
	t.Helper()
	return hostFileAt(t, dir, freeAddress(t), appID, key, secret, apiURL, rules)
}

// hostFileAt is hostFile for a process that listens at an address, or unix:PATH.
func hostFileAt(t *testing.T, dir, listen string, appID int64, key []byte, secret, apiURL, rules string) string {
	t.Helper()
	admin := ""
	if !strings.HasPrefix(listen, "unix:") {
		admin = freeAddress(t)
	}
	write(t, filepath.Join(dir, "app.pem"), key, 0o600)
	path := filepath.Join(dir, "bot.toml")
	write(t, path, fmt.Appendf(nil, `
[server]
listen = %q
admin  = %q
[github]
app_id           = %d
private_key_file = "app.pem"
webhook_secrets  = [%q]
api_url          = %q
[storage]
url = "sqlite:bellhop.db"
%s`, listen, admin, appID, secret, apiURL, rules), 0o600)
	return path
}

func write(t *testing.T, path string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
}

// freeAddress is an address of this machine that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serve starts the process and waits until it says that it listens.
func serve(t *testing.T, config string) *process {
	t.Helper()
	p := begin(t, config)
	select {
	case <-p.listening:
	case <-time.After(patience):
		t.Fatalf("bellhop serve does not listen:\n%s", p.out)
	}
	return p
}

// begin starts the process.
func begin(t *testing.T, config string) *process {
	t.Helper()
	path, err := exec.LookPath("bellhop")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(path, "serve", "--config", config), out: &safeBuffer{}, listening: make(chan struct{})}
	p.URL = "http://" + settingOf(t, config, "listen") + "/webhook"
	p.cmd.Env = append(os.Environ(), "NO_COLOR=1")
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	go func() {
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20)
		for told := false; lines.Scan(); {
			p.out.WriteLine(lines.Text())
			if !told && strings.Contains(lines.Text(), "listening") {
				told = true
				close(p.listening)
			}
		}
	}()
	return p
}

// settingOf reads one setting back from a file that hostFile wrote.
func settingOf(t *testing.T, config, name string) string {
	t.Helper()
	data, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		if key, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == name {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	t.Fatalf("%s has no %s", config, name)
	return ""
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait()
}

// stop ends it as systemd would, and wants exit code 0.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("bellhop serve after SIGTERM: %v\n%s", err, p.out)
	}
}

// uniqueGUIDs forwards webhooks to target and gives each a delivery GUID of its own.
func uniqueGUIDs(t *testing.T, target string) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	var count atomic.Int64
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		r.Out.URL.Path = u.Path
		r.Out.Header.Set("X-GitHub-Delivery", fmt.Sprintf("00000000-0000-4000-8000-%012d", count.Add(1)))
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: proxy}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String() + u.Path
}

// until polls for what another process does. It fails the test when that takes minutes.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited for %s in vain", what)
		case <-tick.C:
		}
	}
}
