package tabledef

import (
	"slices"

	"github.com/patternkit/serverless/dynamo"
	"github.com/patternkit/serverless/internal/given"
)

// Access is a kind of use of the table, for Statements.
type Access string

// The kinds of access.
const (
	// ReadAccess is for Get, GetMany, BatchGet, TransactGet, queries and collections.
	ReadAccess Access = "read"
	// WriteAccess is for every Write, alone or in a batch or transaction. Modify and
	// views also need ReadAccess.
	WriteAccess Access = "write"
	// StreamAccess is for the event source mapping of the stream.
	StreamAccess Access = "stream"
)

// Statement is a statement of an IAM policy; it marshals to the policy's JSON.
type Statement struct {
	// Effect is "Allow".
	Effect string `json:"Effect"`
	// Action are IAM actions, such as "dynamodb:GetItem".
	Action []string `json:"Action"`
	// Resource are ARNs, or template texts that become ARNs.
	Resource []string `json:"Resource"`
}

var actionsFor = map[Access][]string{
	ReadAccess: {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"},
	WriteAccess: {
		"dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
		"dynamodb:PutItem", "dynamodb:UpdateItem",
	},
}

// streamActions work on the stream, which is a resource of its own.
var streamActions = []string{
	"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
}

// Statements returns the least IAM statements that the access needs. They name the actions
// of the operations on the table, the indexes that patterns and collections use, and the
// stream. tableARN may be a template text such as "${Table.Arn}". It panics without a
// model or an ARN, and for an access that is none of the constants.
func Statements(m *dynamo.Model, tableARN string, access ...Access) []Statement {
	checkModel("Statements", m)
	faults := given.To("tabledef: Statements")
	faults.Empty("the table ARN", tableARN)
	for _, a := range access {
		if _, ok := actionsFor[a]; !ok && a != StreamAccess {
			faults.Add("there is no access %q", a)
		}
	}
	faults.Panic()
	var out []Statement
	var actions []string
	reads := slices.Contains(access, ReadAccess)
	for _, a := range []Access{ReadAccess, WriteAccess} {
		if slices.Contains(access, a) {
			actions = append(actions, actionsFor[a]...)
		}
	}
	if len(actions) > 0 {
		slices.Sort(actions)
		out = append(out, Statement{Effect: "Allow", Action: actions, Resource: []string{tableARN}})
	}
	if used := usedIndexes(m.Describe()); reads && len(used) > 0 {
		s := Statement{Effect: "Allow", Action: []string{"dynamodb:Query"}}
		for _, name := range used {
			s.Resource = append(s.Resource, tableARN+"/index/"+name)
		}
		out = append(out, s)
	}
	if slices.Contains(access, StreamAccess) {
		out = append(out, Statement{Effect: "Allow", Action: slices.Clone(streamActions), Resource: []string{tableARN + "/stream/*"}})
	}
	return out
}

// usedIndexes are the indexes that a pattern or collection queries.
func usedIndexes(d dynamo.Description) []string {
	var out []string
	for _, x := range d.Schema.Indexes {
		if slices.ContainsFunc(d.Patterns, func(p dynamo.PatternDescription) bool { return p.Index == x.Name }) {
			out = append(out, x.Name)
		}
	}
	return out
}
