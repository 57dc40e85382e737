// Package conformance checks what is known of Step Functions. Whoever has an AWS
// account can run it against AWS. The fake of package stepfntest passes it in
// every build, except for the checks that its test names with the reason.
//
//	func TestStepFunctions(t *testing.T) {
//		cfg, err := config.LoadDefaultConfig(t.Context())
//		if err != nil {
//			t.Fatal(err)
//		}
//		conformance.Run(t, sfn.NewFromConfig(cfg), func(o *conformance.Options) {
//			o.RoleARN = "arn:aws:iam::123456789012:role/conformance"
//		})
//	}
//
// With the fake, time is virtual, and something has to run the executions: see
// the test of package stepfntest.
//
// # What is checked
//
// Each check is a subtest named as a sentence: what the validator finds and
// where, what the API refuses by HTTP status, code and text, how input becomes
// output, the texts of States.Runtime, choices, the events of histories and their
// chain, Retry and Catch, names and ends of executions, activities and their
// workers, express machines. No check calls a Lambda function: failures come
// from Fail states inside Parallel and Map, and from workers.
//
// # On AWS
//
// Each check makes a state machine with a random name and deletes it, also after
// a failure. What could not be deleted is named in the output, after LEFT
// BEHIND. A run takes about five minutes and 600 state transitions, two cents.
// Options.Slow adds a check of a minute.
//
// The role of Options.RoleARN needs no permission, only this trust:
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}]
//	}
//
// The caller needs this policy, with the prefix of Options.Prefix:
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [
//	    {"Effect": "Allow", "Action": "states:*", "Resource": ["arn:aws:states:*:*:*:conformance-*", "arn:aws:states:*:*:*:conformance-*:*"]},
//	    {"Effect": "Allow", "Action": ["states:CreateStateMachine", "states:StartExecution", "states:SendTask*", "states:ValidateStateMachineDefinition"], "Resource": "*"},
//	    {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "the role of Options.RoleARN"}
//	  ]
//	}
package conformance
