package bot

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestScrubLog(t *testing.T) {
	const token = "ghs_16C7e42F292c6912E7710c838347Ae178B4a"
	var out journal
	log := ScrubLog(slog.New(slog.NewTextHandler(&out, nil)))
	log.With("a", token).WithGroup("g").Warn("saw "+token, "b", token, "err", errors.New("at "+token), "n", 7,
		slog.Group("h", "c", "x "+token, "list", []string{token}), "lazy", lazy(token), "hidden", Secret("x"))
	if strings.Contains(out.String(), token) || strings.Count(out.String(), "[secret]") != 8 || !strings.Contains(out.String(), "g.n=7") {
		t.Error(out.String())
	}
}

type lazy string

func (l lazy) LogValue() slog.Value { return slog.StringValue(string(l)) }
