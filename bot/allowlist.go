package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// rangesEvery is how often GitHub is asked for its addresses. GitHub changes them some times a year.
	// https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-githubs-ip-addresses
	rangesEvery = 6 * time.Hour
	// rangesAgain is when it is asked again after it did not answer.
	rangesAgain = 5 * time.Minute
	// maxRangesFile bounds the file that holds the last list.
	maxRangesFile = 1 << 20
)

// AllowOptions say which addresses webhooks are taken from.
type AllowOptions struct {
	Own    Proxies                                       // ranges that the operator names
	GitHub func(context.Context) ([]netip.Prefix, error) // asks for GitHub's ranges; nil when those are not allowed
	File   string                                        // keeps GitHub's last list, for a start at which it cannot be asked
	Log    *slog.Logger                                  // slog.Default when nil
}

// AllowList knows the addresses that webhooks are taken from. A nil AllowList allows all. It may be used concurrently.
//
// GitHub's own ranges are asked for when Run begins and every six hours. Until they were known once, here or in the file of an
// earlier run, all addresses are allowed: the signature alone decides then, and no delivery is lost.
type AllowList struct {
	o      AllowOptions
	github atomic.Pointer[[]netip.Prefix] // nil until known
}

// NewAllowList returns a list with what the file of an earlier run says. It makes no request.
func NewAllowList(o AllowOptions) *AllowList {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	a := &AllowList{o: o}
	if o.GitHub == nil {
		return a
	}
	ranges, err := readRanges(o.File)
	switch {
	case err == nil:
		a.github.Store(&ranges)
	case !errors.Is(err, fs.ErrNotExist):
		o.Log.Warn("the list of GitHub's addresses on disk is of no use", "file", o.File, "err", err)
	}
	return a
}

// Allows tells whether webhooks are taken from addr. An address that is not known, as of a peer on a Unix socket, is not in any
// list.
func (a *AllowList) Allows(addr netip.Addr) bool {
	return a == nil || a.lists(addr) || a.o.GitHub != nil && a.github.Load() == nil
}

// lists tells whether addr is in a range that is known.
func (a *AllowList) lists(addr netip.Addr) bool {
	if a == nil {
		return false
	}
	if known := a.github.Load(); known != nil && Proxies(*known).Trusts(addr) {
		return true
	}
	return a.o.Own.Trusts(addr)
}

// Run keeps GitHub's ranges up to date until ctx ends, and returns nil. It returns at once when there is nothing to ask for.
func (a *AllowList) Run(ctx context.Context) error {
	if a == nil || a.o.GitHub == nil {
		return nil
	}
	for {
		wait := rangesEvery
		if err := a.refresh(ctx); err != nil && ctx.Err() == nil {
			wait = rangesAgain
			meanwhile := "the last list stays in force"
			if a.github.Load() == nil {
				meanwhile = "webhooks are taken from any address"
			}
			a.o.Log.Warn("GitHub's addresses are not known; "+meanwhile, "again", wait, "err", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// refresh asks GitHub, and keeps what it says.
func (a *AllowList) refresh(ctx context.Context) error {
	ranges, err := a.o.GitHub(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(ranges, netip.Prefix.Compare)
	if before := a.github.Load(); before != nil && slices.Equal(*before, ranges) {
		return nil
	}
	a.github.Store(&ranges)
	a.o.Log.Info("GitHub's addresses are known", "ranges", len(ranges))
	if err := writeRanges(a.o.File, ranges); err != nil {
		a.o.Log.Warn("the list of GitHub's addresses could not be written", "file", a.o.File, "err", err)
	}
	return nil
}

// readRanges reads a file of ranges, one a line.
func readRanges(file string) ([]netip.Prefix, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxRangesFile {
		return nil, fmt.Errorf("more than %d bytes", maxRangesFile)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []netip.Prefix
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		prefix, err := parsePrefix(line)
		if err != nil {
			return nil, err
		}
		out = append(out, prefix)
	}
	if len(out) == 0 {
		return nil, errors.New("no range in it")
	}
	return out, nil
}

// writeRanges replaces the file as a whole, so that a crash leaves the old one or the new one.
func writeRanges(file string, ranges []netip.Prefix) error {
	var b bytes.Buffer
	b.WriteString("# Where GitHub sends webhooks from: the last answer of GET /meta. Written by bellhop.\n")
	for _, p := range ranges {
		fmt.Fprintln(&b, p)
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(b.Bytes())
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		os.Remove(temporary.Name())
	}
	return err
}
