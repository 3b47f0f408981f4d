package githubapp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("PRIVATE KEY", der)
}

func TestParseKey(t *testing.T) {
	one, eight := pkcs1(), pkcs8(t, testKey())
	certificate := pemOf("CERTIFICATE", []byte("x"))
	for name, data := range map[string][]byte{
		"PKCS#1":              one,
		"PKCS#8":              eight,
		"Windows line ends":   bytes.ReplaceAll(one, []byte("\n"), []byte("\r\n")),
		"escaped line ends":   bytes.ReplaceAll(bytes.TrimSpace(eight), []byte("\n"), []byte(`\n`)),
		"space around":        []byte("\n\n  " + string(one) + "\n\n"),
		"certificate before":  append(certificate, one...),
		"PKCS#8 named PKCS#1": bytes.ReplaceAll(eight, []byte("PRIVATE KEY"), []byte("RSA PRIVATE KEY")),
	} {
		key, err := ParseKey(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !key.Equal(testKey()) {
			t.Errorf("%s: another key", name)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&testKey().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte("x"),
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}})
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "empty"},
		{"spaces", []byte(" \n "), "empty"},
		{"text", []byte("hunter2"), "not in PEM form"},
		{"huge", bytes.Repeat([]byte("x"), maxKeySize+1), "too many"},
		{"cut off", pkcs1()[:400], "damaged"},
		{"rubbish inside", pemOf("RSA PRIVATE KEY", []byte("rubbish")), "neither PKCS#1 nor PKCS#8"},
		{"public key", pemOf("PUBLIC KEY", public), "holds a public key"},
		{"elliptic curve", pemOf("EC PRIVATE KEY", ecDER), "elliptic curve"},
		{"elliptic curve in PKCS#8", pkcs8(t, ec), "elliptic curve"},
		{"Ed25519", pkcs8(t, ed), "Ed25519"},
		{"SSH", pemOf("OPENSSH PRIVATE KEY", []byte("x")), "SSH key"},
		{"1024 bits", pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(short)), "1024 bits is too short"},
		{"encrypted", encrypted, "openssl rsa"},
		{"encrypted PKCS#8", pemOf("ENCRYPTED PRIVATE KEY", []byte("x")), "openssl rsa"},
	} {
		if _, err := ParseKey(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestReadKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.pem")
	if err := os.WriteFile(path, pkcs1(), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o644: false, 0o620: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		data, err := ReadKeyFile(path)
		switch {
		case ok && (err != nil || !bytes.Equal(data, pkcs1())):
			t.Errorf("mode %04o: %v", mode, err)
		case !ok && (err == nil || !strings.Contains(err.Error(), "chmod 600 "+path)):
			t.Errorf("mode %04o: got %v, want an error that says chmod 600", mode, err)
		}
	}
	if _, err := ReadKeyFile(filepath.Dir(path)); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := ReadKeyFile(path + ".gone"); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		if _, isPath := err.(*os.PathError); isPath {
			return err
		}
		err = u.Unwrap()
	}
}

// Whatever is read, a key is good or the error holds none of the input's secrets.
func FuzzParseKey(f *testing.F) {
	f.Add(pkcs1())
	f.Add(pkcs8(f, testKey()))
	f.Add(pkcs1()[:300])
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"))
	f.Add(bytes.ReplaceAll(pkcs1(), []byte("\n"), []byte(`\n`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := ParseKey(data)
		if (key == nil) == (err == nil) {
			t.Fatalf("key %v and error %v", key != nil, err)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "private key: ") || len(err.Error()) > 300) {
			t.Errorf("error %q", err)
		}
		if key != nil && key.N.BitLen() < minKeyBits {
			t.Error("a short key was accepted")
		}
	})
}
