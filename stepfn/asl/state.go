package asl

import (
	"encoding/json"
)

// State is one of the eight kinds of state: *[TaskState], *[PassState],
// *[ChoiceState], *[WaitState], *[SucceedState], *[FailState],
// *[ParallelState] and *[MapState].
//
// Members of type any hold what JSON holds there: a template, a literal or,
// in JSONata, a string {% … %}.
type State interface {
	// StateName returns the name, which is unique in a machine.
	StateName() string
	// StateType returns the kind as the definition spells it, such as "Task".
	StateType() string
	// linked returns a copy that goes on to next, or ends when next is empty,
	// unless the state says itself where it goes.
	linked(next string) State
}

// TaskState does work: a Lambda function, an activity or a service
// integration.
type TaskState struct {
	Name                 string `asl:"-"`
	Comment              string
	QueryLanguage        string
	Resource             string
	Credentials          any
	InputPath            Path // JSONPath
	Parameters           any  // JSONPath
	Arguments            any  // JSONata
	ResultSelector       any  // JSONPath
	ResultPath           Path // JSONPath
	OutputPath           Path // JSONPath
	Output               any  // JSONata
	Assign               any
	TimeoutSeconds       any    // an integer above 0; AWS's default is 99999999
	TimeoutSecondsPath   string // JSONPath
	HeartbeatSeconds     any    // an integer below the time-out
	HeartbeatSecondsPath string // JSONPath
	Retry                []Retrier
	Catch                []Catcher
	Next                 string
	End                  bool
	Extra                map[string]json.RawMessage
}

// PassState hands its input on, or a result of its own.
type PassState struct {
	Name          string `asl:"-"`
	Comment       string
	QueryLanguage string
	InputPath     Path // JSONPath
	Parameters    any  // JSONPath
	Result        any  // JSONPath
	ResultPath    Path // JSONPath
	OutputPath    Path // JSONPath
	Output        any  // JSONata
	Assign        any
	Next          string
	End           bool
	Extra         map[string]json.RawMessage
}

// ChoiceState goes on by the first rule that holds, else to Default.
type ChoiceState struct {
	Name          string `asl:"-"`
	Comment       string
	QueryLanguage string
	InputPath     Path // JSONPath
	OutputPath    Path // JSONPath
	Choices       []Rule
	Default       string
	Output        any // JSONata; when no rule holds
	Assign        any // when no rule holds
	Extra         map[string]json.RawMessage
}

// WaitState waits for a time or until one: exactly one of Seconds,
// Timestamp, SecondsPath and TimestampPath is set.
type WaitState struct {
	Name          string `asl:"-"`
	Comment       string
	QueryLanguage string
	Seconds       any // an integer from 0
	Timestamp     string
	SecondsPath   string // JSONPath
	TimestampPath string // JSONPath
	InputPath     Path   // JSONPath
	OutputPath    Path   // JSONPath
	Output        any    // JSONata
	Assign        any
	Next          string
	End           bool
	Extra         map[string]json.RawMessage
}

// SucceedState ends a machine or a branch.
type SucceedState struct {
	Name          string `asl:"-"`
	Comment       string
	QueryLanguage string
	InputPath     Path // JSONPath
	OutputPath    Path // JSONPath
	Output        any  // JSONata
	Extra         map[string]json.RawMessage
}

// FailState ends an execution as failed.
type FailState struct {
	Name          string `asl:"-"`
	Comment       string
	QueryLanguage string
	Error         string
	ErrorPath     string // JSONPath, or an intrinsic that gives a string
	Cause         string
	CausePath     string // JSONPath, or an intrinsic that gives a string
	Extra         map[string]json.RawMessage
}

// ParallelState runs branches at the same time; its result is the array of
// theirs.
type ParallelState struct {
	Name           string `asl:"-"`
	Comment        string
	QueryLanguage  string
	InputPath      Path // JSONPath
	Parameters     any  // JSONPath
	Arguments      any  // JSONata
	Branches       []Branch
	ResultSelector any  // JSONPath
	ResultPath     Path // JSONPath
	OutputPath     Path // JSONPath
	Output         any  // JSONata
	Assign         any
	Retry          []Retrier
	Catch          []Catcher
	Next           string
	End            bool
	Extra          map[string]json.RawMessage
}

// Branch is a branch of a [ParallelState].
type Branch struct {
	Comment string
	StartAt string
	States  []State
	Extra   map[string]json.RawMessage
}

// MapState runs its item processor for every item.
type MapState struct {
	Name                           string `asl:"-"`
	Comment                        string
	QueryLanguage                  string
	InputPath                      Path   // JSONPath
	Parameters                     any    // JSONPath; the old name of ItemSelector
	Items                          any    // JSONata
	ItemsPath                      string // JSONPath
	ItemReader                     *ItemReader
	ItemSelector                   any
	ItemBatcher                    *ItemBatcher
	MaxConcurrency                 any    // 0: no limit
	MaxConcurrencyPath             string // JSONPath
	ToleratedFailurePercentage     any    // 0 to 100
	ToleratedFailurePercentagePath string // JSONPath
	ToleratedFailureCount          any
	ToleratedFailureCountPath      string // JSONPath
	Label                          string
	ItemProcessor                  *ItemProcessor
	Iterator                       *ItemProcessor // the old name of ItemProcessor
	ResultWriter                   *ResultWriter
	ResultSelector                 any  // JSONPath
	ResultPath                     Path // JSONPath
	OutputPath                     Path // JSONPath
	Output                         any  // JSONata
	Assign                         any
	Retry                          []Retrier
	Catch                          []Catcher
	Next                           string
	End                            bool
	Extra                          map[string]json.RawMessage
}

