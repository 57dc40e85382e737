package observe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/patternkit/serverless/internal/given"
)

// Format is the shape of a log line.
type Format int

// The formats of log lines. Metric documents are JSON in each of them.
const (
	// FormatJSON writes one JSON object per line.
	FormatJSON Format = iota
	// FormatText writes lines for a person at a terminal. Where the function's
	// log format is JSON the lines are JSON all the same, because Lambda would
	// take every text line for INFO.
	FormatText
	// FormatLambda follows AWS_LAMBDA_LOG_FORMAT: JSON or text, and text where
	// the variable is not set.
	FormatLambda
)

// Options change how a handler is observed.
type Options struct {
	// Output receives every log line and every metric document, one Write each.
	// Optional. Defaults to os.Stdout. A writer shared by several handlers must
	// be safe for concurrent use.
	Output io.Writer

	// Level is the lowest level written.
	// Optional. Defaults to INFO (zap's zero level). AWS_LAMBDA_LOG_LEVEL, which
	// Lambda sets from the function's logging configuration, overrides it.
	Level zapcore.Level

	// Format is the shape of log lines.
	// Optional. Defaults to FormatJSON.
	Format Format

	// SampleRate is the share of invocations, 0 to 1, whose debug lines are
	// written although Level is higher. It is decided once per invocation.
	// Optional. Defaults to 0. It has no effect where AWS_LAMBDA_LOG_LEVEL is
	// set, because Lambda itself would drop the lines.
	SampleRate float64

	// BufferBytes is how much of the invocation's lines at BufferLevel and below
	// is kept in memory, to be written only when the invocation fails, panics,
	// comes near its deadline or logs an error. Lines below Level are kept too.
	// The oldest lines give way, and a warning says how many.
	// Optional. Defaults to 0, which disables buffering.
	BufferBytes int

	// BufferLevel is the highest level that is buffered.
	// Optional. Defaults to DEBUG; it must be below ERROR. Only used with BufferBytes.
	BufferLevel zapcore.Level

	// Redact lists keys whose values are replaced by "[REDACTED]" in log lines, metric
	// properties, and annotations and metadata of spans, at any depth. Case, '-' and '_'
	// are ignored: "apikey" covers apiKey, api_key and API-Key, and a key with a number
	// appended, as apiKey_2. Authorization, authorizationToken and Proxy-Authorization
	// come with the list.
	//
	// Strings are looked into, messages and texts of errors among them. Values are found
	// in JSON, also in the middle of a text, in the pairs of a query string, a form or a
	// cookie, and in base64 of such text. It looks 8 strings deep and up to
	// 1 MiB. A string beyond that is replaced as a whole. So are compressed data, a
	// multipart form with a part of a listed name, and the body of an HTTP event that is
	// base64 of something other than text. Other formats, such as XML, are not read.
	//
	// Struct fields tagged `redact:"true"` are replaced without being listed, also behind
	// interfaces and in maps, and where MarshalJSON writes them under another name. A
	// field that is no text, such as a number, is found by its JSON name in the value.
	// A value with MarshalJSON and a sync.Mutex or RWMutex of its own is read under that
	// lock. If the lock is held for 20 ms, zero values are written for its fields.
	// Values of type Secret are replaced everywhere.
	// Optional. Defaults to none.
	Redact []string

	// Fields are added to every line.
	// Optional. Defaults to none.
	Fields []zap.Field

	// Caller adds the file and line of the logging call, at about a microsecond per line.
	// Optional. Defaults to false.
	Caller bool

	// LogEvent writes the incoming event at INFO when an invocation begins. Events
	// carry personal data: combine it with Redact. Credentials are always replaced in
	// it, as if these were listed: Authorization, authorizationToken,
	// Proxy-Authorization, identitySource, Cookie, cookies, Set-Cookie, apiKey,
	// X-Api-Key, X-Amz-Security-Token, X-Amz-Signature, X-Amzn-Oidc-AccessToken,
	// X-Amzn-Oidc-Data, accessToken, refreshToken, idToken, authToken, clientSecret,
	// secretAccessKey and sessionToken.
	// Optional. Defaults to false.
	LogEvent bool

	// MaxLineBytes is the longest line written, its line ending included. A longer
	// log line is cut and marked with truncatedBytes; metrics are split into
	// several documents. At least 131,072.
	// Optional. Defaults to 1,048,550, which is the largest CloudWatch Logs event.
	MaxLineBytes int

	// Namespace is the CloudWatch namespace of the metrics: 1 to 255 characters.
	// Optional. Defaults to AWS_EMF_NAMESPACE, else the service name.
	Namespace string

	// Dimensions are added to every metric, besides "service". A dimension of the
	// metric itself with the same name wins. At most 29.
	// Optional. Defaults to none.
	Dimensions map[string]string

	// OmitColdStart leaves out the metric ColdStart, which the first invocation of
	// an on-demand environment reports.
	// Optional. Defaults to false.
	OmitColdStart bool

	// MaxDimensionValues caps how many distinct values one dimension of one metric
	// may take in the life of the handler; each combination is a metric that is
	// paid for. Further values are recorded as "other", and a warning says so once.
	// Optional. Defaults to 0, which means no cap.
	MaxDimensionValues int

	// Tracer makes the spans of Handler and StartSpan.
	// Optional. Defaults to none: spans do nothing, and trace headers are passed on as they came.
	Tracer Tracer

	// CorrelationID finds the correlation id in an event that is not covered by
	// the package documentation's list; "" means it found none.
	// Optional. Defaults to none.
	CorrelationID func(ctx context.Context, event any) string

	// CorrelationHeader is the HTTP header with the correlation id, in any case.
	// Optional. Defaults to "X-Correlation-Id".
	CorrelationHeader string

	// DeadlineMargin is how long before the deadline the last words are written: a line
	// at ERROR that the invocation is about to time out, buffered lines, metrics, and
	// open spans in progress. An invocation that times out gets no other chance.
	// Optional. Defaults to 100 milliseconds; -1 disables.
	DeadlineMargin time.Duration

	// RecoverPanics turns a panic of the handler into a *PanicError instead of
	// letting it end the process, which matters where one process handles several
	// invocations at once. The same holds for goroutines begun with Go.
	// Optional. Defaults to false: the panic is written and goes on.
	RecoverPanics bool

	// KeepStandardLog leaves the output of the standard log package alone. Inside
	// Lambda its lines otherwise become JSON lines of this handler.
	// Optional. Defaults to false.
	KeepStandardLog bool
}

