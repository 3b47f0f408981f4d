package rules

import (
	"encoding/json"
	"time"
)

// Outcome is the answer of a condition or a rule.
type Outcome string

// Waiting is neither true nor false: GitHub cannot tell yet, and a later event or a later look decides.
const (
	True    Outcome = "true"
	False   Outcome = "false"
	Waiting Outcome = "waiting"
	Error   Outcome = "error"
)

// Result is one evaluation of the rules that hear a delivery. While Missing is not empty it is not final: learn these facts
// (as "subject.files") and evaluate again.
type Result struct {
	Decisions []Decision
	Missing   []string // sorted, without repetition
	Steps     []Step   // the plan, in order; what observing rules would do is in Decision.Would
	Memory    Memory   // what to remember once the plan is written down
	Stopped   []string // rules that the breaker stopped now
	Braked    []string // rules that were held back by Facts.Brake
	Wakes     []Wake   // when to look again though nothing happens; rules that were decided and are not in it need not be
}

// Decision is what became of one rule on one delivery.
type Decision struct {
	Rule    string  `json:"rule"`
	Outcome Outcome `json:"outcome"`
	Terms   []Term  `json:"terms,omitempty"`
	// Note says in a few words what followed from the outcome: "already done", "observe only", "2 actions".
	Note  string   `json:"note,omitempty"`
	Would []Step   `json:"would,omitempty"` // the plan of a rule with mode = "observe"
	Reads []string `json:"reads,omitempty"` // the facts that the rule reads
	// Moment tells that the delivery was a chance of its own for the rule, whatever is remembered of it.
	Moment bool `json:"moment,omitempty"`
	// Settled tells that the rule left out what it does once, since the subject was there before the rule.
	Settled bool `json:"settled,omitempty"`
	// Wake is when the rule is looked at again though nothing happens; zero for never.
	Wake time.Time `json:"wake,omitzero"`
}

// Term is one line of a condition with the value that was seen.
type Term struct {
	Text    string  `json:"text"`           // as written: when.author = "octocat"
	Seen    string  `json:"seen,omitempty"` // the value it was held against: "hubot"
	Outcome Outcome `json:"outcome"`
	Why     string  `json:"why,omitempty"` // what is waited for, or what went wrong
}

// Step is one action to do, as planned and as stored.
type Step struct {
	Rule   string `json:"rule"`
	Kind   string `json:"kind"` // name of the action
	Undo   bool   `json:"undo,omitempty"`
	Action Action `json:"-"`
	// Args is the action as JSON. Set.Decode turns it back into Action.
	Args json.RawMessage `json:"args"`
	// Put is what Memory gains (or loses, with Undo) once the step is done.
	Put []Put `json:"put,omitempty"`
	// Fallback tells that the step is done only where an earlier one of its rule failed for good: it says so to whoever gave the
	// command. Failed fills it in.
	Fallback bool `json:"fallback,omitempty"`
}

// Target says where a step is done. It is the same each time that the step is tried.
type Target struct {
	Installation int64
	Owner, Name  string // the repository
	Kind         string // of the subject: issue, pull_request, discussion, or empty for the repository itself
	Number       int    // of the subject; 0 for the repository itself
	Delivery     string // GUID
	Rule         string
	Step         int // place in the plan, from 0
}

// Link is where GitHub shows the target: "owner/name#7", or "owner/name".
func (t Target) Link() string { return link(t.Owner, t.Name, t.Number) }
