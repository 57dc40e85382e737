package pattern

// Dialect is one service's reading of the pattern language.
type Dialect uint8

const (
	// EventBridge is the language of rules, archives and TestEventPattern: all
	// operators.
	EventBridge Dialect = iota
	// Pipes is the filter language of EventBridge Pipes: no wildcard, and
	// anything-but takes values only.
	Pipes
	// SNSBody is a filter policy with FilterPolicyScope MessageBody.
	SNSBody
	// SNSAttributes is a filter policy on message attributes: one level.
	SNSAttributes
	// EventSource is the filter language of Lambda event source mappings, as
	// its documentation lists it: no wildcard, no cidr, and anything-but takes
	// values only.
	EventSource
)

// String names the dialect.
func (d Dialect) String() string {
	switch d {
	case EventBridge:
		return "EventBridge"
	case Pipes:
		return "Pipes"
	case SNSBody:
		return "SNSBody"
	case SNSAttributes:
		return "SNSAttributes"
	case EventSource:
		return "EventSource"
	}
	return "unknown"
}

// Limits of the services.
const (
	// DefaultMaxComplexity is the wildcard complexity above which EventBridge
	// refuses a rule.
	DefaultMaxComplexity = 10
	// MaxBranches is how many combinations the $or of one pattern may make.
	MaxBranches = 1000
	// MaxPolicyKeys is how many keys an SNS filter policy may have.
	MaxPolicyKeys = 5
	// MaxPolicyCombinations is how many combinations of values an SNS filter
	// policy may have.
	MaxPolicyCombinations = 150
)

func (d Dialect) sns() bool { return d == SNSBody || d == SNSAttributes }

// takes says whether the dialect has the operator.
func (d Dialect) takes(operator string) bool {
	switch operator {
	case "wildcard":
		return d == EventBridge
	case "cidr":
		return d != EventSource
	}
	return true
}

// excludes says whether the dialect has {"anything-but": {operator: …}}.
func (d Dialect) excludes(operator string) bool {
	switch d {
	case EventBridge:
		return true
	case SNSBody, SNSAttributes:
		return operator == "prefix"
	default:
		return false
	}
}

// Options are the settings of [Parse].
type Options struct {
	// MaxComplexity refuses patterns whose wildcards can be in more states than
	// this at once. Optional. Defaults to 10, as EventBridge has it; 0 or less
	// disables the check.
	MaxComplexity int
}
