// Package expr is the DynamoDB expression language: condition, filter, key
// condition, update and projection expressions are read into trees, checked
// as DynamoDB checks them, and evaluated against attribute values.
//
//	params := expr.Params{Values: map[string]expr.Value{":n": expr.Int(1)}}
//	update, err := params.Update("SET Views = Views + :n")
//	item, err := update.Apply(before)
//
// # Semantics
//
// A [Params] holds the placeholders of one request. Every expression of the
// request is parsed through it, so that [Params.Unused] can tell afterwards
// which names and values none of them used. Parsing resolves the placeholders:
// a tree holds names and values, never "#n" or ":v".
//
// Values are immutable. Applying an update shares what it does not change with
// the item it started from.
//
// # Limits
//
// An expression has at most 4096 bytes and 300 operators and functions, IN at
// most 100 operands, a document path at most 32 elements. Numbers have at most
// 38 significant digits between 1E-130 and 9.99…E+125.
//
// # Errors
//
// Every error is an [*InvalidError] whose text is what DynamoDB answers in a
// ValidationException.
//
// # Testing
//
// Expressions need no table: parse them and call Match, Apply or Project.
package expr
