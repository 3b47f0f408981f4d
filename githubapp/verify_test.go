package githubapp

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func TestNewVerifierRefuses(t *testing.T) {
	for name, secrets := range map[string][]string{
		"none": nil, "empty list": {}, "an empty one": {""}, "an empty one among others": {"a", "", "b"}, "spaces": {"  "},
	} {
		if _, err := NewVerifier(secrets); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestVerify(t *testing.T) {
	body := []byte(`{"action":"opened"}`)
	v, err := NewVerifier([]string{"old", "new"})
	if err != nil {
		t.Fatal(err)
	}
	good := sign("new", body)
	digits := strings.TrimPrefix(good, "sha256=")
	for _, c := range []struct {
		name, signature string
		body            []byte
		want            bool
	}{
		{"the new secret", good, body, true},
		{"the old secret", sign("old", body), body, true},
		{"another secret", sign("other", body), body, false},
		{"another body", good, []byte(`{"action":"closed"}`), false},
		{"a longer body", good, append(bytes.Clone(body), '\n'), false},
		{"no signature", "", body, false},
		{"no prefix", digits, body, false},
		{"upper-case digits", "sha256=" + strings.ToUpper(digits), body, false},
		{"upper-case prefix", "SHA256=" + digits, body, false},
		{"SHA-1", "sha1=" + digits[:40], body, false},
		{"SHA-1 of full length", "sha1=" + digits, body, false},
		{"prefix twice", "sha256=sha256=" + digits[7:], body, false},
		{"prefix alone", "sha256=", body, false},
		{"one digit short", good[:len(good)-1], body, false},
		{"one digit more", good + "0", body, false},
		{"space before", " " + good, body, false},
		{"space after", good + " ", body, false},
		{"no hexadecimal digit", good[:len(good)-1] + "g", body, false},
		{"two signatures", good + "," + good, body, false},
		{"empty body", sign("new", nil), nil, false},
		{"not JSON", sign("new", []byte("payload=%7B%7D")), []byte("payload=%7B%7D"), true},
		{"zero bytes", sign("new", []byte{0, 0}), []byte{0, 0}, true},
	} {
		if got := v.Verify(c.signature, c.body); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

// Match names the secret that held, so that the operator knows when the old one is used no more.
func TestMatch(t *testing.T) {
	body := []byte(`{"action":"opened"}`)
	v, err := NewVerifier([]string{"old", "new", "old"})
	if err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]int{"old": 1, "new": 2, "other": 0} {
		if got := v.Match(sign(secret, body), body); got != want {
			t.Errorf("%s: secret %d, want %d", secret, got, want)
		}
	}
	if v.Len() != 3 {
		t.Errorf("%d secrets", v.Len())
	}
}

// GitHub's documentation gives this secret, payload and signature for testing:
// https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation.
func TestVerifyPublishedVector(t *testing.T) {
	v, err := NewVerifier([]string{"It's a Secret to Everybody"})
	if err != nil {
		t.Fatal(err)
	}
	if !v.Verify("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", []byte("Hello, World!")) {
		t.Error("GitHub's own example is refused")
	}
}

// Verify accepts what an HMAC made here says, and nothing else.
func FuzzVerify(f *testing.F) {
	v, err := NewVerifier([]string{"first", "second"})
	if err != nil {
		f.Fatal(err)
	}
	body := []byte(`{"zen":"x"}`)
	f.Add(sign("first", body), body)
	f.Add(sign("second", body), body)
	f.Add("sha256="+strings.Repeat("0", 64), body)
	f.Add("", []byte{})
	f.Add(sign("first", nil), []byte{})
	f.Fuzz(func(t *testing.T, signature string, body []byte) {
		want := len(body) > 0 && (signature == sign("first", body) || signature == sign("second", body))
		if got := v.Verify(signature, body); got != want {
			t.Errorf("Verify(%q, %q) = %v", signature, body, got)
		}
		if len(body) > 0 && !v.Verify(sign("second", body), body) {
			t.Errorf("the good signature of %q is refused", body)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 20<<10/16)
	v, err := NewVerifier([]string{"It's a Secret to Everybody"})
	if err != nil {
		b.Fatal(err)
	}
	signature := sign("It's a Secret to Everybody", body)
	b.Run("webhooks", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if !v.Verify(signature, body) {
				b.Fatal("refused")
			}
		}
	})
	b.Run("hmac", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if !hmac.Equal([]byte(sign("It's a Secret to Everybody", body)), []byte(signature)) {
				b.Fatal("refused")
			}
		}
	})
}
