package cfn_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/internal/cfn"
)

func deploy(t *testing.T, text string, env cfn.Environment) *cfn.Deployment {
	t.Helper()
	parsed, err := cfn.Parse([]byte(text))
	require.NoError(t, err)
	deployment, err := parsed.Deploy(env)
	require.NoError(t, err)
	return deployment
}

// ids deploys the resources in their order and returns it.
func ids(t *testing.T, d *cfn.Deployment) []string {
	t.Helper()
	resources, err := d.Order()
	require.NoError(t, err)
	out := make([]string, len(resources))
	for i, r := range resources {
		out[i] = r.ID
	}
	return out
}

const parameters = `
Parameters:
  Plain: {Type: String}
  Default: {Type: String, Default: blue, AllowedValues: [blue, green]}
  Size: {Type: Number, Default: 5, MinValue: 1, MaxValue: 10.5}
  Short: {Type: String, Default: abc, MinLength: 2, MaxLength: 4, AllowedPattern: "[a-z]*", ConstraintDescription: letters only}
  Pattern: {Type: String, Default: a1, AllowedPattern: "[a-z][0-9]"}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c", AllowedValues: [a, b, c]}
  Ports: {Type: List<Number>, Default: "80,443"}
  Image: {Type: AWS::EC2::Image::Id, Default: ami-1}
  Nets: {Type: List<AWS::EC2::Subnet::Id>, Default: ""}
  Flag: {Type: String, Default: true}
  Account: {Type: String, Default: 012345678901}
Resources:
  A:
    Type: T
    Properties:
      Plain: !Ref Plain
      Default: !Ref Default
      Size: !Ref Size
      Zones: !Ref Zones
      Ports: !Ref Ports
      Nets: !Ref Nets
      Flag: !Ref Flag
      Account: !Ref Account
`

func TestParameters(t *testing.T) {
	d := deploy(t, parameters, cfn.Environment{Parameters: map[string]string{"Plain": "p", "Default": "green"}})
	resources, err := d.Order()
	require.NoError(t, err)
	v, err := d.Properties(resources[0])
	require.NoError(t, err)
	text, err := v.JSON()
	require.NoError(t, err)
	require.Equal(t, `{"Plain":"p","Default":"green","Size":5,"Zones":["a","b","c"],"Ports":[80,443],"Nets":[],"Flag":"true","Account":"012345678901"}`, string(text))
	require.Equal(t, "green", d.Parameter("Default").Text())
	require.Nil(t, d.Parameter("None"))
}

