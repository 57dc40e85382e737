package stepfntest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// activity is a queue of tasks for workers that poll.
type activity struct {
	arn, name string
	created   time.Time
	pending   []*attempt
	waiters   []chan *attempt // of the polls that are open
}

// activity puts the attempt into the activity's queue.
func (a *attempt) activity() {
	arn := a.resource.arn
	act := a.x.m.activities[arn]
	if act == nil {
		a.fail(runtimeFailure("The activity %s does not exist.", arn))
		return
	}
	a.last = a.x.log(a.last, "ActivityScheduled", &ActivityDetails{
		Resource: arn, Input: a.payload.String(), InputDetails: whole,
		TimeoutInSeconds: a.timeout, HeartbeatInSeconds: a.heartbeat,
	})
	if a.dead {
		return
	}
	a.token = a.x.m.newToken(a.branch)
	a.watch(func(f *failure) {
		a.last = a.x.log(a.last, "ActivityTimedOut", &ErrorDetails{Error: f.name, Cause: f.cause})
	})
	a.x.m.await(a.token, a.activityDone)
	a.offered = a.token
	act.offer(a)
}

// offer hands an attempt to a worker that polls, or keeps it for one.
func (act *activity) offer(a *attempt) {
	if len(act.waiters) > 0 {
		w := act.waiters[0]
		act.waiters = act.waiters[1:]
		w <- a
		return
	}
	act.pending = append(act.pending, a)
}

func (a *attempt) activityDone(out string, f *failure) {
	v, f := a.received(a.resource.arn, out, f)
	a.stopWaiting()
	if f != nil {
		a.last = a.x.log(a.last, "ActivityFailed", &ErrorDetails{Error: f.name, Cause: f.cause})
		a.fail(f)
		return
	}
	a.last = a.x.log(a.last, "ActivitySucceeded", &OutputDetails{Output: out, OutputDetails: whole})
	a.finish(v)
}

type createActivityInput struct {
	Name                    string        `json:"name"`
	Tags                    []tag         `json:"tags"`
	EncryptionConfiguration *wire.Ignored `json:"encryptionConfiguration"` // nothing here is encrypted
}

type createActivityOutput struct {
	ActivityArn  string         `json:"activityArn"`
	CreationDate wire.Timestamp `json:"creationDate"`
}

func (m *StepFunctions) createActivity(ctx context.Context, in *createActivityInput) (*createActivityOutput, error) {
	c := wire.CallOf(ctx)
	if err := checkName(in.Name); err != nil {
		return nil, err
	}
	arn := c.ARN("states", "activity:"+in.Name)
	c.Touch(arn)
	m.mu.Lock()
	defer m.mu.Unlock()
	act := m.activities[arn]
	if act == nil {
		act = &activity{arn: arn, name: in.Name, created: c.Time}
		m.activities[arn] = act
	}
	return &createActivityOutput{arn, wire.Timestamp{Time: act.created}}, nil
}

type activityInput struct {
	ActivityArn string `json:"activityArn"`
}

type describeActivityOutput struct {
	ActivityArn  string         `json:"activityArn"`
	Name         string         `json:"name"`
	CreationDate wire.Timestamp `json:"creationDate"`
}

// findActivity returns an activity; the caller holds the lock.
func (m *StepFunctions) findActivity(ctx context.Context, arn string) (*activity, error) {
	wire.CallOf(ctx).Touch(arn)
	p, err := awsid.ParseARN(arn)
	if err != nil || p.Service != "states" || !strings.HasPrefix(p.Resource, "activity:") {
		return nil, wire.Errorf("InvalidArn", 0, "Invalid Arn: '%s'", arn)
	}
	if act := m.activities[arn]; act != nil {
		return act, nil
	}
	e := wire.Errorf("ActivityDoesNotExist", 0, "Activity Does Not Exist: '%s'", arn)
	return nil, e.Missing("activity", arn, maps.Keys(m.activities))
}

