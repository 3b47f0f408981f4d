package contract

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// longest are bounds in characters that GitHub enforces with 422 and its schema lacks, by operation and member.
var longest = map[string]map[string]int{
	"issues/create":                  {"title": 256, "body": 65536},
	"issues/update":                  {"title": 256, "body": 65536},
	"issues/create-comment":          {"body": 65536},
	"issues/update-comment":          {"body": 65536},
	"issues/create-label":            {"name": 50, "description": 100},
	"issues/update-label":            {"new_name": 50, "description": 100},
	"pulls/create":                   {"title": 256, "body": 65536},
	"pulls/update":                   {"title": 256, "body": 65536},
	"pulls/create-review":            {"body": 65536},
	"repos/create-commit-status":     {"description": 140},
	"repos/create-deployment-status": {"description": 140},
}

// colour is six digits without a leading # (https://docs.github.com/rest/issues/labels#create-a-label).
var colour = regexp.MustCompile(`^[0-9a-fA-F]{6}$`)

// checkWords knows rules that GitHub states in words only.
func checkWords(op *openapi3.Operation, fields map[string]any) error {
	for name, most := range longest[op.OperationID] {
		if s, ok := fields[name].(string); ok && utf8.RuneCountInString(s) > most {
			return fmt.Errorf("body.%s: %d characters are more than GitHub's %d", name, utf8.RuneCountInString(s), most)
		}
	}
	switch op.OperationID {
	case "checks/create", "checks/update":
		return checkRun(fields)
	case "pulls/create-review":
		// https://docs.github.com/rest/pulls/reviews#create-a-review-for-a-pull-request
		event, body := fields["event"], fields["body"]
		if (event == "REQUEST_CHANGES" || event == "COMMENT") && (body == nil || body == "") {
			return fmt.Errorf("body: event %v needs a body", event)
		}
	case "issues/create-label", "issues/update-label":
		if s, ok := fields["color"].(string); ok && !colour.MatchString(s) {
			return fmt.Errorf("body.color: %q is not six hexadecimal digits", s)
		}
	}
	return nil
}

// checkRun knows the words of https://docs.github.com/rest/checks/runs#create-a-check-run.
func checkRun(fields map[string]any) error {
	if fields["status"] == "completed" && fields["conclusion"] == nil {
		return fmt.Errorf("body: status completed needs a conclusion")
	}
	if fields["conclusion"] == "stale" {
		return fmt.Errorf("body: conclusion stale is GitHub's alone to set")
	}
	output, _ := fields["output"].(map[string]any)
	annotations, _ := output["annotations"].([]any)
	for i, a := range annotations {
		a, _ := a.(map[string]any)
		if (a["start_column"] != nil || a["end_column"] != nil) && a["start_line"] != a["end_line"] {
			return fmt.Errorf("body.output.annotations[%d]: columns are for annotations of one line only", i)
		}
		for name, most := range map[string]int{"title": 255, "message": 64 << 10, "raw_details": 64 << 10} {
			if s, ok := a[name].(string); ok && len(s) > most {
				return fmt.Errorf("body.output.annotations[%d].%s: %d bytes are more than GitHub's %d", i, name, len(s), most)
			}
		}
	}
	return nil
}
