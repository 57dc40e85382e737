package messaging_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/correlation"
	"github.com/patternkit/serverless/messaging"
)

// sender is an SQS that answers entries as a test says.
type sender struct {
	single  []*sqs.SendMessageInput
	batches [][]types.SendMessageBatchRequestEntry
	answer  func(call int, e types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry
	fail    error
}

func (s *sender) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	s.single = append(s.single, in)
	return &sqs.SendMessageOutput{MessageId: aws.String("m-1")}, s.fail
}

func (s *sender) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	s.batches = append(s.batches, in.Entries)
	if s.fail != nil {
		return nil, s.fail
	}
	out := &sqs.SendMessageBatchOutput{}
	for _, e := range in.Entries {
		if s.answer != nil {
			if f := s.answer(len(s.batches), e); f != nil {
				if f.Code == nil {
					continue // an answer that forgets the entry
				}
				f.Id = e.Id
				out.Failed = append(out.Failed, *f)
				continue
			}
		}
		out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id, MessageId: aws.String("id:" + *e.MessageBody)})
	}
	return out, nil
}

func TestSendInjectsCorrelation(t *testing.T) {
	var client sender
	q := messaging.NewQueue[placed](&client, "http://q/orders", func(o *messaging.QueueOptions[placed]) {
		o.Attributes = func(p placed) messaging.Attributes {
			return messaging.Attributes{"orderId": messaging.String(p.OrderID), "total": messaging.Number(p.Total)}
		}
	})
	ctx := correlation.WithTrace(correlation.With(t.Context(), "c-1"), "Root=1-2")
	r, err := q.Send(ctx, placed{"42", 7}, func(o *messaging.SendOptions) {
		o.Delay = 30 * time.Second
		o.Attributes = messaging.Attributes{"blob": messaging.Binary([]byte{1})}
	})
	require.NoError(t, err)
	require.Equal(t, "m-1", r.MessageID)
	in := client.single[0]
	require.JSONEq(t, `{"orderId":"42","total":7}`, *in.MessageBody)
	require.EqualValues(t, 30, in.DelaySeconds)
	require.Equal(t, "c-1", *in.MessageAttributes["correlationId"].StringValue)
	require.Equal(t, "Number", *in.MessageAttributes["total"].DataType)
	require.Equal(t, []byte{1}, in.MessageAttributes["blob"].BinaryValue)
	require.Equal(t, "Root=1-2", *in.MessageSystemAttributes["AWSTraceHeader"].StringValue)

	silent := messaging.NewQueue[string](&client, "http://q/orders", func(o *messaging.QueueOptions[string]) { o.NoCorrelation = true })
	_, err = silent.Send(ctx, "plain")
	require.NoError(t, err)
	require.Equal(t, "plain", *client.single[1].MessageBody)
	require.Empty(t, client.single[1].MessageAttributes)
	require.Empty(t, client.single[1].MessageSystemAttributes)
}

func TestSendChecksLimitsBeforeTheNetwork(t *testing.T) {
	many := messaging.Attributes{}
	for i := range 11 {
		many[fmt.Sprint("a", i)] = messaging.String("x")
	}
	tests := []struct {
		name, url, body string
		options         messaging.SendOptions
		text            string
	}{
		{"empty body", "q", "", messaging.SendOptions{}, "the body is empty; it needs at least 1 character"},
		{"control character", "q", "a\x00b", messaging.SendOptions{}, "the body has the character U+0000 at byte 1"},
		{"not UTF-8", "q", "a\xff", messaging.SendOptions{}, "at byte 1, which is not allowed"},
		{"too big", "q", strings.Repeat("x", 1<<20+1), messaging.SendOptions{}, "body and attributes have 1048577 bytes, the limit is 1048576"},
		{"attributes", "q", "x", messaging.SendOptions{Attributes: many}, "11 message attributes, the limit is 10"},
		{"attribute name", "q", "x", messaging.SendOptions{Attributes: messaging.Attributes{"AWS.x": messaging.String("1")}}, "the prefixes AWS. and Amazon. are reserved"},
		{"attribute dots", "q", "x", messaging.SendOptions{Attributes: messaging.Attributes{"a..b": messaging.String("1")}}, "a dot may not be"},
		{"attribute character", "q", "x", messaging.SendOptions{Attributes: messaging.Attributes{"a b": messaging.String("1")}}, `not ' '`},
		{"attribute type", "q", "x", messaging.SendOptions{Attributes: messaging.Attributes{"a": {Type: "Text", Text: "1"}}}, `the type is "Text"`},
		{"attribute value", "q", "x", messaging.SendOptions{Attributes: messaging.Attributes{"a": messaging.String("")}}, `attribute "a": the value is empty`},
		{"attribute number", "q", "x", messaging.SendOptions{Attributes: messaging.Attributes{"a": messaging.Number(math.NaN())}}, `"" is not a number`},
		{"delay", "q", "x", messaging.SendOptions{Delay: time.Hour}, "the delay is 1h0m0s; it must be whole seconds up to 15m0s"},
		{"delay fraction", "q", "x", messaging.SendOptions{Delay: 1500 * time.Millisecond}, "whole seconds"},
		{"no group", "q.fifo", "x", messaging.SendOptions{}, "a FIFO queue or topic needs a group id"},
		{"group", "q.fifo", "x", messaging.SendOptions{GroupID: "a b"}, `the group id has ' ' at byte 1`},
		{"group length", "q.fifo", "x", messaging.SendOptions{GroupID: strings.Repeat("g", 129)}, "the group id has 129 characters, the limit is 128"},
		{"deduplication", "q", "x", messaging.SendOptions{DeduplicationID: "d"}, "a deduplication id needs a FIFO queue or topic"},
		{"delay on FIFO", "q.fifo", "x", messaging.SendOptions{GroupID: "g", Delay: time.Second}, "for messages of standard queues only"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var client sender
			q := messaging.NewQueue[string](&client, test.url)
			r, err := q.Send(t.Context(), test.body, func(o *messaging.SendOptions) { *o = test.options })
			require.ErrorContains(t, err, test.text)
			require.Equal(t, err, r.Err)
			require.Empty(t, client.single)
		})
	}
}

