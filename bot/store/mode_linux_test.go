package store

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWrongMode(t *testing.T) {
	if os.Geteuid() == 0 { // who may do everything: somebody else looks
		nobody := exec.Command("/proc/self/exe", "-test.run=^TestWrongMode$", "-test.v")
		nobody.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		nobody.Dir, nobody.Env = "/", append(os.Environ(), "TMPDIR=/tmp")
		if out, err := nobody.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestWrongMode") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s, err := OpenSQLite(path, Options{})
	must(t, err)
	must(t, s.Close())
	must(t, os.Chmod(path, 0o400))
	if _, err := OpenSQLite(path, Options{}); err == nil || !strings.Contains(err.Error(), "look at the owner and mode") {
		t.Errorf("got %v", err)
	}
}

// TestLocked has another program hold the database: writes fail until it lets go, reads go on.
