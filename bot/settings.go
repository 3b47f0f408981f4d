package bot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

// Settings are the operator's settings, checked and ready to use. Paths in them are absolute or relative to the working
// directory of the process.
type Settings struct {
	Listen         string // "host:port" or "unix:/path"
	Admin          string // the same, or "" for none
	PublicURL      string // "" when not set
	TrustedProxies Proxies
	AllowFrom      Proxies // ranges that webhooks are taken from; any when empty and AllowGitHub is false
	AllowGitHub    bool    // those that GitHub lists are among them
	MaxBody        int64   // bytes

	AppID          int64
	PrivateKey     Secret // PEM
	WebhookSecrets []Secret
	APIURL         string
	GraphQLURL     string // "" when derived from APIURL

	Database string // path of the SQLite file
	Keep     Keep

	Recovery Recovery

	// File and Source are the operator's file as it was read, for the rules in it. Source is nil when there is no file.
	File   string
	Source []byte
}

// Secrets are the webhook secrets as plain text.
func (s *Settings) Secrets() []string {
	secrets := make([]string, len(s.WebhookSecrets))
	for i, secret := range s.WebhookSecrets {
		secrets[i] = secret.Reveal()
	}
	return secrets
}

// file is the operator's bot.toml without its rules. It is the only list of settings: decoding, the environment, flags and
// defaults all read it. A flag is called like the variable: BELLHOP_API_URL is --api-url.
type file struct {
	Server struct {
		Listen         string   `toml:"listen" env:"BELLHOP_LISTEN" default:"127.0.0.1:8080" doc:"Where webhooks arrive, at POST /webhook: host:port or unix:/path."`
		Admin          string   `toml:"admin" env:"BELLHOP_ADMIN" default:"127.0.0.1:9090" doc:"Where /healthz and /readyz are answered, for the operator alone; empty for nowhere."`
		PublicURL      string   `toml:"public_url" env:"BELLHOP_PUBLIC_URL" doc:"How the internet calls this server, without /webhook."`
		TrustedProxies []string `toml:"trusted_proxies" env:"BELLHOP_TRUSTED_PROXIES" default:"127.0.0.1/32" doc:"Reverse proxies whose X-Forwarded-For is believed: addresses or ranges."`
		AllowFrom      []string `toml:"allow_from" env:"BELLHOP_ALLOW_FROM" doc:"Where webhooks are taken from: github for the addresses that GitHub lists, addresses or ranges; from anywhere when empty. The signature is needed in any case."`
		MaxBody        string   `toml:"max_body" env:"BELLHOP_MAX_BODY" default:"25MB" doc:"Larger webhooks are refused."`
	} `toml:"server" doc:"The two listeners."`
	GitHub struct {
		AppID             int64    `toml:"app_id" env:"BELLHOP_APP_ID" doc:"The App's ID, as its settings page shows it."`
		PrivateKeyFile    string   `toml:"private_key_file" env:"BELLHOP_PRIVATE_KEY_FILE" doc:"The App's private key, in a file that only its owner may read."`
		WebhookSecrets    []string `toml:"webhook_secrets" env:"BELLHOP_WEBHOOK_SECRET" doc:"The webhook secret of the App; several while one replaces the other."`
		WebhookSecretFile string   `toml:"webhook_secret_file" env:"BELLHOP_WEBHOOK_SECRET_FILE" doc:"Secrets in a file that only its owner may read, one a line."`
		APIURL            string   `toml:"api_url" env:"BELLHOP_API_URL" default:"https://api.github.com/" doc:"GitHub's API; of an Enterprise Server https://HOST/api/v3/."`
		GraphQLURL        string   `toml:"graphql_url" env:"BELLHOP_GRAPHQL_URL" doc:"Derived from api_url; to be set only where that goes wrong."`
	} `toml:"github" doc:"The App, and where GitHub is."`
	Storage struct {
		URL        string `toml:"url" env:"BELLHOP_STORAGE_URL" default:"sqlite:bellhop.db" doc:"Where deliveries are kept: sqlite: and the path of a file on a local disk."`
		Keep       string `toml:"keep" env:"BELLHOP_STORAGE_KEEP" default:"30d" doc:"How long deliveries that are done are kept, with their decisions and steps; 7d or more, or forever."`
		KeepDead   string `toml:"keep_dead" env:"BELLHOP_STORAGE_KEEP_DEAD" default:"90d" doc:"How long deliveries that were given up are kept, unless keep is longer."`
		KeepBodies string `toml:"keep_bodies" env:"BELLHOP_STORAGE_KEEP_BODIES" default:"7d" doc:"How long the payloads of deliveries that are done are kept, unless keep is shorter."`
	} `toml:"storage" doc:"Where the bot keeps what it must not forget."`
	Recovery struct {
		Every  string `toml:"every" env:"BELLHOP_RECOVERY_EVERY" default:"15m" doc:"How often GitHub's list of deliveries is read for what was missed, besides at the start: 1m to 1d, or \"never\"."`
		Window string `toml:"window" env:"BELLHOP_RECOVERY_WINDOW" default:"3d" doc:"How far back that looks at most. GitHub keeps deliveries for 3 days, an Enterprise Server for 7."`
	} `toml:"recovery" doc:"Deliveries that GitHub sent and the bot did not get."`
}

