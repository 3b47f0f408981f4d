package rules

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// teamVariable is the variable that holds the members of teams. What is missing of it is called "team.@org/team".
const teamVariable = "team"

// Rosters are the members of teams and organisations, as far as they were looked up. A team that was not is *missing*; one that
// cannot be read makes the expression that asks for it an error: nobody is in it or out of it.
type Rosters struct {
	members map[string][]string // by the name in lower case: "@org/team" or "@org"
	lost    map[string]string   // name → why it cannot be read
}

// LearnTeam notes the logins of the members of "@org/team" or "@org".
func (f *Facts) LearnTeam(name string, members []string) {
	if f.Teams.members == nil {
		f.Teams.members = map[string][]string{}
	}
	f.Teams.members[strings.ToLower(name)] = members
}

// LoseTeam notes that the members of a team cannot be read, and why, as it is shown to people.
func (f *Facts) LoseTeam(name, why string) {
	if f.Teams.lost == nil {
		f.Teams.lost = map[string]string{}
	}
	f.Teams.lost[strings.ToLower(name)] = why
}

// MissingTeam is the name of the team that an entry of Result.Missing stands for. It is not ok for entries that stand for facts.
func MissingTeam(missing string) (name string, ok bool) {
	return strings.CutPrefix(missing, teamVariable+".")
}

// fetched tells whether what an expression reads is never in a payload.
func fetched(path string) bool {
	if _, ok := MissingTeam(path); ok {
		return true
	}
	f := schema().fact(path)
	return f != nil && f.in == "fetch"
}

// teamName is how a team or an organisation is written. https://docs.github.com/en/rest/teams/teams#create-a-team
var teamName = regexp.MustCompile(`^@[A-Za-z0-9][A-Za-z0-9-]{0,38}(/[A-Za-z0-9_][A-Za-z0-9_-]{0,99})?$`)

// inTeam is the expression of the members of a team.
func inTeam(name string) string {
	return fmt.Sprintf("%s[%s]", teamVariable, quote(strings.ToLower(name)))
}

// team notes the team whose members are asked for. Its name must be written out: a text of the payload must not choose what is
// looked up.
func (x *examination) team(args []ast.Expr) {
	if len(args) != 2 || args[0].Kind() != ast.IdentKind || args[0].AsIdent() != teamVariable {
		return
	}
	x.inside[args[0].ID()] = true
	name, ok := literal(args[1])
	switch {
	case !ok:
		x.flaw(args[1], "the name of a team must be written out", "")
	case !teamName.MatchString(name):
		x.flaw(args[1], fmt.Sprintf("%q is no name of a team", short(name, 60)), `Write "@org/team", or "@org" for all members of the organisation.`)
	default:
		x.reads[teamVariable+"."+strings.ToLower(name)] = true
	}
}

// of is the list of the members of a team, an unknown while it was not looked up, or an error.
func (r *Rosters) of(name string) ref.Val {
	name = strings.ToLower(name)
	if members, ok := r.members[name]; ok {
		return types.NewStringList(types.DefaultTypeAdapter, members)
	}
	if why, ok := r.lost[name]; ok {
		return types.NewErr("%s", why)
	}
	return types.NewUnknown(0, types.QualifyAttribute(types.NewAttributeTrail(teamVariable), name))
}

// Get is a method of CEL's indexer.
func (r *Rosters) Get(index ref.Val) ref.Val { return r.of(text(index)) }

// Find is a method of CEL's maps. Every team is there; whether it can be read shows in its value.
func (r *Rosters) Find(key ref.Val) (ref.Val, bool) { return r.of(text(key)), true }

// Contains, Iterator and Size are methods of CEL's maps. No expression reaches them, see examination.team; to the caller of a
// function that takes the teams they look like a map of which the types of keys and values need no check.
func (r *Rosters) Contains(ref.Val) ref.Val  { return types.False }
func (r *Rosters) Iterator() traits.Iterator { return nil }
func (r *Rosters) Size() ref.Val             { return types.IntZero }

// ConvertToNative is refused: a roster is for asking who is in a team.
func (r *Rosters) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("the teams are no %s", t)
}

// ConvertToType is refused.
func (r *Rosters) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("the teams cannot be turned into %s", t.TypeName())
}

// Equal tells whether other is the same value.
func (r *Rosters) Equal(other ref.Val) ref.Val { return types.Bool(other == ref.Val(r)) }

// Type is the type of a map, which it is to the checker.
func (r *Rosters) Type() ref.Type { return types.MapType }

// Value is the teams that were looked up, with their members.
func (r *Rosters) Value() any { return r.members }