func TestSendTellsAllFaultsTogether(t *testing.T) {
	q := messaging.NewQueue[string](&sender{}, "q.fifo")
	_, err := q.Send(t.Context(), "", func(o *messaging.SendOptions) { o.DeduplicationID = "ä" })
	require.ErrorContains(t, err, "the body is empty")
	require.ErrorContains(t, err, "needs a group id")
	require.ErrorContains(t, err, "the deduplication id has 'ä' at byte 0")
}

func TestSendAllSplitsByCountAndBytes(t *testing.T) {
	var client sender
	q := messaging.NewQueue[string](&client, "q")
	var small []string
	for i := range 23 {
		small = append(small, fmt.Sprint("v", i))
	}
	results, err := q.SendAll(t.Context(), small)
	require.NoError(t, err)
	require.Len(t, client.batches, 3)
	for i, r := range results {
		require.Equal(t, "id:"+small[i], r.MessageID)
	}

	client.batches = nil
	big := strings.Repeat("x", 600_000)
	_, err = q.SendAll(t.Context(), []string{big, big, "a", "b"})
	require.NoError(t, err)
	require.Len(t, client.batches, 2)
	require.Len(t, client.batches[1], 3)

	results, err = q.SendAll(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, results)
}

func failed(code string, senderFault bool) *types.BatchResultErrorEntry {
	return &types.BatchResultErrorEntry{Code: &code, SenderFault: senderFault}
}

func TestSendAllRetriesWhatMayPassAndAccountsForTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := sender{answer: func(call int, e types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry {
			switch *e.MessageBody {
			case "once":
				if call == 1 {
					return failed("InternalError", false)
				}
			case "always":
				return failed("InternalError", false)
			case "never":
				return failed("InvalidMessageContents", true)
			case "forgotten":
				return &types.BatchResultErrorEntry{}
			}
			return nil
		}}
		q := messaging.NewQueue[string](&client, "q")
		results, err := q.SendAll(t.Context(), []string{"ok", "once", "", "always", "never", "forgotten"})
		require.Equal(t, "id:ok", results[0].MessageID)
		require.Equal(t, "id:once", results[1].MessageID)
		require.NoError(t, results[1].Err)
		se, ok := errors.AsType[*messaging.SendError](err)
		require.True(t, ok)
		require.Len(t, se.Failed, 4)
		require.ErrorContains(t, results[2].Err, "the body is empty")
		require.ErrorContains(t, results[3].Err, "InternalError")
		require.ErrorContains(t, results[4].Err, "InvalidMessageContents")
		require.ErrorContains(t, results[5].Err, "does not mention")
		require.Len(t, client.batches, 3)
		require.Len(t, client.batches[2], 1)
		require.ErrorContains(t, err, "4 of 6 messages failed, first is 2")
	})
}

func TestSendAllFailsTheWholeRequestWhenItFails(t *testing.T) {
	client := sender{fail: errors.New("no network")}
	q := messaging.NewQueue[string](&client, "q")
	results, err := q.SendAll(t.Context(), []string{"a", "b"})
	require.ErrorIs(t, err, client.fail)
	require.ErrorIs(t, results[1].Err, client.fail)
}

