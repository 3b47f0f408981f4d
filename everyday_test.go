package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// everydayNumber is the comment that numbers a rule of testdata/everyday.toml, on the line of its table.
var everydayNumber = regexp.MustCompile(`(?m)^\[.*# (\d+) .*$`)

// everydayRules are the rules of testdata/everyday.toml with these numbers, all twelve when there are none.
func everydayRules(numbers []string) (string, error) {
	data, err := os.ReadFile(filepath.Join("testdata", "everyday.toml"))
	if err != nil {
		return "", err
	}
	text := string(data)
	if len(numbers) == 0 {
		return text, nil
	}
	var out strings.Builder
	found := 0
	places := everydayNumber.FindAllStringSubmatchIndex(text, -1)
	for i, at := range places {
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		if slices.Contains(numbers, text[at[2]:at[3]]) {
			out.WriteString(text[at[0]:end])
			found++
		}
	}
	if found != len(numbers) {
		return "", fmt.Errorf("testdata/everyday.toml has not all of the rules %s", strings.Join(numbers, ", "))
	}
	return out.String(), nil
}