// privateKeyEnv holds the private key itself. It is no setting of the file: a key does not belong among rules.
const privateKeyEnv = "BELLHOP_PRIVATE_KEY"

// leave is what the operator's file holds besides settings. Package rules reads it.
var leave = append(rules.TableNames(), policyTable)

// Sources says where settings come from. A flag wins over the environment, the environment over the file, the file over the
// defaults. An empty flag or variable counts as not given.
type Sources struct {
	Path     string              // of the file
	Optional bool                // the file need not be there
	Flags    map[string]string   // by name without dashes, such as "api-url"
	Getenv   func(string) string // os.Getenv when nil
}

// SettingsError lists everything that is wrong with the settings, each with its place, what is wrong and how to mend it.
// No secret is in it.
type SettingsError struct{ Problems []string }

func (e *SettingsError) Error() string { return strings.Join(e.Problems, "\n") }

// LoadSettings reads and checks all settings. Mistakes are reported at once, as a *SettingsError.
func LoadSettings(from Sources) (*Settings, error) {
	src, err := os.ReadFile(from.Path)
	if errors.Is(err, fs.ErrNotExist) && from.Optional {
		err = nil
	}
	if err != nil {
		return nil, &SettingsError{[]string{fmt.Sprintf("read settings: %v\n  Write the file (bot.toml.example shows every setting), or name another one with --config.", err)}}
	}
	l := parse(from.Path, src)
	if l.file.Root != nil || src == nil {
		l.overlay(from)
		l.check()
		l.credentials(from)
	}
	if problems := l.problems(); len(problems) > 0 {
		if src == nil {
			problems = append([]string{fmt.Sprintf("there is no %s\n  Copy bot.toml.example and fill it in, or name another file with --config.", from.Path)}, problems...)
		}
		return nil, &SettingsError{problems}
	}
	l.out.File, l.out.Source = from.Path, src
	return &l.out, nil
}

// AdminAddress is the address of the admin listener alone, "" when there is to be none. Other settings may be wrong.
func AdminAddress(from Sources) (string, error) {
	src, err := os.ReadFile(from.Path)
	if err != nil && !(from.Optional && errors.Is(err, fs.ErrNotExist)) {
		return "", fmt.Errorf("read settings: %w", err)
	}
	l := parse(from.Path, src)
	if l.file.Root == nil {
		return "", &SettingsError{l.problems()}
	}
	l.overlay(from)
	l.found, l.loose = nil, nil
	if l.in.Server.Admin == "" {
		return "", nil
	}
	address := l.address("server.admin", l.in.Server.Admin)
	if problems := l.problems(); len(problems) > 0 {
		return "", &SettingsError{problems}
	}
	return address, nil
}

// DatabasePath is the path of the database alone. Other settings may be wrong.
func DatabasePath(from Sources) (string, error) {
	src, err := os.ReadFile(from.Path)
	if err != nil && !(from.Optional && errors.Is(err, fs.ErrNotExist)) {
		return "", fmt.Errorf("read settings: %w", err)
	}
	l := parse(from.Path, src)
	if l.file.Root == nil && src != nil {
		return "", &SettingsError{l.problems()}
	}
	l.overlay(from)
	l.found, l.loose = nil, nil
	l.database("storage.url", l.in.Storage.URL)
	if problems := l.problems(); len(problems) > 0 {
		return "", &SettingsError{problems}
	}
	return l.out.Database, nil
}

