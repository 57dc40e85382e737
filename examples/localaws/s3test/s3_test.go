package s3test_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/examples/localaws/s3test"
)

func put(t *testing.T, client *s3.Client, key, body string) error {
	t.Helper()
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("invoices"), Key: &key, Body: strings.NewReader(body), Metadata: map[string]string{"order": "42"},
	})
	return err
}

func TestObjects(t *testing.T) {
	storage := s3test.New(t)
	storage.NewBucket("invoices")
	server := httptest.NewServer(storage.Handler())
	defer server.Close()
	for name, client := range map[string]*s3.Client{
		"host": storage.Client(),
		"path": storage.Client(func(o *s3.Options) { o.UsePathStyle = true }),
		"port": s3.NewFromConfig(aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: storage.Client().Options().Credentials},
			func(o *s3.Options) { o.UsePathStyle = true }),
	} {
		t.Run(name, func(t *testing.T) {
			key := name + "/a b+c.txt"
			require.NoError(t, put(t, client, key, "forty-two"))
			got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("invoices"), Key: &key})
			require.NoError(t, err)
			body, err := io.ReadAll(got.Body)
			require.NoError(t, err)
			require.Equal(t, "forty-two", string(body))
			require.Equal(t, "42", got.Metadata["order"])
			list, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("invoices"), Prefix: aws.String(name + "/")})
			require.NoError(t, err)
			require.Len(t, list.Contents, 1)
			require.Equal(t, key, *list.Contents[0].Key)

			_, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("invoices"), Key: aws.String("none")})
			var missing *types.NoSuchKey
			require.ErrorAs(t, err, &missing)
			_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("none")})
			var failure smithy.APIError
			require.ErrorAs(t, err, &failure)
			require.Equal(t, "NoSuchBucket", failure.ErrorCode())
		})
	}
	require.Equal(t, []byte("forty-two"), storage.Objects("invoices")["path/a b+c.txt"])
	require.Nil(t, storage.Objects("none"))
}

func TestFaults(t *testing.T) {
	storage := s3test.New(t)
	storage.NewBucket("invoices")
	client := storage.Client(func(o *s3.Options) { o.RetryMaxAttempts = 1 })
	storage.Throttle("PutObject")
	var failure smithy.APIError
	require.ErrorAs(t, put(t, client, "a", "a"), &failure)
	require.Equal(t, "SlowDown", failure.ErrorCode())
	storage.Fail("PutObject", errors.New("broken"))
	require.ErrorContains(t, put(t, client, "a", "a"), "broken")
	require.Empty(t, storage.Objects("invoices"))
	storage.DropReply("PutObject")
	require.Error(t, put(t, client, "a", "a"))
	require.Len(t, storage.Objects("invoices"), 1)
	require.Len(t, storage.Calls("PutObject"), 3)
}

func TestSnapshots(t *testing.T) {
	storage := s3test.New(t)
	storage.NewBucket("invoices")
	client := storage.Client()
	require.NoError(t, put(t, client, "a", "1"))
	before := storage.Snapshot()
	require.NoError(t, put(t, client, "a", "2"))
	require.NoError(t, put(t, client, "b", "3"))
	storage.Restore(before)
	require.Equal(t, map[string][]byte{"a": []byte("1")}, storage.Objects("invoices"))
	require.Contains(t, storage.Dump(), "bucket invoices: 1 object")
	storage.Reset()
	require.Nil(t, storage.Objects("invoices"))
	require.Empty(t, storage.Journal())
	require.Panics(t, func() { storage.Restore(s3test.New(nil).Snapshot()) })
	require.PanicsWithValue(t, `s3test: NewBucket "X": InvalidBucketName: bucket name must be >= 3 characters and <= 63`, func() { storage.NewBucket("X") })
}
