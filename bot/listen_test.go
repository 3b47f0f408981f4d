package bot

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// socketFolder is short enough for the path of a Unix socket, which has 104 bytes on some systems.
func socketFolder(t *testing.T) string {
	dir, err := os.MkdirTemp("", "bell")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestListenOnUnixSocket(t *testing.T) {
	path := filepath.Join(socketFolder(t), "hook.sock")
	l, err := Listen("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o660 && runtime.GOOS != "windows" {
		t.Errorf("mode %o", mode)
	}
	if _, err := Listen("unix:" + path); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("a second listener: %v", err)
	}
	// A process that is killed leaves its socket behind.
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	l, err = Listen("unix:" + path)
	if err != nil {
		t.Fatalf("after a crash: %v", err)
	}
	l.Close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestListenLeavesOtherFilesAlone(t *testing.T) {
	path := filepath.Join(socketFolder(t), "precious")
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Listen("unix:" + path); err == nil {
		l.Close()
		t.Error("it listens on a file")
	}
	if data, err := os.ReadFile(path); string(data) != "data" {
		t.Errorf("the file holds %q, %v", data, err)
	}
}

func TestServerFinishesWhatItAnswers(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Listener: l, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stop() // the server is told to end while this request is being answered
		<-ctx.Done()
		io.WriteString(w, "kept")
	})}
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	res, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	if res.Body.Close(); string(body) != "kept" {
		t.Errorf("body %q", body)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("it still takes connections")
	}
}

func TestServerTellsThatItsListenerFailed(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := (&Server{Listener: l}).Run(context.Background()); err == nil {
		t.Error("no error")
	}
}

// Headers larger than the limit are refused by net/http before any handler sees them.
func TestServerRefusesLargeHeaders(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	s := &Server{Listener: l, Log: slog.New(slog.DiscardHandler), Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called") })}
	go func() { ended <- s.Run(ctx) }()
	status := raw(t, l.Addr(), "POST /webhook HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("a", 2*maxHeader)+"\r\n\r\n")
	if status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", status)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestLimitConnections(t *testing.T) {
	inner, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limitConnections(inner, 1)
	accepted := make(chan error, 2)
	go func() {
		for {
			_, err := l.Accept()
			accepted <- err
			if err != nil {
				return
			}
		}
	}()
	for range 2 {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if err := <-accepted; err != nil {
		t.Fatal(err)
	}
	select {
	case <-accepted:
		t.Fatal("a second connection while the first is open")
	default:
	}
	l.track(nil, http.StateIdle) // still open
	if len(l.open) != 1 {
		t.Error("an idle connection gave its place back")
	}
	l.track(nil, http.StateClosed)
	if err := <-accepted; err != nil {
		t.Fatal(err)
	}
	l.Close() // while Accept waits for a place
	if err := <-accepted; err == nil {
		t.Error("accepted after Close")
	}
}

// TestActivated starts this test program again as systemd would: with open sockets from descriptor 3 on.
func TestActivated(t *testing.T) {
	if runtime.GOOS == "windows" {
		if os.Getenv("BELLHOP_TEST_ALL") != "" {
			t.Fatal("systemd is for Linux, and so is running every test")
		}
		t.Skip("systemd is for Linux")
	}
	if os.Getenv("BELLHOP_TEST_ACTIVATED") != "" {
		serveActivated(t)
		return
	}
	var files []*os.File
	var addrs []string
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		addrs, files = append(addrs, l.Addr().String()), append(files, f)
		l.Close() // the copy in f stays open
	}
	// Only the shell knows the process ID that exec keeps.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" -test.run='^TestActivated$' -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), "BELLHOP_TEST_ACTIVATED=1", "LISTEN_FDS=2", "LISTEN_FDNAMES=admin:hook.socket")
	cmd.ExtraFiles = files
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		f.Close()
	}
	for i, want := range []string{"admin", "public"} {
		conn, err := net.DialTimeout("tcp", addrs[i], 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if line, _ := bufio.NewReader(conn).ReadString('\n'); line != want+"\n" {
			t.Errorf("socket %d says %q, want %s", i, line, want)
		}
		conn.Close()
	}
	said, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

func serveActivated(t *testing.T) {
	public, admin, err := Activated()
	if err != nil || public == nil || admin == nil {
		t.Fatal(public, admin, err)
	}
	if os.Getenv("LISTEN_FDS") != "" {
		t.Error("children would take the sockets for theirs")
	}
	for _, s := range []struct {
		l    net.Listener
		name string
	}{{admin, "admin"}, {public, "public"}} {
		conn, err := s.l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, s.name+"\n")
		conn.Close()
	}
}

func TestActivatedForAnotherProcess(t *testing.T) {
	t.Setenv("LISTEN_PID", "1")
	t.Setenv("LISTEN_FDS", "1")
	t.Setenv("LISTEN_FDNAMES", "")
	if public, admin, err := Activated(); public != nil || admin != nil || err != nil {
		t.Error(public, admin, err)
	}
}
