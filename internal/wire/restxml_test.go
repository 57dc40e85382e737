package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/wire"
)

// A slice of Amazon S3, with all that the SDK's snapshots have.
type getObjectInput struct {
	Bucket                     string          `location:"uri"`
	Key                        string          `location:"uri"`
	PartNumber                 *int            `location:"querystring,partNumber"`
	ResponseCacheControl       string          `location:"querystring,response-cache-control"`
	ResponseContentDisposition string          `location:"querystring,response-content-disposition"`
	ResponseContentEncoding    string          `location:"querystring,response-content-encoding"`
	ResponseContentLanguage    string          `location:"querystring,response-content-language"`
	ResponseContentType        string          `location:"querystring,response-content-type"`
	ResponseExpires            *wire.Timestamp `location:"querystring,response-expires,http-date"`
	VersionID                  string          `location:"querystring,versionId"`
	IfMatch                    string          `location:"header,If-Match"`
	IfModifiedSince            *wire.Timestamp `location:"header,If-Modified-Since"`
	IfNoneMatch                string          `location:"header,If-None-Match"`
	IfUnmodifiedSince          *wire.Timestamp `location:"header,If-Unmodified-Since"`
	Range                      string          `location:"header,Range"`
	ExpectedBucketOwner        string          `location:"header,X-Amz-Expected-Bucket-Owner"`
	RequestPayer               string          `location:"header,X-Amz-Request-Payer"`
	CustomerAlgorithm          string          `location:"header,X-Amz-Server-Side-Encryption-Customer-Algorithm"`
	CustomerKey                string          `location:"header,X-Amz-Server-Side-Encryption-Customer-Key"`
	CustomerKeyMD5             string          `location:"header,X-Amz-Server-Side-Encryption-Customer-Key-MD5"`
}

type getObjectOutput struct {
	StatusCode   int               `location:"statusCode"`
	ETag         string            `location:"header"`
	Length       *int              `location:"header,Content-Length"`
	ContentType  string            `location:"header,Content-Type"`
	LastModified wire.Timestamp    `location:"header,Last-Modified"`
	DeleteMarker *bool             `location:"header,X-Amz-Delete-Marker"`
	Metadata     map[string]string `location:"headers,X-Amz-Meta-"`
	Body         []byte            `location:"payload"`
}

type putObjectInput struct {
	Bucket           string            `location:"uri"`
	Key              string            `location:"uri"`
	ContentType      string            `location:"header,Content-Type"`
	IfNoneMatch      string            `location:"header,If-None-Match"`
	RetainUntil      *wire.Timestamp   `location:"header,X-Amz-Object-Lock-Retain-Until-Date,date-time"`
	BucketKeyEnabled *bool             `location:"header,X-Amz-Server-Side-Encryption-Bucket-Key-Enabled"`
	WriteOffset      *int64            `location:"header,X-Amz-Write-Offset-Bytes"`
	Metadata         map[string]string `location:"headers,X-Amz-Meta-"`
	Body             []byte            `location:"payload"`
}

type putObjectOutput struct {
	ETag string `location:"header"`
}

type listObjectsInput struct {
	Bucket            string   `location:"uri"`
	ContinuationToken string   `location:"querystring,continuation-token"`
	Delimiter         string   `location:"querystring,delimiter"`
	EncodingType      string   `location:"querystring,encoding-type"`
	FetchOwner        *bool    `location:"querystring,fetch-owner"`
	MaxKeys           *int     `location:"querystring,max-keys"`
	Prefix            string   `location:"querystring,prefix"`
	StartAfter        string   `location:"querystring,start-after"`
	Owner             string   `location:"header,X-Amz-Expected-Bucket-Owner"`
	Optional          []string `location:"header,X-Amz-Optional-Object-Attributes"`
	RequestPayer      string   `location:"header,X-Amz-Request-Payer"`
}

type listObjectsOutput struct {
	XMLName        xml.Name `xml:"ListBucketResult"`
	Name           string
	Prefix         string
	MaxKeys        int
	KeyCount       int
	IsTruncated    bool
	Contents       []object
	CommonPrefixes []prefix
}

