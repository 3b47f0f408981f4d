package bot

import (
	"errors"
	"fmt"
	"time"

	"bellhop/bot/store"
	"bellhop/rules"
)

// NewRecording is a delivery of a payload that was kept elsewhere, for RecordTest.
func NewRecording(event string, body []byte, received time.Time) *store.Delivery {
	return newDelivery("recorded", event, body, received)
}

// RecordTest writes a delivery as a test of a suite; see rules.Set.Record. What no rule reads is left out of it, and nothing else
// is: whoever keeps the test keeps what people wrote.
func RecordTest(d *store.Delivery, suite *Suite) (string, error) {
	if d.Body == nil {
		return "", errors.New("the payload of the delivery is not kept any more")
	}
	s, err := parseSubject(d.Subject)
	if err != nil {
		return "", fmt.Errorf("the payload is not one of GitHub's: %w", err)
	}
	f, err := factsOf(d, s, d.Received)
	if err != nil {
		return "", err
	}
	if _, known := rules.Events()[d.Event]; !known && d.Event != timerEvent && d.Event != scheduleEvent {
		return "", fmt.Errorf("there is no event %s that a test could name", d.Event)
	}
	f.Bot = "bellhop"
	name := d.Event
	if d.Activity != "" {
		name += "." + d.Activity
	}
	if f.Repository != nil {
		name += " in " + f.Repository.FullName
		if f.Subject != nil {
			name += fmt.Sprintf("#%d", f.Subject.Number)
		}
	}
	return suite.Set.Record(f, name)
}
