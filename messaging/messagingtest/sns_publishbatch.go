package messagingtest

import (
	"context"
	"fmt"

	"github.com/patternkit/serverless/internal/wire"
)

type publishEntry struct {
	ID              string                    `query:"Id"`
	Message         string                    `query:"Message"`
	Subject         *string                   `query:"Subject"`
	Structure       string                    `query:"MessageStructure"`
	Attributes      map[string]attributeValue `query:"MessageAttributes.entry"`
	DeduplicationID *string                   `query:"MessageDeduplicationId"`
	GroupID         *string                   `query:"MessageGroupId"`
}

func (e publishEntry) notice() notice {
	return notice{e.Message, e.Subject, e.Structure, e.Attributes, e.DeduplicationID, e.GroupID}
}

type publishBatchInput struct {
	TopicARN string         `query:"TopicArn"`
	Entries  []publishEntry `query:"PublishBatchRequestEntries.member"`
}

type publishedEntry struct {
	ID             string `xml:"Id"`
	MessageID      string `xml:"MessageId"`
	SequenceNumber string `xml:"SequenceNumber,omitempty"`
}

type unpublishedEntry struct {
	ID          string `xml:"Id"`
	Code        string `xml:"Code"`
	Message     string `xml:"Message"`
	SenderFault bool   `xml:"SenderFault"`
}

type publishBatchOutput struct {
	Successful []publishedEntry   `xml:"Successful>member"`
	Failed     []unpublishedEntry `xml:"Failed>member"`
}

func (s *SNS) publishBatch(ctx context.Context, in *publishBatchInput) (*publishBatchOutput, error) {
	t, err := s.checkBatch(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &publishBatchOutput{}
	for i, e := range in.Entries {
		err := wire.CallOf(ctx).FailEntry(i)
		if err == nil {
			var done *publishOutput
			s.mu.Lock()
			if done, err = s.send(ctx, t, e.notice()); err == nil {
				out.Successful = append(out.Successful, publishedEntry{e.ID, done.MessageID, done.SequenceNumber})
				continue
			}
		}
		out.Failed = append(out.Failed, unpublishedEntry(failed(e.ID, err)))
	}
	return out, nil
}

// checkBatch finds the topic of a batch, and says what is wrong with the batch
// as a whole.
func (s *SNS) checkBatch(ctx context.Context, in *publishBatchInput) (*topic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topicOf(ctx, "TopicArn", in.TopicARN)
	if err != nil {
		return nil, err
	}
	return t, in.check(t)
}

// check says what is wrong with the batch as a whole.
func (in *publishBatchInput) check(t *topic) error {
	switch n := len(in.Entries); {
	case n == 0:
		return snsError("EmptyBatchRequest", "The batch request doesn't contain any entries.")
	case n > maxBatchEntries:
		return snsError("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	}
	seen, total := map[string]bool{}, 0
	for _, e := range in.Entries {
		switch {
		case len(e.ID) > 80:
			return snsError("InvalidBatchEntryId", "The Id of a batch entry in the batch request is too long: %s", e.ID)
		case !entryID.MatchString(e.ID):
			return snsError("InvalidBatchEntryId", "The Id of a batch entry in the batch request contains an impermissible character: %s", e.ID)
		case seen[e.ID]:
			return snsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		}
		seen[e.ID] = true
		total += messageSize(e.Message, e.Attributes)
	}
	if total > t.maxSize() {
		return snsError("BatchRequestTooLong", "The length of all the messages put together is more than the limit.")
	}
	for i, e := range in.Entries {
		if t.fifo {
			if err := e.notice().checkFIFO(t); err != nil {
				return err
			}
		}
		if err := checkNoticeAttributes(fmt.Sprintf("publishBatchRequestEntries.%d.member.messageAttributes", i+1), e.Attributes); err != nil {
			return err
		}
	}
	return nil
}
