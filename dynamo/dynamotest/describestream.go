package dynamotest

import (
	"context"
	"maps"
	"net/http"

	"github.com/patternkit/serverless/internal/wire"
)

type shardFilter struct {
	Type    string
	ShardId string
}

type describeStreamInput struct {
	StreamArn             *string
	ExclusiveStartShardId *string
	Limit                 *int32
	ShardFilter           *shardFilter
}

type sequenceNumberRange struct {
	StartingSequenceNumber string
	EndingSequenceNumber   string `json:",omitempty"`
}

type shardDescription struct {
	ShardId             string
	SequenceNumberRange sequenceNumberRange
}

type streamDescription struct {
	StreamArn               string
	StreamLabel             string
	StreamStatus            string
	StreamViewType          string
	CreationRequestDateTime wire.Timestamp
	TableName               string
	KeySchema               []keyElement
	Shards                  []shardDescription
}

type describeStreamOutput struct{ StreamDescription streamDescription }

// openStream finds a stream and drops what is too old in it.
func (db *DynamoDB) openStream(ctx context.Context, arn *string) (*stream, error) {
	if arn == nil {
		return nil, validation("1 validation error detected: Value null at 'streamArn' failed to satisfy constraint: Member must not be null")
	}
	wire.CallOf(ctx).Touch(*arn)
	s := db.streams[*arn]
	if s == nil || s.gone(db.now()) {
		e := wire.Errorf("ResourceNotFoundException", http.StatusBadRequest, "Requested resource not found: Stream: %s not found", *arn)
		return nil, e.Missing("stream", *arn, maps.Keys(db.streams))
	}
	s.trim(db.now())
	return s, nil
}

func (db *DynamoDB) describeStream(ctx context.Context, in *describeStreamInput) (*describeStreamOutput, error) {
	if _, err := pageLimit(in.Limit, maxStreams); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	s, err := db.openStream(ctx, in.StreamArn)
	if err != nil {
		return nil, err
	}
	d := streamDescription{
		StreamArn: s.arn, StreamLabel: s.label, StreamStatus: "ENABLED", StreamViewType: s.view,
		CreationRequestDateTime: wire.Timestamp{Time: s.created}, TableName: s.table, KeySchema: s.key.elements(),
		Shards: []shardDescription{},
	}
	shard := shardDescription{ShardId: s.shard, SequenceNumberRange: sequenceNumberRange{StartingSequenceNumber: sequenceNumber(s.firstSerial)}}
	if !s.enabled() {
		d.StreamStatus = "DISABLED"
		shard.SequenceNumberRange.EndingSequenceNumber = sequenceNumber(s.lastSerial)
	}
	// The only shard has no children, and nothing comes after it.
	if in.ExclusiveStartShardId == nil && in.ShardFilter == nil {
		d.Shards = append(d.Shards, shard)
	}
	return &describeStreamOutput{d}, nil
}