func TestParametersRefused(t *testing.T) {
	parsed, err := cfn.Parse([]byte(parameters))
	require.NoError(t, err)
	for name, want := range map[string]map[string]string{
		"line 3: parameter Plain: Parameters: [Plain] must have values":                                                                {},
		"line 2: Parameters: [Defalut] do not exist in the template, did you mean \"Default\"?":                                        {"Plain": "", "Defalut": "x"},
		"line 2: Parameters: [Other] do not exist in the template":                                                                     {"Plain": "", "Other": "x"},
		"line 4: parameter Default: Parameter 'Default' must be one of AllowedValues: blue, green":                                     {"Plain": "", "Default": "red"},
		"line 5: parameter Size: Parameter 'Size' must be a number":                                                                    {"Plain": "", "Size": "x"},
		"line 5: parameter Size: Parameter 'Size' must be a number not less than 1":                                                    {"Plain": "", "Size": "0.9"},
		"line 5: parameter Size: Parameter 'Size' must be a number not greater than 10.5":                                              {"Plain": "", "Size": "10.6"},
		"line 6: parameter Short: Parameter Short failed to satisfy constraint: letters only":                                          {"Plain": "", "Short": "12"},
		"line 7: parameter Pattern: Parameter Pattern failed to satisfy constraint: Parameter 'Pattern' must match pattern [a-z][0-9]": {"Plain": "", "Pattern": "xa1"},
		"line 8: parameter Zones: Parameter 'Zones' must be one of AllowedValues: a, b, c":                                             {"Plain": "", "Zones": "a,d"},
		"line 9: parameter Ports: Parameter 'Ports' must be a number":                                                                  {"Plain": "", "Ports": "80,x"},
		"line 2: Parameters: [Extra] do not exist in the template\nline 3: parameter Plain: Parameters: [Plain] must have values\n" +
			"line 5: parameter Size: Parameter 'Size' must be a number": {"Extra": "", "Size": "1/2"},
	} {
		_, err := parsed.Deploy(cfn.Environment{Parameters: want})
		require.EqualError(t, err, name)
	}
	parsed, err = cfn.Parse([]byte("Parameters:\n  S: {Type: String, MinLength: 3, MaxLength: 4, Default: ab}\n  P: {Type: AWS::SSM::Parameter::Value<String>, Default: /a}\n  L: {Type: String, Default: [a]}\nResources: {A: {Type: T}}\nRules: {}\n"))
	require.NoError(t, err)
	_, err = parsed.Deploy(cfn.Environment{})
	require.EqualError(t, err, `line 2: parameter S: Parameter 'S' must contain at least 3 characters
line 3: parameter P: the type AWS::SSM::Parameter::Value<String> is not evaluated: it reads its value from Systems Manager
line 4: parameter L: Template format error: Every Default member must be a string, not a list
line 6: the section Rules is not evaluated`)
	_, err = parsed.Deploy(cfn.Environment{Parameters: map[string]string{"S": "abcdé"}})
	require.ErrorContains(t, err, "must contain at most 4 characters")
}

