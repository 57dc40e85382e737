package pattern_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/patternkit/serverless/internal/pattern"
)

// FuzzParse looks for patterns that panic, and for patterns that are accepted
// and are not JSON.
func FuzzParse(f *testing.F) {
	for _, texts := range sets() {
		for _, text := range texts {
			f.Add(text)
		}
	}
	for _, text := range []string{
		`{"a":[{"anything-but":{"wildcard":["*a*b","\\*"]}},{"suffix":{"equals-ignore-case":"ß"}}]}`, `{"a":[{"cidr":"::/0"},-0,1e400]}`,
		"{\"a\u0000\":[\"\\ud800\"]}", `{"$or":[{"a":["x"]},{"b":[null]}]} rest`, `{"a":[+1`, "\xff{",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range []pattern.Dialect{pattern.EventBridge, pattern.SNSBody, pattern.SNSAttributes} {
			p, err := pattern.Parse(d, []byte(text))
			var refused *pattern.Error
			switch {
			case err == nil:
				if _, err := p.Match([]byte(order)); err != nil {
					t.Fatal(err)
				}
				var first json.RawMessage
				if err := json.NewDecoder(strings.NewReader(text)).Decode(&first); err != nil {
					t.Fatalf("%q is accepted and no JSON: %v", text, err)
				}
			case !errors.As(err, &refused):
				t.Fatalf("%q: %T %v", text, err, err)
			}
		}
	})
}

// FuzzMatch holds the scanner against encoding/json: both must agree on what is
// an object.
func FuzzMatch(f *testing.F) {
	f.Add(order)
	f.Add(`{"a":[[1,{"b":"\u00e9\n"}],-0.5e-3,true,null]}`)
	f.Add(`{"a":01}`)
	f.Add("{\"a\":\"\x1f\"}")
	var patterns []*pattern.Pattern
	for _, texts := range sets() {
		for _, text := range texts {
			patterns = append(patterns, parse(f, pattern.EventBridge, text))
		}
	}
	set := pattern.NewSet(patterns...)
	f.Fuzz(func(t *testing.T, event string) {
		matched, err := set.Match([]byte(event), nil)
		var want json.RawMessage
		decodeErr := json.NewDecoder(strings.NewReader(event)).Decode(&want)
		if object := decodeErr == nil && want[0] == '{'; object != (err == nil) {
			t.Fatalf("%q: %v, encoding/json says %v", event, err, decodeErr)
		}
		if err != nil {
			return
		}
		next := 0
		for i, p := range patterns {
			alone, err := p.Match([]byte(event))
			if err != nil {
				t.Fatal(err)
			}
			together := next < len(matched) && matched[next] == i
			if together {
				next++
			}
			if alone != together {
				t.Fatalf("%q: pattern %s alone %v, in the set %v", event, p, alone, together)
			}
			e, err := p.Explain([]byte(event))
			if err != nil || e.Matched != alone {
				t.Fatalf("%q: pattern %s explained %v %v, matched %v", event, p, e, err, alone)
			}
		}
	})
}
