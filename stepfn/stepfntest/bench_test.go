package stepfntest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// What one transition costs, with its history: a machine of 100 states of
// three kinds, with templates and choices. The goal is 10 µs.
func BenchmarkTransition(b *testing.B) {
	const n = 99
	var list []stepfn.State
	for i := range n / 3 {
		next := fmt.Sprint("P", i+1)
		if i == n/3-1 {
			next = "End"
		}
		list = append(list,
			&stepfn.PassState{Name: fmt.Sprint("P", i), Parameters: map[string]any{"id.$": "$.id", "n.$": "States.MathAdd($.n, 1)", "x": map[string]any{"exec.$": "$$.Execution.Name"}}},
			&stepfn.ChoiceState{Name: fmt.Sprint("C", i), Choices: []stepfn.Rule{
				stepfn.When("$.n", "NumericLessThan", 0).Then("End"),
				stepfn.When("$.id", "StringEquals", "order").Then(fmt.Sprint("T", i)),
			}, Default: "End"},
			&stepfn.TaskState{Name: fmt.Sprint("T", i), Resource: fn, ResultPath: "$.result", Next: next})
	}
	list = append(list, &stepfn.SucceedState{Name: "End"})
	machines := stepfntest.New(nil)
	machines.Function(fn, func(_ context.Context, p []byte) ([]byte, error) { return []byte(`{"ok":true}`), nil })
	arn := machines.Create("M", stepfn.MustMachine(list...))
	for b.Loop() {
		x, err := machines.Execute(context.Background(), arn, map[string]any{"id": "order", "n": 1})
		if err != nil || x.Err() != nil {
			b.Fatal(err, x.Err())
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(n+1), "ns/transition")
}
