package awsid_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/awsid"
)

func TestParseARN(t *testing.T) {
	const function = "arn:aws:lambda:eu-west-1:123456789012:function:ship:live"
	parts, err := awsid.ParseARN(function)
	require.NoError(t, err)
	require.Equal(t, awsid.Parts{Partition: "aws", Service: "lambda", Region: "eu-west-1", Account: "123456789012", Resource: "function:ship:live"}, parts)
	require.Equal(t, function, parts.String())
	require.Equal(t, function, awsid.ARN("lambda", "eu-west-1", "123456789012", "function:ship:live"))

	bucket, err := awsid.ParseARN("arn:aws:s3:::reports/*")
	require.NoError(t, err)
	require.Equal(t, "reports/*", bucket.Resource)

	for _, bad := range []string{"", "arn", "arn:aws:sqs", "urn:aws:sqs:r:a:q", "arn::sqs:r:a:q", "arn:aws::r:a:q", "arn:aws:sqs:r:a:"} {
		_, err := awsid.ParseARN(bad)
		require.Error(t, err, bad)
	}
}

func TestUUID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := awsid.UUID()
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
		require.False(t, seen[id])
		seen[id] = true
	}
}
