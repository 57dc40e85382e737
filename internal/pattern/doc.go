// Package pattern is the JSON pattern engine behind EventBridge event patterns,
// SNS filter policies and the filters of event sources.
//
// One grammar, one matcher; what the services do differently is a [Dialect]:
// which operators they take, how many keys, which words their errors use.
//
//	p, err := pattern.Parse(pattern.EventBridge, []byte(`{"source":["shop"],"detail":{"total":[{"numeric":[">",100]}]}}`))
//	matched, err := p.Match(event)
//
// # Semantics
//
// Matching follows event-ruler, the engine that AWS published: keys are joined
// with dots on both sides, the values of one list are alternatives, the keys of
// one object must all hold, numbers are compared as 64-bit floats, a string that
// is an IP address is compared as an address, and the fields of one rule must
// come from compatible elements of the event's arrays. [Pattern.Explain] says
// which field of a pattern failed, and on which values.
//
// A [Set] matches many patterns in one pass over the event. Matching scans the
// raw JSON, skips what no pattern names, and takes time linear in the size of
// the event.
//
// The engine answers differently from run to run where branches of one $or list
// the same value on the same field; here every branch means what it says. SNS
// promises numbers of ±1e9 with five decimals; here they are compared as floats in
// every dialect.
//
// # Errors
//
// A pattern that AWS refuses is an [*Error] with AWS's own text, the location
// line included. An event that is no JSON object is an [ErrEvent].
//
// The package imports the standard library only.
package pattern