func TestIntrinsics(t *testing.T) {
	env := cfn.Environment{
		Region: "eu-west-1", AccountID: "111122223333", StackName: "shop", NotificationARNs: []string{"arn:n"},
		Parameters: map[string]string{"Stage": "prod"},
	}
	for text, want := range map[string]string{
		"!Ref AWS::Region":           `"eu-west-1"`,
		"!Ref AWS::AccountId":        `"111122223333"`,
		"!Ref AWS::Partition":        `"aws"`,
		"!Ref AWS::URLSuffix":        `"amazonaws.com"`,
		"!Ref AWS::StackName":        `"shop"`,
		"!Ref AWS::StackId":          `"arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/00000000-0000-4000-8000-000000000000"`,
		"!Ref AWS::NotificationARNs": `["arn:n"]`,
		"[a, !Ref AWS::NoValue, {b: !Ref AWS::NoValue, c: d}]": `["a",{"c":"d"}]`,
		"!Ref Stage":                             `"prod"`,
		"!Ref Made":                              `"made"`,
		"{Ref: Made}":                            `"made"`,
		"!GetAtt Made.Arn":                       `"arn:made"`,
		"!GetAtt Made.Endpoint.Address":          `"address"`,
		"{Fn::GetAtt: [Made, Endpoint.Address]}": `"address"`,
		"{Fn::GetAtt: Made.Arn}":                 `"arn:made"`,
		"{Fn::GetAtt: [Made, !Ref Attribute]}":   `"arn:made"`,
		`!Sub "${Stage}-${Made}-${Made.Arn}-${Made.Endpoint.Address}-${AWS::Region}-${!Stage}-$${Stage}-${"`: `"prod-made-arn:made-address-eu-west-1-${Stage}-$prod-${"`,
		`!Sub ["${Stage}${own}${n}${b}", {own: !GetAtt Made.Arn, Stage: over, n: 5, b: true}]`:               `"overarn:made5true"`,
		`!Sub ["${Made.Arn}", {"Made.Arn": own}]`:                                                            `"own"`,
		"!Sub plain": `"plain"`,
		"!Join ['-', [a, !Ref Stage, 5, true, !Ref AWS::NoValue]]": `"a-prod-5-true"`,
		"!Join [',', !Ref Names]":                                  `"x,y"`,
		"!Join ['', []]":                                           `""`,
		"!Select [1, [a, b]]":                                      `"b"`,
		"!Select ['1', !Ref Names]":                                `"y"`,
		"!Select [0, [{a: b}]]":                                    `{"a":"b"}`,
		"!Select [!Ref One, !Split ['|', 'a|b|c']]":                `"b"`,
		"!Split [',', !Ref Stage]":                                 `["prod"]`,
		"!Split [',', ',a,']":                                      `["","a",""]`,
		"!If [IsProd, yes, !Ref None]":                             `"yes"`,
		"{a: !If [IsTest, b, !Ref AWS::NoValue]}":                  `{}`,
		"!If [Both, [a], b]":                                       `["a"]`,
		"!FindInMap [Sizes, prod, memory]":                         `512`,
		"!FindInMap [Sizes, !Ref Stage, '2']":                      `["a","b"]`,
		"!FindInMap [Sizes, '012345678901', n]":                    `"0755"`,
		"!Base64 hello":                                            `"aGVsbG8="`,
		"!Base64 {Fn::Sub: '${Stage}'}":                            `"cHJvZA=="`,
		"{Ref: Made, Other: 1}":                                    `{"Ref":"Made","Other":1}`,
		"{Condition: {ArnEquals: {x: !Ref Made}}}":                 `{"Condition":{"ArnEquals":{"x":"made"}}}`,
		`"{{ not resolve:x }}"`:                                    `"{{ not resolve:x }}"`,
	} {
		d := deploy(t, `
Parameters: {Stage: {Type: String}, Names: {Type: CommaDelimitedList, Default: "x,y"}, One: {Type: Number, Default: 1}, Attribute: {Type: String, Default: Arn}}
Mappings: {Sizes: {prod: {memory: 512, 2: [a, b]}, 012345678901: {n: "0755"}}}
Conditions:
  Both: !And [!Condition IsProd, !Not [!Condition IsTest], !Or [!Equals [a, b], !Equals [!Ref AWS::Region, eu-west-1]]]
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: {Fn::Equals: [!FindInMap [Sizes, prod, memory], 128]}
Resources:
  Made: {Type: Maker}
  None: {Type: Maker, Condition: IsTest}
  A:
    Type: T
    Properties:
      V: `+text, env)
		d.Created("Made", "made", map[string]string{"Arn": "arn:made", "Endpoint.Address": "address"})
		resources, err := d.Order()
		require.NoError(t, err, text)
		require.Equal(t, []string{"Made", "A"}, ids(t, d))
		v, err := d.Properties(resources[1])
		require.NoError(t, err, text)
		got, err := v.JSON()
		require.NoError(t, err, text)
		require.Equal(t, `{"V":`+want+`}`, string(got), text)
		require.Equal(t, 14, v.At("V").Line, text)
		require.True(t, d.Condition("IsProd"))
		require.False(t, d.Condition("IsTest"))
	}
}

func TestLanguageExtensions(t *testing.T) {
	const text = `
Mappings: {M: {a: {b: c}}}
Resources:
  A:
    Type: T
    Properties:
      Length: !Length [a, b]
      Text: !ToJsonString {b: !Length [c], a: "<"}
      Default: !FindInMap [M, x, y, {DefaultValue: d}]
      Found: !FindInMap [M, a, b, {DefaultValue: d}]
`
	d := deploy(t, "Transform: [AWS::LanguageExtensions]\n"+text, cfn.Environment{})
	resources, err := d.Order()
	require.NoError(t, err)
	v, err := d.Properties(resources[0])
	require.NoError(t, err)
	require.Equal(t, map[string]any{"Length": 2, "Text": `{"b":1,"a":"<"}`, "Default": "d", "Found": "c"}, v.Plain())
	d = deploy(t, text, cfn.Environment{})
	resources, err = d.Order()
	require.NoError(t, err)
	_, err = d.Properties(resources[0])
	require.EqualError(t, err, `line 7: A (T): Fn::Length needs Transform: AWS::LanguageExtensions
line 8: A (T): Fn::ToJsonString needs Transform: AWS::LanguageExtensions
line 9: A (T): DefaultValue of Fn::FindInMap needs Transform: AWS::LanguageExtensions
line 10: A (T): DefaultValue of Fn::FindInMap needs Transform: AWS::LanguageExtensions`)
}

func TestIntrinsicsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"!ImportValue x":                              "Fn::ImportValue is not evaluated: it reads the outputs of another stack",
		"!GetAZs ''":                                  "Fn::GetAZs is not evaluated: it asks for the zones of a region",
		"!Select [0, !GetAZs '']":                     "Fn::GetAZs is not evaluated: it asks for the zones of a region",
		"!Join ['', [a, !ImportValue x]]":             "Fn::ImportValue is not evaluated: it reads the outputs of another stack",
		"!Cidr [10.0.0.0/8, 1, 8]":                    "Fn::Cidr is not evaluated: it divides networks",
		"{Fn::Transform: {Name: AWS::Include}}":       "Fn::Transform is not evaluated: it calls a macro",
		"{Fn::Transform: {Name: AWS::Include}, a: b}": "Fn::Transform stands alone in its mapping: here are 2 members",
		"{Fn::ForEach::X: []}":                        "Fn::ForEach is not evaluated",
		"!Subb x":                                     `the function Fn::Subb is not known, did you mean "Fn::Sub"?`,
		"!Equals [a, b]":                              "Fn::Equals is a condition function: it stands in the Conditions block only",
		"'{{resolve:ssm:/a:1}}'":                      "the dynamic reference {{resolve:ssm:/a:1}} is not evaluated",
		"!Sub '{{resolve:ssm:/${AWS::Region}}}'":      "the dynamic reference {{resolve:ssm:/us-east-1}} is not evaluated",
		"!Ref [a]":                                    "Template format error: every Ref object must have a single String value.",
		"!Ref Later":                                  "Later has not been created yet",
		"!Sub '${Later.Arn}'":                         "Later has not been created yet",
		"!GetAtt Made":                                "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute",
		"!GetAtt [Made]":                              "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute",
		"!GetAtt Made.Anr":                            `Template error: resource Made does not support attribute type Anr in Fn::GetAtt (Maker), did you mean "Arn"?`,
		"!Sub {a: b}":                                 "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string",
		"!Sub '${a b}'":                               "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons: ${a b}",
		"!Sub '${AWS::NoValue}'":                      "Template error: the variable AWS::NoValue of Fn::Sub does not resolve to a string",
		"!Sub ['${x}', {x: [a]}]":                     "Template error: the variable x of Fn::Sub does not resolve to a string",
		"!Join [a]":                                   "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
		"!Join ['', a]":                               "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
		"!Join ['', [[a]]]":                           "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
		"!Select [2, [a, b]]":                         "Template error: Fn::Select cannot select nonexistent value at index 2",
		"!Select [x, [a, b]]":                         "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
		"!Select [0, a]":                              "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
		"!Split [a]":                                  "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.",
		"!Split [a, [b]]":                             "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.",
		"!If [Yse, a, b]":                             `Template format error: Unresolved condition dependency Yse in the Resources block of the template, did you mean "Yes"?`,
		"!If [Yes, a]":                                "Template error: Fn::If requires a list argument with three elements: the name of a condition and two values",
		"!FindInMap [M, a]":                           "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value",
		"!FindInMap [M, a, x]":                        "Template error: Unable to get mapping for M::a::x",
		"!FindInMap [N, a, x]":                        "Template validation error: Template error: Mapping named 'N' is not present in the 'Mappings' section of template.",
		"!Base64 [a]":                                 "Template error: every Fn::Base64 object must have a String-typed value.",
	} {
		d := deploy(t, `
Mappings: {M: {a: {b: c}}}
Conditions: {Yes: !Equals [a, a]}
Resources:
  Made: {Type: Maker}
  Later: {Type: Maker}
  A:
    Type: T
    Properties:
      V: `+text, cfn.Environment{})
		d.Created("Made", "made", map[string]string{"Arn": "arn:made"})
		resources, err := d.Order()
		require.NoError(t, err, text)
		_, err = d.Properties(resources[2])
		require.EqualError(t, err, "line 10: A (T): "+want, text)
	}
}

func TestConditionsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"!Equals [a]":                           "line 2: condition C: Template error: every Fn::Equals object requires a list of 2 string parameters.",
		"!Not [!Equals [a, b], !Equals [a, b]]": "line 2: condition C: Template error: every Fn::Not object requires one boolean parameter.",
		"!And [!Equals [a, b]]":                 "line 2: condition C: Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.",
		"!Condition D":                          "line 2: condition C: Template format error: Unresolved condition dependency D in the Conditions block of the template",
		"!Not [!Condition C]":                   "line 2: condition C: Template format error: Circular dependency between conditions: [C]",
		"!Equals [!Ref A, b]":                   "line 2: condition C: Template format error: Unresolved dependencies [A]. Cannot reference resources in the Conditions block of the template",
		"!Equals [!GetAtt A.Arn, b]":            "line 2: condition C: Template format error: Unresolved dependencies [A]. Cannot reference resources in the Conditions block of the template",
		"!Or [[a], {a: b, c: d}]":               "line 2: condition C: Template format error: a condition is one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition, not a list\nline 2: condition C: Template format error: a condition is one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition, not a mapping",
		"!Equal [a, b]":                         `line 2: condition C: Template format error: Fn::Equal is no condition function, did you mean "Fn::Equals"?`,
	} {
		parsed, err := cfn.Parse([]byte("\nConditions: {C: " + text + "}\nResources: {A: {Type: T}}"))
		require.NoError(t, err, text)
		_, err = parsed.Deploy(cfn.Environment{})
		require.EqualError(t, err, want, text)
	}
	parsed, err := cfn.Parse([]byte("Conditions: {Mine: !Equals [a, a]}\nResources: {A: {Type: T, Condition: Mien}}\nOutputs: {O: {Value: a, Condition: None}}"))
	require.NoError(t, err)
	_, err = parsed.Deploy(cfn.Environment{})
	require.EqualError(t, err, "line 2: A (T): Template format error: Unresolved condition dependency Mien in the Resources block of the template, did you mean \"Mine\"?\n"+
		"line 3: output O: Template format error: Unresolved condition dependency None in the Outputs block of the template")
}

func TestOrder(t *testing.T) {
	d := deploy(t, `
Conditions: {No: !Equals [a, b]}
Resources:
  A: {Type: T, Properties: {X: !Sub "${C.Arn} ${!Z} ${AWS::Region}"}}
  B: {Type: T, DependsOn: [E, Gone]}
  C: {Type: T, Properties: {X: [{Y: !GetAtt D.Arn}]}}
  D: {Type: T, Properties: {X: !If [No, !Ref Gone, !Ref F], Z: !Sub ["${B}", {B: !Ref G}]}}
  E: {Type: T}
  F: {Type: T}
  G: {Type: T}
  Gone: {Type: T, Condition: No, Properties: {X: !Ref A}}
`, cfn.Environment{})
	require.Equal(t, []string{"F", "G", "D", "C", "A", "E", "B"}, ids(t, d))
}

