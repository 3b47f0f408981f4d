package main

import (
	"fmt"
	"strings"

	"bellhop/rules"
)

const mentionsIntro = `
### Mentions

` + "`{{ mentions.NAME }}`" + `, alone in its braces, mentions people in Markdown: "@alice, @acme/backend". It mentions nobody twice, no bot, and 20
at the most; of the others the number is told. In a text that is no Markdown it names logins without the @, and in a list it is a
list.

| list | mentions |
|---|---|
`

func writeMentions(b *strings.Builder) {
	b.WriteString(mentionsIntro)
	for _, m := range rules.Mentions() {
		fmt.Fprintf(b, "| `mentions.%s` | %s |\n", m.Name, m.Doc)
	}
	b.WriteString("\n")
	block(b, `[[rule]]
name = "Remind the reviewers"
on   = "schedule every Monday 09:00 Europe/Berlin"
when.since_ready = ">3d"
when.reviewers   = ">0"
then.comment = "{{ mentions.reviewers }}: {{ mentions.author }} waits for you."`)
}
