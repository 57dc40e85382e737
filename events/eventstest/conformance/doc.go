// Package conformance checks what is known of EventBridge. Whoever has an AWS
// account can run it against AWS. The fake of package eventstest passes it in
// every build.
//
//	func TestEventBridge(t *testing.T) {
//		cfg, err := config.LoadDefaultConfig(t.Context())
//		if err != nil {
//			t.Fatal(err)
//		}
//		conformance.Run(t, eventbridge.NewFromConfig(cfg), func(o *conformance.Options) {
//			o.Queues = sqs.NewFromConfig(cfg)
//		})
//	}
//
// With the fake, time is virtual, and something has to deliver: see the test of
// package eventstest.
//
// # What is checked
//
// Each check is a subtest named as a sentence: the entries of PutEvents one by
// one, what patterns match (with TestEventPattern), rules, targets and buses, and
// what a queue behind a rule gets: envelopes, fixed inputs, paths, templates,
// groups of FIFO queues, events of another bus. What is refused is checked by
// HTTP status, code and text, patterns with the location of the mistake.
//
// A rule is not known everywhere at once: an event is sent again until one has
// come, for two minutes.
//
// # On AWS
//
// All rules are on an event bus of the run. Buses, rules and queues have random
// names and are deleted, also after a failure. What could not be deleted is
// named in the output, after LEFT BEHIND. A run takes about three minutes, 300
// requests and 100 events, less than a cent.
//
// The caller needs this policy, with the prefix of Options.Prefix, and for
// Options.RoleARN also iam:PassRole on that role, which events.amazonaws.com may
// assume and which allows events:PutEvents on event-bus/conformance-*:
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [
//	    {"Effect": "Allow", "Action": "events:*", "Resource": ["arn:aws:events:*:*:event-bus/conformance-*", "arn:aws:events:*:*:rule/conformance-*"]},
//	    {"Effect": "Allow", "Action": ["events:TestEventPattern", "events:PutEvents", "events:PutRule", "events:DeleteEventBus"], "Resource": "*"},
//	    {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:conformance-*"}
//	  ]
//	}
package conformance