type prefix struct{ Prefix string }

type object struct {
	Key          string
	LastModified wire.Timestamp
	ETag         string
	Size         int64
}

type deleteObjectsInput struct {
	Bucket  string        `location:"uri"`
	Owner   string        `location:"header,X-Amz-Expected-Bucket-Owner"`
	Bypass  *bool         `location:"header,X-Amz-Bypass-Governance-Retention"`
	MFA     string        `location:"header,X-Amz-Mfa"`
	Payer   string        `location:"header,X-Amz-Request-Payer"`
	Objects deleteObjects `location:"payload"`
}

type deleteObjects struct {
	Object []struct {
		Key, VersionId, ETag, LastModifiedTime string
		Size                                   *int64
	}
	Quiet bool
}

type deleteObjectsOutput struct {
	XMLName xml.Name `xml:"DeleteResult"`
	Deleted []struct{ Key string }
}

type tagObjectInput struct {
	Bucket  string  `location:"uri"`
	Key     string  `location:"uri"`
	Tagging tagging `location:"payload"`
}

type tagging struct {
	TagSet []tag `xml:"TagSet>Tag"`
}

type bucketInput struct {
	Bucket string `location:"uri"`
}

func objectServer(tb wire.TB) *wire.Server {
	stored := map[string]*putObjectInput{}
	return wire.NewServer(tb, wire.Service{
		Name:     "s3",
		Protocol: wire.RESTXML(func(o *wire.RESTOptions) { o.Namespace, o.BareErrors = "http://s3.amazonaws.com/doc/2006-03-01/", true }),
		Operations: []wire.Operation{
			wire.HandleREST("GetObject", "GET /{Bucket}/{Key+}", func(_ context.Context, in *getObjectInput) (*getObjectOutput, error) {
				o := stored[in.Bucket+"/"+in.Key]
				if o == nil {
					return nil, &wire.Error{Code: "NoSuchKey", Message: "The specified key does not exist.", Status: 404}
				}
				return &getObjectOutput{
					ETag: `"e"`, ContentType: o.ContentType, LastModified: wire.Timestamp{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
					DeleteMarker: aws.Bool(false), Metadata: o.Metadata, Body: o.Body,
				}, nil
			}),
			wire.HandleREST("PutObject", "PUT /{Bucket}/{Key+}", func(_ context.Context, in *putObjectInput) (*putObjectOutput, error) {
				stored[in.Bucket+"/"+in.Key] = in
				return &putObjectOutput{`"e"`}, nil
			}),
			wire.HandleREST("ListObjectsV2", "GET /{Bucket}?list-type=2", func(_ context.Context, in *listObjectsInput) (*listObjectsOutput, error) {
				out := &listObjectsOutput{Name: in.Bucket, Prefix: in.Prefix, MaxKeys: 1000, CommonPrefixes: []prefix{{"p/"}, {"q/"}}}
				for _, key := range slices.Sorted(maps.Keys(stored)) {
					_, key, _ := strings.Cut(key, "/")
					out.Contents = append(out.Contents, object{key, wire.Timestamp{Time: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)}, `"e"`, 1})
				}
				out.KeyCount = len(out.Contents)
				return out, nil
			}),
			wire.HandleREST("DeleteObjects", "POST /{Bucket}?delete", func(_ context.Context, in *deleteObjectsInput) (*deleteObjectsOutput, error) {
				out := &deleteObjectsOutput{}
				for _, o := range in.Objects.Object {
					out.Deleted = append(out.Deleted, struct{ Key string }{o.Key})
				}
				return out, nil
			}),
			wire.HandleREST("PutObjectTagging", "PUT /{Bucket}/{Key+}?tagging", func(_ context.Context, in *tagObjectInput) (*noOutput, error) {
				if len(in.Tagging.TagSet) != 2 || in.Tagging.TagSet[1] != (tag{"b", "<2>"}) {
					return nil, &wire.Error{Code: "InvalidTag", Message: "no"}
				}
				return nil, nil
			}),
			wire.HandleREST("DeleteBucket", "DELETE /{Bucket} 204", func(context.Context, *bucketInput) (*noOutput, error) { return nil, nil }),
		},
	})
}

