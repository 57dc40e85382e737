package messagingtest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// moveTask moves the messages of a dead-letter queue on. Without a rate it is
// done when StartMessageMoveTask answers; with one, its steps fall due each
// second and are made up for by the next call.
type moveTask struct {
	id, source, destination string
	rate                    int // messages per second; 0 for all at once
	started                 time.Time
	toMove, moved           int
	status, failure         string
}

const (
	taskRunning   = "RUNNING"
	taskCompleted = "COMPLETED"
	taskCanceled  = "CANCELLED" //nolint:misspell // as AWS spells it
	taskFailed    = "FAILED"
)

// handle names the task in the way of AWS: JSON in base64.
func (t *moveTask) handle() string {
	doc, _ := json.Marshal(taskHandle{t.id, t.source}) // two strings: cannot fail
	return base64.StdEncoding.EncodeToString(doc)
}

type taskHandle struct {
	TaskID    string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

// due is how many messages may have been moved by now.
func (t *moveTask) due(now time.Time) int {
	if t.rate == 0 {
		return t.toMove
	}
	return t.rate * (1 + int(now.Sub(t.started)/time.Second))
}

// moveTasks carries out what is due. The lock is held.
func (s *SQS) moveTasks(now time.Time) {
	for _, t := range s.tasks {
		if t.status == taskRunning {
			s.moveOn(t, now)
		}
	}
}

func (s *SQS) moveOn(t *moveTask, now time.Time) {
	source := s.queues[t.source]
	if source == nil {
		t.status, t.failure = taskFailed, "AWS.SimpleQueueService.NonExistentQueue"
		return
	}
	source.advance(now)
	due := min(t.due(now), t.toMove)
	for _, m := range source.ordered() {
		if t.moved >= due {
			break
		}
		if m.stage != visible || m.sent.After(t.started) {
			continue
		}
		to := t.destination
		if to == "" {
			to = m.source
		}
		target := s.queues[to]
		if target == nil {
			t.status, t.failure = taskFailed, "CouldNotDetermineMessageSource"
			return
		}
		s.redrive(source, target, m, now)
		t.moved++
	}
	if t.moved >= t.toMove || source.counts[visible] == 0 {
		t.status = taskCompleted
	}
}

// redrive moves m to target as a new message: new id, new time of sending.
func (s *SQS) redrive(source, target *queue, m *message, now time.Time) {
	target.advance(now)
	source.remove(m)
	moved := &message{
		order: s.next(), id: awsid.UUID(), body: m.body, md5: m.md5, attributes: m.attributes,
		trace: m.trace, sender: m.sender, sent: now, group: m.group, dedup: m.dedup,
	}
	if target.settings.fifo {
		moved.sequence = sequenceNumber(moved.order)
	}
	target.arrive(moved, 0, now)
}

// nextTaskStep is when a running task moves messages next; zero for never.
func (s *SQS) nextTaskStep() time.Time {
	var next time.Time
	for _, t := range s.tasks {
		if t.status == taskRunning {
			steps := t.moved / t.rate
			next = earlier(next, t.started.Add(time.Duration(steps)*time.Second))
		}
	}
	return next
}

// earlier returns the earlier of two times, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

type startMoveTaskInput struct {
	SourceARN      string `json:"SourceArn"`
	DestinationARN string `json:"DestinationArn"`
	Rate           *int   `json:"MaxNumberOfMessagesPerSecond"`
}

type startMoveTaskOutput struct {
	TaskHandle string `json:"TaskHandle"`
}

func (s *SQS) startMessageMoveTask(ctx context.Context, in *startMoveTaskInput) (*startMoveTaskOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	wire.CallOf(ctx).Touch(in.SourceARN)
	s.moveTasks(now)
	source := s.queues[in.SourceARN]
	switch {
	case in.SourceARN == "":
		return nil, missingParameter("SourceArn")
	case source == nil:
		return nil, s.noResource("SourceArn", in.SourceARN)
	case in.DestinationARN != "" && s.queues[in.DestinationARN] == nil:
		return nil, s.noResource("DestinationArn", in.DestinationARN)
	case len(s.sourcesOf(source.arn)) == 0:
		return nil, invalidParameter("Source queue must be configured as a Dead Letter Queue.")
	case in.Rate != nil && (*in.Rate < 1 || *in.Rate > 500):
		return nil, invalidValue(*in.Rate, "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500, if provided.")
	}
	if to := s.queues[in.DestinationARN]; to != nil && to.settings.fifo != source.settings.fifo {
		return nil, invalidParameter("Source and destination queues must be of the same type.")
	}
	for _, t := range s.tasks {
		if t.source == in.SourceARN && t.status == taskRunning {
			return nil, invalidParameter("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		}
	}
	source.advance(now)
	t := &moveTask{
		id: awsid.UUID(), source: in.SourceARN, destination: in.DestinationARN,
		started: now, toMove: source.counts[visible], status: taskRunning,
	}
	if in.Rate != nil {
		t.rate = *in.Rate
	}
	s.tasks = append(s.tasks, t)
	s.moveOn(t, now)
	return &startMoveTaskOutput{t.handle()}, nil
}

type listMoveTasksInput struct {
	SourceARN  string `json:"SourceArn"`
	MaxResults *int   `json:"MaxResults"`
}

type moveTaskResult struct {
	Moved       int    `json:"ApproximateNumberOfMessagesMoved"`
	ToMove      int    `json:"ApproximateNumberOfMessagesToMove"`
	Destination string `json:"DestinationArn,omitempty"`
	Failure     string `json:"FailureReason,omitempty"`
	Rate        int    `json:"MaxNumberOfMessagesPerSecond,omitempty"`
	Source      string `json:"SourceArn"`
	Started     int64  `json:"StartedTimestamp"`
	Status      string `json:"Status"`
	TaskHandle  string `json:"TaskHandle,omitempty"`
}

type listMoveTasksOutput struct {
	Results []moveTaskResult `json:"Results,omitempty"`
}

func (s *SQS) listMessageMoveTasks(ctx context.Context, in *listMoveTasksInput) (*listMoveTasksOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wire.CallOf(ctx).Touch(in.SourceARN)
	limit := 1
	if in.MaxResults != nil {
		if limit = *in.MaxResults; limit < 1 || limit > 10 {
			return nil, invalidValue(limit, "MaxResults", "Must be between 1 and 10, if provided.")
		}
	}
	if s.queues[in.SourceARN] == nil {
		return nil, s.noResource("SourceArn", in.SourceARN)
	}
	s.moveTasks(time.Now())
	out := &listMoveTasksOutput{}
	for i := len(s.tasks) - 1; i >= 0 && len(out.Results) < limit; i-- { // the newest first
		t := s.tasks[i]
		if t.source != in.SourceARN {
			continue
		}
		r := moveTaskResult{
			Moved: t.moved, ToMove: t.toMove, Destination: t.destination, Failure: t.failure, Rate: t.rate,
			Source: t.source, Started: t.started.UnixMilli(), Status: t.status,
		}
		if t.status == taskRunning {
			r.TaskHandle = t.handle()
		}
		out.Results = append(out.Results, r)
	}
	return out, nil
}

type cancelMoveTaskInput struct {
	TaskHandle string `json:"TaskHandle"`
}

type cancelMoveTaskOutput struct {
	Moved int `json:"ApproximateNumberOfMessagesMoved"`
}

func (s *SQS) cancelMessageMoveTask(_ context.Context, in *cancelMoveTaskInput) (*cancelMoveTaskOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moveTasks(time.Now())
	var handle taskHandle
	doc, err := base64.StdEncoding.DecodeString(in.TaskHandle)
	if err == nil {
		err = json.Unmarshal(doc, &handle)
	}
	if err != nil || handle.TaskID == "" {
		return nil, invalidParameter("Value for parameter TaskHandle is invalid.")
	}
	if s.queues[handle.SourceARN] == nil {
		return nil, s.noResource("SourceArn", handle.SourceARN)
	}
	for _, t := range s.tasks {
		if t.id != handle.TaskID {
			continue
		}
		if t.status != taskRunning {
			return nil, invalidParameter("Only active tasks can be cancelled.") //nolint:misspell // as AWS spells it
		}
		t.status = taskCanceled
		return &cancelMoveTaskOutput{t.moved}, nil
	}
	return nil, errResource("Task does not exist.")
}
