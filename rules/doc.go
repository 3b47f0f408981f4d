// Package rules turns the rules of a TOML file into plans.
//
// A *rule* says on which deliveries it is looked at (`on`), what must hold (`when`, `unless`, `if`), and what the bot then does
// (`then`, `else`). Compile checks a file and makes a Set of it; Set.Evaluate decides the rules on the Facts of one delivery and
// returns a Result: what became of each rule, line by line, and the steps to do. Nothing here reaches the network, the disk or
// a clock, and equal facts give equal plans.
//
// All conditions are expressions of one language, CEL over the schema that facts.go spells out: each line of `when` and `unless`
// is a row of the table in matchers.go and becomes one, `if` is one, and so is what stands in {{ }} in the texts of actions. The
// language is checked when a file is compiled: a set that compiled has no misspelt fact and no wrong type left in it.
//
// A condition is true, false, waiting or an error. False wins: a rule that is false for one known fact is false whatever the
// others are. A fact that was not read yet makes a condition *missing*: Evaluate names the facts, the caller learns them (Learn,
// or Wait where GitHub cannot tell yet) and evaluates again. What a delivery does not have, such as the pull request of an
// issue or a key that the payload lacks, makes the line that needs it false.
//
// Actions come from outside, as a table of Kinds; kind.go has the contract. *Kept* actions follow their rule: done while it
// holds, taken back when it stops, as far as the bot itself did them (Memory). Others are done *once*, when their rule begins to
// hold, or at each of the moments that its `on` names: an event with an activity, a push, a comment, and other events that are
// no state of something. Events named alone that are (pull_request, issues, discussion, check_run, check_suite, status,
// workflow_run, pull_request_review), and whatever a rule without `on` hears for the facts that it reads, are about state.
//
// Time is a fact, now, and nothing is polled: a comparison with the clock has an edge (edges.go), and Evaluate says as Wakes when to
// look again though nothing happens. Beside its condition a rule may say `for = "10m"` (it has to hold so long), `after = "1d"` (it
// acts so long after a moment, if it holds then too), `cooldown = "1d"` (what it does once it does not do again before),
// `repeat = "7d"` or `"push"` (it does that again while it holds) and `once = true` (it does that once ever on a subject). `on = "schedule daily 06:00 Europe/Berlin"` names moments of the
// clock (schedule.go); a rule about issues or pull requests is then looked at on each that is open. [[freeze]] holds back the
// actions that merge (freeze.go).
// A rule with `require` is a *gate*: `when`, `unless` and `if` say which pull requests it is about, `require` what it demands of
// them. Evaluate plans the check run that says so with the one Kind that is a Publisher, whatever the outcome: also a gate that
// waits or cannot be decided has something to say, and none of these passes. What was said last is in Memory, so that the same is
// not said twice. A gate is about the state of a pull request and not about a moment, so it hears everything that can change
// what it reads, the bot's own deeds too. Gates are decided before other rules: those that are about checks count the gates as
// they are now, and hear what gates hear. Merge groups are decided by EvaluateGroup.
//
// An action may pause its subject (pause.go): other rules do nothing there then. A rule that does something on one subject again
// and again is stopped there, and rules whose repository has used up its share are held back (brake.go).
//
// In texts of actions {{ expression }} is replaced by its value before the action is planned. In Markdown the inserted text is
// inert: it is shown as it is, and mentions, links or formats nothing. Two braces that mean themselves are written {{ "{{" }}.
// In a list a template that comes to a list stands for its items, and one that comes to nothing is left out. What the wildcards
// of a line of `when` matched is named by its key and their number: with when.label = "backport *", {{ label.1 }}. Groups of
// title_matches, body_matches and comment_matches are title.1 or title.NAME, and so on.
//
// A [[test]] is facts that a file says, evaluated as those of a delivery are (testcase.go, testrun.go): each fact of the schema can be
// said by its name, and all others are as usual (testdefaults.go). Record makes one of a delivery.
//
// Everything that people write is bounded: the size of files, expressions, patterns and texts, and what an evaluation may cost.
package rules