// CheckSettings reports the mistakes in the settings of an operator's file that show in the file alone: it looks at no
// environment and no other file, and asks for nothing that may stand elsewhere. Rules are left alone.
func CheckSettings(name string, src []byte) []syntax.Diagnostic {
	l := parse(name, src)
	if l.file.Root != nil {
		l.check()
	}
	return syntax.Sort(l.found)
}

// IsSettings tells whether src is an operator's file, by its tables. A file that is not TOML is none.
func IsSettings(src []byte) bool {
	f, _ := syntax.Parse("", src)
	for _, table := range append(syntax.Keys(file{}), policyTable) {
		if f.Root.Get(table) != nil {
			return true
		}
	}
	return false
}

// loader collects settings and mistakes.
type loader struct {
	in    file
	src   []byte
	file  *syntax.File
	from  map[string]string // setting → the flag or variable that it was taken from
	found []syntax.Diagnostic
	loose []string // mistakes outside the file
	out   Settings
}

// parse reads the file alone.
func parse(name string, src []byte) *loader {
	l := &loader{src: src, from: map[string]string{}}
	l.file, l.found = syntax.Parse(name, src)
	l.found = append(l.found, l.file.Decode(l.file.Root, "", &l.in, leave...)...)
	for i := range l.found {
		redact(&l.found[i], src, l.file.Root == nil)
	}
	return l
}

// overlay puts flags and the environment over the file.
func (l *loader) overlay(from Sources) {
	getenv := from.getenv()
	for s := range settings(&l.in) {
		label, text := "--"+s.flag, from.Flags[s.flag]
		if text == "" {
			label, text = s.env, getenv(s.env)
		}
		if text == "" {
			continue
		}
		l.from[s.key] = label
		switch v := s.value.Addr().Interface().(type) {
		case *string:
			*v = text
		case *[]string:
			*v = strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' && strings.HasPrefix(s.key, "server.") })
		case *int64:
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				l.problem(s.key, fmt.Sprintf("%.40q is no whole number", text), "")
			}
			*v = n
		}
	}
}

func (from Sources) getenv() func(string) string {
	if from.Getenv == nil {
		return os.Getenv
	}
	return from.Getenv
}

// setting is one field of file.
type setting struct {
	key, env, flag string // "github.api_url", "BELLHOP_API_URL", "api-url"
	initial        string // default
	value          reflect.Value
}

// settings lists all fields of f in their order.
func settings(f *file) func(yield func(setting) bool) {
	return func(yield func(setting) bool) {
		tables := reflect.ValueOf(f).Elem()
		for i := range tables.NumField() {
			table := tables.Field(i)
			for j := range table.NumField() {
				field := table.Type().Field(j)
				env := field.Tag.Get("env")
				s := setting{
					key: tables.Type().Field(i).Tag.Get("toml") + "." + field.Tag.Get("toml"),
					env: env, flag: strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(env, "BELLHOP_")), "_", "-"),
					initial: field.Tag.Get("default"), value: table.Field(j),
				}
				if !yield(s) {
					return
				}
			}
		}
	}
}

// SettingText describes one setting of the operator's file for texts about them.
type SettingText struct{ Key, Env, Default string }

// SettingsList describes all settings, in their order.
func SettingsList() []SettingText {
	var list []SettingText
	for s := range settings(&file{}) {
		list = append(list, SettingText{s.key, s.env, s.initial})
	}
	return list
}

// problem notes a mistake in the setting key at the place where the setting came from.
func (l *loader) problem(key, message, mend string) {
	l.problemAt(key, -1, message, mend)
}

// problemAt is problem for the item i of a list.
func (l *loader) problemAt(key string, i int, message, mend string) {
	if label, ok := l.from[key]; ok {
		l.outside(label, message, mend)
		return
	}
	at := l.file.Root.At(key)
	if at == nil || l.src == nil {
		l.outside(key, message, mend)
		return
	}
	span := at.Span
	if i >= 0 && i < len(at.Items) {
		span = at.Items[i].Span
	}
	d := l.file.Problem(span, key+": "+message, mend)
	if secretLine(l.src, d.Line) {
		d.Source = ""
	}
	l.found = append(l.found, d)
}