func (m *StepFunctions) describeActivity(ctx context.Context, in *activityInput) (*describeActivityOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	act, err := m.findActivity(ctx, in.ActivityArn)
	if err != nil {
		return nil, err
	}
	return &describeActivityOutput{act.arn, act.name, wire.Timestamp{Time: act.created}}, nil
}

type deleteActivityOutput struct{}

func (m *StepFunctions) deleteActivity(ctx context.Context, in *activityInput) (*deleteActivityOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if act, err := m.findActivity(ctx, in.ActivityArn); err == nil {
		delete(m.activities, act.arn)
	}
	return nil, nil
}

type listActivitiesInput struct {
	MaxResults int    `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

type listActivitiesOutput struct {
	Activities []describeActivityOutput `json:"activities"`
	NextToken  string                   `json:"nextToken,omitempty"`
}

func (m *StepFunctions) listActivities(ctx context.Context, in *listActivitiesInput) (*listActivitiesOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := []describeActivityOutput{}
	here := wire.CallOf(ctx).ARN("states", "")
	for _, act := range m.activities {
		if !strings.HasPrefix(act.arn, here) {
			continue
		}
		items = append(items, describeActivityOutput{act.arn, act.name, wire.Timestamp{Time: act.created}})
	}
	slices.SortFunc(items, func(a, b describeActivityOutput) int { return strings.Compare(a.Name, b.Name) })
	page, next, err := pageOf(items, "ListActivities", in.MaxResults, in.NextToken, 1024)
	return &listActivitiesOutput{page, next}, err
}

type getActivityTaskInput struct {
	ActivityArn string `json:"activityArn"`
	WorkerName  string `json:"workerName"`
}

type getActivityTaskOutput struct {
	TaskToken string `json:"taskToken,omitempty"`
	Input     string `json:"input,omitempty"`
}

// pollTime is how long GetActivityTask waits for a task.
const pollTime = 60 * time.Second

func (m *StepFunctions) getActivityTask(ctx context.Context, in *getActivityTaskInput) (*getActivityTaskOutput, error) {
	m.mu.Lock()
	act, err := m.findActivity(ctx, in.ActivityArn)
	if err != nil {
		m.mu.Unlock()
		return nil, err
	}
	until := time.Now().Add(pollTime)
	defer m.server.Watch(ctx, "stepfntest: GetActivityTask of "+in.ActivityArn)()
	for {
		if a := act.take(); a != nil {
			out := a.taken(in.WorkerName)
			if out == nil {
				continue
			}
			m.mu.Unlock()
			return out, nil
		}
		waiter := make(chan *attempt, 1)
		act.waiters = append(act.waiters, waiter)
		m.mu.Unlock()
		a, ended := poll(ctx, waiter, until)
		m.mu.Lock()
		act.waiters = slices.DeleteFunc(act.waiters, func(w chan *attempt) bool { return w == waiter })
		if a == nil {
			select { // it may have come while the poll ended
			case a = <-waiter:
			default:
			}
		}
		if a != nil {
			act.pending = slices.Insert(act.pending, 0, a)
		}
		if a == nil && ended {
			m.mu.Unlock()
			return &getActivityTaskOutput{}, ctx.Err()
		}
	}
}

func poll(ctx context.Context, c chan *attempt, until time.Time) (a *attempt, ended bool) {
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	select {
	case a = <-c:
		return a, false
	case <-t.C:
	case <-ctx.Done():
	}
	return nil, true
}

// take returns the oldest attempt that still waits for a worker.
func (act *activity) take() *attempt {
	for len(act.pending) > 0 {
		a := act.pending[0]
		act.pending = act.pending[1:]
		if k := a.x.m.tokens[a.offered]; k != nil && k.owner != nil {
			return a
		}
	}
	return nil
}

// taken is what the worker gets that takes the attempt; nil when the history
// has no room for that.
func (a *attempt) taken(worker string) *getActivityTaskOutput {
	a.last = a.x.log(a.last, "ActivityStarted", &WorkerDetails{worker})
	if a.dead {
		return nil
	}
	return &getActivityTaskOutput{TaskToken: a.token, Input: a.payload.String()}
}
