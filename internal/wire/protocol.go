package wire

import "reflect"

// Protocol is how the requests and the answers of a service are written.
type Protocol interface {
	// Target is what stands before the dot in X-Amz-Target, where the protocol
	// has that header.
	Target() string
	// UnknownMembers lists the members of a request's body that input, a struct
	// type, has no field for, as dotted paths without indexes.
	UnknownMembers(body []byte, input reflect.Type) []string

	// matches reports whether a request is in this protocol and for the service.
	matches(svc *Service, req request) bool
	// check refuses a request that no operation of the service can take. Where
	// the route names the operation, it finds it.
	check(svc *Service, req *request) error
	// decode reads a request into the input struct of an operation. It refuses a
	// member that the struct has no field for.
	decode(op *Operation, req request, into any) error
	// unknownOperation is the answer to an operation that the service has not.
	unknownOperation(operation string) *Error
	// reply writes the answer to a call: out, or the failure if there is one.
	reply(svc *Service, c *Call, out any, failure *Error) (reply, error)
}
