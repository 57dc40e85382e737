package dynamotest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
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
		records[i] = lambdaRecord{recordOutput: s.output(r), EventSourceARN: s.arn}
		if who := records[i].recordOutput.UserIdentity; who != nil {
			records[i].UserIdentity = &lambdaIdentity{who.Type, who.PrincipalId}
			records[i].recordOutput.UserIdentity = nil
		}
	}
	return json.Marshal(map[string]any{"Records": records})
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
