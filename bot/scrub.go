package bot

import (
	"context"
	"fmt"
	"log/slog"

	"bellhop/githubapp"
)

// ScrubLog returns a log that writes to log, without what looks like a credential of GitHub's. Errors are made without any; this
// is for those that nobody thought of, in libraries and in what other machines answer.
func ScrubLog(log *slog.Logger) *slog.Logger { return slog.New(scrubbed{log.Handler()}) }

type scrubbed struct{ slog.Handler }

func (s scrubbed) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, githubapp.Scrub(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(scrubAttr(a))
		return true
	})
	return s.Handler.Handle(ctx, out)
}

func (s scrubbed) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = scrubAttr(a)
	}
	return scrubbed{s.Handler.WithAttrs(clean)}
}

func (s scrubbed) WithGroup(name string) slog.Handler { return scrubbed{s.Handler.WithGroup(name)} }

func scrubAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, githubapp.Scrub(v.String()))
	case slog.KindGroup:
		group := make([]slog.Attr, len(v.Group()))
		for i, member := range v.Group() {
			group[i] = scrubAttr(member)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(group...)}
	case slog.KindAny:
		if text := fmt.Sprint(v.Any()); githubapp.Scrub(text) != text {
			return slog.String(a.Key, githubapp.Scrub(text))
		}
	}
	return slog.Attr{Key: a.Key, Value: v}
}
