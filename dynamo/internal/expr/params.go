package expr

import (
	"maps"
	"slices"
	"strings"
)

// Params are the placeholders of one request. It is for one goroutine.
type Params struct {
	// Names are the ExpressionAttributeNames, by "#name".
	Names map[string]string
	// Values are the ExpressionAttributeValues, by ":value".
	Values map[string]Value

	used map[string]bool
}

// Kind is what an expression is for; it is the name of its request member.
type Kind string

// The kinds of expressions.
const (
	ConditionExpression    Kind = "ConditionExpression"
	FilterExpression       Kind = "FilterExpression"
	KeyConditionExpression Kind = "KeyConditionExpression"
	ProjectionExpression   Kind = "ProjectionExpression"
	UpdateExpression       Kind = "UpdateExpression"
)

// refused words an error of an expression of this kind.
func (k Kind) refused(err error) error {
	if err == nil {
		return nil
	}
	return invalid("Invalid %s: %s", string(k), err.Error())
}

// Check refuses placeholders that are not well-formed, as DynamoDB does before
// it looks at the expressions.
func (p *Params) Check() error {
	if p.Names != nil {
		if len(p.Names) == 0 {
			return invalid("ExpressionAttributeNames must not be empty")
		}
		for _, key := range slices.Sorted(maps.Keys(p.Names)) {
			if !IsPlaceholder('#', key) {
				return invalid(`ExpressionAttributeNames contains invalid key: Syntax error; key: "%s"`, key)
			}
			if p.Names[key] == "" {
				return invalid("ExpressionAttributeNames contains invalid value: Empty attribute name for key %s", key)
			}
		}
	}
	if p.Values != nil {
		if len(p.Values) == 0 {
			return invalid("ExpressionAttributeValues must not be empty")
		}
		for _, key := range slices.Sorted(maps.Keys(p.Values)) {
			if !IsPlaceholder(':', key) {
				return invalid(`ExpressionAttributeValues contains invalid key: Syntax error; key: "%s"`, key)
			}
		}
	}
	return nil
}

// Unused refuses placeholders that no expression parsed so far has used.
func (p *Params) Unused() error {
	if keys := unused(p.Names, p.used); keys != "" {
		return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", keys)
	}
	if keys := unused(p.Values, p.used); keys != "" {
		return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", keys)
	}
	return nil
}

func unused[V any](of map[string]V, used map[string]bool) string {
	var keys []string
	for key := range of {
		if !used[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return strings.Join(keys, ", ")
}

func (p *Params) use(key string) {
	if p.used == nil {
		p.used = map[string]bool{}
	}
	p.used[key] = true
}

// name resolves a "#name".
func (p *Params) name(key string) (string, error) {
	p.use(key)
	if resolved, ok := p.Names[key]; ok {
		return resolved, nil
	}
	return "", invalid("An expression attribute name used in the document path is not defined; attribute name: %s", key)
}

// value resolves a ":value".
func (p *Params) value(key string) (Value, error) {
	p.use(key)
	if resolved, ok := p.Values[key]; ok {
		return resolved, nil
	}
	return Value{}, invalid("An expression attribute value used in expression is not defined; attribute value: %s", key)
}
