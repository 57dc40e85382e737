package dynamo

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// expression collects the names and values of the expressions of one request. Every
// name goes through a placeholder, so that no attribute meets a reserved word.
type expression struct {
	names  map[string]string
	values item
	faults faults
}

// name returns the placeholder of a top-level attribute.
func (x *expression) name(attribute string) string {
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
func (x *expression) path(path []string) string {
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
func (x *expression) value(v types.AttributeValue) string {
	if x.values == nil {
		x.values = make(item, 4)
	}
	placeholder := ":" + strconv.Itoa(len(x.values))
	x.values[placeholder] = v
	return placeholder
}

func (x *expression) text(s string) string {
	return x.value(&types.AttributeValueMemberS{Value: s})
}

func (x *expression) number(n int64) string {
	return x.value(&types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)})
}

// check refuses an expression that is too long.
func (x *expression) check(kind, text string) {
	if len(text) > maxExpression {
		x.faults.Add(kind, "is an expression of %d bytes, the limit is %d bytes", len(text), maxExpression)
	}
}

// and joins conditions; those that are empty are left out.
func and(conditions ...string) string {
	var out []string
	for _, c := range conditions {
		if c != "" {
			out = append(out, c)
		}
	}
	return strings.Join(out, " AND ")
}