// ItemProcessor is the workflow that a [MapState] runs for each item.
type ItemProcessor struct {
	Comment         string
	ProcessorConfig *ProcessorConfig
	StartAt         string
	States          []State
	Extra           map[string]json.RawMessage
}

// ProcessorConfig says how items are processed.
type ProcessorConfig struct {
	Mode          string // INLINE or DISTRIBUTED; defaults to INLINE
	ExecutionType string // STANDARD or EXPRESS, of a distributed map
	Extra         map[string]json.RawMessage
}

// ItemReader says where a distributed map reads its items.
type ItemReader struct {
	Resource     string
	Parameters   any // JSONPath
	Arguments    any // JSONata
	ReaderConfig *ReaderConfig
	Extra        map[string]json.RawMessage
}

// ReaderConfig says how a distributed map reads its items.
type ReaderConfig struct {
	InputType         string // CSV, JSON, JSONL, PARQUET or MANIFEST
	Transformation    string // NONE or LOAD_AND_FLATTEN
	ManifestType      string // ATHENA_DATA or S3_INVENTORY
	CSVDelimiter      string // COMMA, PIPE, SEMICOLON, SPACE or TAB
	CSVHeaderLocation string // FIRST_ROW or GIVEN
	CSVHeaders        any
	ItemsPointer      string
	MaxItems          any
	MaxItemsPath      string // JSONPath
	Extra             map[string]json.RawMessage
}

// ItemBatcher says how a distributed map groups its items.
type ItemBatcher struct {
	MaxItemsPerBatch          any
	MaxItemsPerBatchPath      string // JSONPath
	MaxInputBytesPerBatch     any
	MaxInputBytesPerBatchPath string // JSONPath
	BatchInput                any
	Extra                     map[string]json.RawMessage
}

// ResultWriter says where a distributed map writes its results.
type ResultWriter struct {
	Resource     string
	Parameters   any // JSONPath
	Arguments    any // JSONata
	WriterConfig any
	Extra        map[string]json.RawMessage
}

// The jitter strategies of a [Retrier].
const (
	JitterFull = "FULL" // each delay is random, from 0 to the computed one
	JitterNone = "NONE" // each delay is the computed one
)

// Retrier says which errors of a state are tried again, and when.
type Retrier struct {
	Comment         string
	ErrorEquals     []string
	IntervalSeconds int     // before the first retry; defaults to 1
	MaxAttempts     *int    // retries; defaults to 3; 0: none. See [Attempts]
	BackoffRate     float64 // from 1; defaults to 2
	MaxDelaySeconds int     // 0: no limit
	JitterStrategy  string  // JitterFull or JitterNone; defaults to JitterNone
	Extra           map[string]json.RawMessage
}

// Attempts returns a pointer to n, for [Retrier].MaxAttempts.
func Attempts(n int) *int { return &n }

// Catcher says where a state goes on after an error.
type Catcher struct {
	Comment     string
	ErrorEquals []string
	ResultPath  Path // JSONPath
	Output      any  // JSONata
	Assign      any
	Next        string
	Extra       map[string]json.RawMessage
}

// The names of the eight kinds of state.
const (
	typeTask     = "Task"
	typePass     = "Pass"
	typeChoice   = "Choice"
	typeWait     = "Wait"
	typeSucceed  = "Succeed"
	typeFail     = "Fail"
	typeParallel = "Parallel"
	typeMap      = "Map"
)

// StateName implements [State].
func (s *TaskState) StateName() string { return s.Name }

// StateName implements [State].
func (s *PassState) StateName() string { return s.Name }

// StateName implements [State].
func (s *ChoiceState) StateName() string { return s.Name }

// StateName implements [State].
func (s *WaitState) StateName() string { return s.Name }

// StateName implements [State].
func (s *SucceedState) StateName() string { return s.Name }

// StateName implements [State].
func (s *FailState) StateName() string { return s.Name }

// StateName implements [State].
func (s *ParallelState) StateName() string { return s.Name }

// StateName implements [State].
func (s *MapState) StateName() string { return s.Name }

// StateType implements [State].
func (*TaskState) StateType() string { return typeTask }

// StateType implements [State].
func (*PassState) StateType() string { return typePass }

// StateType implements [State].
func (*ChoiceState) StateType() string { return typeChoice }

// StateType implements [State].
func (*WaitState) StateType() string { return typeWait }

// StateType implements [State].
func (*SucceedState) StateType() string { return typeSucceed }

// StateType implements [State].
func (*FailState) StateType() string { return typeFail }

// StateType implements [State].
func (*ParallelState) StateType() string { return typeParallel }

// StateType implements [State].
func (*MapState) StateType() string { return typeMap }

func (s *TaskState) linked(next string) State {
	c := *s
	link(&c.Next, &c.End, next)
	return &c
}

func (s *PassState) linked(next string) State {
	c := *s
	link(&c.Next, &c.End, next)
	return &c
}

func (s *WaitState) linked(next string) State {
	c := *s
	link(&c.Next, &c.End, next)
	return &c
}

func (s *ParallelState) linked(next string) State {
	c := *s
	link(&c.Next, &c.End, next)
	return &c
}

func (s *MapState) linked(next string) State {
	c := *s
	link(&c.Next, &c.End, next)
	return &c
}

func (s *ChoiceState) linked(string) State { return s }

func (s *SucceedState) linked(string) State { return s }

func (s *FailState) linked(string) State { return s }

func link(to *string, end *bool, next string) {
	if *to != "" || *end {
		return
	}
	*to, *end = next, next == ""
}
