package store

import (
	"strings"
	"testing"
)

func TestNetworkDisksAreRefused(t *testing.T) {
	if err := localDisk("/mnt/bellhop.db", 0x6969); err == nil || !strings.Contains(err.Error(), "/mnt/bellhop.db is on a network file system (NFS)") {
		t.Errorf("NFS: %v", err)
	}
	for _, kind := range []uint32{0xef53 /* ext4 */, 0x01021994 /* tmpfs */, 0x794c7630 /* overlay */, 0x9123683e /* btrfs */} {
		if err := localDisk("/x.db", kind); err != nil {
			t.Errorf("%x: %v", kind, err)
		}
	}
}
