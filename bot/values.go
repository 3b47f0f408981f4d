package bot

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// check holds each setting against what it may be, and takes it over. It looks at nothing but the settings themselves.
func (l *loader) check() {
	server, gh := &l.in.Server, &l.in.GitHub
	l.out.Listen = l.address("server.listen", server.Listen)
	if l.out.Admin = server.Admin; server.Admin != "" {
		l.out.Admin = l.address("server.admin", server.Admin)
	}
	if l.out.Admin == l.out.Listen && !strings.HasSuffix(l.out.Admin, ":0") {
		l.problem("server.admin", "the same as server.listen", "The admin listener must not be open to the internet: give it a port of its own.")
	}
	if l.out.PublicURL = server.PublicURL; server.PublicURL != "" {
		l.web("server.public_url", server.PublicURL)
	}
	for i, text := range server.TrustedProxies {
		prefix, err := parsePrefix(text)
		if err != nil {
			l.problemAt("server.trusted_proxies", i, err.Error(), `Write an address or a range, such as "127.0.0.1" or "10.0.0.0/8".`)
			continue
		}
		l.out.TrustedProxies = append(l.out.TrustedProxies, prefix)
	}
	l.allowed(server.AllowFrom)
	size, err := parseSize(server.MaxBody)
	if err == nil && (size < 1<<10 || size > MaxBody) {
		err = fmt.Errorf("%s is not between 1KB and 25MB", server.MaxBody)
	}
	if err != nil {
		l.problem("server.max_body", err.Error(), `GitHub sends 25MB at the most: "25MB".`)
	}
	l.out.MaxBody = size

	if gh.AppID < 0 {
		l.problem("github.app_id", fmt.Sprintf("%d is no App ID", gh.AppID), "GitHub shows the number on the App's settings page.")
	}
	for i, secret := range gh.WebhookSecrets {
		if message := badSecret(secret); message != "" {
			l.problemAt("github.webhook_secrets", i, message, secretMend)
		}
	}
	l.out.APIURL, l.out.GraphQLURL = gh.APIURL, gh.GraphQLURL
	l.api("github.api_url", gh.APIURL)
	if gh.GraphQLURL != "" {
		l.api("github.graphql_url", gh.GraphQLURL)
	}
	l.database("storage.url", l.in.Storage.URL)
	if every := l.in.Recovery.Every; every != "never" {
		l.out.Recovery.Every = l.length("recovery.every", every, time.Minute, 24*time.Hour, `Write "15m", or "never".`)
	}
	l.out.Recovery.Window = l.length("recovery.window", l.in.Recovery.Window, time.Hour, 7*24*time.Hour, `GitHub keeps deliveries for "3d", an Enterprise Server for "7d".`)
	l.keep()
}

// length checks a length of time.
func (l *loader) length(key, text string, least, most time.Duration, mend string) time.Duration {
	d, err := syntax.Duration(text)
	if err == nil && (d < least || d > most) {
		err = fmt.Errorf("%s is not between %s and %s", text, least, most)
	}
	if err != nil {
		l.problem(key, err.Error(), mend)
	}
	return d
}

// allowed takes over the addresses that webhooks are taken from: the word github, addresses and ranges.
func (l *loader) allowed(list []string) {
	const key = "server.allow_from"
	for i, text := range list {
		prefix, err := parsePrefix(text)
		switch {
		case text == "github" && strings.HasSuffix(strings.TrimSuffix(l.in.GitHub.APIURL, "/"), "/api/v3"):
			l.problemAt(key, i, "an Enterprise Server lists no addresses of its own", `Write its address or range, such as "192.0.2.7" or "10.0.0.0/8".`)
		case text == "github":
			l.out.AllowGitHub = true
		case err != nil:
			l.problemAt(key, i, err.Error(), `Write "github" for the addresses that GitHub lists, or an address or a range, such as "192.0.2.7" or "10.0.0.0/8".`)
		default:
			l.out.AllowFrom = append(l.out.AllowFrom, prefix)
		}
	}
}

const secretMend = "Write the secret of the App's settings page; `openssl rand -hex 32` makes a good one."

// badSecret tells what is wrong with a webhook secret, or "".
func badSecret(s string) string {
	switch {
	case strings.TrimSpace(s) == "":
		return "an empty secret, so anybody could send deliveries"
	case strings.Trim(s, ".") == "":
		return "dots in place of a secret"
	}
	return ""
}

// address checks where to listen.
func (l *loader) address(key, text string) string {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if path == "" {
			l.problem(key, "unix: without a path", `Write "unix:/run/bellhop.sock".`)
		}
		return "unix:" + l.path(key, path)
	}
	_, port, err := net.SplitHostPort(text)
	if n, notNumber := strconv.Atoi(port); err != nil || notNumber != nil || n < 0 || n > 65535 {
		l.problem(key, fmt.Sprintf("%.80q is no address to listen on", text), `Write "127.0.0.1:8080" (":8080" for all addresses of the machine) or "unix:/path".`)
	}
	return text
}

// web checks the URL of a web page.
func (l *loader) web(key, text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		l.problem(key, fmt.Sprintf("%.80q is no web address", text), `Write "https://host/path", without a user name and without ? or #.`)
		return nil
	}
	return u
}

// api checks the URL of an API. Package githubapp knows what GitHub's look like; this is what can be said without the key.
func (l *loader) api(key, text string) {
	u := l.web(key, text)
	if u == nil || u.Scheme == "https" || u.Hostname() == "localhost" {
		return
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err != nil || !ip.IsLoopback() {
		l.problem(key, fmt.Sprintf("%.80q would send tokens in clear", text), "Use https; http is for a server on this machine only.")
	}
}

// database finds the SQLite file.
func (l *loader) database(key, text string) {
	path, ok := strings.CutPrefix(text, "sqlite:")
	switch {
	case !ok:
		l.problem(key, fmt.Sprintf("%.80q is no storage", text), `Write "sqlite:" and the path of a file, such as "sqlite:bellhop.db".`)
	case path == "", strings.ContainsAny(path, "?#"), path == ":memory:":
		l.problem(key, fmt.Sprintf("%.80q names no file", text), `Write "sqlite:" and the path of a file, such as "sqlite:bellhop.db".`)
	default:
		l.out.Database = l.path(key, path)
	}
}

// parsePrefix reads an IP address or a range of them.
func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%.60q is no range of addresses", text)
	}
	return prefix.Masked(), nil
}

// parseSize reads a size in bytes, written with B, KB, MB or GB; a KB has 1024 bytes.
func parseSize(text string) (int64, error) {
	number := strings.TrimRight(text, "KMGBkmgb ")
	unit := strings.ToUpper(strings.TrimSpace(text[len(number):]))
	shift, ok := map[string]int{"": 0, "B": 0, "KB": 10, "MB": 20, "GB": 30}[unit]
	n, err := strconv.ParseInt(number, 10, 32)
	if !ok || err != nil || n < 0 {
		return 0, fmt.Errorf("%.40q is no size", text)
	}
	return n << shift, nil
}
