// Package asl is the Amazon States Language: state machine definitions as Go
// values. It builds them, parses and prints them, finds their faults and draws
// them. It links no AWS client.
//
// # Smallest program
//
//	var machine = asl.MustMachine(
//		&asl.TaskState{Name: "Charge", Resource: "${ChargeFunctionArn}", TimeoutSeconds: 30},
//		&asl.WaitState{Name: "Settle", Seconds: 60},
//		&asl.SucceedState{Name: "Done"})
//
//	func main() { fmt.Println(machine) } // the definition as JSON
//
// # Semantics
//
// [NewMachine] and [MustMachine] link the states in their order and validate
// the result: a state without Next or End goes on to the state after it, the
// last one ends. The states given are not changed. Shown by
// TestBuilderLinksStates.
//
// [Parse] reads a definition. Members that this package does not know are kept
// in Extra, so that parsing and printing loses nothing. Shown by
// TestRoundTripKeepsEverything and TestEveryFieldOfTheModel.
//
// [Validate] finds what AWS would refuse in a definition, each fault with its
// JSON pointer. [Machine.Validate] does the same for a machine; [Machine.Err]
// returns the errors among the findings as one error. Shown by TestFindings
// and TestFindingsHaveTheirPlaces. Warnings are about definitions that AWS
// accepts and that fail later, such as a task that waits for a token without a
// time-out.
//
// A definition is also refused where AWS's answer is not known and a part of
// it would be lost or be ambiguous:
//
//   - a member that stands twice in one object (shown by
//     TestParseRefusesRepeatedMembers);
//   - a template that gives a member both as name and as name.$;
//   - a payload template that is not an object;
//   - a branch or item processor that assigns a variable which an enclosing
//     scope assigns. A distributed map sees none of the variables outside.
//
// The last three are shown by TestFindings. The text ${Name}, which a
// deployment fills in, passes wherever a text or a number of a state may
// stand.
//
// [Machine.Mermaid] draws a machine as a Mermaid flowchart. Shown by
// ExampleMachine_Mermaid and TestMermaid.
//
// # Limits
//
// Names of states and variables have at most 80 characters. AWS's other limits
// are about executions and are not checked here. AWS lists them in
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html.
// The language itself is specified in https://states-language.net.
//
// # Errors
//
// [DefinitionError] lists the faults of a definition. A [Finding] prints as AWS
// words it in InvalidDefinition.
//
// # Testing
//
// Package stepfntest runs machines in process.
package asl
