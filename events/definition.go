package events

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/internal/pattern"
)

// maxDetailType is how many characters a detail type may have.
const maxDetailType = 128

// Upcast turns the detail of one version into that of the next.
type Upcast = func(detail json.RawMessage) (json.RawMessage, error)

// DefinitionOptions are the settings of [NewDefinition].
type DefinitionOptions struct {
	// Version is the version of the detail that this program writes, and reads
	// without help. It travels as detail.metadata.version. Optional. Defaults to
	// 1, which is not written: an event without a version is of version 1.
	Version int
	// Upcasts has, for each version, the function that turns a detail of that
	// version into one of the next. Reading an event applies them one after the
	// other. Optional; needed for every version before Version that may still
	// arrive.
	Upcasts map[int]Upcast
	// Strict refuses details with members that T does not have. The member
	// metadata is always accepted. Optional. Defaults to false.
	Strict bool
}

// Definition is one kind of event: its source, its detail type, and T, the Go
// type of its detail.
type Definition[T any] struct {
	source, detailType string
	opts               DefinitionOptions
}

// MustDefinition is NewDefinition for package-level variables: it panics where
// NewDefinition returns an error.
func MustDefinition[T any](source, detailType string, optFns ...func(*DefinitionOptions)) *Definition[T] {
	return given.Must(NewDefinition[T](source, detailType, optFns...))
}

// NewDefinition declares a kind of event. The error names everything that
// EventBridge would refuse. Source and detail type must not be empty, the source
// must not begin with "aws.", the detail type may have 128 characters, and T must
// become a JSON object.
func NewDefinition[T any](source, detailType string, optFns ...func(*DefinitionOptions)) (*Definition[T], error) {
	d := &Definition[T]{source: source, detailType: detailType, opts: DefinitionOptions{Version: 1}}
	given.Options(&d.opts, optFns)
	if faults := d.faults(); len(faults) > 0 {
		return nil, fmt.Errorf("events: define %s %q: %s", source, detailType, strings.Join(faults, "; "))
	}
	return d, nil
}

func (d *Definition[T]) faults() []string {
	var out []string
	if d.source == "" {
		out = append(out, "the source is empty")
	}
	if strings.HasPrefix(d.source, "aws.") {
		out = append(out, `sources that begin with "aws." are AWS's own`)
	}
	if d.detailType == "" {
		out = append(out, "the detail type is empty")
	}
	if n := utf8.RuneCountInString(d.detailType); n > maxDetailType {
		out = append(out, fmt.Sprintf("the detail type has %d characters, %d are allowed", n, maxDetailType))
	}
	if t := reflect.TypeFor[T](); !isObjectType(t) {
		out = append(out, fmt.Sprintf("%s does not become a JSON object", t))
	}
	if d.opts.Version < 1 {
		out = append(out, "versions count from 1")
	}
	for v := range d.opts.Upcasts {
		if v < 1 || v >= d.opts.Version {
			out = append(out, fmt.Sprintf("there is an upcast from version %d to a version after %d", v, d.opts.Version))
		}
	}
	return out
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// isObjectType says whether values of t can become JSON objects.
func isObjectType(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	p := reflect.PointerTo(t)
	switch {
	case p.Implements(jsonMarshaler):
		return true
	case p.Implements(textMarshaler):
		return false
	}
	return t.Kind() == reflect.Struct || t.Kind() == reflect.Map || t.Kind() == reflect.Interface
}

// made reports whether the definition comes from NewDefinition.
func (d *Definition[T]) made() bool { return d != nil && d.source != "" }

const unmadeDefinition = "events: this Definition is nil or its zero value: make it with NewDefinition or MustDefinition"

// must panics for a definition that NewDefinition did not make.
func (d *Definition[T]) must() *Definition[T] {
	if !d.made() {
		panic(unmadeDefinition)
	}
	return d
}

// Source returns the source of the events.
func (d *Definition[T]) Source() string { return d.must().source }

// DetailType returns the detail type of the events.
func (d *Definition[T]) DetailType() string { return d.must().detailType }

// String returns source and detail type.
func (d *Definition[T]) String() string { return d.must().source + " " + d.detailType }

// Pattern returns the pattern of exactly these events.
func (d *Definition[T]) Pattern() *Pattern {
	d.must()
	p, err := pattern.Parse(pattern.EventBridge, envelopePattern(d.source, d.detailType, nil))
	if err != nil {
		panic(fmt.Sprintf("events: pattern of %s: %v", d, err)) // exact strings are always a pattern
	}
	return &Pattern{p}
}

// New makes an event of this kind, ready for [Publisher.Publish].
func (d *Definition[T]) New(detail T, optFns ...func(*EntryOptions)) Entry {
	e := Entry{source: d.must().source, detailType: d.detailType, detail: detail, version: d.opts.Version}
	given.Options(&e.opts, optFns)
	return e
}

// Decode reads an event of this kind. The body is the envelope as EventBridge
// delivers it to a function or to a queue; an SNS notification around it is
// removed. Older versions are upcast. An event of another kind is a [*DecodeError]
// that wraps [ErrOtherEvent].
func (d *Definition[T]) Decode(body []byte) (Event[T], error) {
	if !d.made() {
		return Event[T]{}, errors.New(unmadeDefinition)
	}
	raw, err := decodeEnvelope(unwrap(body))
	if err != nil {
		return Event[T]{}, err
	}
	return d.decode(raw)
}

func (d *Definition[T]) decode(raw *Event[json.RawMessage]) (Event[T], error) {
	e := Event[T]{
		ID: raw.ID, Source: raw.Source, DetailType: raw.DetailType, Time: raw.Time, Account: raw.Account,
		Region: raw.Region, Resources: raw.Resources, Metadata: raw.Metadata, ReplayName: raw.ReplayName,
	}
	if raw.Source != d.source || raw.DetailType != d.detailType {
		return e, decodeError(raw, fmt.Errorf("%w: it is not %s", ErrOtherEvent, d))
	}
	detail, err := d.upcast(raw)
	if err == nil {
		err = d.unmarshal(detail, &e.Detail)
	}
	if err != nil {
		return e, decodeError(raw, err)
	}
	return e, nil
}

// upcast brings the detail to the version of the definition.
func (d *Definition[T]) upcast(raw *Event[json.RawMessage]) (json.RawMessage, error) {
	detail, have := raw.Detail, max(raw.Metadata.Version, 1)
	if have > d.opts.Version {
		return nil, fmt.Errorf("%w: it has version %d, this program knows versions up to %d", ErrVersion, have, d.opts.Version)
	}
	for v := have; v < d.opts.Version; v++ {
		up := d.opts.Upcasts[v]
		if up == nil {
			return nil, fmt.Errorf("%w: nothing turns version %d into version %d", ErrVersion, v, v+1)
		}
		var err error
		if detail, err = up(detail); err != nil {
			return nil, fmt.Errorf("upcast from version %d: %w", v, err)
		}
	}
	return detail, nil
}

func (d *Definition[T]) unmarshal(detail json.RawMessage, into *T) error {
	if !d.opts.Strict {
		return json.Unmarshal(detail, into)
	}
	return unmarshalStrict(detail, into)
}
