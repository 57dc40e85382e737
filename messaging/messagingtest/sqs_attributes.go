package messagingtest

import (
	"context"
	"slices"
	"strconv"
	"time"
)

type getQueueAttributesInput struct {
	QueueURL       string   `json:"QueueUrl"`
	AttributeNames []string `json:"AttributeNames"`
}

type getQueueAttributesOutput struct {
	Attributes map[string]string `json:"Attributes,omitempty"`
}

func (s *SQS) getQueueAttributes(ctx context.Context, in *getQueueAttributesInput) (*getQueueAttributesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	known := attributeNames()
	out := map[string]string{}
	for _, name := range in.AttributeNames {
		switch {
		case name == "All":
			for _, each := range known {
				if value := q.attribute(each); value != "" {
					out[each] = value
				}
			}
		case !slices.Contains(known, name):
			return nil, unknownAttribute(name)
		default:
			if value := q.attribute(name); value != "" {
				out[name] = value
			}
		}
	}
	return &getQueueAttributesOutput{out}, nil
}

func attributeNames() []string {
	return []string{
		"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible",
		"ContentBasedDeduplication", "CreatedTimestamp", "DeduplicationScope", "DelaySeconds", "FifoQueue",
		"FifoThroughputLimit", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "LastModifiedTimestamp",
		"MaximumMessageSize", "MessageRetentionPeriod", "Policy", "QueueArn", "ReceiveMessageWaitTimeSeconds",
		"RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled", "VisibilityTimeout",
	}
}

// attribute is the value that GetQueueAttributes shows; "" for none.
func (q *queue) attribute(name string) string {
	switch name {
	case "ApproximateNumberOfMessages":
		return strconv.Itoa(q.counts[visible])
	case "ApproximateNumberOfMessagesDelayed":
		return strconv.Itoa(q.counts[delayed])
	case "ApproximateNumberOfMessagesNotVisible":
		return strconv.Itoa(q.counts[inFlight])
	case "CreatedTimestamp":
		return strconv.FormatInt(q.created.Unix(), 10)
	case "LastModifiedTimestamp":
		return strconv.FormatInt(q.modified.Unix(), 10)
	case "QueueArn":
		return q.arn
	}
	if value, ok := q.settings.values[name]; ok {
		return value
	}
	for _, a := range numericAttributes() {
		if a.name == name {
			return strconv.Itoa(a.standard)
		}
	}
	switch {
	case name == "SqsManagedSseEnabled":
		return strconv.FormatBool(q.settings.values["KmsMasterKeyId"] == "")
	case name == "KmsDataKeyReusePeriodSeconds" && q.settings.values["KmsMasterKeyId"] != "":
		return "300"
	case !q.settings.fifo:
		return ""
	case name == "ContentBasedDeduplication":
		return "false"
	case name == "DeduplicationScope":
		return "queue"
	case name == "FifoThroughputLimit":
		return "perQueue"
	}
	return ""
}

type setQueueAttributesInput struct {
	QueueURL   string            `json:"QueueUrl"`
	Attributes map[string]string `json:"Attributes"`
}

func (s *SQS) setQueueAttributes(ctx context.Context, in *setQueueAttributesInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if len(in.Attributes) == 0 {
		return nil, missingParameter("Attribute.Name")
	}
	in.Attributes = lowerBooleans(in.Attributes)
	switch value, given := in.Attributes["FifoQueue"]; {
	case given && !q.settings.fifo:
		return nil, unknownAttribute("FifoQueue")
	case given && value != "true":
		return nil, sqsError("InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
	}
	if err := s.check(q.arn, q.settings.fifo, in.Attributes); err != nil {
		return nil, err
	}
	now := time.Now()
	changed := q.settings.with(in.Attributes)
	if changed.values["FifoThroughputLimit"] == "perMessageGroupId" && changed.values["DeduplicationScope"] != "messageGroup" {
		return nil, invalidAttribute("FifoThroughputLimit")
	}
	q.settings = changed
	q.modified = now
	q.advance(now) // a shorter retention drops what is older
	return nil, nil
}

type listQueueTagsOutput struct {
	Tags map[string]string `json:"Tags,omitempty"`
}

func (s *SQS) listQueueTags(ctx context.Context, in *queueInput) (*listQueueTagsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for key, value := range q.tags {
		out[key] = value
	}
	return &listQueueTagsOutput{out}, nil
}

type tagQueueInput struct {
	QueueURL string            `json:"QueueUrl"`
	Tags     map[string]string `json:"Tags"`
}

func (s *SQS) tagQueue(ctx context.Context, in *tagQueueInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, missingParameter("Tags")
	}
	for key, value := range in.Tags {
		if key == "" || len(key) > 128 {
			return nil, invalidParameter("Tag keys must be between 1 and 128 characters in length.")
		}
		if len(value) > 256 {
			return nil, invalidParameter("Tag values must be between 0 and 256 characters in length.")
		}
		if q.tags == nil {
			q.tags = map[string]string{}
		}
		q.tags[key] = value
	}
	return nil, nil
}

type untagQueueInput struct {
	QueueURL string   `json:"QueueUrl"`
	TagKeys  []string `json:"TagKeys"`
}

func (s *SQS) untagQueue(ctx context.Context, in *untagQueueInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if len(in.TagKeys) == 0 {
		return nil, invalidParameter("Tag keys must be between 1 and 128 characters in length.")
	}
	for _, key := range in.TagKeys {
		delete(q.tags, key)
	}
	return nil, nil
}
