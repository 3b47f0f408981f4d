package bot

import "testing"

func TestSubjectKeys(t *testing.T) {
	for _, test := range []struct {
		subject subject
		key     string
	}{
		{subject{repository: 12, number: 7}, "12#7"},
		{subject{repository: 12, number: 7, installation: 3, account: "octo"}, "12#7"},
		{subject{repository: 12, ref: "refs/heads/a#b@c!d"}, "12@refs/heads/a#b@c!d"},
		{subject{repository: 12, sha: "6dcb09b5"}, "12!6dcb09b5"},
		{subject{repository: 12}, "12"},
		{subject{installation: 34, account: "octo"}, "+34"},
		{subject{account: "octo"}, "~octo"},
		{subject{}, "~"},
	} {
		if got := test.subject.String(); got != test.key {
			t.Errorf("%+v: key %q, want %q", test.subject, got, test.key)
		}
		parsed, err := parseSubject(test.key)
		if err != nil {
			t.Errorf("%q: %v", test.key, err)
		}
		if parsed.String() != test.key {
			t.Errorf("%q parses as %+v, which is %q", test.key, parsed, parsed)
		}
	}
	for _, key := range []string{"", "x", "12#", "12#0", "12#x", "#7", "0#7", "+", "+x", "012#7", "12#07", "01", "+1a"} {
		if s, err := parseSubject(key); err == nil {
			t.Errorf("%q parses as %+v, want an error", key, s)
		}
	}
}

func FuzzParseSubject(f *testing.F) {
	for _, key := range []string{"12#7", "12@refs/heads/main", "12!6dcb09b5", "12", "+34", "~octo", "12#07"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		s, err := parseSubject(key)
		if err == nil && s.installation == 0 && s.account == "" && key != "~" && s.String() != key {
			t.Errorf("%q parses as %+v, which is %q", key, s, s)
		}
	})
}
