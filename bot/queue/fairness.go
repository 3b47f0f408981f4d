package queue

// prioritized is a job with River's priority: 1 is done first, 4 last.
type prioritized struct {
	Job
	priority int
}

// tiers are the positions, among the jobs of its installation that wait, from which on a job has the next lower priority.
//
// So the first two jobs of an installation that wait come before the hundredth of any other: one that has ten thousand
// waiting delays another's single job by the two and by those that run, not by ten thousand. Among equals the oldest is first.
var tiers = [...]int{2, 16, 128}

func priority(position int) int {
	p := 1
	for _, from := range tiers {
		if position >= from {
			p++
		}
	}
	return p
}

// count notes that jobs are about to wait, gives them their priorities, and tells the jobs that run of the wake-up.
func (q *Queue) count(jobs []Job) []prioritized {
	q.busy.Add(int64(len(jobs)))
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]prioritized, len(jobs))
	for i, j := range jobs {
		list[i] = prioritized{Job: j, priority: priority(q.waiting[j.Installation])}
		q.waiting[j.Installation]++
		if r := q.running[j.Subject]; r != nil {
			r.woken = true
		}
	}
	return list
}

// leave notes that a job waits no longer.
func (q *Queue) leave(installation int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[installation]--; q.waiting[installation] <= 0 {
		delete(q.waiting, installation)
	}
}
