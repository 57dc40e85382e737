package messagingtest

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

type createQueueInput struct {
	QueueName  string            `json:"QueueName"`
	Attributes map[string]string `json:"Attributes"`
	Tags       map[string]string `json:"tags"`
}

type queueURLOutput struct {
	QueueURL string `json:"QueueUrl"`
}

var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func checkQueueName(name string, fifo bool) error {
	base, suffixed := strings.CutSuffix(name, ".fifo")
	switch {
	case name == "":
		return missingParameter("QueueName")
	case fifo && (!suffixed || !queueName.MatchString(base) || len(name) > 80):
		return invalidParameter("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	case !fifo && !queueName.MatchString(name):
		return invalidParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return nil
}

func (s *SQS) createQueue(ctx context.Context, in *createQueueInput) (*queueURLOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, call := time.Now(), wire.CallOf(ctx)
	in.Attributes = lowerBooleans(in.Attributes)
	fifo := in.Attributes["FifoQueue"] == "true"
	if err := checkQueueName(in.QueueName, fifo); err != nil {
		return nil, err
	}
	if in.Attributes["FifoQueue"] == "false" {
		return nil, unknownAttribute("FifoQueue")
	}
	arn := call.ARN("sqs", in.QueueName)
	call.Touch(arn)
	if err := s.check(arn, fifo, in.Attributes); err != nil {
		return nil, err
	}
	if q := s.queues[arn]; q != nil {
		for _, name := range sortedKeys(in.Attributes) {
			if q.attribute(name) != in.Attributes[name] {
				return nil, errQueueExists(name)
			}
		}
		return &queueURLOutput{s.queueURL(ctx, arn)}, nil
	}
	if at, ok := s.deleted[arn]; ok && now.Sub(at) < queueQuarantine {
		return nil, errDeletedRecently()
	}
	delete(s.deleted, arn)
	q := newQueue(arn, now)
	q.settings = settings{fifo: fifo}.with(in.Attributes)
	q.tags = maps.Clone(in.Tags)
	s.queues[arn] = q
	return &queueURLOutput{s.queueURL(ctx, arn)}, nil
}

type queueInput struct {
	QueueURL string `json:"QueueUrl"`
}

type emptyOutput struct{}

func (s *SQS) deleteQueue(ctx context.Context, in *queueInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	delete(s.queues, q.arn)
	s.deleted[q.arn] = time.Now()
	q.wake() // blocked receives find that it is gone
	return nil, nil
}

type getQueueURLInput struct {
	QueueName string `json:"QueueName"`
	Owner     string `json:"QueueOwnerAWSAccountId"`
}

func (s *SQS) getQueueURL(ctx context.Context, in *getQueueURLInput) (*queueURLOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.QueueName == "" {
		return nil, missingParameter("QueueName")
	}
	call := wire.CallOf(ctx)
	arn := call.ARN("sqs", in.QueueName)
	if in.Owner != "" {
		arn = awsid.ARN("sqs", call.Region, in.Owner, in.QueueName)
	}
	call.Touch(arn)
	if s.queues[arn] == nil {
		return nil, s.noQueue(arn)
	}
	return &queueURLOutput{s.queueURL(ctx, arn)}, nil
}

type listQueuesInput struct {
	MaxResults int    `json:"MaxResults"`
	NextToken  string `json:"NextToken"`
	Prefix     string `json:"QueueNamePrefix"`
}

type listQueuesOutput struct {
	QueueURLs []string `json:"QueueUrls,omitempty"`
	NextToken string   `json:"NextToken,omitempty"`
}

func (s *SQS) listQueues(ctx context.Context, in *listQueuesInput) (*listQueuesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := wire.CallOf(ctx)
	var urls []string
	for arn := range s.queues {
		if strings.HasPrefix(arn, call.ARN("sqs", in.Prefix)) {
			urls = append(urls, s.queueURL(ctx, arn))
		}
	}
	page, token, err := pageOf(urls, in.MaxResults, 1000, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &listQueuesOutput{page, token}, nil
}

// pageOf sorts urls and returns the page after token, which is the last URL of
// the page before.
func pageOf(urls []string, limit, most int, token string) ([]string, string, error) {
	if limit < 0 || limit > most {
		return nil, "", invalidValue(limit, "MaxResults", "MaxResults must be an integer between 1 and %d.", most)
	}
	paged := limit > 0
	if !paged {
		limit = most
	}
	slices.Sort(urls)
	start, found := slices.BinarySearch(urls, token)
	if found {
		start++
	}
	urls = urls[start:]
	if len(urls) <= limit {
		return urls, "", nil
	}
	urls = urls[:limit]
	if !paged {
		return urls, "", nil
	}
	return urls, urls[limit-1], nil
}

func (s *SQS) purgeQueue(ctx context.Context, in *queueInput) (*emptyOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.byURL(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if !q.purged.IsZero() && now.Sub(q.purged) < purgeInterval {
		return nil, errPurging(q.name)
	}
	q.purged = now
	q.clear()
	return nil, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
