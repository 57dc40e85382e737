// Package conformance checks what is known of DynamoDB and its streams. Whoever
// has an AWS account can run it against AWS. The fake of package dynamotest
// passes it in every build.
//
//	func TestDynamoDB(t *testing.T) {
//		cfg, err := config.LoadDefaultConfig(t.Context())
//		if err != nil {
//			t.Fatal(err)
//		}
//		conformance.Run(t, dynamodb.NewFromConfig(cfg), func(o *conformance.Options) {
//			o.Streams = dynamodbstreams.NewFromConfig(cfg)
//		})
//	}
//
// With the fake, time is virtual:
//
//	db := dynamotest.New(t)
//	conformance.Run(t, db.Client(), func(o *conformance.Options) {
//		o.Streams, o.Slow, o.Around = db.StreamsClient(), true, synctest.Test
//	})
//
// # What is checked
//
// Each check is a subtest named as a sentence. What is accepted: types and
// numbers, conditions, updates and what they return, queries, pages, indexes,
// parallel scans, batches, transactions and their tokens, tags, time to live,
// deletion protection, the records of a stream. What is refused: the HTTP
// status, the code and the exact text for values, keys, expressions, reads,
// batches, transactions and tables; and the cancellation reasons of a
// transaction.
//
// What DynamoDB does later (an index that takes in an item, the records of a
// stream) is asked for again until it is there, for two minutes.
//
// # On AWS
//
// One on-demand table with a random name is made, used by all checks and
// deleted, also after a failure. What could not be deleted is named in the
// output, after LEFT BEHIND. A run takes two to five minutes and about 2,000
// requests, one cent or less. Options.Slow adds a check of ten minutes.
//
// The caller needs this policy, with the prefix of Options.Prefix:
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [
//	    {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:table/conformance-*"},
//	    {"Effect": "Allow", "Action": ["dynamodb:ListTables", "dynamodb:CreateTable"], "Resource": "*"}
//	  ]
//	}
//
// CreateTable is asked for on every resource because the refused names ("ab")
// have no prefix.
package conformance
