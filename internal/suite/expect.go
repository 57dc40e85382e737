package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// Equal fails the test at once unless got is what is wanted.
func Equal(t *testing.T, want, got any, about ...string) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%swant %s\n got %s", label(about), show(want), show(got))
	}
}

// True fails the test at once unless the condition holds.
func True(t *testing.T, condition bool, about string, args ...any) {
	t.Helper()
	if !condition {
		t.Fatalf(about, args...)
	}
}

// NoError fails the test at once for an error.
func NoError(t *testing.T, err error, about ...string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%sunexpected error: %v", label(about), err)
	}
}

// Refused fails the test at once unless err is an answer of the service with
// this HTTP status, code and text. A "…" in the text matches anything.
func Refused(t *testing.T, err error, status int, code, text string) {
	t.Helper()
	if err == nil {
		t.Fatalf("it is accepted; want %s: %s", code, text)
	}
	var api interface {
		error
		ErrorCode() string
		ErrorMessage() string
	}
	if !errors.As(err, &api) {
		t.Fatalf("no answer of the service: %v", err)
	}
	var response interface{ HTTPStatusCode() int }
	got := 0
	if errors.As(err, &response) {
		got = response.HTTPStatusCode()
	}
	if got != status || api.ErrorCode() != code || !Matches(text, api.ErrorMessage()) {
		t.Fatalf("want %d %s: %s\n got %d %s: %s", status, code, text, got, api.ErrorCode(), api.ErrorMessage())
	}
}

// Matches tells whether a text is what is wanted; a "…" in that matches
// anything.
func Matches(want, text string) bool {
	parts := strings.Split(want, "…")
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	last := parts[len(parts)-1]
	return text == "" || len(parts) > 1 && (last == "" || strings.HasSuffix(text, last))
}

func label(about []string) string {
	if len(about) == 0 {
		return ""
	}
	return strings.Join(about, " ") + ": "
}

// show prints what the SDK's types hold, not their addresses.
func show(v any) string {
	if text, ok := v.(string); ok {
		return fmt.Sprintf("%q", text)
	}
	if data, err := json.Marshal(v); err == nil {
		return fmt.Sprintf("%T %s", v, data)
	}
	return fmt.Sprintf("%#v", v)
}
