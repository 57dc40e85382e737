// Package pattern is the JSON pattern engine behind EventBridge event patterns,
// SNS filter policies and the filters of event sources.
//
// There is one grammar and one matcher. A [Dialect] holds what the services do
// differently: the operators, the number of keys, the words of errors. Shown by
// TestDialects.
//
//	p, err := pattern.Parse(pattern.EventBridge, []byte(`{"source":["shop"],"detail":{"total":[{"numeric":[">",100]}]}}`))
//	matched, err := p.Match(event)
//
// # Semantics
//
// Matching follows event-ruler, the engine that AWS published:
//
//   - Keys are joined with dots, in the pattern and in the event.
//   - The values of one list are alternatives; the keys of one object must all hold.
//   - Numbers are compared as 64-bit floats.
//   - A string that is an IP address is compared as an address.
//   - The fields of one rule must come from compatible elements of the event's
//     arrays.
//
// Shown by TestGolden. [Pattern.Explain] says which field of a pattern failed, and
// on which values. Shown by TestExplanation of package events.
//
// A [Set] matches many patterns in one pass over the event. Matching scans the
// raw JSON, skips what no pattern names, and takes time linear in the size of
// the event. Shown by TestSet and TestLongArrays.
//
// The engine answers differently from run to run where branches of one $or list
// the same value on the same field; here every branch means what it says. SNS
// promises numbers of ±1e9 with five decimals; here they are compared as floats in
// every dialect.
//
// # Errors
//
// A pattern that AWS refuses is an [*Error] with AWS's own text, the location
// line included. Shown by TestErrors and TestPlaces. For an event that is not a JSON
// object the error is [ErrEvent].
//
// The package imports the standard library only.
package pattern
