package stack

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
)

// Invoke is what a Lambda function does: JSON in, JSON or an error out.
type Invoke = func(ctx context.Context, payload []byte) ([]byte, error)

// Handler makes what a function of the template does. It is called once, at the
// end of the deployment, as Lambda initializes a function.
type Handler = func(Environment) (Invoke, error)

// Environment is what a function finds when it is initialized.
type Environment struct {
	// Config is the configuration of the function's clients.
	Config aws.Config
	// Function is what the template says of the function.
	Function FunctionConfig

	cloud *Cloud
}

// Getenv is an environment variable of the function, as the template has it.
func (e Environment) Getenv(name string) string { return e.Function.Environment[name] }

// FunctionConfig is what a template says of a function.
type FunctionConfig struct {
	// LogicalID is the function's key in the template; Line is where it is, in the
	// file Template.
	LogicalID, Template string
	Line                int
	// Name and ARN are those of the function in the cloud.
	Name, ARN string
	// CodeURI is the folder or the file of the code, an absolute path. It is empty
	// where the template has none, and where it is read from Options.FS.
	CodeURI string
	// Handler and Runtime are as the template has them.
	Handler, Runtime string
	// Timeout is how long an invocation may take: 3 seconds where the template says
	// nothing. MemorySize is in MB, 128 where it says nothing.
	Timeout    time.Duration
	MemorySize int
	// Environment are the variables.
	Environment map[string]string
	// ReservedConcurrency is how many invocations may run at once; nil is no limit.
	ReservedConcurrency *int
	// LogFormat is "Text" or "JSON", with the levels of the latter.
	LogFormat, ApplicationLogLevel, SystemLogLevel string
}

// place is where the function is in the template.
func (f FunctionConfig) place() string {
	return fmt.Sprintf("%s:%d: %s", f.Template, f.Line, f.LogicalID)
}

// Function gives a function of the template its Go handler: any function that
// aws-lambda-go takes, or an [Invoke]. Give the function itself, not what
// lambda.NewHandler makes of it: that one's answers share buffers. An ARN in place of
// the logical id is a function that the template only refers to.
//
//	app := stack.Load(t, "template.yaml", stack.Function("ShipFunction", ship))
func Function(logicalID string, handler any) func(*Options) {
	invoke, err := invokeOf(logicalID, handler)
	if err != nil {
		panic("stack: " + err.Error())
	}
	return func(o *Options) {
		o.Functions[logicalID] = func(Environment) (Invoke, error) { return invoke, nil }
	}
}

// Init gives a function of the template what its main does before lambda.Start:
// init makes the handler from the configuration and the variables.
//
//	stack.Init("ShipFunction", func(e stack.Environment) (any, error) {
//		return newShipper(dynamodb.NewFromConfig(e.Config), e.Getenv("TABLE")).Handle, nil
//	})
func Init(logicalID string, init func(Environment) (any, error)) func(*Options) {
	if init == nil {
		panic(fmt.Sprintf("stack: Init of %s has no function", logicalID))
	}
	return func(o *Options) {
		o.Functions[logicalID] = func(e Environment) (Invoke, error) {
			handler, err := init(e)
			if err != nil {
				return nil, err
			}
			return invokeOf(logicalID, handler)
		}
	}
}

// Unbound says that functions of the template have no handler in this test: their
// invocations fail, and the test log says which handler is missing.
func Unbound(logicalIDs ...string) func(*Options) {
	return func(o *Options) {
		for _, id := range logicalIDs {
			o.Functions[id] = func(e Environment) (Invoke, error) {
				return func(context.Context, []byte) ([]byte, error) {
					return nil, fmt.Errorf("%s: the function has no handler: it is Unbound", e.Function.place())
				}, nil
			}
		}
	}
}

// Parameter gives a parameter of the template its value.
func Parameter(name, value string) func(*Options) {
	return func(o *Options) { o.Parameters[name] = value }
}

// invokeOf adapts a handler as lambda.Start does, and refuses what lambda.Start would
// refuse.
func invokeOf(logicalID string, handler any) (Invoke, error) {
	switch h := handler.(type) {
	case Invoke:
		if h != nil {
			return h, nil
		}
	case lambda.Handler:
		return h.Invoke, nil
	}
	if wrong := signature(reflect.TypeOf(handler)); wrong != "" || reflect.ValueOf(handler).IsNil() {
		if wrong == "" {
			wrong = "it is nil"
		}
		return nil, fmt.Errorf("the handler of %s is no Lambda handler: %s", logicalID, wrong)
	}
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		// Its answer is in a buffer of a pool that it has: the next invocation of the
		// same handler would write over it.
		return lambda.NewHandler(handler).Invoke(ctx, payload)
	}, nil
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// signature says what aws-lambda-go would refuse in the type of a handler.
func signature(t reflect.Type) string {
	switch {
	case t == nil:
		return "it is nil"
	case t.Kind() != reflect.Func:
		return "its type is " + t.String()
	case t.NumIn() > 2:
		return fmt.Sprintf("it takes %d arguments, at most 2 are allowed", t.NumIn())
	case t.NumIn() == 2 && !t.In(0).Implements(contextType):
		return "its first argument is a " + t.In(0).String() + ", not a context.Context"
	case t.NumOut() > 2:
		return fmt.Sprintf("it returns %d values, at most 2 are allowed", t.NumOut())
	case t.NumOut() > 0 && !t.Out(t.NumOut()-1).Implements(errorType):
		return "its last result is a " + t.Out(t.NumOut()-1).String() + ", not an error"
	}
	return ""
}
