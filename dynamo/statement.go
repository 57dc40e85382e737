package dynamo

import "slices"

// Access is a kind of use of the table, for Model.Statement.
type Access string

// The kinds of access.
const (
	// ReadAccess is for Get, GetMany, BatchGet, TransactGet, queries and collections.
	ReadAccess Access = "read"
	// WriteAccess is for every Write, alone or in a batch or transaction. Modify and
	// views need ReadAccess, too.
	WriteAccess Access = "write"
	// StreamAccess is for the event source mapping of the stream.
	StreamAccess Access = "stream"
)

// Statement is a statement of an IAM policy; it marshals to the policy's JSON.
type Statement struct {
	Effect   string   `json:"Effect"`
	Action   []string `json:"Action"`
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

// Statement returns the least IAM statements that the access needs: the actions of the
// operations on the table, the indexes that patterns and collections use, and the
// stream. tableARN may be a template text such as "${Table.Arn}".
func (m *Model) Statement(tableARN string, access ...Access) []Statement {
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
	if used := m.usedIndexes(); reads && len(used) > 0 {
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
func (m *Model) usedIndexes() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []string
	for _, x := range m.schema.Indexes {
		used := slices.ContainsFunc(m.patterns, func(p patternDoc) bool { return p.index == x.Name }) ||
			slices.ContainsFunc(m.collections, func(c collectionDoc) bool { return c.index == x.Name })
		if used {
			out = append(out, x.Name)
		}
	}
	return out
}
