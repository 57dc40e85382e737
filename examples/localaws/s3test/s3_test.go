package s3test_test

import (
	"errors"
	"io"
	"net/http"
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

// What SDKs of other languages found.
func TestAnObjectReplacesAnother(t *testing.T) {
	storage := s3test.New(t)
	storage.NewBucket("invoices")
	client := storage.Client()
	require.NoError(t, put(t, client, "a", "forty-two"))
	whole, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("invoices"), Key: aws.String("a")})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"order": "42"}, whole.Metadata)
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("invoices"), Key: aws.String("a"), Body: strings.NewReader("43")})
	require.NoError(t, err)
	whole, err = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("invoices"), Key: aws.String("a")})
	require.NoError(t, err)
	require.Empty(t, whole.Metadata)
}

func TestHeadersOfAnswers(t *testing.T) {
	storage := s3test.New(t)
	storage.NewBucket("invoices")
	ask := func(method string, headers map[string]string) http.Header {
		r := httptest.NewRequest(method, "/invoices/a", nil)
		if method == http.MethodPut {
			r = httptest.NewRequest(method, "/invoices/a", strings.NewReader("forty-two"))
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261128/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		storage.Handler().ServeHTTP(w, r)
		require.Less(t, w.Code, 300, w.Body)
		return w.Result().Header
	}
	ask(http.MethodPut, map[string]string{"X-Amz-Meta-Order": "42", "X-Amz-Checksum-Crc32": "RLn5Gg==", "X-Amz-User-Agent": "me"})
	got := ask(http.MethodGet, nil)
	require.Equal(t, []string{"42"}, map[string][]string(got)["x-amz-meta-order"], "in lower case")
	require.NotEmpty(t, got.Get("X-Amz-Checksum-Crc32"))
	require.Empty(t, got.Get("X-Amz-User-Agent"))
	got = ask(http.MethodGet, map[string]string{"Range": "bytes=2-3"})
	require.Empty(t, got.Get("X-Amz-Checksum-Crc32"), "the checksum is that of the whole object")
}

func TestPagesOfAListing(t *testing.T) {
	storage := s3test.New(t)
	storage.NewBucket("invoices")
	client := storage.Client()
	for _, key := range []string{"a/1", "a/2", "b", "c/1", "c/2", "d"} {
		require.NoError(t, put(t, client, key, "x"))
	}
	list := func(delimiter, prefix string, size int32) (pages []string) {
		pager := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String("invoices"), Delimiter: &delimiter, Prefix: &prefix, MaxKeys: &size})
		for pager.HasMorePages() {
			page, err := pager.NextPage(t.Context())
			require.NoError(t, err)
			var names []string
			for _, p := range page.CommonPrefixes {
				names = append(names, *p.Prefix)
			}
			for _, o := range page.Contents {
				names = append(names, *o.Key)
			}
			pages = append(pages, strings.Join(names, " "))
		}
		return pages
	}
	none, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("invoices"), Prefix: aws.String("x")})
	require.NoError(t, err)
	require.Zero(t, *none.KeyCount)
	require.Equal(t, []string{"a/1 a/2"}, list("", "a/", 2), "what follows has another prefix")
	require.Equal(t, []string{"a/1", "a/2"}, list("", "a/", 1))
	require.Equal(t, []string{"a/1 a/2 b c/1", "c/2 d"}, list("", "", 4))
	require.Equal(t, []string{"a/", "b", "c/", "d"}, list("/", "", 1))
	require.Equal(t, []string{"a/ b", "c/ d"}, list("/", "", 2))
}
