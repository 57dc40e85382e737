package prove_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/stepfn"
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/prove"
	"github.com/patternkit/serverless/stepfn/stepfntest"
)

// bank counts what was taken under each key.
type bank struct {
	taken  map[string]int
	closed map[string]bool // keys that were given back
}

func newBank() *bank { return &bank{map[string]int{}, map[string]bool{}} }

func (b *bank) expect(n int) error {
	total := 0
	for _, taken := range b.taken {
		total += taken
	}
	if total != n {
		return fmt.Errorf("%d were taken, not %d", total, n)
	}
	return nil
}

// take is a step that is right: once under a key, and not after its
// compensation.
func (b *bank) take(_ context.Context, c stepfn.Call[order]) (string, error) {
	if b.closed[c.Key] {
		return "", errors.New("it was given back before")
	}
	b.taken[c.Key] = 1
	return c.Key, nil
}

func (b *bank) giveBack(_ context.Context, u stepfn.Undo[order, string]) error {
	b.closed[u.Key] = true
	delete(b.taken, u.Key)
	return nil
}

// takeAgain takes each time that it is run.
func (b *bank) takeAgain(_ context.Context, c stepfn.Call[order]) (string, error) {
	if !b.closed[c.Key] {
		b.taken[c.Key]++
	}
	return c.Key, nil
}

func (b *bank) undoneBy(giveBack func(context.Context, stepfn.Undo[order, string]) error) []stepfn.Part[order] {
	return []stepfn.Part[order]{stepfn.Step("Take", b.take).Compensate("GiveBack", giveBack)}
}

func fails(context.Context, stepfn.Call[order]) (string, error) {
	return "", errors.New("no route to the bank")
}

func calm(context.Context, stepfn.Parked[order]) error { return nil }

// find runs a saga of n effects whose parts it gets for every case.
func find(t *testing.T, n int, parts func(*bank) []stepfn.Part[order], optFns ...func(*prove.Options)) prove.Report {
	t.Helper()
	return prove.Find(t, order{"42"}, func() prove.World {
		b := newBank()
		return prove.SagaWorld(stepfn.MustSaga("Planted", calm, parts(b)...), prove.Oracle{
			Done: func() error { return b.expect(n) }, Undone: func() error { return b.expect(0) },
		})
	}, optFns...)
}

// single leaves the pairs of faults out.
func single(o *prove.Options) { o.Faults = 1 }

// charge is a step that takes once under a key, with its compensation.
func (b *bank) charge() stepfn.Part[order] {
	return stepfn.Step("Take", b.take).Compensate("GiveBack", b.giveBack)
}

