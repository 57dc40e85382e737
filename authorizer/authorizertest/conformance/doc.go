// Package conformance checks what is known of the read path of Secrets Manager.
// Whoever has an AWS account can run it against AWS. The fake of package
// authorizertest passes it in every build.
//
//	func TestSecretsManager(t *testing.T) {
//		cfg, err := config.LoadDefaultConfig(t.Context())
//		if err != nil {
//			t.Fatal(err)
//		}
//		conformance.Run(t, secretsmanager.NewFromConfig(cfg))
//	}
//
// The fake of package authorizertest has no operation that writes: its test sets
// Options.Put and Options.Delete.
//
// # What is checked
//
// Each check is a subtest named as a sentence: which version GetSecretValue
// reads, by name, ARN, stage and id; how DescribeSecret shows the versions; and
// what is refused, by HTTP status, code and text.
//
// # On AWS
//
// Each check makes a secret with a random name and marks it for deletion, also
// after a failure; AWS deletes it seven days later and charges nothing for the
// time between. What could not be marked is named in the output, after LEFT
// BEHIND. A run takes half a minute and about 60 requests, less than a cent.
//
// The caller needs this policy, with the prefix of Options.Prefix:
//
//	{
//	  "Version": "2012-10-17",
//	  "Statement": [
//	    {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "arn:aws:secretsmanager:*:*:secret:conformance-*"}
//	  ]
//	}
package conformance
