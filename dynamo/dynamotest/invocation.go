package dynamotest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/lambdafn"
)

// lambdaRecord is a stream record as Lambda hands it to a function.
type lambdaRecord struct {
	recordOutput
	UserIdentity   *lambdaIdentity `json:"userIdentity,omitempty"`
	EventSourceARN string          `json:"eventSourceARN"`
}

type lambdaIdentity struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
}

// payload writes the event of a batch.
func (s *stream) payload(batch []streamRecord) ([]byte, error) {
	records := make([]lambdaRecord, len(batch))
	for i, r := range batch {
		records[i] = s.lambdaRecord(r)
	}
	return json.Marshal(map[string]any{"Records": records})
}

// lambdaRecord writes one record of an event.
func (s *stream) lambdaRecord(r streamRecord) lambdaRecord {
	out := lambdaRecord{recordOutput: s.output(r), EventSourceARN: s.arn}
	if who := out.recordOutput.UserIdentity; who != nil {
		out.UserIdentity = &lambdaIdentity{who.Type, who.PrincipalId}
		out.recordOutput.UserIdentity = nil
	}
	return out
}

type invocationRecord struct {
	RequestContext  invocationRequest  `json:"requestContext"`
	ResponseContext invocationResponse `json:"responseContext"`
	Version         string             `json:"version"`
	Timestamp       string             `json:"timestamp"`
	BatchInfo       batchInfo          `json:"DDBStreamBatchInfo"`
}

type invocationRequest struct {
	RequestID              string `json:"requestId"`
	FunctionARN            string `json:"functionArn"`
	Condition              string `json:"condition"`
	ApproximateInvokeCount int    `json:"approximateInvokeCount"`
}

type invocationResponse struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError"`
}

type batchInfo struct {
	ShardID                         string `json:"shardId"`
	StartSequenceNumber             string `json:"startSequenceNumber"`
	EndSequenceNumber               string `json:"endSequenceNumber"`
	ApproximateArrivalOfFirstRecord string `json:"approximateArrivalOfFirstRecord"`
	ApproximateArrivalOfLastRecord  string `json:"approximateArrivalOfLastRecord"`
	BatchSize                       int    `json:"batchSize"`
	StreamARN                       string `json:"streamArn"`
}

// giveUp passes over a batch and tells the failure destination.
func (m *Mapping) giveUp(ctx context.Context, l *lane, s *stream, batch []streamRecord, calls int, why string) error {
	first, last := batch[0], batch[len(batch)-1]
	if m.options.OnFailure != nil {
		record, err := json.Marshal(invocationRecord{
			RequestContext:  invocationRequest{awsid.UUID(), m.options.FunctionARN, why, calls},
			ResponseContext: invocationResponse{200, "$LATEST", "Unhandled"},
			Version:         "1.0",
			Timestamp:       stamp(m.db.now()),
			BatchInfo: batchInfo{
				s.shard, first.sequenceNum, last.sequenceNum, stamp(first.at), stamp(last.at), len(batch), s.arn,
			},
		})
		if err != nil {
			return err
		}
		if err := m.options.OnFailure(ctx, record); err != nil {
			return err
		}
	}
	l.next = last.serial + 1
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// invoke calls the function. It returns how many records at the start of the
// batch are done, and the function's error.
func (m *Mapping) invoke(ctx context.Context, s *stream, batch []streamRecord) (done int, failure error) {
	payload, err := s.payload(batch)
	if err != nil {
		return 0, err
	}
	out := lambdafn.Invoke(ctx, m.function, payload, m.options.Timeout)
	switch {
	case out.Panic != nil:
		if err, ok := out.Panic.(error); ok {
			return 0, fmt.Errorf("dynamotest: the function panicked: %w", err)
		}
		return 0, fmt.Errorf("dynamotest: the function panicked: %v", out.Panic)
	case out.Err != nil:
		return 0, out.Err
	case out.TimedOut:
		return 0, context.DeadlineExceeded
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case !m.options.ReportBatchItemFailures:
		m.refuseReport(out.Response)
		return len(batch), nil
	}
	return firstFailed(out.Response, batch), nil
}

// refuseReport fails the test when the function reports failures that Lambda ignores.
func (m *Mapping) refuseReport(answer []byte) {
	var response struct {
		BatchItemFailures []json.RawMessage `json:"batchItemFailures"`
	}
	err := json.Unmarshal(answer, &response)
	if len(response.BatchItemFailures) == 0 && (err == nil || !bytes.Contains(answer, []byte(`"batchItemFailures"`))) {
		return
	}
	m.db.server.TB().Errorf("dynamotest: mapping of %s: the function reported %d failed records, but the mapping lacks ReportBatchItemFailures:"+
		" Lambda ignores the report and takes the batch for done. Set MappingOptions.ReportBatchItemFailures,"+
		" and FunctionResponseTypes: [ReportBatchItemFailures] in the template.", m.table, len(response.BatchItemFailures))
}

// firstFailed is the index of the lowest record that the answer of the
// function names. An answer that names none says that all are done; one that
// cannot be understood, or names a record that is not there, that none is.
func firstFailed(answer []byte, batch []streamRecord) int {
	if len(answer) == 0 {
		return len(batch)
	}
	var response *struct {
		BatchItemFailures []map[string]any `json:"batchItemFailures"`
	}
	if json.Unmarshal(answer, &response) != nil {
		return 0
	}
	lowest := len(batch)
	if response == nil {
		return lowest
	}
	for _, f := range response.BatchItemFailures {
		i := slices.IndexFunc(batch, func(r streamRecord) bool { return r.sequenceNum == f["itemIdentifier"] })
		if i < 0 {
			return 0
		}
		lowest = min(lowest, i)
	}
	return lowest
}
