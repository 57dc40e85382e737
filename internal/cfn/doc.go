// Package cfn reads SAM and CloudFormation templates, YAML or JSON, and
// evaluates them the way a deployment does. Everything it finds has a line, so
// that every message can name one.
//
//	template, err := cfn.Read("template.yaml")
//	err = sam.Transform(template) // AWS::Serverless::* to CloudFormation
//	deployment, err := template.Deploy(cfn.Environment{Parameters: parameters})
//	resources, err := deployment.Order()
//	for _, r := range resources {
//		properties, err := deployment.Properties(r)
//		err = properties.Decode(&queue) // create it
//		deployment.Created(r.ID, url, map[string]string{"Arn": arn})
//	}
//	outputs, err := deployment.Outputs()
//
// # What is evaluated
//
// Ref with all pseudo parameters, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select,
// Fn::Split, Fn::If, Fn::Base64, Fn::FindInMap, the condition functions
// Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition, and, for a template that
// lists AWS::LanguageExtensions, Fn::Length, Fn::ToJsonString and DefaultValue
// of Fn::FindInMap. A message of CloudFormation's that is known is used with
// its words: "Unresolved resource dependencies [X] in the Resources block of
// the template". Shown by TestIntrinsics, TestLanguageExtensions and TestOrder.
//
// # Errors
//
// Faults are Errors: each has the file, the line and the resource, and all that
// one step finds come together. Shown by TestParametersRefused and
// TestDecodeFaults.
//
// # What is refused
//
// By name and line: Fn::ImportValue, Fn::GetAZs, Fn::Cidr, Fn::Transform and
// AWS::Include, Fn::ForEach, every entry of Transform that is neither
// AWS::Serverless-2016-10-31 nor AWS::LanguageExtensions, parameters whose
// values are in Systems Manager, dynamic references ({{resolve:…}}), the
// sections Rules and Hooks. AllowedPattern is Go's regexp syntax (RE2), which
// has no lookaround: a pattern that needs it is refused. Shown by
// TestIntrinsicsRefused and TestParseRefuses.
//
// # Limits
//
// 1,000,000 bytes, 500 resources, 200 parameters, 200 mappings, 200 outputs, as
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
// has them; and a depth of 200 and 200,000 values after YAML's aliases are
// resolved, which are this package's own. At most 100 faults are told at once.
//
// # YAML
//
// A scalar without quotes keeps its text where text is asked for: 2012-10-17,
// 1.10, 0755, 012345678901 and no stay what they are. Where a number is asked
// for, 0755 is octal, as YAML 1.1 has it, and where a boolean is, yes, no, on
// and off are such.
// Anchors, aliases and merge keys are resolved. A key that stands twice in a
// mapping is an error that names both lines. Shown by TestScalarsOfYAML and
// TestAnchorsAndMergeKeys.
package cfn
