package stepfn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
)

// refusal runs f and returns the sentence that it panics with, "" when it does
// not. A nil that is dereferenced is no sentence.
func refusal(t *testing.T, f func()) (sentence string) {
	t.Helper()
	defer func() {
		p := recover()
		if _, crash := p.(runtime.Error); crash {
			t.Errorf("%v", p)
		}
		if p != nil {
			sentence = fmt.Sprint(p)
		}
	}()
	f()
	return ""
}

// Where there is nothing but a mistake of the program, it is said at once.
func TestNilsThatAreRefusedAtOnce(t *testing.T) {
	client := &sfn.Client{}
	for want, f := range map[string]func(){
		"stepfn: NewWorkflow: the client is nil":                     func() { stepfn.NewWorkflow[int, int](nil, "arn") },
		"stepfn: NewWorkflow: the client is a nil *sfn.Client":       func() { stepfn.NewWorkflow[int, int]((*sfn.Client)(nil), "arn") },
		"stepfn: NewWorkflow: the ARN of the state machine is empty": func() { stepfn.NewWorkflow[int, int](client, "") },
		"stepfn: NewCallback: the client is nil":                     func() { stepfn.NewCallback[int](nil, "token") },
		"stepfn: NewCallback: the client is a nil *sfn.Client":       func() { stepfn.NewCallback[int]((*sfn.Client)(nil), "token") },
		"stepfn: ReportErrors: the handler is nil":                   func() { stepfn.ReportErrors[int, int](nil) },
	} {
		require.Equal(t, want, refusal(t, f))
	}
	for _, poll := range [][2]time.Duration{{0, time.Second}, {-1, time.Second}, {time.Minute, time.Second}, {time.Second, 0}} {
		require.Equal(t, fmt.Sprintf("stepfn: NewWorkflow: PollMin (%s) must be positive, and PollMax (%s) at least PollMin", poll[0], poll[1]), refusal(t, func() {
			stepfn.NewWorkflow[int, int](client, "arn", func(o *stepfn.WorkflowOptions) { o.PollMin, o.PollMax = poll[0], poll[1] })
		}))
	}
	l := &ledger{}
	saga := stepfn.MustSaga("S", l.park, stepfn.Step("A", l.reserve).Compensate("B", l.release))
	of := func(names ...string) func() {
		return func() {
			saga.Machine(func(o *stepfn.MachineOptions) {
				o.Functions = map[string]string{}
				for _, name := range names {
					o.Functions[name] = "arn:aws:lambda:us-east-1:123456789012:function:F"
				}
			})
		}
	}
	require.Empty(t, refusal(t, of("A", "B", "AlarmSaga", "ParkSaga")))
	require.Equal(t, `stepfn: machine of saga "S": it has no step or compensation "C" to give a function to`, refusal(t, of("A", "C")))
	require.Equal(t, `stepfn: machine of saga "S": Function is empty; the function of A is empty; TimeoutSeconds is -1 and must be 0 or more`, refusal(t, func() {
		saga.Machine(func(o *stepfn.MachineOptions) {
			o.Function, o.Functions, o.TimeoutSeconds = "", map[string]string{"A": ""}, -1
		})
	}))
	for _, s := range []*stepfn.Saga[int]{nil, {}} {
		require.Equal(t, "stepfn: this Saga is nil or its zero value: make it with NewSaga or MustSaga", refusal(t, func() { s.Machine() }))
		require.Empty(t, refusal(t, func() {
			require.Empty(t, s.Name()+s.Pivot())
			require.Empty(t, slices.Concat(s.Steps(), s.Compensations(), s.Retriables(), s.NotApplied("A")))
		}))
	}
}

func TestNilsThatAreErrors(t *testing.T) {
	ctx := t.Context()
	var w stepfn.Workflow[int, int]
	var c stepfn.Callback[int]
	var s stepfn.Saga[int]
	var none *stepfn.Saga[int]
	cb := stepfn.NewCallback[int](&answers{}, "token")
	unknown := stepfn.NewCallback[int](&answers{}, "")
	require.ErrorIs(t, unknown.Succeed(ctx, 1), stepfn.ErrNoToken)
	require.ErrorIs(t, unknown.Fail(ctx, errors.New("x")), stepfn.ErrNoToken)
	require.EqualError(t, unknown.Heartbeat(ctx), "stepfn: the task token is empty")
	for name, f := range map[string]func() error{
		"no saga":      func() error { _, err := none.Handle(ctx, json.RawMessage(`{}`)); return err },
		"Start":        func() error { _, err := w.Start(ctx, "", 1); return err },
		"Wait":         func() error { _, err := w.Wait(ctx, "arn"); return err },
		"Run":          func() error { _, err := w.Run(ctx, "", 1); return err },
		"RunSync":      func() error { _, err := w.RunSync(ctx, "", 1); return err },
		"Stop":         func() error { return w.Stop(ctx, "arn", "", "") },
		"nil Workflow": func() error { return (*stepfn.Workflow[int, int])(nil).Stop(ctx, "arn", "", "") },
		"Succeed":      func() error { return c.Succeed(ctx, 1) },
		"Fail":         func() error { return c.Fail(ctx, errors.New("x")) },
		"Heartbeat":    func() error { return c.Heartbeat(ctx) },
		"Do":           func() error { return c.Do(ctx, time.Second, func(context.Context) (int, error) { return 1, nil }) },
		"nil Callback": func() error { return (*stepfn.Callback[int])(nil).Heartbeat(ctx) },
		"no failure":   func() error { return cb.Fail(ctx, nil) },
		"no work":      func() error { return cb.Do(ctx, time.Second, nil) },
		"no payload":   func() error { _, err := s.Handle(ctx, nil); return err },
		"no park": func() error {
			_, err := s.Handle(ctx, json.RawMessage(`{"saga":"","park":"AlarmSaga","input":1}`))
			return err
		},
		"null payload": func() error { _, err := s.Handle(ctx, json.RawMessage(`null`)); return err },
	} {
		require.Empty(t, refusal(t, func() { require.Error(t, f(), name) }), name)
	}
}

