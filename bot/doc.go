/*
Package bot is the way of one delivery through Bellhop, from GitHub's request to what the bot does about it. Read it in this
order; one delivery is followed in one sitting.

# Receive

Receiver (receiver.go) answers POST /webhook. It reads the body under a limit, checks the signature (githubapp.Verifier), and
only then looks at the body: newDelivery (route.go) picks out what the store is searched by and the subject that the delivery
is about (subject.go). Store.Keep returns after the row is synced to disk; then GitHub gets its 202. No rule runs and no API
call is made before that answer.

# Dispatch

A kept delivery has one visit: an evaluation of that delivery on one subject. Host.dispatch (dispatch.go) tails the store for
visits that may be done now. A visit that no rule listens to ends there. For the others the queue (bot/queue) is woken: one
job for each subject, one at a time there, many subjects at once, fair between installations. The queue holds nothing that
the store does not hold; what is lost of it is found again by the next sweep.

# Decide

Host.work (worker.go) takes all visits that wait on a subject, in order. For each, Host.decide

  - finds the rules in force (configs.go): the operator's, the account's and the repository's files by their blob SHAs;
  - turns the payload into facts (facts.go);
  - sends a check or a commit status on to the pull requests of its commit (spread.go);
  - evaluates the rules (rules.Set.Evaluate) and looks up the facts that turn out to be needed (lookup.go; teams.go for who is in a team), in one query;
  - lets the gates answer a merge queue (gates.go);
  - writes the plan down (store.WritePlan): decisions with their reasons, and steps.

# Do

Host.do does the steps that are not done yet and records each. An action (bot/actions, one file each) bears being done twice.
After a crash at any line the visit is still waiting: without a plan it is decided anew, with one it goes on at the first step
that was not recorded.

# In time

Nothing is polled. What is to be looked at later is a timer in the store, booked with the plan that found it (timers.go): the
next time at which the clock alone can change the answer of a rule, a state that has to hold for a while, what GitHub works out
and announces to nobody. A schedule of a rule is a timer of its repository (schedules.go). What is told of no issue or pull request, a push
to a base branch or a change of a rule file, is one too (reapply.go): when it
rings, one query lists what is open (sweep.go), and the rules that it matters to
look again where they may have something to do. Host.ring (dispatch.go) makes a
delivery of each timer that is due, whose GUID follows from the timer and its time, and from there it goes the way of all
deliveries.

# What was missed

GitHub does not send again what it could not deliver. At the start and from time
to time recovery (recover.go) compares GitHub's list of attempts with the store
and keeps what is lacking and listened to, as if it had just been received. At
the start the dispatcher waits for that, within bounds. What comes late goes
before what GitHub sent after it, as far as that still waits; where it does not,
its subject is looked up as it is now (late.go).

# Within bounds

A repository has so many actions an hour, and half of the requests that its
installation has left (budget.go). Rules that want more are held back by the
engine and booked to be looked at again; where a plan is written already, its
visit is put off.

# When it goes wrong

Host.settle is the one place that decides what an error means: done, again at a time, or dead with a reason that a person
understands. githubapp.Judge reads GitHub's answers for it. A dead visit is kept.

# What this package promises

  - Durable before 202: what GitHub was told we have survives a crash at any line.
  - At least once, harmless twice: GitHub redelivers and processes die; the GUID makes receiving idempotent, the stored plan
    makes planning idempotent, and each action bears repetition.
  - Plans are data: they are stored and shown as they are done.

It never runs a rule before it has verified and stored the delivery, and never reads a rule file from anywhere but the default
branch of its repository.
*/
package bot