func TestOrderRefuses(t *testing.T) {
	d := deploy(t, "Resources:\n  A: {Type: T, Properties: {X: !Ref C}}\n  B: {Type: T, Properties: {X: !GetAtt A.Arn}}\n  C: {Type: T, DependsOn: B}\n  D: {Type: T, Properties: {X: !Ref D}}\n  E: {Type: T, DependsOn: A}\n", cfn.Environment{})
	_, err := d.Order()
	require.EqualError(t, err, "line 2: Circular dependency between resources: [A, B, C]\nline 5: Circular dependency between resources: [D]")
	for text, want := range map[string]string{
		"Resources:\n  Queue: {Type: T}\n  A:\n    Type: T\n    Properties:\n      X: !Ref Queeu":                            "line 6: A (T): Template format error: Unresolved resource dependencies [Queeu] in the Resources block of the template, did you mean \"Queue\"?",
		"Resources:\n  A: {Type: T, Properties: {X: !If [C, a, !Sub '${Nope.Arn}']}}\nConditions: {C: !Equals [a, a]}":       "line 2: A (T): Template format error: Unresolved resource dependencies [Nope] in the Resources block of the template",
		"Resources:\n  A: {Type: T, DependsOn: [A,\n  Nope]}":                                                                "line 3: A (T): Template format error: Unresolved resource dependencies [Nope] in the Resources block of the template",
		"Resources:\n  A: {Type: T}\nOutputs:\n  O: {Value: !Ref Nope}":                                                      "line 4: output O: Template format error: Unresolved resource dependencies [Nope] in the Outputs block of the template",
		"Resources:\n  A: {Type: T, Properties: {X: !Ref B}}\n  B: {Type: T, Condition: C}\nConditions: {C: !Equals [a, b]}": "line 2: A (T): Template format error: Unresolved resource dependencies [B] in the Resources block of the template: its condition C does not hold",
		"Resources:\n  A: {Type: T, Properties: {X: !Ref AWS::Regoin}}":                                                      "line 2: A (T): Template format error: Unresolved resource dependencies [AWS::Regoin] in the Resources block of the template, did you mean \"AWS::Region\"?",
		"Transform: AWS::Serverless-2016-10-31\nResources: {A: {Type: AWS::Serverless::Function}}":                           "line 2: A (AWS::Serverless::Function): the SAM transform has not been applied",
	} {
		parsed, err := cfn.Parse([]byte(text))
		require.NoError(t, err, text)
		_, err = parsed.Deploy(cfn.Environment{})
		require.EqualError(t, err, want, text)
	}
}

func TestOutputs(t *testing.T) {
	d := deploy(t, `
Conditions: {No: !Equals [a, b]}
Resources: {A: {Type: T}}
Outputs:
  Url: {Value: !Sub "https://${A}.${AWS::URLSuffix}", Description: d, Export: {Name: x}}
  Number: {Value: 5}
  Gone: {Value: !Ref A, Condition: No}
`, cfn.Environment{URLSuffix: "local"})
	_, err := d.Outputs()
	require.EqualError(t, err, "line 5: output Url: A has not been created yet")
	attributes := map[string]string{"Arn": "arn"}
	d.Created("A", "a", attributes)
	maps.DeleteFunc(attributes, func(string, string) bool { return true })
	outputs, err := d.Outputs()
	require.NoError(t, err)
	require.Equal(t, map[string]string{"Url": "https://a.local", "Number": "5"}, outputs)
	d = deploy(t, "Resources: {A: {Type: T}}\nOutputs: {O: {Value: [a]}}", cfn.Environment{})
	_, err = d.Outputs()
	require.EqualError(t, err, "line 2: output O: Template format error: Output O is malformed: its value is not a string but a list")
}

func TestFaultsWithoutEndHaveAnEnd(t *testing.T) {
	text := "Resources:\n  A:\n    Type: T\n    Properties:\n      X:\n" + strings.Repeat("        - !Ref Nothing\n", 30_000)
	parsed, err := cfn.Parse([]byte(text))
	require.NoError(t, err)
	_, err = parsed.Deploy(cfn.Environment{})
	var faults cfn.Errors
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults, 100)
	require.ErrorAs(t, parsed.Resource("A").Body.At("X").Decode(&[]int{}), &faults)
	require.Len(t, faults, 100)
}
