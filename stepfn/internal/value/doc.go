// Package value holds JSON values as a state machine sees them: objects keep
// the order of their members, numbers keep their text, and values never
// change once made, so that states may share them.
//
// A value is nil, bool, json.Number, string, []any or *Object.
package value
