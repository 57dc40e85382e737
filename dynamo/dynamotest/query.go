package dynamotest

import (
	"context"
	"slices"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// readOptions are the members that Query and Scan have in common.
type readOptions struct {
	TableName              *string
	IndexName              *string
	FilterExpression       *string
	ProjectionExpression   *string
	Select                 *string
	Limit                  *int32
	ConsistentRead         *bool
	ExclusiveStartKey      item
	ReturnConsumedCapacity *string
	placeholders
}

type queryInput struct {
	readOptions
	KeyConditionExpression *string
	ScanIndexForward       *bool
}

type pageOutput struct {
	Items            *[]item `json:",omitempty"`
	Count            int
	ScannedCount     int
	LastEvaluatedKey item              `json:",omitempty"`
	ConsumedCapacity *consumedCapacity `json:",omitempty"`
}

func (db *DynamoDB) query(ctx context.Context, in *queryInput) (*pageOutput, error) {
	p := &page{options: &in.readOptions, backward: in.ScanIndexForward != nil && !*in.ScanIndexForward}
	var condition *expr.KeyCondition
	readKey := expression{"KeyConditionExpression", in.KeyConditionExpression, func(params *expr.Params, s string) (err error) {
		condition, err = params.KeyCondition(s)
		return err
	}}
	if err := firstError(in.check(), p.readExpressions(readKey)); err != nil {
		return nil, err
	}
	if condition == nil {
		return nil, validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	if err := condition.Resolve(); err != nil {
		return nil, refused(err)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := p.open(ctx, db); err != nil {
		return nil, err
	}
	if err := p.checkKeyCondition(condition); err != nil {
		return nil, err
	}
	p.span = p.key.spanOf(condition)
	if err := p.start(); err != nil {
		return nil, err
	}
	if p.after != "" && !p.span.holds(p.after) {
		return nil, p.outside(condition)
	}
	return p.read(), nil
}

// outside words the refusal of a cursor that the key condition cannot have
// led to.
func (p *page) outside(c *expr.KeyCondition) error {
	from := expr.Item(p.options.ExclusiveStartKey)
	inPartition, sorted := true, false
	for _, clause := range c.Clauses() {
		if slices.Contains(p.key.partition, clause.Name) {
			inPartition = inPartition && from[clause.Name].Equal(clause.Values[0])
		} else {
			sorted = true
		}
	}
	switch {
	case inPartition:
		return validation("The provided starting key does not match the range key predicate")
	case sorted:
		return validation("The query can return at most one row and cannot be restarted")
	case len(p.key.sort) == 0:
		return validation("The provided exclusive start key is invalid")
	}
	return validation("The provided starting key is outside query boundaries based on provided conditions")
}

// holds says whether a key is in the range.
func (s span) holds(key string) bool { return key >= s.from && (s.to == "" || key < s.to) }

// checkKeyCondition holds a key condition against the key and the types of
// what is read, and the filter against the key.
func (p *page) checkKeyCondition(c *expr.KeyCondition) error {
	if err := c.Check(p.key.partition, p.key.sort); err != nil {
		return refused(err)
	}
	for _, clause := range c.Clauses() {
		for _, v := range clause.Values {
			switch {
			case v.Type() != p.table.types[clause.Name]:
				return validation(invalidValue + "Condition parameter type does not match schema type")
			case isEmpty(v):
				return validation(emptyKey+"%s value. Key: %s", words[v.Type()], clause.Name)
			}
		}
	}
	if p.filter == nil {
		return nil
	}
	keys := p.key.names()
	for _, path := range p.filter.Paths() {
		if slices.Contains(keys, path.Name()) {
			return validation("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", path.Name())
		}
	}
	return nil
}
