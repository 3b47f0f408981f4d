package store

import (
	"fmt"
	"path/filepath"
	"syscall"
)

// networkDisks are file systems over a network, by their numbers in statfs(2). SQLite's write-ahead log shares memory between
// its users and needs locks and syncs that mean what they say (https://www.sqlite.org/wal.html, "does not work over a network
// filesystem"): there a database can be lost without a word.
var networkDisks = map[uint32]string{0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB2", 0x5346414f: "AFS", 0x00c36400: "Ceph"}

// onLocalDisk refuses a file that would lie on a network file system. A file system that it cannot ask about passes.
func onLocalDisk(path string) error {
	var s syscall.Statfs_t
	if syscall.Statfs(filepath.Dir(path), &s) != nil {
		return nil
	}
	return localDisk(path, uint32(s.Type))
}

func localDisk(path string, kind uint32) error {
	if name, ok := networkDisks[kind]; ok {
		return fmt.Errorf("%s is on a network file system (%s), where SQLite can lose data: name a file on a local disk", path, name)
	}
	return nil
}
