// Package conformance checks what is known of SQS and SNS. Whoever has an AWS
// account can run it against AWS. The fakes of package messagingtest pass it in
// every build, except for the checks that their test names with the reason.
//
//	func TestQueuesAndTopics(t *testing.T) {
//		cfg, err := config.LoadDefaultConfig(t.Context())
//		if err != nil {
//			t.Fatal(err)
//		}
//		queues := sqs.NewFromConfig(cfg)
//		t.Run("SQS", func(t *testing.T) { conformance.RunSQS(t, queues) })
//		t.Run("SNS", func(t *testing.T) { conformance.RunSNS(t, sns.NewFromConfig(cfg), queues) })
//	}
//
// With the fakes, time is virtual:
//
//	queues := messagingtest.NewSQS(t)
//	conformance.RunSQS(t, queues.Client(), func(o *conformance.Options) {
//		o.Slow, o.Around = true, synctest.Test
//	})
//
// # What is checked
//
// Each check is a subtest named as a sentence. Of SQS: sending and receiving
// with attributes and digests, delays and long polls, visibility timeouts, the
// states of receipt handles, FIFO order and groups, deduplication, receive
// attempts, dead letters and move tasks, attributes, tags and permissions,
// batches entry by entry; and what is refused, by HTTP status, code and text. Of
// SNS: notifications and raw deliveries, filter policies by attributes and by
// body, FIFO topics, batches, idempotent calls; and what is refused, filter
// policies with the location of the mistake.
//
// A message that is to come is polled for up to two minutes. One that is not to
// come is polled for once, for a second.
//
// # On AWS
//
// Each check makes queues and topics with random names and deletes them, also
// after a failure. What could not be deleted is named in the output, after LEFT
// BEHIND. A run takes about ten minutes, most of it waiting, and about 1,500
// requests, one cent or less. Options.Slow adds a check of five minutes.
//
// The caller needs this policy, with the prefix of Options.Prefix:
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [
//	    {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:conformance-*"},
//	    {"Effect": "Allow", "Action": "sns:*", "Resource": "arn:aws:sns:*:*:conformance-*"},
//	    {"Effect": "Allow", "Action": ["sqs:CreateQueue", "sqs:CancelMessageMoveTask", "sqs:SendMessage", "sns:CreateTopic", "sns:Publish", "sns:SetSubscriptionAttributes"], "Resource": "*"}
//	  ]
//	}
//
// The last statement lets the service say what is wrong with a name or an ARN.
package conformance
