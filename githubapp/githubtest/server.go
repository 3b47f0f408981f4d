package githubtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options of a Server. The zero value works.
type Options struct {
	Addr string           // host:port to listen on; a free port of 127.0.0.1 when empty
	Now  func() time.Time // time of all that happens; time.Now when nil; read in whole seconds
	// AuthNow is the clock that App tokens (JWT) and installation tokens are judged by. When nil, a JWT that is valid by Now or
	// by the machine's clock is taken, and its installation tokens live by the same clock: client libraries read the latter.
	AuthNow   func() time.Time
	WebURL    string       // base of html_url; "https://github.com/" when empty
	RateLimit int          // requests an installation may send each hour; 12,500 (the most GitHub gives) when 0
	Log       *slog.Logger // debug lines for requests and deliveries; silent when nil
}

// Server is a running stand-in GitHub. Its methods may be called concurrently.
type Server struct {
	URL string // base of the REST API, with a slash at its end; GraphQL is at URL + "graphql"

	// Check, when set, sees every API request before it is answered. An error is kept for Violations and answered with 422.
	// Set it before the first request.
	Check func(r *http.Request, body []byte) error

	o         Options
	listener  net.Listener
	http      *http.Server // ends by Close alone
	hooks     *hookQueue
	log       requestLog
	behaviour behaviours
	running   sync.WaitGroup

	mu sync.Mutex // guards everything below: one request or one person's deed at a time
	world
}

// maxBody bounds what a request may send, in bytes; GitHub refuses far less for most endpoints.
const maxBody = 50 << 20

// Start listens and serves until Close.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.WebURL == "" {
		o.WebURL = "https://github.com/"
	}
	if o.RateLimit == 0 {
		o.RateLimit = 12_500
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://" + l.Addr().String() + "/", o: o, listener: l, world: newWorld()}
	s.hooks = newHookQueue(s)
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 10 * time.Second}
	s.running.Go(func() { s.http.Serve(l) })
	s.running.Go(s.hooks.run)
	return s, nil
}

// Close stops the server and the sending of webhooks; those not sent yet are dropped.
func (s *Server) Close() {
	s.hooks.close()
	s.behaviour.close()
	s.http.Close()
	s.running.Wait()
}

// Now is the time of Options.Now in UTC and whole seconds, as GitHub tells times.
func (s *Server) Now() time.Time { return s.o.Now().UTC().Truncate(time.Second) }

// serve is the way of every API request: read, note down, check, misbehave or answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(w, "request body too large", http.StatusRequestEntityTooLarge)
		}
		return
	}
	entry := s.log.begin(r, body, s.Now())
	r.URL = s.canonical(r.URL)
	rec := &statusRecorder{ResponseWriter: w}
	defer func() {
		s.log.end(entry, rec.status)
		s.o.Log.Debug("api request", "method", r.Method, "path", r.URL.Path, "status", rec.status)
	}()
	if s.Check != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err := s.Check(r, body); err != nil {
			s.log.violate(entry, err)
			writeAnswer(rec, r, problemf(http.StatusUnprocessableEntity, "%v", err).answer())
			return
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	carryOut := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeAnswer(w, r, s.dispatch(r, body, entry))
	})
	if b := s.behaviour.next(r); b != nil {
		s.log.known(entry)
		b(rec, r, carryOut)
		return
	}
	carryOut(rec, r)
}

// Flush waits until every webhook caused so far, and those caused while it waits, was sent and answered, or ctx ends. What a
// receiver does after its answer is not waited for.
func (s *Server) Flush(ctx context.Context) error { return s.hooks.flush(ctx) }

// Settled tells whether no webhook waits or is under way.
func (s *Server) Settled() bool { return s.hooks.settled() }

// statusRecorder remembers the status for the log. It can be hijacked like the writer under it.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (w *statusRecorder) WriteHeader(code int) {
	if w.status == 0 {
		w.status = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusRecorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
