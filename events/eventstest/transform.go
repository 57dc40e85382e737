package eventstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const maxInputPaths = 100

// errTemplate is the cause of an event that AWS drops because the filled
// template is not JSON.
var errTemplate = errors.New("the input template makes no valid JSON")

// check holds a transformer against what the service accepts.
func (t *inputTransformer) check(id string) error {
	if t.InputTemplate == "" {
		return invalid("Value null at 'inputTemplate' failed to satisfy constraint: Member must not be null")
	}
	if len(t.InputPathsMap) > maxInputPaths {
		return invalid("InputPathsMap for target %s has more than %d entries.", id, maxInputPaths)
	}
	for _, name := range sortedKeys(t.InputPathsMap) {
		if _, err := parsePath(t.InputPathsMap[name]); err != nil {
			return invalid("Invalid InputPath for target %s.", id)
		}
		if strings.HasPrefix(name, "AWS.") {
			return invalid("InputPathsMap for target %s has the reserved key %s.", id, name)
		}
	}
	for _, p := range t.pieces() {
		if _, known := t.InputPathsMap[p.placeholder]; p.placeholder != "" && !known && !predefined(p.placeholder) {
			return invalid("InputTemplate for target %s contains invalid placeholder %s.", id, p.placeholder)
		}
	}
	return nil
}

func predefined(name string) bool {
	switch name {
	case "aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event", "aws.events.event.json":
		return true
	}
	return false
}

// piece is a part of a template: text, or a placeholder, which may be inside
// a JSON string.
type piece struct {
	text        string
	placeholder string
	quoted      bool
}

// pieces cuts a template at its placeholders.
func (t *inputTransformer) pieces() []piece {
	var out []piece
	s := t.InputTemplate
	quoted, from := false, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case '<':
			end := strings.IndexByte(s[i:], '>')
			if end < 2 || !isPlaceholder(s[i+1:i+end]) {
				continue
			}
			out = append(out, piece{text: s[from:i]}, piece{placeholder: s[i+1 : i+end], quoted: quoted})
			i += end
			from = i + 1
		}
	}
	return append(out, piece{text: s[from:]})
}

func isPlaceholder(name string) bool { return onlyNameCharacters(name, "") }

// input is what the target gets of the event.
func (t *target) input(ev *Event, r *rule) ([]byte, error) {
	switch {
	case t.Input != nil:
		return []byte(*t.Input), nil
	case t.InputPath != nil:
		p, err := parsePath(*t.InputPath)
		if err != nil {
			return nil, err
		}
		value, ok := p.find(ev.JSON)
		if !ok {
			return []byte("null"), nil
		}
		return value, nil
	case t.InputTransformer != nil:
		return t.InputTransformer.fill(ev, r)
	}
	return ev.JSON, nil
}

// fill puts the event's values into the template.
func (t *inputTransformer) fill(ev *Event, r *rule) ([]byte, error) {
	var out bytes.Buffer
	for _, p := range t.pieces() {
		out.WriteString(p.text)
		if p.placeholder == "" {
			continue
		}
		value, ok := t.value(p.placeholder, ev, r)
		switch {
		case !ok && !p.quoted:
			out.WriteString(`""`)
		case ok && p.quoted:
			out.WriteString(t.plain(value))
		case ok:
			out.Write(value)
		}
	}
	if !json.Valid(out.Bytes()) {
		return nil, fmt.Errorf("%w: %s", errTemplate, out.Bytes())
	}
	return out.Bytes(), nil
}

// value is the value of a placeholder, as JSON.
func (t *inputTransformer) value(name string, ev *Event, r *rule) (value json.RawMessage, ok bool) {
	if at, ok := t.InputPathsMap[name]; ok {
		p, err := parsePath(at)
		if err != nil {
			return nil, false
		}
		return p.find(ev.JSON)
	}
	switch name {
	case "aws.events.rule-arn":
		return quote(r.arn), true
	case "aws.events.rule-name":
		return quote(r.name), true
	case "aws.events.event.ingestion-time":
		return quote(ev.accepted.UTC().Format("2006-01-02T15:04:05.000Z")), true
	case "aws.events.event.json":
		return ev.JSON, true
	default:
		return origin(ev.JSON), true
	}
}

// origin is the value of <aws.events.event>: where the event comes from,
// with AWS's own spelling of the detail type.
func origin(event []byte) json.RawMessage {
	var e envelope
	if json.Unmarshal(event, &e) != nil {
		return json.RawMessage("null")
	}
	out, _ := marshal(struct { // strings always encode
		Version    string   `json:"version"`
		DetailType string   `json:"detailType"`
		Source     string   `json:"source"`
		Account    string   `json:"account"`
		Region     string   `json:"region"`
		Resources  []string `json:"resources"`
	}{e.Version, e.DetailType, e.Source, e.Account, e.Region, e.Resources})
	return out
}

func quote(s string) json.RawMessage {
	b, _ := json.Marshal(s) // a string always marshals
	return b
}

// plain writes a value inside a string: a string without its quotes, a list or an
// object as it is, which makes no JSON where it has quotes of its own. Only in a
// template that is one string they are left out.
func (t *inputTransformer) plain(value json.RawMessage) string {
	value = bytes.TrimSpace(value)
	if value[0] == '"' {
		return string(value[1 : len(value)-1])
	}
	if value[0] != '{' && value[0] != '[' {
		return string(value)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, value); err != nil {
		return ""
	}
	if !strings.HasPrefix(strings.TrimSpace(t.InputTemplate), `"`) {
		return compact.String()
	}
	return strings.ReplaceAll(strings.ReplaceAll(compact.String(), `\"`, ""), `"`, "")
}
