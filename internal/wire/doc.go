// Package wire is the AWS wire in process: what all fakes of this module have in
// common.
//
// A fake describes itself as one or more [Service] values, each a table of
// operations, and gets back a [Server]. The server decodes a request of the
// real SDK client, finds the operation, calls its Go function, and encodes the
// answer or the error in the service's protocol: AWS JSON 1.0 or 1.1, AWS Query,
// or REST with bodies in JSON or in XML, each a [Protocol]. It also keeps the journal of calls and injects
// faults. Package main in fakegen writes the types and methods by which each fake
// exports the two as its own.
//
// # Ways in
//
// [Server.Do] makes a Server the HTTP client of an aws.Config: requests never
// leave the process, any host name is accepted, no socket and no goroutine is
// involved, so that it runs inside a testing/synctest bubble. [Join] puts
// several servers behind one config; [Server.Handler] serves them on a port.
// [Local] serves them with health, reset and the journal, for tests in other
// languages.
//
// [Service].HTTP hands all requests of a service to another http.Handler, such as a
// fake of Amazon S3, with journal and faults. It gets the bucket in the path, and
// bodies that are out of their chunks. Shown by TestAServiceOfAnotherHandler.
//
// # Accounts and regions
//
// The credential scope of a request says its region. The access key id says its
// account: the id itself where that has 12 digits, the account in the id where STS
// has given it out ([AccountOfKey]), and 123456789012 otherwise.
//
// # REST
//
// [HandleREST] binds an operation to its route; location tags say where a member
// stands. The closest route takes a request: the one with the most parameters, then
// the one with the most text in its path. A route that no operation has is an
// UnknownOperationException with the status 404. Shown by TestRESTJSON, TestRESTXML,
// TestRESTXMLSnapshots and TestHostileRESTRequests.
//
// Bodies in the chunks of aws-chunked are put together, their length and the CRC32,
// CRC32C, CRC64NVME, SHA1 or SHA256 behind them checked; signatures of chunks are
// not. Shown by TestChunkedBodies.
//
// A service that no server has is refused in the protocol of the request, by the
// name of the operation: restnames.txt has those of services that speak REST. Shown
// by TestRefusalsOnTheWire and TestNamesOfRESTOperations.
//
// # Strictness
//
// A request is decoded into the fake's own input struct. A member which that
// struct does not have is not dropped: the call fails with the code
// NotSimulated, the text names the member, and the line goes to the test log.
// The same holds for an operation that the fake does not have, with the
// service's own code for it. Names are compared exactly. A Query parameter that
// is no list, map or structure where one belongs, that has no index, or that is
// given twice is a MalformedQueryString; a JSON document that is null or has
// something after it is a SerializationException.
//
// Of a REST request, query parameters count as members, and of the headers those
// that begin with X-Amz, Range and the conditions (If-Match and its like). Signature,
// SDK and checksums have headers that every operation takes. An element or attribute
// of XML counts as a member; a document that is no XML, has an element twice that
// is no list, or text between elements, is MalformedXML. Shown by
// TestRESTRefusesWhatItHasNoFieldFor and TestHostileXML.
//
// What is no text is also refused, since nothing could keep it as it is: bytes
// that are no UTF-8, half a surrogate pair. A null in a list is a
// ValidationException.
//
// # Limits
//
// A request has at most 65,536 elements of lists and maps together (JSON; not
// counted are types that decode themselves), or 10,000 parameters of 512 bytes
// and 32 parts a name (Query, and the query of REST without the last two), or 65,536
// elements that stand 64 deep (XML). Over a port its body has at most 16 MB, and 10
// seconds to come in; the client has 30 to read the answer.
//
// A fault that cannot happen is an error of the test: one of an operation that no
// service has, of an entry that no batch has, a negative delay or number of calls.
//
// The package imports the standard library only.
package wire

//go:generate go run ./fakegen
