package dynamotest

import "context"

type scanInput struct {
	readOptions
	Segment       *int32
	TotalSegments *int32
}

func (db *DynamoDB) scan(ctx context.Context, in *scanInput) (*pageOutput, error) {
	p := &page{options: &in.readOptions}
	if err := firstError(in.check(), in.checkSegment(), p.readExpressions()); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := p.open(ctx, db); err != nil {
		return nil, err
	}
	if in.TotalSegments != nil {
		p.span = segmentSpan(uint64(*in.Segment), uint64(*in.TotalSegments))
	}
	if err := p.start(); err != nil {
		return nil, err
	}
	if p.after != "" && !p.span.holds(p.after) {
		return nil, validation("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", *in.TotalSegments, *in.Segment)
	}
	return p.read(), nil
}

const maxSegments = 1_000_000

func (in *scanInput) checkSegment() error {
	switch {
	case in.Segment == nil && in.TotalSegments == nil:
		return nil
	case in.TotalSegments == nil:
		return validation("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case in.Segment == nil:
		return validation("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case *in.TotalSegments < 1:
		return validation("1 validation error detected: Value '%d' at 'totalSegments' failed to satisfy constraint: Member must have value greater than or equal to 1", *in.TotalSegments)
	case *in.TotalSegments > maxSegments:
		return validation("1 validation error detected: Value '%d' at 'totalSegments' failed to satisfy constraint: Member must have value less than or equal to 1000000", *in.TotalSegments)
	case *in.Segment < 0:
		return validation("1 validation error detected: Value '%d' at 'segment' failed to satisfy constraint: Member must have value greater than or equal to 0", *in.Segment)
	case *in.Segment >= *in.TotalSegments:
		return validation("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", *in.Segment, *in.TotalSegments)
	}
	return nil
}
