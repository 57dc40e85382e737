package ststest

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/wire"
)

// pattern is a regular expression, and how AWS's texts write it.
type pattern struct {
	*regexp.Regexp
	shown string
}

var (
	anyText      = pattern{regexp.MustCompile(`^[\t\n\r\x{20}-\x{7E}\x{85}\x{A0}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]+$`), `[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`}
	nameText     = pattern{regexp.MustCompile(`^[\w+=,.@-]*$`), `[\w+=,.@-]*`}
	externalText = pattern{regexp.MustCompile(`^[\w+=,.@:/-]*$`), `[\w+=,.@:\/-]*`}
	wordText     = pattern{regexp.MustCompile(`^\w*$`), `[\w]*`}
)

// constraints collects what is wrong with the members of an input.
type constraints []string

func (c *constraints) broken(value, member, constraint string, args ...any) {
	*c = append(*c, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, member, fmt.Sprintf(constraint, args...)))
}

func (c *constraints) text(member string, value *string, required bool, least, most int, p pattern) {
	if value == nil {
		if required {
			c.broken("null", member, "Member must not be null")
		}
		return
	}
	shown := "'" + *value + "'"
	if !p.MatchString(*value) {
		c.broken(shown, member, "Member must satisfy regular expression pattern: %s", p.shown)
	}
	switch n := utf8.RuneCountInString(*value); {
	case n < least:
		c.broken(shown, member, "Member must have length greater than or equal to %d", least)
	case n > most:
		c.broken(shown, member, "Member must have length less than or equal to %d", most)
	}
}

func (c *constraints) number(member string, value *int, least, most int) {
	switch {
	case value == nil:
	case *value < least:
		c.broken(fmt.Sprintf("'%d'", *value), member, "Member must have value greater than or equal to %d", least)
	case *value > most:
		c.broken(fmt.Sprintf("'%d'", *value), member, "Member must have value less than or equal to %d", most)
	}
}

func (c constraints) err() error {
	switch len(c) {
	case 0:
		return nil
	case 1:
		return invalid("1 validation error detected: %s", c[0])
	}
	return invalid("%d validation errors detected: %s", len(c), strings.Join(c, "; "))
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", 0, format, args...)
}
