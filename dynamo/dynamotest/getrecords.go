package dynamotest

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

type getRecordsInput struct {
	ShardIterator *string
	Limit         *int32
}

type recordIdentity struct {
	PrincipalId string
	Type        string
}

type recordChange struct {
	ApproximateCreationDateTime wire.Timestamp
	Keys                        item
	NewImage                    item `json:",omitempty"`
	OldImage                    item `json:",omitempty"`
	SequenceNumber              string
	SizeBytes                   int
	StreamViewType              string
}

type recordOutput struct {
	EventID      string          `json:"eventID"`
	EventName    string          `json:"eventName"`
	EventVersion string          `json:"eventVersion"`
	EventSource  string          `json:"eventSource"`
	AwsRegion    string          `json:"awsRegion"`
	Dynamodb     recordChange    `json:"dynamodb"`
	UserIdentity *recordIdentity `json:"userIdentity,omitempty"`
}

type getRecordsOutput struct {
	Records           []recordOutput
	NextShardIterator string `json:",omitempty"`
}

// Limits of one GetRecords.
const (
	maxRecords     = 1000
	maxRecordBytes = 1 << 20
)

func (db *DynamoDB) getRecords(ctx context.Context, in *getRecordsInput) (*getRecordsOutput, error) {
	limit, err := pageLimit(in.Limit, maxRecords)
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.sweepAll()
	s, next, err := db.readIterator(ctx, in.ShardIterator)
	if err != nil {
		return nil, err
	}
	out := &getRecordsOutput{Records: []recordOutput{}}
	bytes := 0
	for _, r := range s.from(next) {
		if len(out.Records) == limit || bytes+r.size > maxRecordBytes && bytes > 0 {
			break
		}
		bytes += r.size
		out.Records = append(out.Records, s.output(r))
		next = r.serial + 1
	}
	if s.enabled() || next <= s.lastSerial {
		out.NextShardIterator = s.iterator(next)
	}
	return out, nil
}

// readIterator finds the stream and the serial of an iterator.
func (db *DynamoDB) readIterator(ctx context.Context, text *string) (*stream, int64, error) {
	if text == nil {
		return nil, 0, validation("1 validation error detected: Value null at 'shardIterator' failed to satisfy constraint: Member must not be null")
	}
	arn, rest, _ := strings.Cut(*text, "|1|")
	inner, err := base64.StdEncoding.DecodeString(rest)
	var next, made int64
	if err == nil {
		_, err = fmt.Sscanf(string(inner), "%d|%d", &next, &made)
	}
	if err != nil {
		return nil, 0, validation("Invalid ShardIterator")
	}
	s, err := db.openStream(ctx, &arn)
	switch {
	case err != nil:
		return nil, 0, err
	case db.now().Sub(time.UnixMilli(made)) >= iteratorLife:
		return nil, 0, wire.Errorf("ExpiredIteratorException", http.StatusBadRequest, "Iterator expired. The iterator was created at time %s while right now it is %s which is further in the future than the tolerated delay of 900000 milliseconds.", time.UnixMilli(made).UTC().Format(time.UnixDate), db.now().UTC().Format(time.UnixDate))
	case next <= s.trimmedUntil && s.trimmedUntil >= s.firstSerial:
		return nil, 0, trimmed()
	}
	return s, next, nil
}

// output writes a record as GetRecords answers it.
func (s *stream) output(r streamRecord) recordOutput {
	out := recordOutput{
		EventID: r.id, EventName: r.name, EventVersion: "1.1", EventSource: "aws:dynamodb", AwsRegion: s.region,
		Dynamodb: recordChange{
			ApproximateCreationDateTime: wire.Timestamp{Time: r.at}, Keys: item(r.keys),
			NewImage: item(r.after), OldImage: item(r.before),
			SequenceNumber: r.sequenceNum, SizeBytes: r.size, StreamViewType: s.view,
		},
	}
	if r.who != (identity{}) {
		out.UserIdentity = &recordIdentity{PrincipalId: r.who.principal, Type: r.who.kind}
	}
	return out
}