func TestSendAllKeepsTheOrderOfAGroup(t *testing.T) {
	client := sender{answer: func(_ int, e types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry {
		if *e.MessageBody == "a2" {
			return failed("InternalError", false)
		}
		return nil
	}}
	q := messaging.NewQueue[string](&client, "q.fifo", func(o *messaging.QueueOptions[string]) {
		o.Group = func(v string) string { return v[:1] }
		o.Deduplicate = func(v string) string { return v }
	})
	values := []string{"a1", "a2", "a3", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "a4", "b8"}
	results, err := q.SendAll(t.Context(), values)
	require.Error(t, err)
	require.Len(t, client.batches, 2, "a3 was accepted, so a2 must not be sent again behind it")
	require.ErrorContains(t, results[1].Err, "InternalError")
	require.ErrorIs(t, results[10].Err, messaging.ErrGroupStopped)
	require.Equal(t, "id:b8", results[11].MessageID)
	require.Equal(t, "a", *client.batches[0][0].MessageGroupId)
	require.Equal(t, "a1", *client.batches[0][0].MessageDeduplicationId)
}

func TestDeadLetterQueueKeepsIdentityAndReason(t *testing.T) {
	var client sender
	dlq := messaging.NewDeadLetterQueue(&client, "http://q/dlq.fifo")
	letter := messaging.Letter{
		MessageID: "m-1", Key: "42", GroupID: "g", ReceiveCount: 3, QueueARN: queueARN + ".fifo", Body: "body", TraceHeader: "Root=1",
		Attributes: messaging.Attributes{"kind": messaging.String("web"), "deadLetterReason": messaging.String("of an earlier stay")},
		Reason:     errors.New("no\x00 good"),
	}
	require.NoError(t, dlq.Park(t.Context(), letter))
	in := client.single[0]
	require.Equal(t, "body", *in.MessageBody)
	require.Equal(t, "g", *in.MessageGroupId)
	require.Equal(t, "m-1", *in.MessageDeduplicationId)
	require.Equal(t, "Root=1", *in.MessageSystemAttributes["AWSTraceHeader"].StringValue)
	got := map[string]string{}
	for name, a := range in.MessageAttributes {
		got[name] = *a.StringValue
	}
	require.Equal(t, map[string]string{
		"kind": "web", "deadLetterReason": "no? good", "deadLetterMessageId": "m-1", "deadLetterQueue": queueARN + ".fifo",
		"deadLetterReceiveCount": "3", "deadLetterKey": "42",
	}, got)

	for i := range 8 {
		letter.Attributes[fmt.Sprint("x", i)] = messaging.String("y")
	}
	require.NoError(t, dlq.Park(t.Context(), letter))
	require.Len(t, client.single[1].MessageAttributes, 10)
	require.JSONEq(t, `{"deadLetterReason":"no? good","deadLetterMessageId":"m-1","deadLetterQueue":"`+queueARN+`.fifo","deadLetterReceiveCount":"3","deadLetterKey":"42"}`,
		*client.single[1].MessageAttributes["deadLetter"].StringValue)

	letter.Attributes["x8"] = messaging.String("y")
	require.NoError(t, dlq.Park(t.Context(), letter))
	require.Len(t, client.single[2].MessageAttributes, 10, "no room for the reason")
	require.NotContains(t, client.single[2].MessageAttributes, "deadLetterReason")
}

// encoding/json replaces what is broken, and another message would arrive.
func TestBrokenTextIsRefused(t *testing.T) {
	type name string
	type inner struct {
		Text name           `json:"text,omitempty"`
		List []any          `json:"list,omitempty"`
		Map  map[string]int `json:"map,omitempty"`
		Next *inner         `json:"next,omitempty"`
	}
	broken := "a\xff"
	for what, v := range map[string]any{
		"text": broken, "bytes": []byte(broken), "a named type": name(broken), "a pointer": &broken, "a member": inner{Text: name(broken)},
		"deep": inner{Next: &inner{List: []any{1, broken}}}, "a key": inner{Map: map[string]int{broken: 1}}, "raw JSON": json.RawMessage(`"` + broken + `"`),
	} {
		var client sender
		_, err := messaging.NewQueue[any](&client, "q").Send(t.Context(), v)
		require.ErrorIs(t, err, messaging.ErrNotUTF8, what)
		results, err := messaging.NewQueue[any](&client, "q").SendAll(t.Context(), []any{v, "fine"})
		require.ErrorIs(t, err, messaging.ErrNotUTF8, what)
		require.NoError(t, results[1].Err)
		require.Empty(t, client.single)
		_, err = messaging.NewTopic[any](&sns.Client{}, "arn").Send(t.Context(), v)
		require.ErrorIs(t, err, messaging.ErrNotUTF8, what)
	}
	for what, o := range map[string]messaging.SendOptions{
		"an attribute":  {Attributes: messaging.Attributes{"a": messaging.String(broken)}},
		"an array":      {Attributes: messaging.Attributes{"a": messaging.Strings("x", broken)}},
		"a group":       {GroupID: broken},
		"a duplicate's": {DeduplicationID: broken},
		"a subject":     {Subject: broken},
	} {
		_, err := messaging.NewTopic[string](&sns.Client{}, "arn").Send(t.Context(), "x", func(s *messaging.SendOptions) { *s = o })
		require.ErrorIs(t, err, messaging.ErrNotUTF8, what)
	}
	for _, fine := range []any{"\ufffd", inner{Text: "\ufffd"}, json.RawMessage(`{"a":"\ufffd"}`), inner{Text: `\ufffd`}, []byte(`"é"`)} {
		_, err := messaging.NewQueue[any](&sender{}, "q").Send(t.Context(), fine)
		require.NoError(t, err)
	}
}
