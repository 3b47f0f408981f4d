package rules

import (
	"errors"
	"fmt"
	"regexp"
	resyntax "regexp/syntax"
	"strings"
)

// pattern is a compiled regular expression with the size of its program: how many steps one character may cost at the worst.
type pattern struct {
	re   *regexp.Regexp
	size int
}

// patternError says what is wrong with a pattern and which part of it, if that is known.
type patternError struct{ reason, part string }

func (e *patternError) Error() string {
	if e.part == "" {
		return e.reason
	}
	return fmt.Sprintf("%s: %s", e.reason, e.part)
}

// compilePattern compiles a regular expression in the syntax of RE2.
func compilePattern(text string) (*pattern, error) {
	if len(text) > maxExpr {
		return nil, &patternError{"the pattern is too long", ""}
	}
	parsed, err := resyntax.Parse(text, resyntax.Perl)
	if err != nil {
		return nil, regexpError(err)
	}
	program, err := resyntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, regexpError(err)
	}
	if len(program.Inst) > maxRegexp {
		return nil, &patternError{"the pattern is too large", ""}
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, regexpError(err)
	}
	return &pattern{re, len(program.Inst)}, nil
}

// compileGlob compiles a glob for whole strings.
func compileGlob(text string) (*pattern, error) {
	g, err := globRegexp(text)
	if err != nil {
		return nil, &patternError{err.Error(), text}
	}
	return compilePattern(wholly([]string{g}, false))
}

// regexpError puts an error of the regexp package in words.
func regexpError(err error) error {
	var e *resyntax.Error
	if !errors.As(err, &e) {
		return &patternError{err.Error(), ""}
	}
	reason := string(e.Code)
	switch e.Code {
	case resyntax.ErrMissingParen:
		return &patternError{"the pattern has a ( without )", ""}
	case resyntax.ErrUnexpectedParen:
		return &patternError{"the pattern has a ) without (", ""}
	case resyntax.ErrInvalidPerlOp:
		if strings.HasPrefix(e.Expr, "(?=") || strings.HasPrefix(e.Expr, "(?!") || strings.HasPrefix(e.Expr, "(?<") {
			reason = "the pattern looks around, which RE2 cannot do"
		}
	case resyntax.ErrTrailingBackslash:
		return &patternError{`the pattern ends in a backslash`, ""}
	}
	return &patternError{reason, e.Expr}
}