const (
	defaultMaxLine  = 1<<20 - 26 // a CloudWatch Logs event counts 26 bytes of its own
	minMaxLine      = 128 << 10  // a metric with the longest names and values still fits
	defaultMargin   = 100 * time.Millisecond
	maxDimensions   = 30
	correlationName = "X-Correlation-Id"
)

// environment is what the Lambda environment says, read when a handler is made.
type environment struct {
	level    zapcore.Level
	hasLevel bool
	badLevel string
	json     bool
	lambda   bool
	onDemand bool
	several  bool // invocations in one process at a time
	function string
}

func readEnvironment() environment {
	e := environment{
		json:     strings.EqualFold(os.Getenv("AWS_LAMBDA_LOG_FORMAT"), "JSON"),
		lambda:   os.Getenv("AWS_LAMBDA_RUNTIME_API") != "",
		function: os.Getenv("AWS_LAMBDA_FUNCTION_NAME"),
	}
	n, _ := strconv.Atoi(os.Getenv("AWS_LAMBDA_MAX_CONCURRENCY"))
	e.several = n > 1
	kind := os.Getenv("AWS_LAMBDA_INITIALIZATION_TYPE")
	e.onDemand = kind == "" || kind == "on-demand"
	if name := os.Getenv("AWS_LAMBDA_LOG_LEVEL"); name != "" {
		level, err := ParseLevel(name)
		if err != nil {
			e.badLevel = name
		} else {
			e.level, e.hasLevel = level, true
		}
	}
	return e
}

// resolve fills in the defaults and reports everything that is wrong at once.
func resolve(service string, optFns []func(*Options)) (Options, error) {
	o := Options{BufferLevel: zapcore.DebugLevel}
	given.Options(&o, optFns)
	if o.Output == nil {
		o.Output = os.Stdout
	}
	if o.MaxLineBytes == 0 {
		o.MaxLineBytes = defaultMaxLine
	}
	if o.Namespace == "" {
		o.Namespace = os.Getenv("AWS_EMF_NAMESPACE")
	}
	if o.Namespace == "" {
		o.Namespace = service
	}
	if o.CorrelationHeader == "" {
		o.CorrelationHeader = correlationName
	}
	if o.DeadlineMargin == 0 {
		o.DeadlineMargin = defaultMargin
	}
	return o, o.check(service)
}

func (o *Options) check(service string) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	badService := checkDimensionValue(service)
	switch {
	case service == "":
		fault("the service name is empty")
	case badService != nil:
		fault("service name %q: %w", service, badService)
	}
	if o.SampleRate < 0 || o.SampleRate > 1 || o.SampleRate != o.SampleRate {
		fault("SampleRate %v is not within 0 and 1", o.SampleRate)
	}
	if o.BufferBytes < 0 {
		fault("BufferBytes %d is negative", o.BufferBytes)
	}
	if o.BufferBytes > 0 && o.BufferLevel >= zapcore.ErrorLevel {
		fault("BufferLevel %s: error lines are never held back", levelName(o.BufferLevel))
	}
	if o.Format < FormatJSON || o.Format > FormatLambda {
		fault("Format %d is unknown", o.Format)
	}
	if o.MaxLineBytes < minMaxLine || o.MaxLineBytes > defaultMaxLine {
		fault("MaxLineBytes %d is not within %d and %d", o.MaxLineBytes, minMaxLine, defaultMaxLine)
	}
	if o.DeadlineMargin < -1 {
		fault("DeadlineMargin is %s: only -1 disables it", o.DeadlineMargin)
	}
	if o.MaxDimensionValues < 0 {
		fault("MaxDimensionValues %d is negative", o.MaxDimensionValues)
	}
	if err := checkNamespace(o.Namespace); err != nil && (badService == nil || o.Namespace != service) {
		fault("Namespace %q: %w", o.Namespace, err)
	}
	if len(o.Dimensions) > maxDimensions-1 {
		fault("Dimensions has %d entries; with \"service\" a metric may have %d", len(o.Dimensions), maxDimensions)
	}
	for _, name := range sortedKeys(o.Dimensions) {
		if err := checkDimensionName(name); err != nil {
			fault("dimension %q: %w", name, err)
		}
		if err := checkDimensionValue(o.Dimensions[name]); err != nil {
			fault("value %q of dimension %s: %w", o.Dimensions[name], name, err)
		}
	}
	for _, key := range o.Redact {
		if normalKey(nil, key) == nil {
			fault("Redact: the key %q has no letters", key)
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("observe: %w", errors.Join(faults...))
	}
	return nil
}