// outside notes a mistake in a flag, a variable or another file.
func (l *loader) outside(label, message, mend string) {
	if mend != "" {
		message += "\n  " + mend
	}
	l.loose = append(l.loose, label+": "+message)
}

// problems are all mistakes as people read them.
func (l *loader) problems() []string {
	var all []string
	for _, d := range syntax.Sort(l.found) {
		all = append(all, d.String())
	}
	return append(all, l.loose...)
}

// credentials reads the private key and the secrets, which may stand in other files, and sees to it that all is there.
func (l *loader) credentials(from Sources) {
	if l.out.AppID = l.in.GitHub.AppID; l.out.AppID == 0 && !l.faulty("github.app_id") {
		l.problem("github.app_id", "the App has no ID", "Write app_id = NUMBER, or set BELLHOP_APP_ID. GitHub shows the number on the App's settings page.")
	}
	l.privateKey(from)
	l.secrets()
}

// faulty tells whether a mistake in this setting was noted already.
func (l *loader) faulty(key string) bool {
	for _, d := range l.found {
		if strings.HasPrefix(d.Message, key+" ") || strings.HasPrefix(d.Message, key+":") {
			return true
		}
	}
	for _, text := range l.loose {
		if label, ok := l.from[key]; ok && strings.HasPrefix(text, label+":") {
			return true
		}
	}
	return false
}

func (l *loader) privateKey(from Sources) {
	const key = "github.private_key_file"
	text, path := from.getenv()(privateKeyEnv), l.in.GitHub.PrivateKeyFile
	switch label, given := l.from[key]; {
	case text != "" && given:
		l.outside(privateKeyEnv, "is set, and so is "+label, "Keep one of them.")
	case text != "": // over the file
		if _, err := githubapp.ParseKey([]byte(text)); err != nil {
			l.outside(privateKeyEnv, err.Error(), "")
		}
		l.out.PrivateKey = Secret(text)
	case path == "":
		if !l.faulty(key) {
			l.problem(key, "the App has no private key", "Write private_key_file = \"app.pem\", or set BELLHOP_PRIVATE_KEY to the PEM itself. GitHub makes keys on the App's settings page.")
		}
	default:
		pem, err := githubapp.ReadKeyFile(l.path(key, path))
		if err == nil {
			_, err = githubapp.ParseKey(pem)
		}
		if err != nil {
			l.problem(key, err.Error(), "")
		}
		l.out.PrivateKey = Secret(pem)
	}
}

// secrets takes the webhook secrets from the highest place that names any: from both settings there, since one may be on its
// way out while the other comes in.
func (l *loader) secrets() {
	const list, path = "github.webhook_secrets", "github.webhook_secret_file"
	secrets, name := l.in.GitHub.WebhookSecrets, l.in.GitHub.WebhookSecretFile
	_, fromList := l.from[list]
	_, fromPath := l.from[path]
	if fromList && !fromPath {
		name = ""
	}
	if fromPath && !fromList {
		secrets = nil
	}
	for _, s := range secrets {
		if badSecret(s) == "" { // what is bad was reported by check
			l.out.WebhookSecrets = append(l.out.WebhookSecrets, Secret(s))
		}
	}
	if name != "" {
		data, err := githubapp.ReadKeyFile(l.path(path, name))
		if err != nil {
			l.problem(path, strings.TrimPrefix(err.Error(), "private key: "), "")
			return
		}
		lines := strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' || r == '\r' })
		if len(lines) == 0 {
			l.problem(path, "the file is empty", "Write one secret a line into it.")
		}
		for _, line := range lines {
			if message := badSecret(line); message != "" {
				l.problem(path, message, secretMend)
				continue
			}
			l.out.WebhookSecrets = append(l.out.WebhookSecrets, Secret(line))
		}
	}
	if len(l.out.WebhookSecrets) == 0 && !l.faulty(list) && !l.faulty(path) {
		l.problem(list, "there is no webhook secret, so anybody could send deliveries",
			"Write webhook_secrets = [\"...\"] with the secret of the App's settings page (`openssl rand -hex 32` makes a good one), or set BELLHOP_WEBHOOK_SECRET.")
	}
}

// path turns a path written in a setting into one for this process: in the file it is relative to the folder of the file, in a
// flag or variable to the working directory.
func (l *loader) path(key, path string) string {
	if _, ok := l.from[key]; ok || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(l.file.Name), path)
}
