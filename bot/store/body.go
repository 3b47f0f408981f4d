package store

import (
	"fmt"
	"runtime"

	"github.com/klauspost/compress/zstd"
)

// MaxBody is the largest body that is kept, in bytes. GitHub caps payloads at 25 MB
// (https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap).
const MaxBody = 32 << 20

// press compresses bodies and takes them apart again. It is used by many goroutines at once.
type press struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newPress() (*press, error) {
	// The fastest level: a delivery is read once or never again, and the sender waits.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)),
		zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithDecoderMaxMemory(MaxBody), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &press{enc: enc, dec: dec}, nil
}

func (p *press) pack(body []byte) ([]byte, error) {
	if len(body) > MaxBody {
		return nil, fmt.Errorf("body of %d bytes is longer than %d", len(body), MaxBody)
	}
	// Payloads shrink to a sixth or less; a quarter spares the second allocation.
	return p.enc.EncodeAll(body, make([]byte, 0, len(body)/4+64)), nil
}

func (p *press) unpack(packed []byte) ([]byte, error) {
	body, err := p.dec.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("unpack body: %w", err)
	}
	return body, nil
}

// close ends the goroutines of both; neither is used after.
func (p *press) close() {
	p.enc.Close()
	p.dec.Close()
}