func objectClient(s *wire.Server, optFns ...func(*s3.Options)) *s3.Client {
	cfg := config(s)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return s3.NewFromConfig(cfg, optFns...)
}

func TestRESTXML(t *testing.T) {
	port := httptest.NewServer(objectServer(t).Handler())
	defer port.Close()
	for name, client := range map[string]*s3.Client{
		"bucket in the host": objectClient(objectServer(t)),
		"bucket in the path": objectClient(objectServer(t), func(o *s3.Options) { o.UsePathStyle = true }),
		"over a port": objectClient(objectServer(t), func(o *s3.Options) {
			o.BaseEndpoint, o.HTTPClient = &port.URL, port.Client()
		}),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, bucket := t.Context(), aws.String("my.bucket")
			for _, key := range []string{"a", "dir/é b+%2F", "dir//x/"} {
				_, err := client.PutObject(ctx, &s3.PutObjectInput{
					Bucket: bucket, Key: &key, Body: strings.NewReader("body of " + key), ContentType: aws.String("text/x"),
					Metadata: map[string]string{"Color": "red"}, ChecksumAlgorithm: s3types.ChecksumAlgorithmCrc32,
				})
				require.NoError(t, err)
				got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key})
				require.NoError(t, err)
				body, err := io.ReadAll(got.Body)
				require.NoError(t, err)
				require.Equal(t, "body of "+key, string(body))
				require.Equal(t, map[string]string{"color": "red"}, got.Metadata)
				require.Equal(t, "text/x", *got.ContentType)
				require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), *got.LastModified)
				require.False(t, *got.DeleteMarker)
			}
			_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("gone")})
			require.ErrorAs(t, err, new(*s3types.NoSuchKey))

			listed, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("<&>")})
			require.NoError(t, err)
			require.Equal(t, "<&>", *listed.Prefix)
			require.EqualValues(t, 3, *listed.KeyCount)
			require.Equal(t, "dir/é b+%2F", *listed.Contents[2].Key)
			require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), *listed.Contents[0].LastModified)
			require.Len(t, listed.CommonPrefixes, 2)

			deleted, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{
				{Key: aws.String("a")}, {Key: aws.String("dir/é")},
			}}})
			require.NoError(t, err)
			require.Equal(t, "dir/é", *deleted.Deleted[1].Key)
			_, err = client.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: bucket, Key: aws.String("a"), Tagging: &s3types.Tagging{TagSet: []s3types.Tag{
				{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("<2>")},
			}}})
			require.NoError(t, err)
			_, err = client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
			require.NoError(t, err)

			_, err = client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("b"), CopySource: aws.String("my.bucket/a")})
			var refused smithy.APIError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, "UnknownOperationException: The operation CopyObject (PUT /my.bucket/b) is not simulated", refused.ErrorCode()+": "+refused.ErrorMessage())
			_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("b"), ACL: "private", StorageClass: "GLACIER"})
			require.ErrorContains(t, err, "the member X-Amz-Acl, X-Amz-Storage-Class of PutObject is not simulated")
		})
	}
}

