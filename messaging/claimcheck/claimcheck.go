package claimcheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/given"
	"github.com/patternkit/serverless/messaging"
)

// Names of the pointer's class and of the attribute with the size, now and in
// older versions of the Java library.
const (
	class         = "software.amazon.payloadoffloading.PayloadS3Pointer"
	oldClass      = "com.amazon.sqs.javamessaging.MessageS3Pointer"
	sizeAttribute = "ExtendedPayloadSize"
	maxAttributes = 10
)

// S3Client puts and gets objects; *s3.Client is one.
type S3Client interface {
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

var _ S3Client = (*s3.Client)(nil)

// Options configure a Store.
type Options struct {
	// Threshold is the size of body and attributes in bytes above which a body is
	// kept in S3. Optional. Defaults to 262,144, as in the libraries of AWS; -1
	// keeps every body there.
	Threshold int

	// Prefix is put before the random names of the objects. Optional. Defaults to
	// none.
	Prefix string

	// Buckets are further buckets that pointers may lead to. Optional.
	Buckets []string

	// MaxSize bounds the bytes of a body that is read. Optional. Defaults to
	// 64 MiB.
	MaxSize int64
}

// Store is a messaging.BodyStore on S3.
type Store struct {
	client S3Client
	bucket string
	o      Options
}

var _ messaging.BodyStore = (*Store)(nil)

// New returns a store that keeps bodies in bucket. It panics without a client or
// a bucket, and for wrong options.
func New(client S3Client, bucket string, optFns ...func(*Options)) *Store {
	o := Options{Threshold: 256 << 10, MaxSize: 64 << 20}
	given.Options(&o, optFns)
	faults := given.To("claimcheck: New")
	faults.Nil("the client", client)
	faults.Empty("the bucket name", bucket)
	for i, name := range o.Buckets {
		faults.Empty(fmt.Sprintf("name %d of Buckets", i+1), name)
	}
	given.Disabled(faults, "Threshold", o.Threshold)
	given.Below(faults, "MaxSize", o.MaxSize, 1)
	faults.Panic()
	return &Store{client, bucket, o}
}

var errNoStore = errors.New("claimcheck: the store was not made by New")

// pointerError is a pointer that leads nowhere, or where it must not.
type pointerError struct{ text string }

func (e *pointerError) Error() string   { return "claimcheck: " + e.text }
func (e *pointerError) Permanent() bool { return true }

// pointer is sent in the place of a body.
type pointer struct {
	Bucket string `json:"s3BucketName"`
	Key    string `json:"s3Key"`
}

// Save stores the body as an object when the message has more than Threshold
// bytes, and puts a pointer in its place.
func (s *Store) Save(ctx context.Context, body *string, attrs messaging.Attributes, size int) error {
	if s == nil || s.client == nil {
		return errNoStore
	}
	if size <= s.o.Threshold {
		return nil
	}
	if body == nil || attrs == nil {
		return errors.New("claimcheck: the body or the attributes are nil")
	}
	if _, taken := attrs[sizeAttribute]; taken {
		return fmt.Errorf("claimcheck: the attribute %s is reserved", sizeAttribute)
	}
	if len(attrs) >= maxAttributes {
		return fmt.Errorf("claimcheck: %d attributes, a body in S3 leaves room for %d", len(attrs), maxAttributes-1)
	}
	p := pointer{s.bucket, s.o.Prefix + awsid.UUID()}
	if _, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &p.Bucket, Key: &p.Key, Body: strings.NewReader(*body)}); err != nil {
		return fmt.Errorf("claimcheck: put s3://%s/%s: %w", p.Bucket, p.Key, err)
	}
	b, err := json.Marshal([]any{class, p})
	if err != nil {
		return err
	}
	attrs[sizeAttribute] = messaging.Number(len(*body))
	*body = string(b)
	return nil
}

// Load returns the body that a pointer leads to, and any other body as it is.
func (s *Store) Load(ctx context.Context, body string) (string, error) {
	if s == nil || s.client == nil {
		return "", errNoStore
	}
	p, ok := parse(body)
	if !ok {
		return body, nil
	}
	if p.Bucket != s.bucket && !slices.Contains(s.o.Buckets, p.Bucket) {
		return "", &pointerError{fmt.Sprintf("the pointer leads to the bucket %q, which is not among Options.Buckets", p.Bucket)}
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &p.Bucket, Key: &p.Key})
	var gone *types.NoSuchKey
	switch {
	case errors.As(err, &gone):
		return "", &pointerError{fmt.Sprintf("s3://%s/%s does not exist", p.Bucket, p.Key)}
	case err != nil:
		return "", fmt.Errorf("claimcheck: get s3://%s/%s: %w", p.Bucket, p.Key, err)
	}
	data, err := io.ReadAll(io.LimitReader(out.Body, s.o.MaxSize+1))
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return "", fmt.Errorf("claimcheck: read s3://%s/%s: %w", p.Bucket, p.Key, err)
	}
	if int64(len(data)) > s.o.MaxSize {
		return "", &pointerError{fmt.Sprintf("s3://%s/%s has %d bytes, the limit is %d", p.Bucket, p.Key, aws.ToInt64(out.ContentLength), s.o.MaxSize)}
	}
	return string(data), nil
}

// parse returns false for every body that is not a pointer.
func parse(body string) (pointer, bool) {
	if !strings.HasPrefix(body, `["`+class+`"`) && !strings.HasPrefix(body, `["`+oldClass+`"`) {
		return pointer{}, false
	}
	var parts []json.RawMessage
	var p pointer
	if json.Unmarshal([]byte(body), &parts) != nil || len(parts) != 2 || json.Unmarshal(parts[1], &p) != nil {
		return pointer{}, false
	}
	return p, p.Bucket != "" && p.Key != ""
}
