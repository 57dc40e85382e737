package wire

import (
	"context"
	"net/http"
	"reflect"
	"sync"
)

// Service describes one AWS service as a fake serves it.
type Service struct {
	// Name is the signing name, as it is in the credential scope of a
	// request: "sqs", "dynamodb", "events".
	Name string
	// Package is the package of the fake: what the texts of mistakes begin with.
	// Optional. Defaults to "wire".
	Package string
	// Protocol is how requests and answers are written.
	Protocol Protocol
	// Namespace goes before the code in __type, such as
	// "com.amazonaws.dynamodb.v20120810#". Optional.
	Namespace string
	// CRC32 sends the X-Amz-Crc32 header, as DynamoDB does.
	CRC32 bool
	// Throttled is what [Server.Throttle] answers. Optional. Defaults to
	// ThrottlingException, "Rate exceeded", status 400.
	Throttled *Error
	// Operations is the table of what is served.
	Operations []Operation
	// HTTP serves all requests of a service that speaks REST, in place of
	// Operations: another program's fake, such as one of Amazon S3. It gets them
	// with the bucket in the path, and with their bodies out of aws-chunked. The
	// journal and the faults know the operations of the services in restnames.txt
	// by name, others by method and path. Optional.
	HTTP http.Handler
	// MaxBody is how many bytes a body for HTTP may have that comes over a port.
	// Optional. Defaults to 16 MB.
	MaxBody int64

	named []named // of HTTP
}

// Operation is one row of a Service's table; [Handle] makes it, or [HandleREST].
type Operation struct {
	// Name is AWS's name of the operation, such as "PutItem".
	Name string
	// Input and Output are the struct types of the members.
	Input, Output reflect.Type
	// Batch says that it answers entry by entry, with the help of
	// [Call.FailEntry]; [HandleBatch] sets it.
	Batch bool

	members func() *shape  // of the input
	rest    *restOperation // of a service that speaks REST
	serve   func(ctx context.Context, decode func(any) error) (any, error)
}

// Handle binds the operation called name to f. The request is decoded into a
// new I before f runs; what f returns is encoded as the answer. An error that
// is an [*Error] is written as the service's error; any other error is an
// internal failure of the fake.
func Handle[I, O any](name string, f func(context.Context, *I) (*O, error)) Operation {
	return Operation{
		Name:   name,
		Input:  reflect.TypeFor[I](),
		Output: reflect.TypeFor[O](),
		members: sync.OnceValue(func() *shape {
			return shapeOf(reflect.TypeFor[I](), map[reflect.Type]*shape{})
		}),
		serve: func(ctx context.Context, decode func(any) error) (any, error) {
			in := new(I)
			if err := decode(in); err != nil {
				return nil, err
			}
			out, err := f(ctx, in)
			if err != nil {
				return nil, err
			}
			if out == nil {
				out = new(O)
			}
			return out, nil
		},
	}
}

// HandleBatch is [Handle] for an operation that answers entry by entry.
func HandleBatch[I, O any](name string, f func(context.Context, *I) (*O, error)) Operation {
	op := Handle(name, f)
	op.Batch = true
	return op
}