func sdkModule(t *testing.T, service string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+service).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// snapshots reads the requests in a module of the SDK, signed for service.
func snapshots(t *testing.T, service, host string) map[string]*http.Request {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(sdkModule(t, service), "request_snapshot", "*.request.snap"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	out := map[string]*http.Request{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		at := bytes.LastIndex(data, []byte("\n\n"))
		lines := strings.Split(string(data[:at]), "\n")
		method, target, _ := strings.Cut(lines[0], " ")
		r := httptest.NewRequest(method, "http://"+host+target, bytes.NewReader(data[at+2:]))
		for _, line := range lines[1:] {
			if name, value, ok := strings.Cut(line, ": "); ok {
				r.Header.Add(name, value)
			}
		}
		r.Header.Set("Authorization", strings.Replace(snsScope, "/sns/", "/"+service+"/", 1))
		out[strings.TrimSuffix(filepath.Base(name), ".request.snap")] = r
	}
	return out
}

// The input structs above have all that the SDK can send, but for the headers of
// PutObject.
func TestRESTXMLSnapshots(t *testing.T) {
	requests := snapshots(t, "s3", "bucket.s3.us-east-1.amazonaws.com")
	svc := objectServer(t).Services()[0]
	for _, name := range []string{"GetObject", "ListObjectsV2", "DeleteObjects"} {
		operation, unknown, err := wire.UnknownREST(svc, requests[name])
		require.NoError(t, err, name)
		require.Equal(t, name, operation)
		require.Empty(t, unknown, name)
	}
	operation, unknown, err := wire.UnknownREST(svc, requests["PutObject"])
	require.NoError(t, err)
	require.Equal(t, "PutObject", operation)
	for _, header := range unknown {
		require.True(t, strings.HasPrefix(header, "X-Amz-") || header == "If-Match", header)
	}
	require.Contains(t, unknown, "X-Amz-Tagging")
	require.NotContains(t, strings.Join(unknown, " "), "Checksum")
	_, unknown, err = wire.UnknownREST(svc, requests["PutObjectTagging"])
	require.NoError(t, err)
	require.Equal(t, []string{"versionId", "X-Amz-Expected-Bucket-Owner", "X-Amz-Request-Payer"}, unknown)
	_, _, err = wire.UnknownREST(svc, requests["CopyObject"])
	require.ErrorContains(t, err, "The operation CopyObject (PUT /bucket/__Key__) is not simulated")
}

// The table names every operation of Lambda and Amazon S3 as the SDK sends it.
func TestNamesOfRESTOperations(t *testing.T) {
	nobody := newServer(t)
	for service, host := range map[string]string{"lambda": "lambda.us-east-1.amazonaws.com", "s3": "bucket.s3.us-east-1.amazonaws.com"} {
		wrong := []string{}
		for name, r := range snapshots(t, service, host) {
			switch name {
			case "ListBuckets": // it has no bucket
				r.Host = "s3.us-east-1.amazonaws.com"
			case "ListDirectoryBuckets", "WriteGetObjectResponse": // of hosts of their own
				continue
			}
			query := r.URL.Query()
			query.Del("x-id") // clients in other languages do not send it
			r.URL.RawQuery = query.Encode()
			w := httptest.NewRecorder()
			nobody.ServeHTTP(w, r)
			if !strings.Contains(w.Body.String(), name+`\"`) && !strings.Contains(w.Body.String(), name+`&#34;`) {
				wrong = append(wrong, name+": "+w.Body.String())
			}
		}
		slices.Sort(wrong)
		require.Empty(t, wrong, service)
	}
}

func TestHostileXML(t *testing.T) {
	s := objectServer(t)
	many := strings.Repeat("<Object><Key>a</Key></Object>", 40_000)
	for body, want := range map[string]string{
		"<Delete><Object><Key>a</Key></Object></Delete>":   "",
		"<Delete xmlns='x'><Quiet> true </Quiet></Delete>": "",
		"": "",
		"<Delete><Object><Key>a</Key><Other/></Object><Quiet2/></Delete>": "NotSimulated: the member Object.Other, Quiet2 of DeleteObjects is not simulated",
		"<Delete><Object><Key><a/></Key></Object></Delete>":               "NotSimulated: the member Object.Key.a of DeleteObjects is not simulated",
		"<Delete><Object kind='x'><Key>a</Key></Object></Delete>":         "NotSimulated: the member Object.@kind of DeleteObjects is not simulated",
		"<Delete><Other><Object/></Other></Delete>":                       "NotSimulated: the member Other of DeleteObjects is not simulated",
		"<Delete><Quiet>true</Quiet><Quiet>false</Quiet></Delete>":        "MalformedXML",
		"<Delete><Quiet>maybe</Quiet></Delete>":                           "MalformedXML",
		"<Delete><Object><Size>1x</Size></Object></Delete>":               "MalformedXML",
		"<Delete>text</Delete>":                                           "MalformedXML",
		"<Delete><Object></Delete>":                                       "MalformedXML",
		"<Delete/><Delete/>":                                              "MalformedXML",
		"<Delete/>x":                                                      "MalformedXML",
		"<Delete>":                                                        "MalformedXML",
		"{}":                                                              "MalformedXML",
		"<?xml version='1.0'?>":                                           "MalformedXML",
		"<!DOCTYPE a [<!ENTITY x 'y'>]><Delete><Object><Key>&x;</Key></Object></Delete>":        "MalformedXML",
		"<Delete><Object><Key>&x;</Key></Object></Delete>":                                      "MalformedXML",
		"<Delete><Object><Key>\xff</Key></Object></Delete>":                                     "MalformedXML",
		"<Delete>" + many + "</Delete>":                                                         "MalformedXML",
		strings.Repeat("<Delete>", 100_000):                                                     "MalformedXML",
		"<Delete>" + strings.Repeat("<A>", 70) + strings.Repeat("</A>", 70) + "</Delete>":       "MalformedXML",
		"<Delete>" + strings.Repeat("<A>", 9_000) + strings.Repeat("</A>", 9_000) + "</Delete>": "MalformedXML",
	} {
		_, answer := askREST(s, "s3", "POST /bucket?delete", body)
		var failure struct{ Code, Message string }
		require.NoError(t, xml.Unmarshal([]byte(answer), &failure), answer)
		if want == "MalformedXML" || want == "" {
			require.Equal(t, want, failure.Code, body[:min(80, len(body))])
		} else {
			require.Equal(t, want, failure.Code+": "+failure.Message)
		}
	}
	taken := allocated(func() { askREST(s, "s3", "POST /bucket?delete", "<Delete>"+many+"</Delete>") })
	require.Less(t, taken, uint64(64<<20))
}

func TestHostileRESTRequests(t *testing.T) {
	s := objectServer(t)
	for _, test := range []struct {
		request, want string
		headers       []string
	}{
		{"GET /b/a?versionId=%ff", "InvalidArgument: Invalid value for versionId", nil},
		{"GET /b/a?versionId=1&versionId=2", "InvalidArgument: Invalid value for versionId", nil},
		{"GET /b/a?partNumber=1.5", `InvalidArgument: Invalid value for partNumber: "1.5"`, nil},
		{"GET /b/a?response-expires=2020-01-01", "InvalidArgument: Invalid value for response-expires", nil},
		{"GET /b?list-type=2&fetch-owner=1", `InvalidArgument: Invalid value for fetch-owner: "1"`, nil},
		{"GET /b?list-type=3", "UnknownOperationException: The operation ListObjects (GET /b) is not simulated", nil},
		{"GET /b?" + strings.Repeat("a&", 20_000), "InvalidRequestException: The query string is not valid: more than 10000 parameters", nil},
		{"PUT /b/a", "InvalidArgument: Invalid value for X-Amz-Write-Offset-Bytes", []string{"X-Amz-Write-Offset-Bytes: 1e3"}},
		{"PUT /b/a", "InvalidArgument: Invalid value for X-Amz-Meta-", []string{"X-Amz-Meta-A: \xff"}},
		{"PUT /b/a", "IncompleteBody", []string{"Content-Encoding: aws-chunked"}},
		{"PUT /b/a?other=1", "NotSimulated: the member other of PutObject is not simulated", nil},
		{"GET /" + strings.Repeat("a/", 50_000), "NoSuchKey", nil},
		{"GET //a", "UnknownOperationException", nil},
		{"GET /", "UnknownOperationException: The operation ListBuckets (GET /) is not simulated", nil},
	} {
		body := ""
		if strings.HasPrefix(test.request, "PUT") {
			body = "x"
		}
		_, answer := askREST(s, "s3", test.request, body, test.headers...)
		var failure struct{ Code, Message string }
		require.NoError(t, xml.Unmarshal([]byte(answer), &failure), answer)
		require.Contains(t, failure.Code+": "+failure.Message, test.want, test.request[:min(80, len(test.request))])
		require.Less(t, len(answer), 2_000)
	}
}

func TestChunkedBodies(t *testing.T) {
	s := objectServer(t)
	const chunked, sum = "Content-Encoding: aws-chunked", "X-Amz-Trailer: x-amz-checksum-crc32"
	for body, want := range map[string]string{
		"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n":                                      "hello world",
		"5;chunk-signature=abc\r\nhello\r\n0;chunk-signature=def\r\n\r\n":             "hello",
		"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n":                    "hello",
		"5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:mnG7TA==\r\n\r\n":                   "hello",
		"5\r\nhello\r\n0\r\nx-amz-checksum-sha1:qvTGHdzF6KLavt4PO0gs2a6pQ00=\r\n\r\n": "hello",
		"0\r\n\r\n": "",
		"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n": "BadDigest",
		"5\r\nhell\r\n0\r\n\r\n":                                   "IncompleteBody",
		"5\r\nhello":                                               "IncompleteBody",
		"-5\r\nhello\r\n0\r\n\r\n":                                 "IncompleteBody",
		"7fffffffffff\r\nhello\r\n0\r\n\r\n":                       "IncompleteBody",
		"hello":                                                    "IncompleteBody",
	} {
		status, answer := askREST(s, "s3", "PUT /b/k", body, chunked, sum)
		if status != http.StatusOK {
			require.Contains(t, answer, "<Code>"+want+"</Code>", body)
			continue
		}
		_, got := askREST(s, "s3", "GET /b/k", "")
		require.Equal(t, want, got, body)
	}
	_, answer := askREST(s, "s3", "PUT /b/k", "5\r\nhello\r\n0\r\n\r\n", chunked, "X-Amz-Decoded-Content-Length: 6")
	require.Contains(t, answer, "<Code>IncompleteBody</Code>")
}

// Whatever comes, a REST service answers in its protocol, and never with a
// failure of its own.
func FuzzREST(f *testing.F) {
	for _, seed := range []struct{ method, target, header, body string }{
		{"POST", "/b?delete", "", "<Delete><Object><Key>a</Key></Object></Delete>"},
		{"PUT", "/b/k?tagging", "", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"},
		{"PUT", "/b/k", "aws-chunked", "1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"},
		{"GET", "/b?list-type=2&prefix=%C3%A9&max-keys=3", "", ""},
		{"PUT", "/2015-03-31/functions/f%2Fg/configuration", "", `{"MemorySize":1,"Environment":{"Variables":{"a":"b"}}}`},
		{"POST", "/2015-03-31/event-source-mappings", "", `{"StartingPositionTimestamp":1.5}`},
		{"DELETE", "/2017-03-31/tags/a?tagKeys=a&tagKeys=b", "", ""},
	} {
		f.Add(seed.method, seed.target, seed.header, seed.body)
	}
	objects, functions := objectServer(nil), lambdaServer(nil)
	f.Fuzz(func(t *testing.T, method, target, encoding, body string) {
		for service, s := range map[string]*wire.Server{"s3": objects, "lambda": functions} {
			r, err := http.NewRequestWithContext(t.Context(), method, "http://h"+target, strings.NewReader(body))
			if err != nil {
				return
			}
			r.Header.Set("Authorization", strings.Replace(snsScope, "/sns/", "/"+service+"/", 1))
			r.Header.Set("Content-Encoding", encoding)
			answer, err := s.Do(r)
			require.NoError(t, err)
			text, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.Less(t, answer.StatusCode, 500, "%s %s %q: %s", method, target, body, text)
			if answer.StatusCode >= 400 && service == "s3" {
				require.NoError(t, xml.Unmarshal(text, new(struct{ Code string })), "%s", text)
			}
			if answer.StatusCode >= 400 && service == "lambda" {
				require.True(t, json.Valid(text), "%s", text)
			}
		}
	})
}
