package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Limits against clients that are slow or many. A proxy in front keeps its connections open for a minute or so; ours have to
// live longer, or a delivery meets a connection that is just being closed.
const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 15 * time.Second
	writeTimeout    = 30 * time.Second
	idleTimeout     = 2 * time.Minute
	maxHeader       = 16 << 10
	maxConnections  = 1024
	shutdownTimeout = 15 * time.Second
)

// Listen opens a listener at addr: "host:port", or "unix:/path" for a Unix socket that its owner and group may use. A socket
// file that nobody listens on any more is replaced.
func Listen(addr string) (net.Listener, error) {
	path, ok := strings.CutPrefix(addr, "unix:")
	if !ok {
		return net.Listen("tcp", addr)
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	// Until here the umask decides, which leaves the group out: never more than intended.
	if err := os.Chmod(path, 0o660); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// removeStale removes the socket that a process left behind at path. It leaves everything else alone: other kinds of file,
// and sockets that someone answers on.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there already and is no socket", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return fmt.Errorf("another process listens on %s", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// Activated returns the sockets that systemd opened for this process (sd_listen_fds(3)): the one named "admin" by
// FileDescriptorName=, and the first other one as public. Both are nil when systemd gave none. The environment variables are
// removed, so that a second call and child processes see none.
func Activated() (public, admin net.Listener, err error) {
	pid, n, names := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"), strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for _, key := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(key)
	}
	count, _ := strconv.Atoi(n)
	if pid != strconv.Itoa(os.Getpid()) || count <= 0 {
		return nil, nil, nil
	}
	for i := range min(count, 16) {
		const first = 3 // SD_LISTEN_FDS_START
		name := ""
		if i < len(names) {
			name = names[i]
		}
		l, err := inherited(first+i, name)
		switch {
		case err != nil:
			return nil, nil, err
		case name == "admin" && admin == nil:
			admin = l
		case name != "admin" && public == nil:
			public = l
		default:
			l.Close()
		}
	}
	return public, admin, nil
}

func inherited(fd int, name string) (net.Listener, error) {
	file := os.NewFile(uintptr(fd), name)
	defer file.Close() // FileListener works on a copy, which is closed on exec
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("socket %d (%q) given by systemd: %w", fd, name, err)
	}
	return l, nil
}

// Server serves HTTP on one listener.
type Server struct {
	Listener net.Listener
	Handler  http.Handler
	Log      *slog.Logger // slog.Default when nil

	// How long a client may take to send the headers, and the whole request: 5 and 15 seconds when 0.
	HeaderTimeout, ReadTimeout time.Duration
	// How many connections are open at once: 1024 when 0. More wait in the kernel.
	Connections int
}

// Run serves until ctx ends. Then it takes no more connections, waits for the requests that are being answered, and returns
// nil. It returns an error when the listener fails before that, or when a request takes too long at the end.
func (s *Server) Run(ctx context.Context) error {
	log := s.Log
	if log == nil {
		log = slog.Default()
	}
	listener := limitConnections(s.Listener, cmp.Or(s.Connections, maxConnections))
	server := &http.Server{
		Handler:           s.Handler,
		ReadHeaderTimeout: cmp.Or(s.HeaderTimeout, headerTimeout),
		ReadTimeout:       cmp.Or(s.ReadTimeout, readTimeout),
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnState:         listener.track,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", s.Listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(grace)
	if err != nil {
		server.Close()
		err = fmt.Errorf("shut down %s: %w", s.Listener.Addr(), err)
	}
	<-failed
	return err
}

// limited is a listener with a cap on open connections. More wait in the kernel until one is closed. The connections are
// handed on as they are: net/http wants to see that they are TCP, to end them in the order that lets an answer arrive.
type limited struct {
	net.Listener
	open   chan struct{} // holds a token for each open connection
	closed chan struct{}
	once   sync.Once
}

func limitConnections(l net.Listener, n int) *limited {
	return &limited{Listener: l, open: make(chan struct{}, n), closed: make(chan struct{})}
}

// Accept waits for a free place first, then for a connection.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.open <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.open
		return nil, err
	}
	return conn, nil
}

// Close ends an Accept that waits for a place, too.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// track is the http.Server.ConnState that gives places back.
func (l *limited) track(_ net.Conn, state http.ConnState) {
	if state == http.StateClosed || state == http.StateHijacked {
		<-l.open
	}
}
