package pattern

import (
	"encoding/json"
	"fmt"
)

// Attribute is a message attribute as a filter policy sees it.
type Attribute struct {
	// Type is the data type: String, String.Array, Number, or one of these with
	// a custom label behind a dot. Binary attributes are never matched.
	Type string
	// Value is the text of the value; for String.Array a JSON array.
	Value string
}

// MatchAttributes says whether the attributes of a message match an SNS filter
// policy in attribute scope. Without attributes no policy matches.
func (p *Pattern) MatchAttributes(attributes map[string]Attribute) (bool, error) {
	if len(attributes) == 0 {
		return false, nil
	}
	event := []byte{'{'}
	for name, a := range attributes {
		value, ok := a.json()
		if !ok {
			continue
		}
		if len(event) > 1 {
			event = append(event, ',')
		}
		event = append(appendString(event, name), ':')
		event = append(event, value...)
	}
	matched, err := p.Match(append(event, '}'))
	if err != nil {
		return false, fmt.Errorf("pattern: match attributes: %w", err)
	}
	return matched, nil
}

// json writes the value as the event would hold it; ok is false for what a
// policy cannot look at.
func (a Attribute) json() (value []byte, ok bool) {
	switch {
	case a.Type == "String.Array":
		return []byte(a.Value), json.Valid([]byte(a.Value))
	case isType(a.Type, "String"):
		return appendString(nil, a.Value), true
	case isType(a.Type, "Number"):
		var n json.Number
		if json.Unmarshal([]byte(a.Value), &n) == nil && n != "" {
			return []byte(a.Value), true
		}
	}
	return nil, false
}

func isType(t, base string) bool {
	return t == base || len(t) > len(base) && t[:len(base)] == base && t[len(base)] == '.'
}

func appendString(dst []byte, s string) []byte {
	b, _ := json.Marshal(s) // a string always marshals
	return append(dst, b...)
}