// Each defect has a case that shows it.
func TestPlantedDefects(t *testing.T) {
	t.Setenv("PROVE", "") // each is found by few faults
	tests := map[string]struct {
		faults, reason string // of a violation that is found
		parts          func(b *bank) []stepfn.Part[order]
	}{
		"the pivot never succeeds": {
			"no fault", "should have done everything: nothing misbehaved, and it did not succeed",
			func(b *bank) []stepfn.Part[order] {
				return []stepfn.Part[order]{b.charge(), stepfn.Pivot("Confirm", fails)}
			},
		},
		"the pivot is always refused": {
			"no fault", "nothing misbehaved",
			func(b *bank) []stepfn.Part[order] {
				refused := func(context.Context, stepfn.Call[order]) (string, error) {
					return "", stepfn.WithErrorName("Refused", errors.New("it is always refused"))
				}
				return []stepfn.Part[order]{b.charge(), stepfn.Pivot("Confirm", refused).NotApplied("Refused")}
			},
		},
		"a step never succeeds": {
			"no fault", "nothing misbehaved",
			func(b *bank) []stepfn.Part[order] {
				return []stepfn.Part[order]{b.charge(), stepfn.Step("Send", fails).Compensate("Fetch", b.giveBack)}
			},
		},
		"a step after the pivot never succeeds": {
			"no fault", "nothing misbehaved",
			func(b *bank) []stepfn.Part[order] {
				return []stepfn.Part[order]{stepfn.Pivot("Confirm", b.take), stepfn.Retriable("Mail", fails)}
			},
		},
		"the compensation needs the result": {
			"a failure after the effect at Take", "should not have been parked: GiveBack fails of itself: panic: runtime error: invalid memory address",
			func(b *bank) []stepfn.Part[order] {
				return b.undoneBy(func(ctx context.Context, u stepfn.Undo[order, string]) error {
					_ = *u.Result
					return b.giveBack(ctx, u)
				})
			},
		},
		"the compensation refuses without the result": {
			"a time-out without the effect at Take", "should not have been parked: GiveBack fails of itself: errorString: what was taken?",
			func(b *bank) []stepfn.Part[order] {
				return b.undoneBy(func(ctx context.Context, u stepfn.Undo[order, string]) error {
					if u.Result == nil {
						return errors.New("what was taken?")
					}
					return b.giveBack(ctx, u)
				})
			},
		},
		"the compensation does nothing without the result": {
			"a crash after the effect at Take", "should have left nothing: 1 were taken, not 0",
			func(b *bank) []stepfn.Part[order] {
				return b.undoneBy(func(ctx context.Context, u stepfn.Undo[order, string]) error {
					if u.Result == nil {
						return nil
					}
					return b.giveBack(ctx, u)
				})
			},
		},
		"the compensation fails the second time": {
			"one failure after the effect at GiveBack", "should not have been parked: GiveBack fails of itself: errorString: it was given back before",
			func(b *bank) []stepfn.Part[order] {
				return b.undoneBy(func(ctx context.Context, u stepfn.Undo[order, string]) error {
					if b.closed[u.Key] {
						return errors.New("it was given back before")
					}
					return b.giveBack(ctx, u)
				})
			},
		},
		"the compensation leaves no mark": {
			"an effect after the end at Take", "should have left nothing: 1 were taken, not 0",
			func(b *bank) []stepfn.Part[order] {
				return b.undoneBy(func(_ context.Context, u stepfn.Undo[order, string]) error {
					delete(b.taken, u.Key)
					return nil
				})
			},
		},
		"the step does not look at the mark": {
			"an effect after the end at Take", "should have left nothing: 1 were taken, not 0",
			func(b *bank) []stepfn.Part[order] {
				careless := func(_ context.Context, c stepfn.Call[order]) (string, error) {
					b.taken[c.Key] = 1
					return "", nil
				}
				return []stepfn.Part[order]{stepfn.Step("Take", careless).Compensate("GiveBack", b.giveBack)}
			},
		},
		"the pivot fails the second time": {
			"one Lambda.ServiceException after the effect at Confirm", "should not have been parked: Confirm fails of itself: errorString: it is confirmed",
			func(b *bank) []stepfn.Part[order] {
				return []stepfn.Part[order]{stepfn.Pivot("Confirm", func(ctx context.Context, c stepfn.Call[order]) (string, error) {
					if b.taken[c.Key] > 0 {
						return "", errors.New("it is confirmed")
					}
					return b.take(ctx, c)
				})}
			},
		},
		"the pivot takes twice when its first attempt is late": {
			"one effect after the end at Confirm", "should have done everything: 2 were taken, not 1",
			func(b *bank) []stepfn.Part[order] { return []stepfn.Part[order]{stepfn.Pivot("Confirm", b.takeAgain)} },
		},
		"a step after the pivot takes twice": {
			"one failure after the effect at Mail", "should have done everything: 3 were taken, not 2",
			func(b *bank) []stepfn.Part[order] {
				return []stepfn.Part[order]{stepfn.Pivot("Confirm", b.take), stepfn.Retriable("Mail", b.takeAgain)}
			},
		},
	}
	// A step that takes twice when it is run twice, under each error that a
	// machine may retry. Without options a step retries those of the platform.
	for retried, fault := range map[string]string{
		"":                                "one Lambda.ServiceException after the effect at Take",
		"Lambda.ServiceException":         "one Lambda.ServiceException after the effect at Take",
		"Lambda.AWSLambdaException":       "one Lambda.AWSLambdaException after the effect at Take",
		"Lambda.SdkClientException":       "one Lambda.SdkClientException after the effect at Take",
		"Lambda.TooManyRequestsException": "one Lambda.TooManyRequestsException after the effect at Take",
		"States.Timeout":                  "one time-out after the effect at Take",
		"Lambda.Unknown":                  "one crash after the effect at Take",
		"States.TaskFailed":               "one failure after the effect at Take",
	} {
		tt := tests["the compensation leaves no mark"]
		tt.faults, tt.reason = fault, "should have done everything: 2 were taken, not 1"
		tt.parts = func(b *bank) []stepfn.Part[order] {
			return []stepfn.Part[order]{stepfn.Step("Take", b.takeAgain, func(o *stepfn.StepOptions) {
				if retried != "" {
					o.Retry = []asl.Retrier{{ErrorEquals: []string{retried}, MaxAttempts: asl.Attempts(1)}}
				}
			}).Compensate("GiveBack", b.giveBack)}
		}
		tests["it takes twice under a retried "+retried] = tt
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			effects := len(tt.parts(newBank()))
			bound := single
			if strings.HasSuffix(tt.faults, " at GiveBack") {
				bound = nil // another fault must have it run
			}
			r := find(t, effects, tt.parts, bound)
			for _, v := range r.Violations {
				if strings.Contains(v.Faults, tt.faults) && strings.Contains(v.Reason, tt.reason) {
					return
				}
			}
			require.Fail(t, "not found", "%d violations, such as %v", len(r.Violations), r.Violations[:min(3, len(r.Violations))])
		})
	}
}

// The saga without any of those defects.
func TestWithoutADefectNothingIsFound(t *testing.T) {
	r := find(t, 3, func(b *bank) []stepfn.Part[order] {
		return []stepfn.Part[order]{b.charge(), stepfn.Pivot("Confirm", b.take), stepfn.Retriable("Mail", b.take)}
	}, single)
	require.Empty(t, r.Violations)
	require.Positive(t, r.Done)
	require.Positive(t, r.Undone)
	require.Positive(t, r.Parked)
}

