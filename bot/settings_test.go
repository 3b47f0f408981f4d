package bot

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bellhop/rules/syntax"
)

var testKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
})

// folder makes a folder with app.pem and other files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("app.pem", testKey())
	for name, text := range files {
		write(name, text)
	}
	return dir
}

// load loads settings of dir with nothing in the environment but env.
func load(dir string, env, flags map[string]string) (*Settings, error) {
	return LoadSettings(Sources{
		Path: filepath.Join(dir, "bot.toml"), Flags: flags,
		Getenv: func(key string) string { return env[key] },
	})
}

const least = `
[github]
app_id = 7
private_key_file = "app.pem"
webhook_secrets = ["hush hush"]
`

func TestSettingsDefaults(t *testing.T) {
	dir := folder(t, map[string]string{"bot.toml": least})
	got, err := load(dir, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &Settings{
		Listen: "127.0.0.1:8080", Admin: "127.0.0.1:9090",
		TrustedProxies: Proxies{netip.MustParsePrefix("127.0.0.1/32")}, MaxBody: 25 << 20,
		AppID: 7, PrivateKey: Secret(testKey()), WebhookSecrets: []Secret{"hush hush"}, APIURL: "https://api.github.com/",
		Database: filepath.Join(dir, "bellhop.db"), File: filepath.Join(dir, "bot.toml"), Source: []byte(least),
		Recovery: Recovery{Every: 15 * time.Minute, Window: 72 * time.Hour},
		Keep:     Keep{Done: 30 * 24 * time.Hour, Dead: 90 * 24 * time.Hour, Bodies: 7 * 24 * time.Hour},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSettingsLayers(t *testing.T) {
	dir := folder(t, map[string]string{
		"bot.toml": `
[server]
listen = "127.0.0.1:1"
admin = "127.0.0.1:2"
trusted_proxies = ["10.0.0.0/8", "192.0.2.1"]
allow_from = ["192.0.2.0/24", "198.51.100.1"]
max_body = "1MB"
public_url = "https://file.example.com"
[github]
app_id = 1
private_key_file = "nowhere.pem"
webhook_secrets = ["from the list"]
webhook_secret_file = "secrets"
api_url = "https://file.example.com/api/v3"
[storage]
url = "sqlite:data/file.db"
`,
		"secrets": "from a file\r\nthe other one\n\n",
	})
	got, err := load(dir, map[string]string{
		"BELLHOP_LISTEN": "127.0.0.1:11", "BELLHOP_ADMIN": "127.0.0.1:12", "BELLHOP_PRIVATE_KEY": testKey(),
		"BELLHOP_PUBLIC_URL": "", // set, but empty: not given
	}, map[string]string{"listen": "127.0.0.1:111"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ what, got, want string }{
		{"flag over environment", got.Listen, "127.0.0.1:111"},
		{"environment over file", got.Admin, "127.0.0.1:12"},
		{"file over default", got.PublicURL, "https://file.example.com"},
		{"size", fmt.Sprint(got.MaxBody), "1048576"},
		{"proxies", fmt.Sprint(got.TrustedProxies), "[10.0.0.0/8 192.0.2.1/32]"},
		{"allowed", fmt.Sprint(got.AllowGitHub, got.AllowFrom), "false [192.0.2.0/24 198.51.100.1/32]"},
		{"path", got.Database, filepath.Join(dir, "data/file.db")},
		{"key", got.PrivateKey.Reveal(), testKey()},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.what, tt.got, tt.want)
		}
	}
	if diff := cmp.Diff([]Secret{"from the list", "from a file", "the other one"}, got.WebhookSecrets); diff != "" {
		t.Errorf("secrets of the list and the file both count: (-want +got)\n%s", diff)
	}

	// The highest place that names secrets, or a key, is the only one.
	got, err = load(dir, map[string]string{"BELLHOP_WEBHOOK_SECRET": "one, with a comma\ntwo", "BELLHOP_PRIVATE_KEY_FILE": filepath.Join(dir, "app.pem"),
		"BELLHOP_API_URL": "https://api.github.com/", "BELLHOP_ALLOW_FROM": "github,10.0.0.0/8"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !got.AllowGitHub || fmt.Sprint(got.AllowFrom) != "[10.0.0.0/8]" {
		t.Errorf("allowed: %v, %v", got.AllowGitHub, got.AllowFrom)
	}
	if diff := cmp.Diff([]Secret{"one, with a comma", "two"}, got.WebhookSecrets); diff != "" {
		t.Errorf("secrets of the environment: (-want +got)\n%s", diff)
	}
	got, err = load(dir, map[string]string{"BELLHOP_PRIVATE_KEY": testKey()}, map[string]string{"webhook-secret-file": filepath.Join(dir, "secrets")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Secret{"from a file", "the other one"}, got.WebhookSecrets); diff != "" {
		t.Errorf("secrets of a flag: (-want +got)\n%s", diff)
	}
}

func TestSettingsWithoutFile(t *testing.T) {
	dir := folder(t, nil)
	env := map[string]string{
		"BELLHOP_APP_ID": "7", "BELLHOP_PRIVATE_KEY_FILE": filepath.Join(dir, "app.pem"), "BELLHOP_WEBHOOK_SECRET": "hush hush",
		"BELLHOP_TRUSTED_PROXIES": "10.0.0.0/8,192.168.0.0/16",
	}
	if _, err := load(dir, env, nil); err == nil || !strings.Contains(err.Error(), "bot.toml") {
		t.Errorf("a file that was named is missing: %v", err)
	}
	s, err := LoadSettings(Sources{Path: filepath.Join(dir, "bot.toml"), Optional: true, Getenv: func(k string) string { return env[k] }})
	if err != nil {
		t.Fatal(err)
	}
	if s.AppID != 7 || len(s.TrustedProxies) != 2 || s.Source != nil {
		t.Errorf("%+v", s)
	}
	_, err = LoadSettings(Sources{Path: filepath.Join(dir, "bot.toml"), Optional: true, Getenv: func(string) string { return "" }})
	if err == nil || len(problems(t, err)) != 4 || !strings.HasPrefix(err.Error(), "there is no ") {
		t.Errorf("with nothing at all: %v", err)
	}
}

func problems(t *testing.T, err error) []string {
	t.Helper()
	var e *SettingsError
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	return e.Problems
}

func TestSettingsMistakes(t *testing.T) {
	const ok = "\n[github]\napp_id = 7\nprivate_key_file = \"app.pem\"\nwebhook_secrets = [\"hush hush\"]\n"
	for _, tt := range []struct {
		name, file string
		env        map[string]string
		want       []string // parts of the problems, in order
	}{
		{"nothing", "", nil, []string{"the App has no ID", "the App has no private key", "there is no webhook secret"}},
		{"no github", "[server]\nlisten = \"127.0.0.1:0\"", nil, []string{"the App has no ID", "the App has no private key", "there is no webhook secret"}},
		{"empty list", "[github]\napp_id = 7\nprivate_key_file = \"app.pem\"\nwebhook_secrets = []", nil, []string{"bot.toml:4:19: github.webhook_secrets: there is no webhook secret"}},
		{"empty secret", "[github]\napp_id = 7\nprivate_key_file = \"app.pem\"\nwebhook_secrets = [\"hush hush\", \"\"]", nil, []string{"bot.toml:4:33: github.webhook_secrets: an empty secret"}},
		{"blank secret", "[github]\napp_id = 7\nprivate_key_file = \"app.pem\"\nwebhook_secrets = \" \"", nil, []string{"bot.toml:4:19: github.webhook_secrets: an empty secret"}},
		{"placeholder", "[github]\napp_id = 7\nprivate_key_file = \"app.pem\"\nwebhook_secrets = [\"...\"]", nil, []string{"bot.toml:4:20: github.webhook_secrets: dots"}},
		{"empty secret in the environment", ok, map[string]string{"BELLHOP_WEBHOOK_SECRET": "  "}, []string{"BELLHOP_WEBHOOK_SECRET: an empty secret"}},
		{"no secret file", ok, map[string]string{"BELLHOP_WEBHOOK_SECRET_FILE": "nowhere"}, []string{"BELLHOP_WEBHOOK_SECRET_FILE: open nowhere"}},
		{"all at once", "[server]\nlisten = \"8080\"\nlisen = 1\ntrusted_proxies = [\"127.0.0.1/32\", \"10.0.0.0/64\"]\nmax_body = \"huge\"\npublic_url = \"bot.example.com\"" + ok + "[storage]\nurl = \"postgres://x\"\n", nil, []string{
			"bot.toml:2:10: server.listen: \"8080\" is no address", "bot.toml:3:1: server has no key lisen", "Did you mean listen?",
			"bot.toml:4:36: server.trusted_proxies: \"10.0.0.0/64\" is no range", "bot.toml:5:12: server.max_body: \"huge\" is no size",
			"bot.toml:6:14: server.public_url", "bot.toml:12:7: storage.url: \"postgres://x\" is no storage",
		}},
		{"recovery", ok + "[recovery]\nevery = \"often\"\nwindow = \"2w\"\n", nil, []string{
			"bot.toml:7:9: recovery.every: \"often\" is no length of time", "bot.toml:8:10: recovery.window: 2w is not between 1h0m0s and 168h0m0s"}},
		{"recovery too often", ok + "[recovery]\nevery = \"5s\"\n", nil, []string{"recovery.every: 5s is not between 1m0s and 24h0m0s"}},
		{"types", "[github]\napp_id = \"7\"\nprivate_key_file = \"app.pem\"\nwebhook_secrets = [\"hush hush\"]", nil, []string{"bot.toml:2:10: github.app_id must be a whole number, not a string", "Leave out the quotes."}},
		{"negative ID", strings.Replace(ok, "7", "-7", 1), nil, []string{"-7 is no App ID"}},
		{"environment", ok, map[string]string{"BELLHOP_APP_ID": "seven", "BELLHOP_LISTEN": "nowhere"}, []string{"BELLHOP_APP_ID: \"seven\" is no whole number", "BELLHOP_LISTEN: \"nowhere\" is no address"}},
		{"token in clear", ok + "api_url = \"http://github.example.com/api/v3/\"", nil, []string{"github.api_url: \"http://github.example.com/api/v3/\" would send tokens in clear"}},
		{"allowed", "[server]\nallow_from = [\"github\", \"gitlab\"]" + ok + "api_url = \"https://github.example.com/api/v3/\"", nil, []string{
			"bot.toml:2:15: server.allow_from: an Enterprise Server lists no addresses of its own", "bot.toml:2:25: server.allow_from: \"gitlab\" is no range"}},
		{"one listener for both", "[server]\nadmin = \"127.0.0.1:8080\"" + ok, nil, []string{"server.admin: the same as server.listen"}},
		{"no key file", strings.Replace(ok, "app.pem", "nowhere.pem", 1), nil, []string{"bot.toml:4:20: github.private_key_file: private key: open"}},
		{"key that is none", strings.Replace(ok, "app.pem", "bot.toml", 1), nil, []string{"github.private_key_file: private key: not in PEM form"}},
		{"key given twice", ok, map[string]string{"BELLHOP_PRIVATE_KEY": "x", "BELLHOP_PRIVATE_KEY_FILE": "y"}, []string{"BELLHOP_PRIVATE_KEY: is set, and so is BELLHOP_PRIVATE_KEY_FILE"}},
		{"key in the environment that is none", ok, map[string]string{"BELLHOP_PRIVATE_KEY": "x"}, []string{"BELLHOP_PRIVATE_KEY: private key: not in PEM form"}},
		{"too short to keep", ok + "[storage]\nkeep = \"3d\"\nkeep_dead = \"soon\"\nkeep_bodies = \"1m\"", nil, []string{
			"bot.toml:7:8: storage.keep: 3d is too short", "storage.keep_dead: \"soon\" is no time", "storage.keep_bodies: 1m is too short"}},
		{"unknown table", "[githup]\n" + ok, nil, []string{"bot.toml:1:2: the file has no table githup", "Did you mean github?"}},
		{"no TOML", "[server]\nlisten = 127", nil, []string{"bot.toml:2:10"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(folder(t, map[string]string{"bot.toml": tt.file}), tt.env, nil)
			if err == nil {
				t.Fatal("no mistake found")
			}
			text := err.Error()
			for _, part := range tt.want {
				_, after, ok := strings.Cut(text, part)
				if !ok {
					t.Fatalf("%q is not there, or not in its place:\n%v", part, err)
				}
				text = after
			}
		})
	}
}

func TestSettingsRefuseFilesThatOthersRead(t *testing.T) {
	for _, name := range []string{"app.pem", "secrets"} {
		dir := folder(t, map[string]string{"bot.toml": least + "webhook_secret_file = \"secrets\"", "secrets": "hush"})
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := load(dir, nil, nil); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is wrong with a file, no message shows a secret that is in it.
func TestSettingsKeepSecrets(t *testing.T) {
	const secret = "Tr0ub4dor"
	for _, file := range []string{
		"[github]\nwebhook_secrets = [\"\", \"" + secret + "\"]",
		"[github]\nwebhook_secrets = [\n  \"" + secret + "\",\n  \"...\", \"" + secret + "\", 5\n]",
		"[github]\nwebhook_secret = \"" + secret + "\"",
		"[github]\nwebhook_secrets = [\"" + secret + "]",
		"[github]\nwebhook_secrets = " + secret,
		"[github]\nwebhook_secrets = 12" + secret,
		"[github]\nwebhook_secrets = [\n\"" + secret + "\n]\nx = 1",
		"[github]\nwebhook_secrets = \"" + secret + "\"\nwebhook_secrets = \"" + secret + "\"",
		"github = { webhook_secrets = [\"" + secret + "\"], app_if = 1 }",
		"[github]\nwebhook_secrets = {a = \"" + secret + "\"}",
		"[github]\nprivate_key = \"\"\"\n-----BEGIN RSA PRIVATE KEY-----\n" + secret + "==\n\"\"\" x",
		"[github]\nwebhook_secrets = \"\\q" + secret + "\"",
		"[github]\n\"webhook_secrets\" = \"\\q" + secret + "\"",
	} {
		_, err := load(folder(t, map[string]string{"bot.toml": file}), map[string]string{"BELLHOP_PRIVATE_KEY": secret}, nil)
		if err == nil {
			t.Errorf("no mistake found in\n%s", file)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("the message shows it:\n%v", err)
		}
		for _, d := range CheckSettings("bot.toml", []byte(file)) {
			if strings.Contains(d.String(), secret) {
				t.Errorf("check shows it:\n%v", d)
			}
		}
	}
	// A number is repeated in the advice to put it into quotes, unless it may be a secret.
	_, err := load(folder(t, map[string]string{"bot.toml": "[github]\nwebhook_secrets = 8472018472"}), nil, nil)
	if err == nil || strings.Contains(err.Error(), "8472018472") {
		t.Errorf("the message shows it:\n%v", err)
	}
}

func TestSecretHides(t *testing.T) {
	s := Settings{PrivateKey: "hush", WebhookSecrets: []Secret{"hush"}}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "settings", s, "secret", s.PrivateKey, "list", s.WebhookSecrets)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "settings", s, "secret", s.PrivateKey, "list", s.WebhookSecrets)
	encoded, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v", s, s, s), fmt.Sprintf("%s %q %x %X %d", s.PrivateKey, s.PrivateKey, s.PrivateKey, s.PrivateKey, s.PrivateKey),
		fmt.Sprint(&s), log.String(), string(encoded), fmt.Errorf("%w: %v", errors.New("x"), s.PrivateKey).Error(),
	} {
		if strings.Contains(text, "hush") || strings.Contains(text, "68757368") {
			t.Errorf("it shows: %s", text)
		}
	}
	if s.PrivateKey.Reveal() != "hush" {
		t.Error("Reveal does not reveal")
	}
}

func TestCheckSettings(t *testing.T) {
	if found := CheckSettings("bot.toml", []byte(`[github]
private_key_file = "on another machine.pem"
[[rule]]
name = "left to package rules"
nonsense = 1
`)); len(found) > 0 {
		t.Errorf("%v", found)
	}
	found := CheckSettings("bot.toml", []byte("[server]\nlisten = \"x\"\nlisen = 1\n[rules]\n"))
	var got []string
	for _, d := range found {
		got = append(got, fmt.Sprintf("%d:%d", d.Line, d.Col))
	}
	if diff := cmp.Diff([]string{"2:10", "3:1", "4:2"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s\n%v", diff, found)
	}
}

func TestIsSettings(t *testing.T) {
	for src, want := range map[string]bool{
		"[server]": true, "github.app_id = 1": true, "[storage]\n[[rule]]": true, "[[rule]]\nname = \"x\"": false, "": false, "[": false,
	} {
		if IsSettings([]byte(src)) != want {
			t.Errorf("%q: %v", src, !want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"25MB": 25 << 20, "512": 512, "512B": 512, "64KB": 64 << 10, "1 gb": 1 << 30, "0": 0} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MB", "-1MB", "1.5MB", "25MiB", "25XB", "1TB", "99999999999999999999", "MB25"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

// FuzzSettings holds any file against the settings. A diagnostic points into the file and never shows a line with a secret.
func FuzzSettings(f *testing.F) {
	f.Add([]byte(least))
	f.Add([]byte("[server]\nlisten = \"x\"\nmax_body = 5\n[storage]\nurl = ''"))
	f.Add([]byte("[github]\nwebhook_secrets = [\"zzhushzz\", 5"))
	f.Fuzz(func(t *testing.T, src []byte) {
		lines := bytes.Count(src, []byte("\n")) + 1
		for _, d := range CheckSettings("bot.toml", src) {
			if d.Line < 1 || d.Line > lines || d.Col < 1 {
				t.Errorf("outside of the file: %v", d)
			}
			if secretLine(src, d.Line) && d.Source != "" {
				t.Errorf("shows a secret: %v", d)
			}
		}
		_ = syntax.Keys(file{})
	})
}
