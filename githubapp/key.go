package githubapp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

const (
	maxKeySize = 64 << 10
	minKeyBits = 2048
)

// ParseKey reads the app's RSA private key from PEM, PKCS#1 as GitHub hands it out or PKCS#8 as other tools write it. Line ends
// that were written as \n, as happens in environment variables, are understood. The error tells what is there instead; it never
// holds any of the key.
func ParseKey(data []byte) (*rsa.PrivateKey, error) {
	if len(data) > maxKeySize {
		return nil, fmt.Errorf("private key: %d bytes are too many for a key", len(data))
	}
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return nil, errors.New("private key: empty; make one on the app's settings page, under Private keys")
	}
	if !bytes.ContainsAny(data, "\r\n") {
		data = bytes.ReplaceAll(data, []byte(`\n`), []byte("\n"))
	}
	block, err := keyBlock(data)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	key, err := parseBlock(block)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	if bits := key.N.BitLen(); bits < minKeyBits {
		return nil, fmt.Errorf("private key: an RSA key of %d bits is too short; GitHub's have %d", bits, minKeyBits)
	}
	return key, nil
}

// keyBlock finds the block that holds the key: some files have a certificate or parameters before it.
func keyBlock(data []byte) (*pem.Block, error) {
	var other string
	for rest := data; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return nil, errors.New(`it is encrypted with a passphrase; decrypt it with "openssl rsa -in app.pem -out plain.pem"`)
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return block, nil
		}
		other = block.Type
	}
	switch {
	case other != "":
		return nil, fmt.Errorf("the file holds a %s, not a private key", strings.ToLower(other))
	case bytes.Contains(data, []byte("-----BEGIN")):
		return nil, errors.New("the PEM block is damaged: it must have its BEGIN and END lines and all lines between")
	default:
		return nil, errors.New("not in PEM form: it must begin with -----BEGIN RSA PRIVATE KEY----- or -----BEGIN PRIVATE KEY-----")
	}
}

func parseBlock(block *pem.Block) (*rsa.PrivateKey, error) {
	switch block.Type {
	case "EC PRIVATE KEY":
		return nil, errors.New("it is an elliptic curve key; GitHub Apps use RSA")
	case "OPENSSH PRIVATE KEY":
		return nil, errors.New("it is an SSH key; use the key of the GitHub App")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("neither PKCS#1 nor PKCS#8; the file is damaged or of another kind")
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return key, nil
	case *ecdsa.PrivateKey:
		return nil, errors.New("it is an elliptic curve key; GitHub Apps use RSA")
	case ed25519.PrivateKey:
		return nil, errors.New("it is an Ed25519 key; GitHub Apps use RSA")
	default:
		return nil, errors.New("it is not an RSA key; GitHub Apps use RSA")
	}
}

// ReadKeyFile reads a file that only its owner may read: whoever has the key is the app. It does not parse it.
func ReadKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	defer f.Close()
	// The open file is asked, not the path, so that the file that is checked is the one that is read.
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("private key: %s is not a file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("private key: others than its owner may use %s (mode %04o): run chmod 600 %s", path, mode, path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeySize+1))
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return data, nil
}
