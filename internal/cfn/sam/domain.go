package sam

import "github.com/patternkit/serverless/internal/cfn"

// What Domain may have, of a REST API and of an HTTP API.
var (
	restDomain = []string{
		"DomainName", "CertificateArn", "EndpointConfiguration", "IpAddressType", "BasePath", "NormalizeBasePath", "MutualTlsAuthentication",
		"OwnershipVerificationCertificateArn", "SecurityPolicy", "Route53", "AccessAssociation", "Policy",
	}
	httpDomain = []string{
		"DomainName", "CertificateArn", "EndpointConfiguration", "IpAddressType", "BasePath", "MutualTlsAuthentication",
		"OwnershipVerificationCertificateArn", "SecurityPolicy", "Route53",
	}
)

// domain turns Domain into a domain name and what maps the API's stage to it.
// The records of Route53 are left out: nobody resolves the name.
func (x *transformer) domain(s *slot, stage string, rest bool) {
	r, d := s.source, s.source.Body.Get("Domain")
	if !x.mapping(r, d, "Domain") {
		return
	}
	known := httpDomain
	if rest {
		known = restDomain
	}
	x.known(r, d, "Domain", known...)
	if !x.need(r, d, d.Line, "Domain", "DomainName", "CertificateArn") {
		return
	}
	name := d.Get("DomainName")
	id := "ApiGatewayDomainName"
	if !rest {
		id += "V2"
	}
	id += hashOf(name)
	endpoint := d.Get("EndpointConfiguration").Clone()
	if endpoint == nil {
		endpoint = cfn.NewString(d.Line, "REGIONAL")
	}
	body := cfn.NewMap(d.Line).Set("DomainName", name.Clone())
	kind := "AWS::ApiGateway::DomainName"
	if rest {
		certificate := "CertificateArn"
		if endpoint.Text() == "REGIONAL" {
			certificate = "RegionalCertificateArn"
		}
		body.Set(certificate, d.Get("CertificateArn").Clone()).
			Set("EndpointConfiguration", pass(cfn.NewMap(d.Line).Set("Types", cfn.NewList(d.Line, endpoint)), d, "IpAddressType"))
		pass(body, d, "MutualTlsAuthentication", "OwnershipVerificationCertificateArn", "SecurityPolicy")
	} else {
		kind = "AWS::ApiGatewayV2::DomainName"
		body.Set("DomainNameConfigurations", cfn.NewList(d.Line, pass(cfn.NewMap(d.Line).Set("EndpointType", endpoint), d,
			"CertificateArn", "IpAddressType", "OwnershipVerificationCertificateArn", "SecurityPolicy")))
		pass(body, d, "MutualTlsAuthentication").Set("Tags", cfn.NewMap(d.Line).Set("httpapi:createdBy", cfn.NewString(d.Line, "SAM")))
	}
	x.make(s, id, kind, d.Line, body)
	paths := d.Get("BasePath").Items()
	if path := d.Get("BasePath"); path.Kind() != cfn.List {
		paths = []*cfn.Value{path}
	}
	for _, path := range paths {
		x.basePath(s, id, stage, path, d.Get("NormalizeBasePath").Text() != "false", rest)
	}
}

// basePath maps one base path of a domain, or all of it, to an API's stage.
func (x *transformer) basePath(s *slot, domain, stage string, path *cfn.Value, normalize, rest bool) {
	r, line := s.source, s.source.Body.Get("Domain").Line
	body := cfn.NewMap(line).Set("DomainName", cfn.NewRef(line, domain)).Set("Stage", cfn.NewRef(line, stage))
	letters := kept(path.Text())
	if path != nil && normalize {
		path = cfn.NewString(path.Line, letters)
	}
	if rest {
		x.make(s, r.ID+letters+"BasePathMapping", "AWS::ApiGateway::BasePathMapping", line, body.Set("RestApiId", cfn.NewRef(line, r.ID)).Set("BasePath", path.Clone()))
		return
	}
	x.make(s, r.ID+letters+"ApiMapping", "AWS::ApiGatewayV2::ApiMapping", line, body.Set("ApiId", cfn.NewRef(line, r.ID)).Set("ApiMappingKey", path.Clone()))
}

// kept are the letters and digits of a text.
func kept(text string) string {
	var out []rune
	for _, c := range text {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			out = append(out, c)
		}
	}
	return string(out)
}

// hashOf is the hash of a text or of an intrinsic function.
func hashOf(v *cfn.Value) string {
	if v.Kind() == cfn.String {
		return hash(v.Text())
	}
	text, err := v.JSON()
	if err != nil {
		return ""
	}
	return hash(string(text))
}
