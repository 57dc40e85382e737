// Package lambdatest is AWS Lambda in your process: functions are Go code, and what
// invokes them is as on AWS.
//
//	functions := lambdatest.New(t)
//	functions.Create("ship", lambdatest.Func(handler))
//	answer, err := functions.Function("ship")(ctx, []byte(`{"id":"42"}`)) // synchronously
//	err = functions.Async("ship")(ctx, []byte(`{"id":"42"}`))             // accepted at once
//	err = functions.Drain(ctx)                                            // invoked, with retries
package lambdatest