// A pivot that declares its own refusal is no reason to complain about an
// execution that a compensation parks.
func TestADeclaredRefusalIsNoFailure(t *testing.T) {
	r := find(t, 2, func(b *bank) []stepfn.Part[order] {
		declined := false
		return []stepfn.Part[order]{
			stepfn.Step("Take", func(ctx context.Context, c stepfn.Call[order]) (string, error) {
				declined = b.taken[c.Key] > 0 // the second time
				return b.take(ctx, c)
			}).Compensate("GiveBack", b.giveBack),
			stepfn.Pivot("Confirm", func(ctx context.Context, c stepfn.Call[order]) (string, error) {
				if declined {
					return "", stepfn.WithErrorName("Declined", errors.New("asked twice"))
				}
				return b.take(ctx, c)
			}).NotApplied("Declined"),
		}
	})
	require.Empty(t, r.Violations)
	require.Positive(t, r.Parked)
}

// A compensation that never works parks each execution whose pivot was surely
// not applied; that the pivot was made to fail excuses nothing.
func TestADeclaredFailureExcusesNothing(t *testing.T) {
	r := find(t, 2, func(b *bank) []stepfn.Part[order] {
		return append(b.undoneBy(func(context.Context, stepfn.Undo[order, string]) error { return errors.New("no way back") }),
			stepfn.Pivot("Confirm", b.take).NotApplied("Declined"))
	}, single)
	var reasons []string
	for _, v := range r.Violations {
		if v.Faults == "a declared failure at Confirm" {
			reasons = append(reasons, v.Reason)
		}
	}
	require.Equal(t, []string{"should not have been parked: GiveBack fails of itself: errorString: no way back"}, reasons)
}

// What needs the work of another fails with that, and both are parked for it.
func TestWhatFailsWithAnother(t *testing.T) {
	tests := map[string]struct {
		effects int
		bound   func(*prove.Options)
		parts   func(b *bank) []stepfn.Part[order]
	}{
		"a step after the pivot needs the result of another": {3, single, func(b *bank) []stepfn.Part[order] {
			mail := func(ctx context.Context, c stepfn.Call[order]) (string, error) {
				if _, ok := stepfn.Earlier[string](c, "Invoice"); !ok {
					return "", errors.New("there is no invoice to mail")
				}
				return b.take(ctx, c)
			}
			return []stepfn.Part[order]{stepfn.Pivot("Confirm", b.take), stepfn.Retriable("Invoice", b.take), stepfn.Retriable("Mail", mail)}
		}},
		// One fault to have both compensations run, one for the first of them.
		"a compensation needs that another has worked": {2, nil, func(b *bank) []stepfn.Part[order] {
			deleteBucket := func(ctx context.Context, u stepfn.Undo[order, string]) error {
				for key := range b.taken {
					if key != u.Key {
						return errors.New("the bucket is not empty")
					}
				}
				return b.giveBack(ctx, u)
			}
			return []stepfn.Part[order]{
				stepfn.Step("Create", b.take).Compensate("Delete", deleteBucket),
				stepfn.Step("Fill", b.take).Compensate("Empty", b.giveBack),
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := find(t, tt.effects, tt.parts, tt.bound)
			require.Empty(t, r.Violations)
			require.Positive(t, r.Parked)
		})
	}
}

// An execution that waits for somebody has no end to judge.
func TestAnExecutionThatWaitsIsFound(t *testing.T) {
	r := prove.Find(t, nil, func() prove.World {
		return prove.World{
			Machine: asl.MustMachine(&asl.TaskState{
				Name: "Ask", Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken",
				Parameters: map[string]any{"FunctionName": "Ask", "Payload.$": "$$.Task.Token"},
			}),
			Functions: map[string]func(context.Context, []byte) ([]byte, error){
				"Ask": func(context.Context, []byte) ([]byte, error) { return nil, nil },
			},
			Oracle: prove.Oracle{Done: func() error { return nil }, Undone: func() error { return nil }},
		}
	})
	require.NotEmpty(t, r.Violations)
	require.Equal(t, stepfntest.StatusRunning, r.Violations[0].Status)
	require.Equal(t, "should have ended: it waits for somebody", r.Violations[0].Reason)
}

// The targets of a machine may run side by side.
func TestTargetsSideBySide(t *testing.T) {
	branch := func(name string) asl.Branch {
		return asl.MustSequence(&asl.TaskState{Name: name, Resource: lambdaARN(name), TimeoutSeconds: 60})
	}
	r := prove.Machine(t, nil, func() prove.World {
		nothing := func(context.Context, []byte) ([]byte, error) { return nil, nil }
		return prove.World{
			Machine: asl.MustMachine(&asl.ParallelState{Name: "Both", Branches: []asl.Branch{branch("One"), branch("Other")}}),
			Functions: map[string]func(context.Context, []byte) ([]byte, error){
				lambdaARN("One"): nothing, lambdaARN("Other"): nothing,
			},
			Oracle: prove.Oracle{Done: func() error { return nil }, Undone: func() error { return nil }},
		}
	})
	require.Positive(t, r.Cases)
}