// A constructor that fails returns nothing beside the error.
func TestPartsThatAreNil(t *testing.T) {
	l := &ledger{}
	step := stepfn.Step("A", l.reserve)
	tests := map[string]struct {
		parts []stepfn.Part[placeOrder]
		want  string
	}{
		"a nil":              {[]stepfn.Part[placeOrder]{nil}, "part 0 is nil"},
		"between others":     {[]stepfn.Part[placeOrder]{stepfn.Check("C", l.confirm), nil, stepfn.Pivot("P", l.confirm)}, "part 1 is nil"},
		"a nil pointer":      {[]stepfn.Part[placeOrder]{(*stepfn.CheckStep[placeOrder, string])(nil)}, "part 0 is nil"},
		"a pointer":          {[]stepfn.Part[placeOrder]{ptr(stepfn.Check("", l.confirm))}, `saga "S": the step in part 0 has no name`},
		"an unnamed undo":    {[]stepfn.Part[placeOrder]{step.Compensate("", l.release)}, `saga "S": the compensation of step A has no name`},
		"a name of the saga": {[]stepfn.Part[placeOrder]{stepfn.Check("ParkSaga", l.confirm)}, `the name "ParkSaga" is that of a state which every saga has`},
		"a long name":        {[]stepfn.Part[placeOrder]{stepfn.Check(strings.Repeat("A", 81), l.confirm)}, "has 81 characters, the limit is 80"},
		"a negative timeout": {[]stepfn.Part[placeOrder]{stepfn.Check("C", l.confirm, func(o *stepfn.StepOptions) { o.Timeout = -1 })}, "step C: Timeout (-1ns) and UndoTimeout (-1ns) must be 0 or more"},
		"a zero check":       {[]stepfn.Part[placeOrder]{stepfn.CheckStep[placeOrder, string]{}}, "has no function"},
		"a zero step":        {[]stepfn.Part[placeOrder]{stepfn.CompensatedStep[placeOrder, string]{}}, "has no function"},
		"no function":        {[]stepfn.Part[placeOrder]{stepfn.Pivot[placeOrder, string]("P", nil)}, "step P has no function"},
		"no step":            {[]stepfn.Part[placeOrder]{stepfn.Step[placeOrder, string]("A", nil).Compensate("B", func(context.Context, stepfn.Undo[placeOrder, string]) error { return nil })}, "step A has no function"},
		"no compensation":    {[]stepfn.Part[placeOrder]{step.Compensate("B", nil)}, "the compensation of step A has no function"},
		"no service to call": {[]stepfn.Part[placeOrder]{stepfn.Task[placeOrder]("A", "", nil).CompensateTask("B", "", nil)}, "step A has no function"},
		"none to undo with": {
			[]stepfn.Part[placeOrder]{stepfn.Task[placeOrder]("A", "arn:aws:states:::sns:publish", nil).CompensateTask("B", "", nil)},
			"These fields are required: [Resource] at /States/B",
		},
		"no part": {nil, "it needs a step"},
		"a state": {[]stepfn.Part[placeOrder]{stepfn.Check("C", l.confirm, func(o *stepfn.StepOptions) { o.Retry = []asl.Retrier{{}} })}, "ErrorEquals"},
	}
	for name, tt := range tests {
		require.Empty(t, refusal(t, func() {
			saga, err := stepfn.NewSaga("S", l.park, tt.parts...)
			require.ErrorContains(t, err, tt.want, name)
			require.Nil(t, saga, name)
		}), name)
	}
}

// Nil and zero values where nothing has to be there.
func TestNilsThatAreNothing(t *testing.T) {
	l := &ledger{}
	require.Empty(t, refusal(t, func() {
		require.Empty(t, stepfn.ErrorName(nil))
		require.Empty(t, stepfn.ErrorName((*stepfn.NamedError)(nil)))
		require.Empty(t, stepfn.ErrorName((*stepfn.ExecutionError)(nil)))
		require.NoError(t, stepfn.ReportError(nil))
		require.NotEmpty(t, stepfn.WithErrorName("", nil).Error()+"-")
		require.Equal(t, "N", stepfn.WithErrorName("N", nil).Error())

		stepfn.NewWorkflow[int, int](&sfn.Client{}, "arn", nil)
		saga, err := stepfn.NewSaga("S", l.park, stepfn.Part[placeOrder](stepfn.Check("C", l.confirm, nil)))
		require.NoError(t, err)
		require.NotEmpty(t, saga.Machine(nil).States)
		require.Empty(t, asl.Validate([]byte(saga.Machine().String()), nil))

		for _, err := range []error{
			&stepfn.ExecutionError{}, (*stepfn.ExecutionError)(nil), &stepfn.NamedError{}, (*stepfn.NamedError)(nil),
		} {
			_ = err.Error()
			require.NotErrorIs(t, err, stepfn.ErrParked)
			require.NoError(t, errors.Unwrap(err))
		}
		require.Equal(t, "stepfn: an execution did not succeed", (&stepfn.ExecutionError{}).Error())
		require.Equal(t, "stepfn: execution a: FAILED: E: c", (&stepfn.ExecutionError{ARN: "a", Status: "FAILED", Name: "E", Cause: "c"}).Error())

		_, ok := stepfn.Earlier[string](stepfn.Call[int]{}, "A")
		require.False(t, ok)
	}))
}

func ptr[T any](v T) *T { return &v }
