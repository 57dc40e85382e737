package wire

import (
	"encoding/binary"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// fakes are the services that this module has fakes for, by their signing
// names, and how one is made in a test.
var fakes = map[string]string{
	"dynamodb":       "dynamotest.New(t)",
	"events":         "eventstest.New(t)",
	"lambda":         "lambdatest.New(t)",
	"secretsmanager": "authorizertest.NewSecretsManager(t)",
	"sns":            "messagingtest.NewSNS(t, queues)",
	"sqs":            "messagingtest.NewSQS(t)",
	"states":         "stepfntest.New(t)",
	"sts":            "ststest.New(t)",
}

// noService answers a request for a service that none of the servers has, in the
// protocol that the request is written in.
func noService(req request, servers []*Server) (reply, error) {
	dialect := dialectOf(&req)
	failure := unserved(req, servers)
	if i := slices.IndexFunc(servers, func(s *Server) bool { return s.tb != nil }); i >= 0 {
		servers[i].logf("%s", failure.Message) // the others log to the same test
	}
	c := newCall(&Service{Name: req.service}, req)
	switch dialect {
	case inCBOR:
		return cborRefusal(c, failure), nil
	case inJSON:
		return JSON10(req.target).reply(&Service{}, c, nil, failure)
	case inRESTXML:
		return xmlRefusal(c, failure)
	case inQuery:
		return queryProtocol{}.reply(&Service{}, c, nil, failure)
	}
	failure.Fields = map[string]any{"__type": failure.Code}
	return restJSON{}.failure(&restProtocol{}, c, failure)
}

// dialect is a protocol that a request for nobody is written in.
type dialect int

const (
	inRESTJSON dialect = iota
	inRESTXML
	inJSON
	inQuery
	inCBOR
)

// dialectOf finds the protocol of a request, and the name of the operation where
// that stands in the path.
func dialectOf(req *request) dialect {
	operations := operationsOf(req.service)
	switch {
	case req.cbor:
		if _, name, ok := strings.Cut(req.path, "/operation/"); ok {
			req.operation = name
		}
		return inCBOR
	case !req.query:
		return inJSON
	case req.operation != "" && (req.path == "/" || req.path == "" || len(operations) == 0 && !restXML[req.service]):
		return inQuery
	}
	req.operation = nameOf(operations, req)
	if restXML[req.service] {
		return inRESTXML
	}
	return inRESTJSON
}

// unserved says what is not served: a service, or a target or a protocol
// of one. A Query request names its service by its signature alone.
func unserved(req request, servers []*Server) *Error {
	served := serves(servers, req.service)
	target := strconv.Quote(req.target + "." + req.operation)
	fake := fakes[req.service]
	switch {
	case req.service == "" && req.operation == "":
		return Errorf(CodeNotSimulated, 0, "the request is not signed, so that the service of %s %s is not known", req.method, req.path)
	case req.service == "" && req.query:
		return Errorf(CodeNotSimulated, 0, "the request is not signed, so that the service of its operation %q is not known", req.operation)
	case req.service == "":
		return Errorf(CodeNotSimulated, 0, "the target %s is not simulated (the request is not signed)", target)
	case served && req.query:
		return NotSimulated("the Query protocol of the service %q (operation %q)", req.service, req.operation)
	case served:
		return NotSimulated("the target %s of the service %q", target, req.service)
	case fake != "" && !req.port:
		return Errorf(CodeNotSimulated, 0, "the service %q (operation %q) is not simulated by what this client has joined: Join its fake, cfg = %s.Join(cfg), before the client is made", req.service, req.operation, fake)
	case req.operation == "":
		return NotSimulated("the service %q (%s %s)", req.service, req.method, req.path)
	case req.method != http.MethodPost || req.path != "/" && req.path != "":
		return NotSimulated("the service %q (operation %q, %s %s)", req.service, req.operation, req.method, req.path)
	}
	return NotSimulated("the service %q (operation %q)", req.service, req.operation)
}

// restXML are the services that speak REST in XML; who speaks REST otherwise
// speaks it in JSON.
var restXML = map[string]bool{"cloudfront": true, "route53": true, "s3": true, "s3-outposts": true, "s3express": true}

// xmlRefusal is an error of a REST service in XML: Amazon S3 has no envelope.
func xmlRefusal(c *Call, failure *Error) (reply, error) {
	if !strings.HasPrefix(c.Service, "s3") {
		return queryProtocol{}.reply(&Service{}, c, nil, failure)
	}
	return bareError(c, failure)
}

// cborRefusal is an error in the protocol of Amazon CloudWatch: a CBOR map.
func cborRefusal(c *Call, failure *Error) reply {
	body := []byte{0xA2}
	for _, s := range []string{"__type", "aws.patternkit#" + failure.Code, "message", failure.Message} {
		body = append(binary.BigEndian.AppendUint32(append(body, 0x7A), uint32(len(s))), s...)
	}
	return reply{status: failure.status(), body: body, header: http.Header{
		"Content-Type":     {"application/cbor"},
		"Smithy-Protocol":  {"rpc-v2-cbor"},
		"X-Amzn-Requestid": {c.RequestID},
		"X-Amzn-Errortype": {failure.Code},
	}}
}
