package bot

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// besieged runs a receiver on loopback with few connections and little patience for headers, and returns its address.
func besieged(t *testing.T, rc *Receiver, connections int, patience time.Duration) string {
	t.Helper()
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	s := &Server{
		Listener: l, Handler: Hooks(rc), Log: quiet(), Connections: connections,
		HeaderTimeout: patience, ReadTimeout: 50 * patience,
	}
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// deliver sends a good delivery on a connection of its own, and returns the status of the answer.
func deliver(t *testing.T, addr string) int {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Do(hook(t, "http://"+addr, openedIssue))
	if err != nil {
		t.Error(err)
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// Many times as many connections as are taken, which say nothing, half a header, or headers without end: each is cut off, and a
// delivery waits its turn and is kept within the ten seconds that GitHub gives it.
func TestFloodOfConnections(t *testing.T) {
	for name, say := range map[string]string{
		"nothing":       "",
		"half a header": "POST /webhook HTTP/1.1\r\nHost: x\r\nX-A: ",
		"many headers":  "POST /webhook HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: b\r\n", 4000),
		"no HTTP":       strings.Repeat("\x16\x03\x01", 100),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := besieged(t, newTestReceiver(t, &shelf{}, io.Discard), 8, 100*time.Millisecond)
			for range 64 {
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				io.WriteString(conn, say)
			}
			if status := deliver(t, addr); status != 202 {
				t.Errorf("status %d", status)
			}
		})
	}
}

// A stranger cannot keep the connections that are taken by one request each: they are closed with the answer.
func TestStrangersKeepNoConnection(t *testing.T) {
	addr := besieged(t, newTestReceiver(t, &shelf{}, io.Discard), 4, 5*time.Second)
	for _, request := range []string{
		"GET /webhook HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
		"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n{}",
	} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, request)
		answer, err := io.ReadAll(conn) // ends when the server closes the connection
		if conn.Close(); err != nil || !strings.Contains(string(answer), "Connection: close") {
			t.Errorf("%.20q: %q, %v", request, answer, err)
		}
	}
	// GitHub's, whose signature holds, are used again.
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range 3 {
		r := hook(t, "http://"+addr, openedIssue, "X-GitHub-Delivery", fmt.Sprint("again-", i))
		if err := r.Write(conn); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), r)
		if err != nil || res.StatusCode != 202 || res.Close {
			t.Fatal(res, err)
		}
		res.Body.Close()
	}
}

// Strangers that claim the largest bodies and send them slowly get a bounded part of the memory; others are asked to come back.
// Small deliveries go on meanwhile, and a large one does afterwards.
func TestFloodOfLargeBodies(t *testing.T) {
	receiver := newTestReceiver(t, &shelf{}, io.Discard)
	addr := besieged(t, receiver, 0, 5*time.Second)
	if status := deliver(t, addr); status != 202 { // from now on the address is not limited
		t.Fatalf("a delivery before: %d", status)
	}
	const clients = 64
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := bytes.Repeat([]byte("x"), smallBody+4096)
	statuses := make(chan int, clients)
	var sent sync.WaitGroup
	var conns []net.Conn
	for i := range clients {
		length := fmt.Sprintf("Content-Length: %d\r\n\r\n", MaxBody)
		if i%2 == 1 {
			length = "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n", MaxBody)
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
		sent.Add(1)
		go func() {
			io.WriteString(conn, "POST /webhook HTTP/1.1\r\nHost: x\r\n"+length)
			conn.Write(begin)
			sent.Done()
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				statuses <- 0
				return
			}
			res.Body.Close()
			if res.StatusCode == 503 && res.Header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
			statuses <- res.StatusCode
		}()
	}
	sent.Wait()
	const left = largeMemory % MaxBody
	for receiver.bodies.large.TryAcquire(left + 1) { // until all of the memory is taken
		receiver.bodies.large.Release(left + 1)
		runtime.Gosched()
	}
	if status := deliver(t, addr); status != 200 && status != 202 {
		t.Errorf("a small delivery meanwhile: %d", status)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > largeMemory+clients*4*smallBody {
		t.Errorf("%d clients take %d MB", clients, grown>>20)
	} else {
		t.Logf("%d clients that claim %d MB take %d MB", clients, clients*MaxBody>>20, grown>>20)
	}
	const holders = largeMemory / MaxBody
	for range clients - holders {
		if status := <-statuses; status != 503 {
			t.Errorf("answer %d", status)
		}
	}
	for _, conn := range conns {
		conn.Close()
	}
	large := append(append([]byte(`{"pad":"`), bytes.Repeat([]byte("x"), 20<<20)...), `"}`...)
	res, err := http.DefaultClient.Do(hook(t, "http://"+addr, large, "X-GitHub-Delivery", "large"))
	if err != nil || res.StatusCode != 202 {
		t.Fatal("a large delivery afterwards:", res, err)
	}
	res.Body.Close()
}
