package rules

import (
	"errors"
	"fmt"
	"regexp"
	resyntax "regexp/syntax"
	"strings"
)

// pattern is a compiled regular expression and how often it branches: how many ways through it are gone side by side at the worst,
// which most patterns are far from.
type pattern struct {
	re       *regexp.Regexp
	branches int
}

// steps is what a match may cost at the worst: a step for each character and each way takes some 20 ns then.
func (p *pattern) steps(text string) int { return len(text) * (p.branches + 2) }

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
	p := &pattern{re: re}
	for _, inst := range program.Inst {
		if inst.Op == resyntax.InstAlt || inst.Op == resyntax.InstAltMatch {
			p.branches++
		}
	}
	return p, nil
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
