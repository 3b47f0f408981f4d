package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// childEnv names the database of a process that is to be killed.
const childEnv = "BELLHOP_TEST_STORE_CHILD"

// keepUntilKilled keeps deliveries from many goroutines and prints the GUID of each once it is kept. It is what the test
// binary does as the child of TestKill; it never returns.
func keepUntilKilled(path string) {
	s, err := OpenSQLite(path, Options{})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	var lines sync.Mutex
	for c := range 32 {
		go func() {
			for i := 0; ; i++ {
				d := delivery(c*1_000_000 + i)
				d.Body = payload(i % 10)
				if _, err := s.Keep(context.Background(), d); err != nil {
					fmt.Println("error:", err)
					os.Exit(1)
				}
				lines.Lock()
				fmt.Println(d.GUID)
				lines.Unlock()
			}
		}()
	}
	select {}
}

// TestKill kills a process in the middle of its work, several times on one file: each delivery that it said it kept is there,
// once, and whole.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	told := map[string]bool{}
	for round := range 3 {
		now := killedAfter(t, path, 300+round*200)
		for _, guid := range now {
			told[guid] = true
		}
		s, err := OpenSQLite(path, Options{})
		must(t, err)
		rows := map[string]int{}
		for before := int64(0); ; {
			page := one[[]Delivery](t)(s.Deliveries(ctx, Filter{Before: before, Limit: 1000}))
			if len(page) == 0 {
				break
			}
			for _, d := range page {
				rows[d.GUID]++
				equal(t, "state", d.State, Waiting)
			}
			before = page[len(page)-1].ID
		}
		for guid := range told {
			if rows[guid] != 1 {
				t.Errorf("round %d: %s was told kept and is there %d times", round, guid, rows[guid])
			}
		}
		for _, guid := range now {
			if d := one[*Delivery](t)(s.DeliveryByGUID(ctx, guid)); len(d.Body) < 20<<10 {
				t.Errorf("round %d: %s has a body of %d bytes", round, guid, len(d.Body))
			}
		}
		counts := one[Counts](t)(s.Counts(ctx))
		equal(t, "each has its visit", counts.Waiting, int64(len(rows)))
		t.Logf("round %d: %d told, %d there", round, len(told), len(rows))
		must(t, s.Close())
	}
}

// killedAfter starts the child, kills it once it has told of n deliveries, and returns all it told of.
func killedAfter(t *testing.T, path string, n int) []string {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	var told []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "error:") {
			t.Error(lines.Text())
		}
		// A line that the kill cut in two is none.
		if told = append(told, lines.Text()); len(told) == n {
			must(t, child.Process.Kill())
		}
	}
	child.Wait() // killed
	if len(told) < n {
		t.Fatalf("the child ended after %d deliveries", len(told))
	}
	return told
}
