package asl

// The names of AWS's own errors. Those that begin with "States." are reserved.
// See https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html.
const (
	ErrorAll                = "States.ALL"                             // any error but States.Runtime and States.DataLimitExceeded
	ErrorTaskFailed         = "States.TaskFailed"                      // any failure of a task but States.Timeout
	ErrorTimeout            = "States.Timeout"                         // TimeoutSeconds ran out, or a heartbeat is missing
	ErrorHeartbeatTimeout   = "States.HeartbeatTimeout"                // no heartbeat within HeartbeatSeconds: for Retry and Catch only, the error itself is States.Timeout
	ErrorPermissions        = "States.Permissions"                     // the role may not do that
	ErrorBranchFailed       = "States.BranchFailed"                    // a branch of a Parallel state failed
	ErrorExceedTolerated    = "States.ExceedToleratedFailureThreshold" // too many items of a Map state failed
	ErrorItemReaderFailed   = "States.ItemReaderFailed"                // the items of a Map state could not be read
	ErrorResultWriterFailed = "States.ResultWriterFailed"              // the results of a Map state could not be written
	ErrorQueryEvaluation    = "States.QueryEvaluationError"            // a JSONata expression failed
	ErrorDataLimitExceeded  = "States.DataLimitExceeded"               // a payload is larger than 262,144 bytes
	ErrorRuntime            = "States.Runtime"                         // the definition does not fit the data; not caught, not retried
	ErrorNoChoiceMatched    = "States.NoChoiceMatched"                 // no rule of a Choice state holds, and it has no Default
	ErrorParameterPath      = "States.ParameterPathFailure"            // a path in a template finds nothing
	ErrorIntrinsicFailure   = "States.IntrinsicFailure"                // an intrinsic function failed
	ErrorResultPathMatch    = "States.ResultPathMatchFailure"          // the input has no place for ResultPath
	ErrorHTTPSocket         = "States.Http.Socket"                     // an HTTP task got no answer in time

	// ErrorLambdaUnknown means that the function ended without an answer: its
	// effect is not known.
	ErrorLambdaUnknown = "Lambda.Unknown"

	// The errors of the Lambda service itself, which are transient: AWS advises
	// a Retry for them. See
	// https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html.
	ErrorLambdaService   = "Lambda.ServiceException"
	ErrorLambdaAWS       = "Lambda.AWSLambdaException"
	ErrorLambdaSDKClient = "Lambda.SdkClientException"
	ErrorLambdaTooMany   = "Lambda.TooManyRequestsException"
)

var reserved = []string{
	ErrorAll, ErrorTaskFailed, ErrorTimeout, ErrorHeartbeatTimeout, ErrorPermissions, ErrorBranchFailed,
	ErrorExceedTolerated, ErrorItemReaderFailed, ErrorResultWriterFailed, ErrorQueryEvaluation,
	ErrorDataLimitExceeded, ErrorRuntime, ErrorNoChoiceMatched, ErrorParameterPath, ErrorIntrinsicFailure,
	ErrorResultPathMatch, ErrorHTTPSocket,
}
