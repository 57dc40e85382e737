package eventstest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/patternkit/serverless/internal/wire"
)

// constraints collects the members of a request that break the service's model,
// for one error with all of them.
type constraints struct {
	n     int
	shown []string // the first of them
}

// maxShown is how many elements of what a request lists an error writes out.
const maxShown = 256

func (c *constraints) broken(value, member, format string, args ...any) {
	if c.n++; len(c.shown) == maxShown {
		return
	}
	if value != "null" {
		value = "'" + value + "'"
	}
	c.shown = append(c.shown, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, member, fmt.Sprintf(format, args...)))
}

// name checks a member against a set of characters and a greatest length.
func (c *constraints) name(value, member, allowed string, longest int) {
	if value == "" {
		c.broken("null", member, "Member must not be null")
		return
	}
	if !onlyNameCharacters(value, allowed) {
		c.broken(value, member, "Member must satisfy regular expression pattern: [%s\\.\\-_A-Za-z0-9]+", allowed)
	}
	if len(value) > longest {
		c.broken(value, member, "Member must have length less than or equal to %d", longest)
	}
}

func (c *constraints) between(value *int32, member string, least, most int32) {
	switch {
	case value == nil:
	case *value < least:
		c.broken(strconv.Itoa(int(*value)), member, "Member must have value greater than or equal to %d", least)
	case *value > most:
		c.broken(strconv.Itoa(int(*value)), member, "Member must have value less than or equal to %d", most)
	}
}

// err is the error of all broken constraints, or nil.
func (c constraints) err() error {
	switch c.n {
	case 0:
		return nil
	case 1:
		return invalid("1 validation error detected: %s", c.shown[0])
	}
	return invalid("%d validation errors detected: %s", c.n, strings.Join(c.shown, "; "))
}

func onlyNameCharacters(s, more string) bool {
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.' || c == '-' || c == '_' || strings.ContainsRune(more, c):
		default:
			return false
		}
	}
	return true
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", 0, format, args...)
}

func notFound(format string, args ...any) *wire.Error {
	return wire.Errorf("ResourceNotFoundException", 0, format, args...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// page cuts one page out of sorted names. A token is the name to go on with, in
// a form that is not read by mistake.
func page(names []string, limit *int32, token *string) (out []string, next *string, err error) {
	var c constraints
	c.between(limit, "limit", 1, 100)
	if err := c.err(); err != nil {
		return nil, nil, err
	}
	if token != nil {
		name, err := base64.URLEncoding.DecodeString(*token)
		at, found := slices.BinarySearch(names, string(name))
		if err != nil || !found {
			return nil, nil, invalid("Parameter NextToken is not valid.")
		}
		names = names[at:]
	}
	size := 100
	if limit != nil {
		size = int(*limit)
	}
	if len(names) > size {
		return names[:size], new(base64.URLEncoding.EncodeToString([]byte(names[size]))), nil
	}
	return names, nil, nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
