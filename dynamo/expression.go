package dynamo

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// expressionBuilder collects the names and values of the expressions of one request. Every
// name goes through a placeholder, so that no attribute meets a reserved word.
type expressionBuilder struct {
	names  map[string]string
	values attr.Item
	faults faults
}

// name returns the placeholder of a top-level attribute.
func (x *expressionBuilder) name(attribute string) string {
	for placeholder, name := range x.names {
		if name == attribute {
			return placeholder
		}
	}
	if x.names == nil {
		x.names = make(map[string]string, 4)
	}
	placeholder := "#" + strconv.Itoa(len(x.names))
	x.names[placeholder] = attribute
	return placeholder
}

// path returns the placeholders of a document path.
func (x *expressionBuilder) path(path []string) string {
	if len(path) == 1 {
		return x.name(path[0])
	}
	parts := make([]string, len(path))
	for i, p := range path {
		parts[i] = x.name(p)
	}
	return strings.Join(parts, ".")
}

// value returns the placeholder of a value.
func (x *expressionBuilder) value(v types.AttributeValue) string {
	if x.values == nil {
		x.values = make(attr.Item, 4)
	}
	placeholder := ":" + strconv.Itoa(len(x.values))
	x.values[placeholder] = v
	return placeholder
}

func (x *expressionBuilder) text(s string) string {
	return x.value(&types.AttributeValueMemberS{Value: s})
}

func (x *expressionBuilder) number(n int64) string {
	return x.value(&types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)})
}

// check refuses an expression that is too long.
func (x *expressionBuilder) check(kind, text string) {
	if len(text) > maxExpression {
		x.faults.Addf(kind, "is an expression of %d bytes, the limit is %d bytes", len(text), maxExpression)
	}
}

// conjunction joins conditions; those that are empty are left out.
func conjunction(conditions ...string) string {
	var out []string
	for _, c := range conditions {
		if c != "" {
			out = append(out, c)
		}
	}
	return strings.Join(out, " AND ")
}
