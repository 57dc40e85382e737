package sam

import (
	"net/url"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// function turns AWS::Serverless::Function into the function, its role, its
// version and alias, its URL and what its events need.
func (x *transformer) function(s *slot) {
	r, p := s.source, s.source.Body
	f := &target{slot: s, id: r.ID, arn: func(line int) *cfn.Value { return cfn.NewGetAtt(line, r.ID, "Arn") }}
	f.name = func(line int) *cfn.Value { return cfn.NewRef(line, r.ID) }
	body := cfn.NewMap(r.Line)
	x.main(s, "AWS::Lambda::Function", body)
	body.Set("Code", x.code(r, p))
	pass(body, p, "FunctionName", "Handler", "Runtime", "Description", "MemorySize", "Timeout", "VpcConfig", "Environment",
		"KmsKeyArn", "ReservedConcurrentExecutions", "Layers", "FileSystemConfigs", "ImageConfig", "PackageType", "Architectures",
		"SnapStart", "EphemeralStorage", "CodeSigningConfigArn", "RuntimeManagementConfig", "LoggingConfig", "TenancyConfig",
		"RecursiveLoop", "DurableConfig", "FunctionScalingConfig", "PublishToLatestPublished")
	if body.Get("Timeout") == nil {
		body.Set("Timeout", cfn.NewInt(r.Line, 3))
	}
	if body.Get("MemorySize") == nil {
		body.Set("MemorySize", cfn.NewInt(r.Line, 128))
	}
	body.Set("Tags", x.tags(r, "lambda:createdBy"))
	if tracing := p.Get("Tracing"); tracing != nil && tracing.Text() != "Disabled" {
		body.Set("TracingConfig", cfn.NewMap(tracing.Line).Set("Mode", tracing.Clone()))
	}
	if x.mapping(r, p.Get("Environment"), "Environment") {
		x.known(r, p.Get("Environment"), "Environment", "Variables")
	}
	role := x.functionRole(s, body)
	x.deadLetters(s, role, body)
	f.role = role
	x.publish(s, f)
	x.functionURL(s, f)
	x.invokeConfig(s, f)
	x.events(s, f)
	role.finish(x, s)
}

// code is where a function's code is: a local path stays a text.
func (x *transformer) code(r *cfn.Resource, p *cfn.Value) *cfn.Value {
	switch uri, image, inline := p.Get("CodeUri"), p.Get("ImageUri"), p.Get("InlineCode"); {
	case inline != nil:
		return cfn.NewMap(inline.Line).Set("ZipFile", inline.Clone())
	case image != nil:
		return cfn.NewMap(image.Line).Set("ImageUri", image.Clone())
	case uri == nil:
		return cfn.NewString(r.Line, ".")
	case uri.Kind() == cfn.Map && uri.Get("Bucket") != nil:
		x.known(r, uri, "CodeUri", "Bucket", "Key", "Version")
		x.need(r, uri, uri.Line, "CodeUri", "Bucket", "Key")
		return located(uri, "S3Bucket", "S3Key", "S3ObjectVersion")
	default:
		return place(uri, "S3Bucket", "S3Key", "S3ObjectVersion")
	}
}

// located is a place in S3 under the names that a CloudFormation type has for
// it.
func located(v *cfn.Value, bucket, key, version string) *cfn.Value {
	return cfn.NewMap(v.Line).Set(bucket, v.Get("Bucket").Clone()).Set(key, v.Get("Key").Clone()).Set(version, v.Get("Version").Clone())
}

// place is a URI: s3://bucket/key as a place in S3, anything else as it is.
func place(v *cfn.Value, bucket, key, version string) *cfn.Value {
	u, err := url.Parse(v.Text())
	if err != nil || u.Scheme != "s3" {
		return v.Clone()
	}
	out := cfn.NewMap(v.Line).Set(bucket, cfn.NewString(v.Line, u.Host)).Set(key, cfn.NewString(v.Line, strings.TrimPrefix(u.Path, "/")))
	if id := u.Query().Get("versionId"); id != "" {
		out.Set(version, cfn.NewString(v.Line, id))
	}
	return out
}

// tags are a resource's own and the one that SAM adds.
func (x *transformer) tags(r *cfn.Resource, by string) *cfn.Value {
	out := cfn.NewList(r.Line, cfn.NewMap(r.Line).Set("Key", cfn.NewString(r.Line, by)).Set("Value", cfn.NewString(r.Line, "SAM")))
	tags := r.Body.Get("Tags")
	if x.mapping(r, tags, "Tags") {
		for _, m := range tags.Members() {
			out.Append(cfn.NewMap(m.Line).Set("Key", cfn.NewString(m.Line, m.Name)).Set("Value", m.Value.Clone()))
		}
	}
	return out
}

// deadLetters turns DeadLetterQueue into DeadLetterConfig.
func (x *transformer) deadLetters(s *slot, role *role, body *cfn.Value) {
	r, queue := s.source, s.source.Body.Get("DeadLetterQueue")
	if !x.mapping(r, queue, "DeadLetterQueue") {
		return
	}
	x.known(r, queue, "DeadLetterQueue", "Type", "TargetArn")
	if !x.need(r, queue, queue.Line, "DeadLetterQueue", "Type", "TargetArn") {
		return
	}
	action := map[string]string{"SQS": "sqs:SendMessage", "SNS": "sns:Publish"}[queue.Get("Type").Text()]
	if action == "" {
		x.fault(r, queue.Get("Type").Line, "the Type of DeadLetterQueue is SQS or SNS, not %q", queue.Get("Type").Text())
		return
	}
	body.Set("DeadLetterConfig", cfn.NewMap(queue.Line).Set("TargetArn", queue.Get("TargetArn").Clone()))
	role.allow("DeadLetterQueuePolicy", action, queue.Get("TargetArn"))
}

// publish turns AutoPublishAlias into a version and an alias.
func (x *transformer) publish(s *slot, f *target) {
	r, alias := s.source, s.source.Body.Get("AutoPublishAlias")
	if alias == nil {
		if v := s.source.Body.Get("ProvisionedConcurrencyConfig"); v != nil {
			x.fault(r, v.Line, "ProvisionedConcurrencyConfig needs AutoPublishAlias")
		}
		return
	}
	name := x.text(alias)
	if name == "" {
		x.fault(r, alias.Line, "AutoPublishAlias is a string or a Ref to a parameter that has a default")
		return
	}
	version := cfn.NewMap(alias.Line).Set("FunctionName", cfn.NewRef(alias.Line, r.ID)).Set("Description", r.Body.Get("VersionDescription").Clone())
	x.make(s, r.ID+"Version", "AWS::Lambda::Version", alias.Line, version)
	id := suffixed(r.ID+"Alias", name)
	body := cfn.NewMap(alias.Line).Set("FunctionName", cfn.NewRef(alias.Line, r.ID)).Set("Name", alias.Clone()).
		Set("FunctionVersion", cfn.NewGetAtt(alias.Line, r.ID+"Version", "Version")).
		Set("ProvisionedConcurrencyConfig", r.Body.Get("ProvisionedConcurrencyConfig").Clone())
	x.make(s, id, "AWS::Lambda::Alias", alias.Line, body)
	x.references[r.ID+".Version"], x.references[r.ID+".Alias"] = r.ID+"Version", id
	f.alias = alias
	f.aliasID = id
	f.arn = func(line int) *cfn.Value { return cfn.NewRef(line, id) }
	f.name = f.arn
}

// functionURL turns FunctionUrlConfig into AWS::Lambda::Url.
func (x *transformer) functionURL(s *slot, f *target) {
	r, config := s.source, s.source.Body.Get("FunctionUrlConfig")
	if !x.mapping(r, config, "FunctionUrlConfig") {
		return
	}
	x.known(r, config, "FunctionUrlConfig", "AuthType", "Cors", "InvokeMode")
	if !x.need(r, config, config.Line, "FunctionUrlConfig", "AuthType") {
		return
	}
	x.known(r, config.Get("Cors"), "FunctionUrlConfig.Cors", "AllowOrigins", "AllowMethods", "AllowCredentials", "AllowHeaders", "ExposeHeaders", "MaxAge")
	kind := config.Get("AuthType")
	if name, _ := kind.Intrinsic(); name == "" && kind.Text() != "NONE" && kind.Text() != "AWS_IAM" {
		x.fault(r, kind.Line, "the AuthType of FunctionUrlConfig is AWS_IAM or NONE, not %q", kind.Text())
		return
	}
	body := pass(cfn.NewMap(config.Line), config, "Cors", "AuthType", "InvokeMode").Set("TargetFunctionArn", f.name(config.Line))
	x.make(s, r.ID+"Url", "AWS::Lambda::Url", config.Line, body)
	if kind.Text() != "NONE" {
		return
	}
	permission := func(id, action string) *cfn.Value {
		body := cfn.NewMap(config.Line).Set("Action", cfn.NewString(config.Line, action)).Set("FunctionName", f.name(config.Line)).
			Set("Principal", cfn.NewString(config.Line, "*"))
		x.make(s, id, "AWS::Lambda::Permission", config.Line, body)
		return body
	}
	permission(r.ID+"UrlPublicPermissions", "lambda:InvokeFunctionUrl").Set("FunctionUrlAuthType", cfn.NewString(config.Line, "NONE"))
	permission(r.ID+"URLInvokeAllowPublicAccess", "lambda:InvokeFunction").Set("InvokedViaFunctionUrl", cfn.NewBool(config.Line, true))
}

// invokeConfig turns EventInvokeConfig into AWS::Lambda::EventInvokeConfig, and
// makes the queue or topic of a destination that names none.
func (x *transformer) invokeConfig(s *slot, f *target) {
	r, config := s.source, s.source.Body.Get("EventInvokeConfig")
	if !x.mapping(r, config, "EventInvokeConfig") {
		return
	}
	x.known(r, config, "EventInvokeConfig", "DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts")
	id := r.ID + "EventInvokeConfig"
	body := pass(cfn.NewMap(config.Line), config, "MaximumEventAgeInSeconds", "MaximumRetryAttempts").Set("FunctionName", cfn.NewRef(config.Line, r.ID))
	body.Set("Qualifier", cfn.NewString(config.Line, "$LATEST"))
	if f.alias != nil {
		body.Set("Qualifier", f.alias.Clone())
	}
	if destinations := config.Get("DestinationConfig"); x.mapping(r, destinations, "EventInvokeConfig.DestinationConfig") {
		x.known(r, destinations, "EventInvokeConfig.DestinationConfig", "OnSuccess", "OnFailure")
		out := cfn.NewMap(destinations.Line)
		for _, m := range destinations.Members() {
			if arn := x.destination(s, f, id, m); arn != nil {
				out.Set(m.Name, cfn.NewMap(m.Line).Set("Destination", arn))
			}
		}
		body.Set("DestinationConfig", out)
	}
	made := x.make(s, id, "AWS::Lambda::EventInvokeConfig", config.Line, body)
	if f.aliasID != "" {
		made.DependsOn = []string{f.aliasID}
	}
}

// destination is the ARN of one destination of an asynchronous invocation.
func (x *transformer) destination(s *slot, f *target, id string, m cfn.Member) *cfn.Value {
	r, where := s.source, "EventInvokeConfig.DestinationConfig."+m.Name
	if !x.mapping(r, m.Value, where) {
		return nil
	}
	x.known(r, m.Value, where, "Type", "Destination")
	kind, arn := m.Value.Get("Type"), m.Value.Get("Destination")
	actions := map[string]string{
		"SQS": "sqs:SendMessage", "SNS": "sns:publish", "EventBridge": "events:PutEvents", "Lambda": "lambda:InvokeFunction", "S3Bucket": "s3:PutObject",
	}
	switch action := actions[kind.Text()]; {
	case kind == nil && arn != nil: // no policy then
	case action == "":
		x.fault(r, m.Line, "the Type of %s is SQS, SNS, EventBridge, Lambda or S3Bucket, not %q", where, kind.Text())
		return nil
	case arn == nil && kind.Text() == "SQS":
		queue := id + m.Name + "Queue"
		x.make(s, queue, "AWS::SQS::Queue", m.Line, nil)
		x.references[r.ID+".DestinationQueue"] = queue
		arn = cfn.NewGetAtt(m.Line, queue, "Arn")
		f.role.allow(id+m.Name+"SQSPolicy", action, arn)
	case arn == nil && kind.Text() == "SNS":
		topic := id + m.Name + "Topic"
		x.make(s, topic, "AWS::SNS::Topic", m.Line, nil)
		x.references[r.ID+".DestinationTopic"] = topic
		arn = cfn.NewRef(m.Line, topic)
		f.role.allow(id+m.Name+"SNSPolicy", action, arn)
	case arn == nil:
		x.fault(r, m.Line, "the property \"Destination\" is missing in %s: SAM makes one for the types SQS and SNS only", where)
		return nil
	default:
		f.role.allow(id+m.Name+map[string]string{"S3Bucket": "S3"}[kind.Text()]+kind.Text()+"Policy", action, arn)
	}
	return arn.Clone()
}
