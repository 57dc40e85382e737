package dynamotest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/awsid"
)

// retention is how long a stream keeps its records.
const retention = 24 * time.Hour

// stream is the stream of a table: one shard with the records of 24 hours.
type stream struct {
	db           *DynamoDB
	arn, label   string
	table        string
	view         string
	key          keySchema
	region       string
	created      time.Time
	disabledAt   time.Time // zero while it is enabled
	shard        string
	firstSerial  int64 // of the shard
	lastSerial   int64
	records      []streamRecord
	trimmedUntil int64 // serial of the last record that is gone
}

// streamRecord is one change.
type streamRecord struct {
	serial      int64
	id          string
	name        string // INSERT, MODIFY, REMOVE
	at          time.Time
	keys        expr.Item
	before      expr.Item
	after       expr.Item
	size        int
	who         identity
	orderedBy   string // the encoded key of the item
	sequenceNum string
}

// identity is who made a change when it was not a caller.
type identity struct{ kind, principal string }

// timeToLive is who deletes expired items.
func timeToLive() identity { return identity{"Service", "dynamodb.amazonaws.com"} }

// enabled says whether the stream takes records. A nil stream does not.
func (s *stream) enabled() bool { return s != nil && s.disabledAt.IsZero() }

// disable ends the stream; its records can be read until they are trimmed.
func (s *stream) disable(now time.Time) {
	if s.enabled() {
		s.disabledAt = now
	}
}

// enableStream gives a table a new stream.
func (db *DynamoDB) enableStream(t *table, view string) {
	now := db.now().UTC()
	label := now.Format("2006-01-02T15:04:05.000")
	for db.streams[t.arn+"/stream/"+label] != nil {
		now = now.Add(time.Millisecond)
		label = now.Format("2006-01-02T15:04:05.000")
	}
	s := &stream{
		db: db, arn: t.arn + "/stream/" + label, label: label, table: t.name, view: view, key: t.key,
		created: now, shard: fmt.Sprintf("shardId-%020d-%08x", now.UnixMilli(), len(db.streams)+1),
		firstSerial: db.serial + 1,
	}
	if parts, err := awsid.ParseARN(t.arn); err == nil {
		s.region = parts.Region
	}
	s.trimmedUntil = db.serial
	s.lastSerial = db.serial
	t.stream = s
	db.streams[s.arn] = s
}

// sequenceNumber is how a serial is written: 25 digits, as AWS's are long too.
func sequenceNumber(serial int64) string { return fmt.Sprintf("%d%020d", 10000, serial) }

// record takes a change down, unless it changed nothing.
func (s *stream) record(t *table, before, after *row, who identity) {
	old, now := itemOf(before), itemOf(after)
	name := "MODIFY"
	switch {
	case before == nil:
		name = "INSERT"
	case after == nil:
		name = "REMOVE"
	case expr.EqualItems(old, now):
		return
	}
	from := now
	if after == nil {
		from = old
	}
	s.db.serial++
	r := streamRecord{
		serial: s.db.serial, sequenceNum: sequenceNumber(s.db.serial), name: name, at: s.db.now().Truncate(time.Second),
		keys: expr.Item(pick(from, t.key.names())), who: who,
	}
	r.id = fmt.Sprintf("%032x", hash([]byte(s.arn+r.sequenceNum)))
	r.orderedBy, _ = t.key.encode(from)
	if s.view == "OLD_IMAGE" || s.view == "NEW_AND_OLD_IMAGES" {
		r.before = old
	}
	if s.view == "NEW_IMAGE" || s.view == "NEW_AND_OLD_IMAGES" {
		r.after = now
	}
	r.size = expr.ItemSize(r.keys) + expr.ItemSize(r.before) + expr.ItemSize(r.after)
	s.records = append(s.records, r)
	s.lastSerial = r.serial
}

// trim drops the records that are older than the retention.
func (s *stream) trim(now time.Time) {
	n := 0
	for n < len(s.records) && now.Sub(s.records[n].at) >= retention {
		s.trimmedUntil = s.records[n].serial
		n++
	}
	s.records = s.records[n:]
}

// from returns the records from a serial on.
func (s *stream) from(serial int64) []streamRecord {
	i, _ := slices.BinarySearchFunc(s.records, serial, func(r streamRecord, serial int64) int { return cmp.Compare(r.serial, serial) })
	return s.records[i:]
}
