package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"bellhop/bot"
)

type healthCommand struct {
	sources
	Ready bool `help:"Ask whether it is ready (/readyz), not just alive (/healthz)."`
}

// Run asks the admin listener of the bot that has the same settings.
func (h *healthCommand) Run(*console) error {
	address, err := bot.AdminAddress(h.bot(nil))
	if err != nil {
		return err
	}
	if address == "" {
		return fmt.Errorf("server.admin is empty, so there is nobody to ask")
	}
	path := "/healthz"
	if h.Ready {
		path = "/readyz"
	}
	return ask(address, path)
}

// ask gets a path from the admin listener at address.
func ask(address, path string) error {
	network, address := dialAddress(address)
	client := http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}},
	}
	res, err := client.Get("http://bellhop" + path)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, res.Status)
	}
	return nil
}

// dialAddress turns an address to listen on into one to connect to.
func dialAddress(listen string) (network, address string) {
	if path, ok := strings.CutPrefix(listen, "unix:"); ok {
		return "unix", path
	}
	host, port, _ := net.SplitHostPort(listen) // checked with the settings
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "tcp", net.JoinHostPort(host, port)
}
