package rules

import (
	"fmt"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// waitTrail begins the name of an unknown that stands for "cannot be told yet". No variable of the language is called so.
const waitTrail = "\x00waits"

// waitFor is the value of a function that cannot tell yet. Like a fact that waits it makes what depends on it Waiting, with why
// as the reason.
func waitFor(why string) ref.Val {
	return types.NewUnknown(0, types.QualifyAttribute(types.NewAttributeTrail(waitTrail), why))
}

// waitsFor is the reason in an unknown that waitFor made.
func waitsFor(t *types.AttributeTrail) (why string, ok bool) {
	q := t.QualifierPath()
	if t.Variable() != waitTrail || len(q) == 0 {
		return "", false
	}
	return fmt.Sprint(q[0]), true
}
