package dynamotest

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

type listStreamsInput struct {
	TableName               *string
	ExclusiveStartStreamArn *string
	Limit                   *int32
}

type streamSummary struct {
	StreamArn   string
	StreamLabel string
	TableName   string
}

type listStreamsOutput struct {
	Streams                []streamSummary
	LastEvaluatedStreamArn string `json:",omitempty"`
}

// maxStreams is the longest page of ListStreams and of DescribeStream.
const maxStreams = 100

func pageLimit(limit *int32, most int) (int, error) {
	switch {
	case limit == nil:
		return most, nil
	case *limit < 1:
		return 0, validation("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *limit)
	case int(*limit) > most:
		return 0, validation("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to %d", *limit, most)
	}
	return int(*limit), nil
}

func (db *DB) listStreams(ctx context.Context, in *listStreamsInput) (*listStreamsOutput, error) {
	limit, err := pageLimit(in.Limit, maxStreams)
	if err != nil {
		return nil, err
	}
	prefix := wire.CallOf(ctx).ARN("dynamodb", "table/")
	out := &listStreamsOutput{Streams: []streamSummary{}}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, arn := range slices.Sorted(maps.Keys(db.streams)) {
		s := db.streams[arn]
		switch {
		case !strings.HasPrefix(arn, prefix), s.gone(db.now()):
		case in.TableName != nil && tableName(*in.TableName) != s.table:
		case in.ExclusiveStartStreamArn != nil && arn <= *in.ExclusiveStartStreamArn:
		case len(out.Streams) == limit:
			out.LastEvaluatedStreamArn = out.Streams[limit-1].StreamArn
			return out, nil
		default:
			out.Streams = append(out.Streams, streamSummary{arn, s.label, s.table})
		}
	}
	return out, nil
}

// gone says whether a stream was switched off so long ago that nothing of it
// is left.
func (s *stream) gone(now time.Time) bool {
	return !s.enabled() && now.Sub(s.disabledAt) >= retention
}

type shardFilter struct {
	Type    string
	ShardId string //nolint:revive // AWS's spelling
}

type describeStreamInput struct {
	StreamArn             *string
	ExclusiveStartShardId *string //nolint:revive // AWS's spelling
	Limit                 *int32
	ShardFilter           *shardFilter
}

type sequenceNumberRange struct {
	StartingSequenceNumber string
	EndingSequenceNumber   string `json:",omitempty"`
}

type shardDescription struct {
	ShardId             string //nolint:revive // AWS's spelling
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
func (db *DB) openStream(ctx context.Context, arn *string) (*stream, error) {
	if arn == nil {
		return nil, validation("1 validation error detected: Value null at 'streamArn' failed to satisfy constraint: Member must not be null")
	}
	wire.CallOf(ctx).Touch(*arn)
	s := db.streams[*arn]
	if s == nil || s.gone(db.now()) {
		return nil, wire.Errorf("ResourceNotFoundException", http.StatusBadRequest, "Requested resource not found: Stream: %s not found", *arn)
	}
	s.trim(db.now())
	return s, nil
}

func (db *DB) describeStream(ctx context.Context, in *describeStreamInput) (*describeStreamOutput, error) {
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

type getShardIteratorInput struct {
	StreamArn         *string
	ShardId           *string //nolint:revive // AWS's spelling
	ShardIteratorType *string
	SequenceNumber    *string
	Timestamp         *wire.Timestamp
}

type getShardIteratorOutput struct{ ShardIterator string }

func (db *DB) getShardIterator(ctx context.Context, in *getShardIteratorInput) (*getShardIteratorOutput, error) {
	if err := enum(in.ShardIteratorType, "shardIteratorType", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP", "TRIM_HORIZON", "LATEST"); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	s, err := db.openStream(ctx, in.StreamArn)
	switch {
	case err != nil:
		return nil, err
	case in.ShardIteratorType == nil:
		return nil, validation("1 validation error detected: Value null at 'shardIteratorType' failed to satisfy constraint: Member must not be null")
	case in.ShardId == nil:
		return nil, validation("1 validation error detected: Value null at 'shardId' failed to satisfy constraint: Member must not be null")
	case *in.ShardId != s.shard:
		return nil, wire.Errorf("ResourceNotFoundException", http.StatusBadRequest, "Requested resource not found: Shard does not exist")
	}
	next, err := s.position(*in.ShardIteratorType, in.SequenceNumber, in.Timestamp)
	if err != nil {
		return nil, err
	}
	return &getShardIteratorOutput{s.iterator(next)}, nil
}

// position is the serial that an iterator starts with.
func (s *stream) position(kind string, sequence *string, at *wire.Timestamp) (int64, error) {
	bySequence := strings.HasSuffix(kind, "_SEQUENCE_NUMBER")
	switch {
	case sequence != nil && !bySequence:
		return 0, validation(invalidValue + "SequenceNumber should not be passed for this iterator type")
	case kind == "TRIM_HORIZON":
		return s.trimmedUntil + 1, nil
	case kind == "LATEST":
		return s.lastSerial + 1, nil
	case bySequence && sequence == nil:
		return 0, validation(invalidValue + "SequenceNumber cannot be null")
	case bySequence:
		return s.sequencePosition(kind, *sequence)
	case at == nil:
		return 0, validation(invalidValue + "Timestamp cannot be null")
	}
	i := slices.IndexFunc(s.records, func(r streamRecord) bool { return !r.at.Before(at.Time) })
	if i < 0 {
		return s.lastSerial + 1, nil
	}
	return s.records[i].serial, nil
}

func (s *stream) sequencePosition(kind, sequence string) (int64, error) {
	serial, err := strconv.ParseInt(strings.TrimPrefix(sequence, "10000"), 10, 64)
	switch {
	case err != nil || sequenceNumber(serial) != sequence || serial > s.db.serial:
		return 0, validation("Invalid SequenceNumber for the shard")
	case serial <= s.trimmedUntil && serial >= s.firstSerial:
		return 0, trimmed()
	case kind == "AFTER_SEQUENCE_NUMBER":
		serial++
	}
	return serial, nil
}

func trimmed() error {
	return wire.Errorf("TrimmedDataAccessException", http.StatusBadRequest, "The operation attempted to read past the oldest stream record in a shard.")
}

// iteratorLife is how long an iterator can be used.
const iteratorLife = 15 * time.Minute

// iterator writes an iterator that starts with a serial.
func (s *stream) iterator(next int64) string {
	inner := fmt.Sprintf("%d|%d", next, s.db.now().UnixMilli())
	return s.arn + "|1|" + base64.StdEncoding.EncodeToString([]byte(inner))
}

type getRecordsInput struct {
	ShardIterator *string
	Limit         *int32
}

type recordIdentity struct {
	PrincipalId string //nolint:revive // AWS's spelling
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

func (db *DB) getRecords(ctx context.Context, in *getRecordsInput) (*getRecordsOutput, error) {
	limit, err := pageLimit(in.Limit, maxRecords)
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
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

// readIterator finds the stream and the serial that an iterator stands for.
func (db *DB) readIterator(ctx context.Context, text *string) (*stream, int64, error) {
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
