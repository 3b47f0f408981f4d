package bot

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that must not be shown: every way of printing or encoding it gives "[secret]" instead.
type Secret string

const hidden = "[secret]"

// Reveal is the text itself.
func (s Secret) Reveal() string { return string(s) }

// Format hides the text from all verbs of package fmt, %x and %q among them.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// String hides the text.
func (s Secret) String() string { return hidden }

// GoString hides the text from %#v.
func (s Secret) GoString() string { return hidden }

// LogValue hides the text from package slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the text from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
