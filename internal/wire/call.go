package wire

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
)

// DefaultAccount is the account of a caller whose access key id is not itself
// a 12-digit account number.
const DefaultAccount = "123456789012"

// DefaultRegion is the region of a request that carries no credential scope.
const DefaultRegion = "us-east-1"

// AccessKeyID and SecretAccessKey are the credentials of a configuration that a
// fake joins and that has none. They are those of AWS's documentation: no real
// account has them.
const (
	AccessKeyID     = "AKIDEXAMPLE"
	SecretAccessKey = "secret"
)

// Record is what the journal keeps of a call. The fakes export it as a type of
// their own with the same fields.
type Record struct {
	// Service is the signing name, Operation the operation, such as "PutItem".
	Service, Operation string
	// Account and Region are those of the caller, from the credential scope.
	Account, Region string
	// RequestID is what the answer carries as its request id.
	RequestID string
	// Time is when the request came in.
	Time time.Time
	// Resources are the ARNs that the handler said it touched.
	Resources []string
	// Outcome is the error code the call ended with; "" for success.
	Outcome string
	// Dropped says that the handler ran and its answer was withheld. A call that
	// a fault or a bad request ended before that is not dropped.
	Dropped bool
}

// Call is one call of an operation. Handlers find the current one with
// [CallOf].
type Call struct {
	Record
	// Endpoint is where the request came to, such as "http://localhost:4566": the
	// scheme and the Host header of a request over a port; "" in process.
	Endpoint string
	// AccessKeyID is the id of the key that has signed the request; "" for none.
	AccessKeyID string

	partial []*Fault // of this call
	carried bool     // the handler ran
}

// ARN writes an ARN in the caller's region and account.
func (c *Call) ARN(service, resource string) string {
	return awsid.ARN(service, c.Region, c.Account, resource)
}

// Touch records the resources that the call uses, for the journal.
func (c *Call) Touch(arns ...string) {
	for _, arn := range arns {
		if !slices.Contains(c.Resources, arn) {
			c.Resources = append(c.Resources, arn)
		}
	}
}

// FailEntry says whether a fault wants entry i of this batch call to fail; it
// returns nil when not.
func (c *Call) FailEntry(i int) error {
	hit := false
	for _, f := range c.partial {
		hit = f.entry(i) || hit
	}
	if !hit {
		return nil
	}
	return &Error{Code: "InternalFailure", Message: fmt.Sprintf("injected failure of entry %d", i), Status: 500, Receiver: true}
}

// clone copies a record for a reader of the journal.
func (r Record) clone() Record {
	r.Resources = slices.Clone(r.Resources)
	return r
}

type callKey struct{}

// CallOf returns the call that ctx belongs to. Outside a handler it returns a
// call of the default account and region, so that a fake's own methods can
// share code with its handlers.
func CallOf(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{Record: Record{Account: DefaultAccount, Region: DefaultRegion, Time: time.Now()}}
}
