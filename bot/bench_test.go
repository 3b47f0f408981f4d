package bot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"

	"bellhop/bot/store"
)

// BenchmarkReceiver measures deliveries a second over loopback, with the SQLite store and with none. What counts is the
// ratio of the two at the same number of connections; sender and receiver share the machine.
//
//	go test ./bot -run '^$' -bench Receiver -benchtime 20000x
func BenchmarkReceiver(b *testing.B) {
	for _, connections := range []int{64, 256} {
		var without, with float64
		b.Run(fmt.Sprintf("store=none/connections=%d", connections), func(b *testing.B) {
			none := keepFunc(func(context.Context, *store.Delivery) (store.State, error) { return "", nil })
			without = benchmarkReceiver(b, none, connections)
		})
		b.Run(fmt.Sprintf("store=sqlite/connections=%d", connections), func(b *testing.B) {
			s, err := store.OpenSQLite(filepath.Join(b.TempDir(), "bellhop.db"), store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			with = benchmarkReceiver(b, s, connections)
		})
		if without > 0 && with > 0 {
			fmt.Printf("%d connections: %.2f of the rate without a store\n", connections, with/without)
		}
	}
}

// benchmarkReceiver returns deliveries a second.
func benchmarkReceiver(b *testing.B, k keeper, connections int) float64 {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	receiver := NewReceiver(ReceiverOptions{Verifier: verifier(b, secretNew), Store: k, Log: log})
	go func() { ended <- (&Server{Listener: l, Handler: receiver, Log: log}).Run(ctx) }()

	body := largePullRequest()
	head := fmt.Sprintf("POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nX-GitHub-Event: pull_request\r\nX-Hub-Signature-256: %s\r\n",
		len(body), sign(secretNew, body))
	var sent atomic.Int64
	b.SetBytes(int64(len(body)))
	b.ResetTimer()
	failed := make(chan error, connections)
	for range connections {
		go func() { failed <- send(l.Addr(), head, body, &sent, int64(b.N)) }()
	}
	for range connections {
		if err := <-failed; err != nil {
			b.Error(err)
		}
	}
	b.StopTimer()
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "deliveries/s")
	stop()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	return rate
}

// send sends deliveries over one connection until all senders together sent n. It speaks HTTP by hand, to leave the machine
// to the receiver.
func send(addr net.Addr, head string, body []byte, sent *atomic.Int64, n int64) error {
	conn, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	answer := make([]byte, 4096)
	var request bytes.Buffer
	for i := sent.Add(1); i <= n; i = sent.Add(1) {
		request.Reset()
		fmt.Fprintf(&request, "%sX-GitHub-Delivery: %d\r\n\r\n", head, i)
		request.Write(body)
		if _, err := conn.Write(request.Bytes()); err != nil {
			return err
		}
		m, err := conn.Read(answer)
		if err != nil {
			return err
		}
		if want := fmt.Sprintf("HTTP/1.1 %d ", http.StatusAccepted); !bytes.HasPrefix(answer[:m], []byte(want)) {
			return fmt.Errorf("answer %.60q", answer[:m])
		}
	}
	return nil
}

// largePullRequest is a delivery as large as GitHub's of a pull request, 24 KB.
func largePullRequest() []byte {
	var b bytes.Buffer
	b.WriteString(`{"action":"synchronize","number":7,"pull_request":{"number":7,"user":{"login":"octocat"},"labels":[`)
	for i := 0; b.Len() < 23_600; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"name":"label %d","url":"https://api.github.com/repos/acme/app/labels/%x","color":"%06x"}`, 1<<30+i*7919, i, i*i*104729, i*7919%(1<<24))
	}
	b.WriteString(`]},"repository":{"id":1,"full_name":"acme/app"},"installation":{"id":42},"sender":{"login":"octocat"}}`)
	return b.Bytes()
}
