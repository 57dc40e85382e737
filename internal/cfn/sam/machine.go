package sam

import "github.com/patternkit/serverless/internal/cfn"

// machine turns AWS::Serverless::StateMachine into the machine, its role and
// what its events need.
func (x *transformer) machine(s *slot) {
	r, p := s.source, s.source.Body
	body := cfn.NewMap(r.Line)
	x.main(s, "AWS::StepFunctions::StateMachine", body)
	definition, uri := p.Get("Definition"), p.Get("DefinitionUri")
	switch {
	case definition != nil && uri != nil:
		x.fault(r, uri.Line, "Specify either 'Definition' or 'DefinitionUri' property and not both.")
	case definition != nil:
		body.Set("Definition", definition.Clone())
	case uri == nil:
		x.fault(r, r.Line, "Either 'Definition' or 'DefinitionUri' property must be specified.")
	case uri.Kind() == cfn.Map:
		x.known(r, uri, "DefinitionUri", "Bucket", "Key", "Version")
		x.need(r, uri, uri.Line, "DefinitionUri", "Bucket", "Key")
		body.Set("DefinitionS3Location", uri.Clone())
	default:
		if where := place(uri, "Bucket", "Key", "Version"); where.Kind() == cfn.Map {
			body.Set("DefinitionS3Location", where)
		} else {
			body.Set("DefinitionUri", uri.Clone())
		}
	}
	pass(body, p, "DefinitionSubstitutions")
	body.Set("StateMachineName", p.Get("Name").Clone()).Set("StateMachineType", p.Get("Type").Clone()).
		Set("LoggingConfiguration", p.Get("Logging").Clone()).Set("TracingConfiguration", p.Get("Tracing").Clone()).
		Set("Tags", x.tags(r, "stateMachine:createdBy"))
	role := newRole(r, "states.amazonaws.com")
	if own := p.Get("Role"); own != nil {
		if policies := p.Get("Policies"); policies != nil {
			x.fault(r, policies.Line, "Specify either 'Role' or 'Policies' (but not both at the same time) or neither of them")
		}
		role.own = true
		body.Set("RoleArn", own.Clone())
	} else {
		x.policies(s, role)
		if p.At("Tracing.Enabled").Text() == "true" {
			role.manage("AWSXrayWriteOnlyAccess")
		}
		body.Set("RoleArn", cfn.NewGetAtt(r.Line, role.id, "Arn"))
	}
	arn := func(line int) *cfn.Value { return cfn.NewRef(line, r.ID) }
	to := &target{slot: s, id: r.ID, machine: true, role: role, arn: arn, name: arn}
	x.machineAlias(s, to)
	role.finish(x, s)
	x.events(s, to)
}

// machineAlias turns AutoPublishAlias of a machine into a version and an alias.
func (x *transformer) machineAlias(s *slot, to *target) {
	r, p := s.source, s.source.Body
	alias, use := p.Get("AutoPublishAlias"), p.Get("UseAliasAsEventTarget")
	if preference := p.Get("DeploymentPreference"); preference != nil {
		x.fault(r, preference.Line, "DeploymentPreference is not simulated")
	}
	if alias == nil {
		if use.Text() == "true" {
			x.fault(r, use.Line, "'UseAliasAsEventTarget' requires 'AutoPublishAlias' property to be specified.")
		}
		return
	}
	x.make(s, r.ID+"Version", "AWS::StepFunctions::StateMachineVersion", alias.Line, cfn.NewMap(alias.Line).
		Set("StateMachineArn", cfn.NewRef(alias.Line, r.ID)).
		Set("StateMachineRevisionId", cfn.NewGetAtt(alias.Line, r.ID, "StateMachineRevisionId")))
	id := suffixed(r.ID+"Alias", x.text(alias))
	preference := cfn.NewMap(alias.Line).Set("Type", cfn.NewString(alias.Line, "ALL_AT_ONCE")).Set("StateMachineVersionArn", cfn.NewRef(alias.Line, r.ID+"Version"))
	x.make(s, id, "AWS::StepFunctions::StateMachineAlias", alias.Line, cfn.NewMap(alias.Line).Set("Name", alias.Clone()).Set("DeploymentPreference", preference))
	x.references[r.ID+".Version"], x.references[r.ID+".Alias"] = r.ID+"Version", id
	if use.Text() == "true" {
		to.arn = func(line int) *cfn.Value { return cfn.NewRef(line, id) }
	}
}

// table turns AWS::Serverless::SimpleTable into a table.
func (x *transformer) table(s *slot) {
	r, p := s.source, s.source.Body
	name, kind := cfn.NewString(r.Line, "id"), "S"
	if key := p.Get("PrimaryKey"); x.mapping(r, key, "PrimaryKey") {
		x.known(r, key, "PrimaryKey", "Name", "Type")
		if x.need(r, key, key.Line, "PrimaryKey", "Name", "Type") {
			name = key.Get("Name").Clone()
			letters := map[string]string{"String": "S", "Number": "N", "Binary": "B"}
			if kind = letters[key.Get("Type").Text()]; kind == "" {
				x.fault(r, key.Get("Type").Line, "the Type of PrimaryKey is String, Number or Binary, not %q", key.Get("Type").Text())
			}
		}
	}
	line := name.Line
	body := cfn.NewMap(r.Line).
		Set("KeySchema", cfn.NewList(line, cfn.NewMap(line).Set("AttributeName", name).Set("KeyType", cfn.NewString(line, "HASH")))).
		Set("AttributeDefinitions", cfn.NewList(line, cfn.NewMap(line).Set("AttributeName", name.Clone()).Set("AttributeType", cfn.NewString(line, kind))))
	pass(body, p, "TableName", "ProvisionedThroughput", "SSESpecification", "PointInTimeRecoverySpecification")
	if p.Get("ProvisionedThroughput") == nil {
		body.Set("BillingMode", cfn.NewString(r.Line, "PAY_PER_REQUEST"))
	}
	if tags := p.Get("Tags"); x.mapping(r, tags, "Tags") {
		list := cfn.NewList(tags.Line)
		for _, m := range tags.Members() {
			list.Append(cfn.NewMap(m.Line).Set("Key", cfn.NewString(m.Line, m.Name)).Set("Value", m.Value.Clone()))
		}
		body.Set("Tags", list)
	}
	x.main(s, "AWS::DynamoDB::Table", body)
}

// layer turns AWS::Serverless::LayerVersion into a layer version.
func (x *transformer) layer(s *slot) {
	r, p := s.source, s.source.Body
	body := pass(cfn.NewMap(r.Line), p, "LayerName", "Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")
	if body.Get("LayerName") == nil {
		body.Set("LayerName", cfn.NewString(r.Line, r.ID))
	}
	if uri := p.Get("ContentUri"); x.need(r, p, r.Line, "", "ContentUri") {
		if uri.Kind() == cfn.Map && uri.Get("Bucket") != nil {
			body.Set("Content", located(uri, "S3Bucket", "S3Key", "S3ObjectVersion"))
		} else {
			body.Set("Content", place(uri, "S3Bucket", "S3Key", "S3ObjectVersion"))
		}
	}
	x.main(s, "AWS::Lambda::LayerVersion", body)
}
