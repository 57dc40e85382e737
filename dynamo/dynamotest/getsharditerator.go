package dynamotest

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

type getShardIteratorInput struct {
	StreamArn         *string
	ShardId           *string
	ShardIteratorType *string
	SequenceNumber    *string
	Timestamp         *wire.Timestamp
}

type getShardIteratorOutput struct{ ShardIterator string }

func (db *DynamoDB) getShardIterator(ctx context.Context, in *getShardIteratorInput) (*getShardIteratorOutput, error) {
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
