package main

import (
	"encoding/xml"
	"os"
)

// The format of JUnit, as far as servers of continuous integration read it.
// https://github.com/testmoapp/junitxml
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string     `xml:"name,attr"`
		Class   string     `xml:"classname,attr"`
		File    string     `xml:"file,attr"`
		Line    int        `xml:"line,attr"`
		Failure *junitText `xml:"failure,omitempty"`
		Error   *junitText `xml:"error,omitempty"`
	}
	junitText struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes results: a suite for each file, in which a mistake is an error and a test that fails a failure.
func writeJUnit(name string, found tested) error {
	var out junitSuites
	suite := func(file string) *junitSuite {
		for i := range out.Suites {
			if out.Suites[i].Name == file {
				return &out.Suites[i]
			}
		}
		out.Suites = append(out.Suites, junitSuite{Name: file})
		return &out.Suites[len(out.Suites)-1]
	}
	for _, d := range found.Mistakes {
		s := suite(d.File)
		s.Tests, s.Errors = s.Tests+1, s.Errors+1
		s.Cases = append(s.Cases, junitCase{Name: d.Message, Class: d.File, File: d.File, Line: d.Line, Error: &junitText{d.Message, d.String()}})
	}
	for _, r := range found.Tests {
		s := suite(r.File)
		s.Tests++
		c := junitCase{Name: r.Name, Class: r.File, File: r.File, Line: r.Line}
		if !r.Passed() {
			s.Failures++
			c.Failure = &junitText{"expected " + r.Failures[0].Expected + ", got " + r.Failures[0].Got, r.String()}
		}
		s.Cases = append(s.Cases, c)
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append([]byte(xml.Header), append(text, '\n')...), 0o644)
}
