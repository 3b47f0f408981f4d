package rules

import (
	"strings"

	"cel.dev/cel-go/common/types"
)

// recordWords is one record of a name in words.
func recordWords(name string) string {
	switch name {
	case "pr":
		return "a pull request"
	case "issue":
		return "an issue"
	case "subject":
		return "an issue, pull request or discussion"
	case "repo":
		return "a repository"
	}
	return "a " + strings.ReplaceAll(strings.TrimPrefix(name, itemPrefix), "_", " ")
}

// words is a type of the language in words, with its article.
func words(t *types.Type) string {
	switch t.Kind() {
	case types.StringKind:
		return "a string"
	case types.BoolKind:
		return "true or false"
	case types.IntKind, types.UintKind:
		return "a whole number"
	case types.DoubleKind:
		return "a number"
	case types.TimestampKind:
		return "a time"
	case types.DurationKind:
		return "a length of time"
	case types.NullTypeKind:
		return "null"
	case types.BytesKind:
		return "bytes"
	case types.ListKind:
		if item := t.Parameters()[0]; item.Kind() != types.DynKind && item.Kind() != types.TypeParamKind {
			return "a list of " + pluralWords(item)
		}
		return "a list"
	case types.MapKind:
		return "a map"
	case types.StructKind:
		if t.TypeName() == argumentsType {
			return "the arguments of a command"
		}
		if r := schema().records[t.TypeName()]; r != nil {
			return r.words
		}
	case types.TypeKind:
		return "a type"
	}
	return "any value"
}

func pluralWords(t *types.Type) string { return many(words(t)) }

// many is the plural of words for one thing.
func many(one string) string {
	for _, article := range []string{"a ", "an "} {
		if rest, ok := strings.CutPrefix(one, article); ok && !strings.Contains(rest, " of ") {
			if stem, ok := strings.CutSuffix(rest, "y"); ok {
				return stem + "ies"
			}
			return rest + "s"
		}
	}
	return one
}

// celType is a type as the checker writes it, and in words.
type celType struct{ name, words string }

// typeList reads the types of "(int, list(string))" or "string.(int)".
func typeList(signature string) []celType {
	target, rest, member := strings.Cut(signature, ".(")
	var out []celType
	if member {
		out = append(out, celType{target, typeWords(target)})
		rest = strings.TrimSuffix(rest, ")")
	} else {
		rest = strings.TrimSuffix(strings.TrimPrefix(signature, "("), ")")
	}
	depth, start := 0, 0
	for i := 0; i <= len(rest); i++ {
		switch {
		case i == len(rest) || rest[i] == ',' && depth == 0:
			if t := strings.TrimSpace(rest[start:i]); t != "" {
				out = append(out, celType{t, typeWords(t)})
			}
			start = i + 1
		case rest[i] == '(':
			depth++
		case rest[i] == ')':
			depth--
		}
	}
	return out
}

// typeWords is a type as the checker writes it, in words.
func typeWords(name string) string {
	switch name {
	case "string":
		return "a string"
	case "int", "uint":
		return "a whole number"
	case "double":
		return "a number"
	case "bool":
		return "true or false"
	case "timestamp", "google.protobuf.Timestamp":
		return "a time"
	case "duration", "google.protobuf.Duration":
		return "a length of time"
	case "null", "null_type":
		return "null"
	}
	if r := schema().records[name]; r != nil {
		return r.words
	}
	if item, ok := strings.CutPrefix(name, "list("); ok {
		item = strings.TrimSuffix(item, ")")
		if one := typeWords(item); one != "any value" && !strings.Contains(one, " of ") && one != "true or false" {
			return "a list of " + many(one)
		}
		return "a list"
	}
	if strings.HasPrefix(name, "map(") {
		return "a map"
	}
	return "any value"
}

// bare is words without their article.
func bare(words string) string {
	for _, article := range []string{"a ", "an "} {
		if len(words) > len(article) && words[:len(article)] == article {
			return words[len(article):]
		}
	}
	return words
}

// kindWords is one subject of a kind in words.
func kindWords(kind string) string {
	switch kind {
	case "pull_request":
		return "a pull request"
	case "issue":
		return "an issue"
	case "discussion":
		return "a discussion"
	case "":
		return "the repository itself"
	}
	return "a " + kind
}
